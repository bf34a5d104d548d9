import { WIRE } from '../wire/data-types.ts'
import { OracleError } from '../oracle-error.ts'
import { char, type SqlType, type SqlValue, varchar } from '../sql/sql-type.ts'
import type { BindValue } from '../sql/session.ts'
import type { ValueShape } from './execute-request.ts'
import type { Lobs } from './lobs.ts'

/** A bound value in stored form. An empty text is null. */
export function bindValue(shape: ValueShape, raw: Buffer | null, lobs: Lobs): BindValue {
  const type = bindType(shape)
  return {
    type,
    value: raw === null || raw.length === 0 ? null : storedForm(shape, type, raw, lobs)
  }
}

export function bindType(shape: ValueShape): SqlType {
  const national = shape.form === 2 ? { national: true } : {}
  switch (shape.type) {
    case WIRE.VARCHAR2:
      return { ...varchar(shape.maxSize), ...national }
    case WIRE.CHAR:
      return { ...char(shape.maxSize), ...national }
    case WIRE.LONG:
    case WIRE.CLOB:
      return { name: 'CLOB', ...national }
    case WIRE.LONG_RAW:
    case WIRE.BLOB:
      return { name: 'BLOB' }
    case WIRE.NUMBER:
    case WIRE.BINARY_INTEGER:
      return { name: 'NUMBER', precision: null, scale: null }
    case WIRE.DATE:
      return { name: 'DATE' }
    case WIRE.TIMESTAMP:
      return { name: 'TIMESTAMP', scale: 9 }
    case WIRE.TIMESTAMP_TZ:
      return { name: 'TIMESTAMP_TZ', scale: 9 }
    case WIRE.TIMESTAMP_LTZ:
      return { name: 'TIMESTAMP_LTZ', scale: 9 }
    case WIRE.INTERVAL_YM:
      return { name: 'INTERVAL_YM', precision: 9 }
    case WIRE.INTERVAL_DS:
      return { name: 'INTERVAL_DS', precision: 9, scale: 9 }
    case WIRE.RAW:
      return { name: 'RAW', size: shape.maxSize }
    case WIRE.BINARY_FLOAT:
      return { name: 'BINARY_FLOAT' }
    case WIRE.BINARY_DOUBLE:
      return { name: 'BINARY_DOUBLE' }
    default:
      throw new OracleError(3001)
  }
}

function storedForm(shape: ValueShape, type: SqlType, raw: Buffer, lobs: Lobs): SqlValue {
  if (shape.type === WIRE.CLOB || shape.type === WIRE.BLOB) {
    const value = lobs.value(raw)
    return value.length === 0 ? null : value
  }
  if (type.name === 'VARCHAR2' || type.name === 'CHAR' || type.name === 'CLOB') {
    return shape.form === 2 ? Buffer.from(raw).swap16().toString('utf16le') : raw.toString()
  }
  const bytes = Uint8Array.from(raw)
  if (type.name === 'TIMESTAMP' || type.name === 'TIMESTAMP_LTZ') return padded(bytes, 11)
  // Offset zero where a client sends only the time.
  if (type.name === 'TIMESTAMP_TZ') return bytes.length === 13 ? bytes : zoned(bytes)
  return type.name === 'DATE' ? bytes.subarray(0, 7) : bytes
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(length)
  whole.set(bytes.subarray(0, length))
  return whole
}

function zoned(bytes: Uint8Array): Uint8Array {
  const whole = padded(bytes, 13)
  whole[11] = 20
  whole[12] = 60
  return whole
}
