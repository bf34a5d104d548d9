import { ByteWriter } from '../wire/byte-writer.ts'
import { FORM_CHARACTER, FORM_NATIONAL, WIRE } from '../wire/data-types.ts'
import { shortTimestamp } from '../wire/datetime.ts'
import { parseRowid } from '../wire/rowid.ts'
import { byteLength, type Column, isText, type SqlType, type SqlValue } from '../sql/sql-type.ts'
import { OracleError } from '../oracle-error.ts'
import { scaleIsWide, type ValueShape } from './execute-request.ts'
import { type ClientForm, columnFields } from './handshake.ts'

const AL32UTF8 = 873
const AL16UTF16 = 2000

/** The number of a type on the wire. */
function wireType(type: SqlType): number {
  // XMLTYPE needs object images; its text travels as a CLOB's.
  if (type.name === 'XMLTYPE') return WIRE.CLOB
  return type.name === 'NULL' ? WIRE.VARCHAR2 : WIRE[type.name]
}

/** Message 16: what the columns of a query are. */
export function writeDescription(
  writer: ByteWriter,
  columns: readonly Column[],
  form: ClientForm
): void {
  const sizes = columns.map(({ type }) => describedSize(type))
  writer.u8(16).bytes(null)
  writer.ub(
    sizes.reduce((sum, size) => sum + size, 0),
    columns.length
  )
  if (columns.length > 0) writer.u8(1)
  for (const [index, column] of columns.entries()) writeColumn(writer, column, index + 1, form)
  writer.bytesTwice(null).ub(0, 0, 0, 0).bytesTwice(null)
}

function describedSize(type: SqlType): number {
  // A size of 0 would say that every value is null.
  return type.name === 'NULL' ? 1 : byteLength(type)
}

function writeColumn(writer: ByteWriter, column: Column, position: number, form: ClientForm): void {
  const { name, type, nullable } = column
  const wire = wireType(type)
  const { precision, scale } = describedPrecision(type)
  const text = isText({ ...type, name: type.name === 'NULL' ? 'VARCHAR2' : type.name })
  const national = type.national === true
  const isRowid = type.name === 'ROWID' || type.name === 'UROWID'
  const hasForm = (text && !isRowid) || type.name === 'XMLTYPE'
  writer.u8(wire, 0x80, precision)
  if (scaleIsWide(wire, form)) writer.ub(scale)
  else writer.u8(scale)
  writer.ub(describedSize(type), 0, 0).bytesTwice(null).ub(0)
  writer.ub(hasForm ? (national ? AL16UTF16 : AL32UTF8) : 0)
  writer.u8(hasForm ? (national ? FORM_NATIONAL : FORM_CHARACTER) : 0)
  writer.ub(describedCharacters(type)).ub(0)
  writer.u8(nullable ? 1 : 0, Buffer.byteLength(name))
  writer.bytesTwice(name).bytesTwice(null).bytesTwice(null).ub(position, 0)
  // No domain, no annotations, a vector of any form.
  for (let left = columnFields(form); left > 0; left--) writer.u8(0)
}

function describedCharacters(type: SqlType): number {
  if (type.name === 'NULL') return 1
  if (type.name !== 'VARCHAR2' && type.name !== 'CHAR') return 0
  return type.size ?? 4000
}

function describedPrecision(type: SqlType): { precision: number; scale: number } {
  const name: string = type.name
  switch (name) {
    case 'NUMBER': {
      const scale = type.scale ?? null
      const precision = type.precision ?? null
      if (precision === null)
        return scale === null ? { precision: 0, scale: -127 } : { precision: 38, scale }
      return { precision, scale: scale ?? 0 }
    }
    case 'TIMESTAMP':
    case 'TIMESTAMP_TZ':
    case 'TIMESTAMP_LTZ':
      return { precision: 0, scale: type.scale ?? 6 }
    case 'INTERVAL_DS':
      return { precision: type.precision ?? 2, scale: type.scale ?? 6 }
    case 'INTERVAL_YM':
      return { precision: type.precision ?? 2, scale: 0 }
    default:
      return { precision: 0, scale: 0 }
  }
}

/** LOBs that a client was given locators of. */
export interface LobRegister {
  register(value: string | Uint8Array): { locator: Uint8Array; length: number }
}

const CHUNK = 8132
/** A text defined longer than this carries indicator and return code, as a LONG does. */
const LONGEST_TEXT = 32_767
const LOB_PREFIX = 40

/**
 * A value as the client wants it: `define` null leaves the column's own form. A ROWID comes in its own form
 * always: the drivers define it as text, and read it as a ROWID all the same.
 */
export function writeValue(
  writer: ByteWriter,
  type: SqlType,
  value: SqlValue,
  define: ValueShape | null,
  lobs: LobRegister
): void {
  const wire = define?.type ?? wireType(type)
  const isLong = wire === WIRE.LONG || wire === WIRE.LONG_RAW
  if (type.name === 'ROWID' || type.name === 'UROWID') writeRowid(writer, type, value)
  else if (isLong || (wire === WIRE.VARCHAR2 && (define?.maxSize ?? 0) > LONGEST_TEXT))
    writeLong(writer, type, value, define)
  // Their own forms (OSON, and that of vectors) are not spoken here.
  else if (wire === WIRE.JSON || wire === WIRE.VECTOR) throw new OracleError(3001)
  else if (wire === WIRE.CLOB || wire === WIRE.BLOB) writeLob(writer, value, define, lobs)
  else if (value === null) writer.u8(0)
  else if (typeof value !== 'string') {
    const short = type.name === 'TIMESTAMP' || type.name === 'TIMESTAMP_LTZ'
    writer.bytes(short ? shortTimestamp(value) : value)
  } else writer.bytes(type.national === true ? utf16(value) : value)
}

function writeLong(
  writer: ByteWriter,
  type: SqlType,
  value: SqlValue,
  define: ValueShape | null
): void {
  const national = type.national === true && define?.form === FORM_NATIONAL
  writer.bytes(typeof value === 'string' && national ? utf16(value) : value)
  // Indicator and return code: -1 and ORA-01405 for null.
  if (value === null) writer.ub(-1, 1405)
  else writer.ub(0, 0)
}

function writeLob(
  writer: ByteWriter,
  value: SqlValue,
  define: ValueShape | null,
  lobs: LobRegister
): void {
  if (value === null) {
    writer.u8(0)
    return
  }
  const { locator, length } = lobs.register(value)
  writer.ub(LOB_PREFIX)
  if (define?.withLobFacts !== false) writer.ub(length, CHUNK)
  if (define !== null && define.prefetchedLob > 0) {
    if (typeof value === 'string') writer.u8(1).ub(AL16UTF16).u8(1)
    const part = typeof value === 'string' ? value.slice(0, define.prefetchedLob) : value
    writer.bytes(typeof part === 'string' ? utf16(part) : part.subarray(0, define.prefetchedLob))
  }
  writer.bytes(locator)
}

function writeRowid(writer: ByteWriter, type: SqlType, text: SqlValue): void {
  if (text === null) {
    writer.u8(0)
    return
  }
  const row = parseRowid(String(text))
  if (row === null) throw new OracleError(1410)
  if (type.name === 'ROWID') {
    writer.u8(13).ub(row.object, row.file).u8(0).ub(row.block, row.row)
    return
  }
  const universal = new ByteWriter().u8(1).u32be(row.object).u16be(row.file)
  universal.u32be(row.block).u16be(row.row)
  writer.bytesTwice(Uint8Array.from(universal.view()))
}

/** Text in the national character set. */
export function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}
