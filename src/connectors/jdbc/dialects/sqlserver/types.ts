import { DataError } from '../../../../errors.ts'
import type { Column, ColumnFacts } from '../../database/database.ts'
import { readBytes, readNumber, readString, unexpected } from '../shared/raw-values.ts'
import { type TimestampParts } from '../../values/timestamp.ts'
import { int64OfText } from '../../../../data/values.ts'
import { modulo, MS_PER_DAY } from '../../../../data/calendar.ts'

/** One three-hundredth of a second, the step of `datetime`, in nanoseconds and rounded down. */
const DATETIME_STEP_NANOS = 3_333_333

/** A column by its type as the server prints it: `decimal(10,2)`, `datetime2(7)`, `nvarchar(max)`. */
export function sqlServerColumn(name: string, nullable: boolean, databaseType: string): Column {
  const facts: ColumnFacts = { name, databaseType, nullable }
  const [, base = '', first, second] =
    /^(\w+)(?:\((\w+)(?:,\s*(\d+))?\))?/.exec(databaseType.toLowerCase()) ?? []
  switch (base) {
    case 'bit':
      return { ...facts, type: 'int8', read: (raw) => (raw === true || raw === 1 ? 1 : 0) }
    case 'tinyint':
      return { ...facts, type: 'int16', read: readInteger }
    case 'smallint':
      return { ...facts, type: 'int16', read: readInteger }
    case 'int':
      return { ...facts, type: 'int32', read: readInteger }
    case 'bigint':
      return { ...facts, type: 'int64', read: readInteger }
    case 'real':
      return { ...facts, type: 'float32', read: readNumber }
    case 'float':
      return { ...facts, type: 'float64', read: readNumber }
    case 'decimal':
    case 'numeric':
      return decimal(facts, Number(first ?? 18), Number(second ?? 0), base === 'numeric')
    case 'money':
      return decimal(facts, 19, 4, false)
    case 'smallmoney':
      return decimal(facts, 10, 4, false)
    case 'date':
      return { ...facts, type: 'date', read: (raw) => Math.floor(readDate(raw) / MS_PER_DAY) }
    case 'time':
      return { ...facts, type: 'time', read: (raw) => modulo(readDate(raw), MS_PER_DAY) }
    case 'smalldatetime':
    case 'datetime':
    case 'datetime2':
    case 'datetimeoffset':
      return {
        ...facts,
        type: 'timestamp',
        hasZone: base === 'datetimeoffset',
        resolutionNanos: resolutionOf(base, first),
        read: readMoment
      }
    default:
      return textOrBytes(facts, base)
  }
}

function textOrBytes(facts: ColumnFacts, base: string): Column {
  switch (base) {
    case 'char':
    case 'varchar':
    case 'text':
    case 'nchar':
    case 'nvarchar':
    case 'ntext':
    case 'sysname':
    case 'xml':
    case 'json':
    case 'uniqueidentifier':
      return { ...facts, type: 'string', read: readString }
    case 'binary':
    case 'varbinary':
    case 'image':
    case 'timestamp':
    case 'rowversion':
      return { ...facts, type: 'bytes', read: readBytes }
    default:
      return { ...facts, type: 'other', read: readOther }
  }
}

function resolutionOf(base: string, digits: string | undefined): number {
  if (base === 'smalldatetime') return 60_000_000_000
  if (base === 'datetime') return DATETIME_STEP_NANOS
  return 10 ** (9 - Number(digits ?? 7))
}

/**
 * How a column of a table is selected so that its value comes through exactly; null: as it is. The driver
 * makes numbers of decimals and money, which lose digits beyond the 15th, and bytes of the server's own
 * types.
 */
export function exactExpression(sql: string, column: Column): string | null {
  if (column.type === 'decimal') {
    return decimalText(sql, column.databaseType)
  }
  switch (column.databaseType) {
    case 'sql_variant':
      return variantText(sql)
    case 'hierarchyid':
    case 'geometry':
    case 'geography':
      return `${sql}.ToString()`
    default:
      return null
  }
}

/** What a style makes of money differs between servers: it has four digits as a decimal on each. */
function decimalText(sql: string, databaseType: string): string {
  return databaseType.includes('money')
    ? `CONVERT(varchar(50), CAST(${sql} AS decimal(19,4)))`
    : `CONVERT(varchar(50), ${sql})`
}

/** How each type inside an sql_variant is written with all its digits; the others are exact as they are. */
const VARIANTS: readonly (readonly [types: string, text: (sql: string) => string])[] = [
  [`'float','real'`, (sql) => `CONVERT(nvarchar(max), CAST(${sql} AS float), 3)`],
  [`'money','smallmoney'`, (sql) => `CONVERT(nvarchar(max), CAST(${sql} AS decimal(19,4)))`],
  [`'datetime','smalldatetime'`, (sql) => `CONVERT(nvarchar(max), CAST(${sql} AS datetime), 121)`],
  [`'datetime2'`, (sql) => `CONVERT(nvarchar(max), CAST(${sql} AS datetime2(7)), 121)`],
  [`'datetimeoffset'`, (sql) => `CONVERT(nvarchar(max), CAST(${sql} AS datetimeoffset(7)), 121)`],
  [`'date'`, (sql) => `CONVERT(nvarchar(max), CAST(${sql} AS date), 23)`],
  [`'time'`, (sql) => `CONVERT(nvarchar(max), CAST(${sql} AS time(7)), 121)`],
  [`'binary','varbinary'`, (sql) => `CONVERT(nvarchar(max), CAST(${sql} AS varbinary(8000)), 2)`]
]

function variantText(sql: string): string {
  const type = `CONVERT(nvarchar(128), SQL_VARIANT_PROPERTY(${sql}, 'BaseType'))`
  const cases = VARIANTS.map(([types, text]) => `WHEN ${type} IN (${types}) THEN ${text(sql)}`)
  return `CASE ${cases.join(' ')} ELSE CONVERT(nvarchar(4000), ${sql}) END`
}

/** Digits of which a JS number holds every combination exactly. */
const SAFE_UNSCALED = 9e14

function decimal(facts: ColumnFacts, precision: number, scale: number, numeric: boolean): Column {
  return {
    ...facts,
    type: 'decimal',
    precision,
    scale,
    numeric,
    read(raw) {
      if (typeof raw === 'string') return raw
      if (typeof raw !== 'number') throw unexpected(raw, 'a number')
      // In a query of the user the driver's number is all there is: taken as long as it is certain to be
      // exact (I5).
      if (Math.abs(raw) * 10 ** scale < SAFE_UNSCALED) return raw.toFixed(scale)
      throw new DataError(
        `the driver hands out numbers with at most 15 exact digits: write ${decimalText(facts.name, facts.databaseType)} in the query, or copy the table itself`
      )
    }
  }
}

/** The driver's Date holds the milliseconds; `nanosecondsDelta` holds what is below them, in seconds. */
function readMoment(raw: unknown, into: TimestampParts): void {
  into.ms = readDate(raw)
  const delta = (raw as { nanosecondsDelta?: number }).nanosecondsDelta ?? 0
  into.nanos = modulo(into.ms, 1000) * 1_000_000 + Math.round(delta * 1e7) * 100
}

function readDate(raw: unknown): number {
  if (raw instanceof Date) return raw.getTime()
  throw unexpected(raw, 'a date')
}

/** The driver answers 64 bits as text. */
function readInteger(raw: unknown): number | bigint {
  if (typeof raw === 'number') return raw
  if (typeof raw !== 'string' && typeof raw !== 'bigint') throw unexpected(raw, 'an integer')
  return int64OfText(String(raw))
}

function readOther(raw: unknown): string {
  if (raw instanceof Uint8Array) return Buffer.from(raw).toString('hex')
  if (typeof raw === 'string') return raw
  if (raw instanceof Date) return raw.toISOString()
  // A number inside an sql_variant may be a decimal that lost digits.
  if (typeof raw === 'number' && !Number.isSafeInteger(raw)) {
    throw new DataError('a number in an sql_variant cannot be read exactly in a query: convert it')
  }
  return String(raw)
}
