import { DataError } from '../../../../errors.ts'
import type { Column, ColumnFacts, IntegerType } from '../../database/database.ts'
import { readDateText, readTimeText, readTimestampText } from '../../values/timestamp.ts'
import { int64OfText } from '../../../../data/values.ts'
import { epochDay } from '../../../../data/calendar.ts'

/** Column types of MySQL's wire protocol. Source: MySQL client/server protocol, "Column Definition". */
const WIRE_TYPES: ReadonlyMap<number, string> = new Map([
  [0x00, 'decimal'],
  [0x01, 'tinyint'],
  [0x02, 'smallint'],
  [0x03, 'int'],
  [0x04, 'float'],
  [0x05, 'double'],
  [0x06, 'null'],
  [0x07, 'timestamp'],
  [0x08, 'bigint'],
  [0x09, 'mediumint'],
  [0x0a, 'date'],
  [0x0b, 'time'],
  [0x0c, 'datetime'],
  [0x0d, 'year'],
  [0x0e, 'date'],
  [0x0f, 'varchar'],
  [0x10, 'bit'],
  [0xf5, 'json'],
  [0xf6, 'decimal'],
  [0xf7, 'enum'],
  [0xf8, 'set'],
  [0xf9, 'tinyblob'],
  [0xfa, 'mediumblob'],
  [0xfb, 'longblob'],
  [0xfc, 'blob'],
  [0xfd, 'varchar'],
  [0xfe, 'char'],
  [0xff, 'geometry']
])
const WIRE_GEOMETRY = 0xff
const WIRE_BLOB = 0xfc
const NOT_NULL = 1
const UNSIGNED = 32
const BINARY_CHARSET = 63

/** What the driver tells of a column of a result. */
export interface WireField {
  readonly name: string
  columnType: number
  readonly columnLength: number
  readonly decimals: number
  readonly flags: number | readonly string[]
  readonly characterSet: number
}

interface TypeFacts {
  /** MySQL's word: `bigint`, `varchar`, `datetime` … */
  readonly type: string
  readonly unsigned: boolean
  readonly binary: boolean
  /** Digits of a decimal, bits of a bit column, display width of a tinyint; null when not known. */
  readonly precision: number | null
  /** Digits behind the point of a decimal, of the second of a datetime. */
  readonly scale: number
}

/** What the JDBC drivers' properties say about types. */
export interface MysqlTypeSettings {
  /** A `year` is the first of January, or a number (`yearIsDateType=false`). */
  readonly yearIsDate: boolean
  /** What a signed `tinyint(1)` is; for MariaDB's driver an unsigned one too. */
  readonly tinyInt1: 'boolean' | 'bit' | 'integer'
  /** Whether the address is one of MariaDB's driver. */
  readonly isMariaDb: boolean
  /** Whether MariaDB's driver takes `bit(1)` for a boolean; MySQL's never does. */
  readonly bit1IsBoolean: boolean
}

/**
 * The driver makes objects of geometries, which have lost their reference system: as blobs their bytes arrive
 * (I5).
 */
export function geometriesAsBytes(fields: readonly WireField[]): void {
  for (const field of fields) {
    if (field.columnType === WIRE_GEOMETRY) field.columnType = WIRE_BLOB
  }
}

/** A column of a result. */
export function wireColumn(field: WireField, types: MysqlTypeSettings): Column {
  const flags = typeof field.flags === 'number' ? field.flags : 0
  const type = WIRE_TYPES.get(field.columnType) ?? `type ${field.columnType}`
  const unsigned = (flags & UNSIGNED) !== 0
  const decimals = field.decimals === 31 ? 0 : field.decimals
  const length = field.columnLength
  // The length of a decimal counts its sign and its point.
  const digits = length - (decimals > 0 ? 1 : 0) - (unsigned ? 0 : 1)
  const binary = field.characterSet === BINARY_CHARSET
  const facts: TypeFacts = {
    type,
    unsigned,
    binary,
    precision: type === 'decimal' ? digits : length,
    scale: decimals
  }
  return column(
    { name: field.name, databaseType: describe(facts), nullable: (flags & NOT_NULL) === 0 },
    facts,
    types
  )
}

/** A column of the dictionary (`information_schema.columns`). */
export function dictionaryColumn(
  row: {
    name: string
    dataType: string
    columnType: string
    nullable: boolean
    precision: number | null
    scale: number | null
    datetimePrecision: number | null
    characterSet: string | null
  },
  types: MysqlTypeSettings
): Column {
  const type = row.dataType.toLowerCase()
  const width = /\((\d+)\)/.exec(row.columnType)?.[1]
  const facts: TypeFacts = {
    type: type === 'integer' ? 'int' : type,
    unsigned: / unsigned/i.test(row.columnType),
    binary: row.characterSet === null,
    precision: type === 'decimal' ? row.precision : width === undefined ? null : Number(width),
    scale: row.scale ?? row.datetimePrecision ?? 0
  }
  return column(
    { name: row.name, databaseType: row.columnType, nullable: row.nullable },
    facts,
    types
  )
}

function describe({ type, unsigned, precision, scale }: TypeFacts): string {
  const size =
    type === 'decimal'
      ? `(${precision},${scale})`
      : (type === 'datetime' || type === 'timestamp' || type === 'time') && scale > 0
        ? `(${scale})`
        : type === 'bit'
          ? `(${precision})`
          : ''
  const number = /int|decimal|float|double/.test(type)
  return `${type}${size}${unsigned && number ? ' unsigned' : ''}`
}

const SIGNED: Record<string, IntegerType> = {
  tinyint: 'int8',
  smallint: 'int16',
  mediumint: 'int32',
  int: 'int32',
  bigint: 'int64'
}
const WIDER: Record<string, IntegerType> = {
  tinyint: 'int16',
  smallint: 'int32',
  mediumint: 'int64',
  int: 'int64'
}

function column(facts: ColumnFacts, type: TypeFacts, settings: MysqlTypeSettings): Column {
  if (isBoolean(type, settings)) {
    return { ...facts, type: 'boolean', read: (raw) => readBits(raw) !== 0 }
  }
  switch (type.type) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint': {
      const integer = (type.unsigned ? WIDER : SIGNED)[type.type]
      if (integer !== undefined) return { ...facts, type: integer, read: readInteger }
      // Unsigned 64 bits do not fit INT64: carried exactly, as a decimal of 20 digits.
      return { ...facts, type: 'decimal', precision: 20, scale: 0, numeric: false, read: String }
    }
    case 'year':
      return settings.yearIsDate
        ? { ...facts, type: 'date', read: (raw) => readYear(Number(raw)) }
        : { ...facts, type: 'int16', read: readInteger }
    case 'bit':
      // As the JVM connector while they fit, the bits of a signed byte; more bits are bytes.
      return (type.precision ?? 1) <= 8
        ? { ...facts, type: 'int8', read: (raw) => (readBits(raw) << 24) >> 24 }
        : { ...facts, type: 'bytes', read: readBytes }
    case 'float':
      return { ...facts, type: 'float32', read: Number }
    case 'double':
      return { ...facts, type: 'float64', read: Number }
    case 'decimal': {
      const { precision, scale } = type
      return { ...facts, type: 'decimal', precision, scale, numeric: false, read: String }
    }
    case 'date':
      return { ...facts, type: 'date', read: (raw) => readDateText(readString(raw)) }
    case 'time':
      return { ...facts, type: 'time', read: (raw) => readTimeText(readString(raw)) }
    case 'datetime':
    case 'timestamp':
      return {
        ...facts,
        type: 'timestamp',
        hasZone: false,
        resolutionNanos: 10 ** (9 - type.scale),
        read: (raw, into) => readTimestampText(readString(raw), into)
      }
    default:
      return textOrBytes(facts, type)
  }
}

/**
 * As the address's driver calls it in its metadata: Connector/J 9.1 and MariaDB Connector/J 3.5 were asked.
 */
function isBoolean(
  { type, precision, unsigned }: TypeFacts,
  { tinyInt1, isMariaDb, bit1IsBoolean }: MysqlTypeSettings
): boolean {
  if (precision !== 1) return false
  if (type === 'bit') return isMariaDb && bit1IsBoolean
  return type === 'tinyint' && tinyInt1 === 'boolean' && (isMariaDb || !unsigned)
}

/** The number in up to eight bits, or in a small integer. */
function readBits(raw: unknown): number {
  return typeof raw === 'object' ? (readBytes(raw)[0] ?? 0) : Number(raw)
}

function textOrBytes(facts: ColumnFacts, { type, binary }: TypeFacts): Column {
  switch (type) {
    case 'varchar':
    case 'char':
    case 'tinyblob':
    case 'mediumblob':
    case 'longblob':
    case 'blob':
    case 'geometry':
    case 'point':
    case 'linestring':
    case 'polygon':
    case 'multipoint':
    case 'multilinestring':
    case 'multipolygon':
    case 'geometrycollection':
    case 'geomcollection':
    case 'binary':
    case 'varbinary':
      return binary
        ? { ...facts, type: 'bytes', read: readBytes }
        : { ...facts, type: 'string', read: readString }
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
    case 'enum':
    case 'set':
    case 'json':
    case 'null':
    case 'uuid':
    case 'inet4':
    case 'inet6':
      return { ...facts, type: 'string', read: readString }
    default:
      return { ...facts, type: 'other', read: readOther }
  }
}

function readInteger(raw: unknown): number | bigint {
  return typeof raw === 'number' ? raw : int64OfText(String(raw))
}

function readYear(year: number): number {
  if (year > 0) return epochDay(year, 1, 1)
  throw new DataError(`the year ${String(year).padStart(4, '0')} is not a date`)
}

function readString(raw: unknown): string {
  if (typeof raw === 'string') return raw
  if (Buffer.isBuffer(raw)) return raw.toString('utf8')
  throw new DataError(`The driver answered ${typeof raw} where text was expected`)
}

function readBytes(raw: unknown): Uint8Array {
  if (raw instanceof Uint8Array) return raw
  if (typeof raw === 'string') return Buffer.from(raw)
  throw new DataError(`The driver answered ${typeof raw} where bytes were expected`)
}

function readOther(raw: unknown): string {
  if (typeof raw === 'string') return raw
  if (Buffer.isBuffer(raw)) return raw.toString('hex')
  return JSON.stringify(raw)
}
