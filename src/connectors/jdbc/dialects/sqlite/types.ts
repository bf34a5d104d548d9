import { DataError } from '../../../../errors.ts'
import type { Column, ColumnFacts, IntegerType, Row } from '../../database/database.ts'
import type { TimeZone } from '../../values/time-zone.ts'
import { readDateText, readTimeText } from '../../values/timestamp.ts'
import { readSqliteTime } from './times.ts'
import { int64 } from '../../../../data/values.ts'
import { MS_PER_DAY } from '../../../../data/calendar.ts'

const INTEGERS: Record<string, IntegerType> = {
  TINYINT: 'int8',
  SMALLINT: 'int16',
  INT2: 'int16',
  MEDIUMINT: 'int32',
  INT4: 'int32'
}
const RANGES: Record<IntegerType, bigint> = {
  int8: 1n << 7n,
  int16: 1n << 15n,
  int32: 1n << 31n,
  int64: 1n << 63n
}
// SQLite stores no precision: a stamp of CURRENT_TIMESTAMP holds whole seconds, so a second must be over to
// be complete.
const SECOND_NANOS = 1_000_000_000

/**
 * The column of a declared type, by SQLite's own rules of affinity refined by the names other databases use.
 * INTEGER and INT hold 64 bits in SQLite, so they are int64. `zone` is that of times without an offset.
 */
export function declaredColumn(facts: ColumnFacts, zone: TimeZone): Column {
  const declared = facts.databaseType.toUpperCase().trim()
  const name = declared.replace(/\s*\(.*$/s, '')
  const numbers = /\(\s*(\d+)\s*(?:,\s*(-?\d+)\s*)?\)/.exec(declared)
  if (/^BOOL(EAN)?$/.test(name)) return { ...facts, type: 'boolean', read: readBoolean }
  if (/^(TIMESTAMP|DATETIME)/.test(name)) return timestampColumn(facts, numbers?.[1], zone)
  if (name === 'DATE') return { ...facts, type: 'date', read: readDate }
  if (name === 'TIME') return { ...facts, type: 'time', read: readTime }
  if (/^(DECIMAL|DEC|NUMERIC|NUMBER)$/.test(name)) {
    const precision = numbers === null ? null : Number(numbers[1])
    const scale = numbers === null ? null : Number(numbers[2] ?? 0)
    const numeric = name === 'NUMERIC'
    return { ...facts, type: 'decimal', precision, scale, numeric, read: readDecimal }
  }
  if (name.includes('INT')) {
    const type = INTEGERS[name] ?? 'int64'
    return { ...facts, type, read: (raw) => readInteger(raw, type) }
  }
  if (/CHAR|CLOB|TEXT/.test(name)) return { ...facts, type: 'string', read: readString }
  if (name.includes('BLOB')) return { ...facts, type: 'bytes', read: readBytes }
  if (/REAL|FLOA|DOUB/.test(name)) return { ...facts, type: 'float64', read: readFloat }
  return { ...facts, type: 'string', read: readString }
}

/**
 * An expression, or a column declared without a type: as its first value that is not null, in the rows read
 * so far.
 */
export function sampledColumn(facts: ColumnFacts, index: number, rows: readonly Row[]): Column {
  for (const row of rows) {
    const value = row[index]
    if (typeof value === 'bigint') {
      return { ...facts, type: 'int64', read: (raw) => readInteger(raw, 'int64') }
    }
    if (typeof value === 'number') return { ...facts, type: 'float64', read: readFloat }
    if (value instanceof Uint8Array) return { ...facts, type: 'bytes', read: readBytes }
    if (value !== null) break
  }
  return { ...facts, type: 'string', read: readString }
}

function timestampColumn(facts: ColumnFacts, digits: string | undefined, zone: TimeZone): Column {
  const resolutionNanos =
    digits === undefined ? SECOND_NANOS : 10 ** (9 - Math.min(9, Number(digits)))
  return {
    ...facts,
    type: 'timestamp',
    hasZone: false,
    resolutionNanos,
    read(raw, into) {
      readSqliteTime(raw, zone, into)
    },
    readInstant: (raw, into) => readSqliteTime(raw, zone, into)
  }
}

/**
 * A text whose bytes are not UTF-8. SQLite keeps whatever it is given, and Node would replace what it cannot
 * read (I5).
 */
export interface BrokenText {
  readonly brokenText: Uint8Array
}

function isBrokenText(raw: unknown): raw is BrokenText {
  return typeof raw === 'object' && raw !== null && 'brokenText' in raw
}

function storedOtherwise(raw: unknown, wanted: string): DataError {
  const kind = raw instanceof Uint8Array ? 'blob' : typeof raw === 'string' ? 'text' : 'number'
  const shown = raw instanceof Uint8Array ? `${raw.length} bytes` : `'${String(raw).slice(0, 100)}'`
  return new DataError(`${shown} (stored as ${kind}) is not ${wanted}`)
}

function readInteger(raw: unknown, type: IntegerType): number | bigint {
  if (typeof raw !== 'bigint') throw storedOtherwise(raw, 'an integer')
  const limit = RANGES[type]
  if (raw >= limit || raw < -limit) throw storedOtherwise(raw, `an ${type}`)
  return int64(raw)
}

function readBoolean(raw: unknown): boolean {
  if (raw === 0n || raw === 1n) return raw === 1n
  throw storedOtherwise(raw, 'a boolean (0 or 1)')
}

function readFloat(raw: unknown): number {
  if (typeof raw === 'number') return raw
  if (typeof raw === 'bigint' && BigInt(Number(raw)) === raw) return Number(raw)
  throw storedOtherwise(raw, 'a floating-point number')
}

function readDecimal(raw: unknown): string {
  const text = String(raw)
  if (!(raw instanceof Uint8Array) && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text))
    return text
  throw storedOtherwise(raw, 'a decimal number')
}

function readString(raw: unknown): string {
  if (typeof raw === 'string') return raw
  if (isBrokenText(raw)) {
    const { brokenText: bytes } = raw
    const hex = Buffer.from(bytes.subarray(0, 50)).toString('hex')
    throw new DataError(`0x${hex}${bytes.length > 50 ? '…' : ''} is text that is not UTF-8`)
  }
  if (raw instanceof Uint8Array) throw storedOtherwise(raw, 'text')
  return String(raw)
}

function readBytes(raw: unknown): Uint8Array {
  if (raw instanceof Uint8Array) return raw
  if (typeof raw === 'string') return Buffer.from(raw)
  throw storedOtherwise(raw, 'a blob')
}

function readDate(raw: unknown): number {
  if (typeof raw === 'string') return readDateText(raw)
  if (typeof raw === 'bigint') return Math.floor(Number(raw) / MS_PER_DAY)
  throw storedOtherwise(raw, 'a date (text such as 2024-01-31, or epoch milliseconds)')
}

function readTime(raw: unknown): number {
  if (typeof raw === 'string') return readTimeText(raw)
  const ms = typeof raw === 'bigint' ? Number(raw) : -1
  if (ms >= 0 && ms < MS_PER_DAY) return ms
  throw storedOtherwise(raw, 'a time of day (text such as 10:20:30, or milliseconds)')
}
