import { OracleError } from '../oracle-error.ts'
import type { Table, TableColumn } from '../store/objects.ts'
import { decodeNumber, encodeNumber, roundDecimal } from '../wire/number.ts'
import { convert, type ValueContext, withFraction } from './convert.ts'
import type { SqlType, SqlValue } from './sql-type.ts'

/**
 * A value as its column keeps it: converted, rounded, padded. Throws when it is null or too large for the
 * column.
 */
export function storedValue(
  table: Table,
  column: TableColumn,
  given: { value: SqlValue; type: SqlType },
  isUpdate: boolean,
  context: ValueContext
): SqlValue {
  const place = `"${table.owner}"."${table.name}"."${column.name}"`
  const { type } = column
  const value =
    given.value === '' ? null : convert(given.value, given.type.name, type.name, context)
  if (value === null) {
    if (!column.nullable) throw new OracleError(isUpdate ? 1407 : 1400, [place])
    return null
  }
  if (typeof value === 'string') return text(value, type, place)
  const name: string = type.name
  switch (name) {
    case 'NUMBER':
      return number(value, type)
    case 'TIMESTAMP':
    case 'TIMESTAMP_TZ':
    case 'TIMESTAMP_LTZ':
      return withFraction(value, type)
    case 'RAW':
      if (value.length > (type.size ?? 2000)) {
        throw new OracleError(12_899, [place, String(value.length), String(type.size)])
      }
      return value
    default:
      return value
  }
}

function text(value: string, type: SqlType, place: string): string {
  if (type.name !== 'VARCHAR2' && type.name !== 'CHAR') return value
  const most = type.size ?? 4000
  const length = type.inCharacters === true ? Array.from(value).length : Buffer.byteLength(value)
  if (length > most) throw new OracleError(12_899, [place, String(length), String(most)])
  return type.name === 'CHAR' ? value + ' '.repeat(most - length) : value
}

function number(value: Uint8Array, type: SqlType): Uint8Array {
  const scale = type.scale ?? null
  if (scale === null || scale === -127) return value
  const rounded = roundDecimal(decodeNumber(value), scale)
  const encoded = encodeNumber(rounded)
  const { unscaled, scale: places } = decodeNumber(encoded)
  const digits = String(unscaled < 0n ? -unscaled : unscaled).length
  if (unscaled !== 0n && digits - places > (type.precision ?? 38) - scale)
    throw new OracleError(1438)
  return encoded
}
