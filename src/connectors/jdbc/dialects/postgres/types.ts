import { DataError } from '../../../../errors.ts'
import type { Column, ColumnFacts } from '../../database/database.ts'
import { readDateText, readTimestampText, readTimeText } from '../../values/timestamp.ts'
import { int64OfText } from '../../../../data/values.ts'
import { modulo, MS_PER_DAY } from '../../../../data/calendar.ts'

/** Object ids of the built-in types, as `pg_type.dat` fixes them for ever. */
export const OID = {
  bool: 16,
  bytea: 17,
  char: 18,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  xml: 142,
  float4: 700,
  float8: 701,
  money: 790,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  timetz: 1266,
  bit: 1560,
  varbit: 1562,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802
} as const

const STRINGS: ReadonlySet<number> = new Set([
  OID.char,
  OID.name,
  OID.text,
  OID.json,
  OID.xml,
  OID.bpchar,
  OID.varchar,
  OID.uuid,
  OID.jsonb
])

/**
 * The column of a type; every value arrives as the text PostgreSQL prints. Types without an entry are
 * `other`. `isUnchecked`: the database takes any bytes for text (SQL_ASCII).
 */
export function postgresColumn(
  facts: ColumnFacts,
  oid: number,
  typmod: number,
  isUnchecked = false
): Column {
  if (STRINGS.has(oid)) {
    const read = isUnchecked ? readUncheckedText : (raw: unknown): string => raw as string
    return { ...facts, type: 'string', read }
  }
  switch (oid) {
    case OID.bool:
      return { ...facts, type: 'boolean', read: (raw) => raw === 't' }
    case OID.int2:
      return { ...facts, type: 'int16', read: (raw) => Number(raw as string) }
    case OID.int4:
      return { ...facts, type: 'int32', read: (raw) => Number(raw as string) }
    case OID.int8:
    case OID.oid:
      return { ...facts, type: 'int64', read: (raw) => int64OfText(raw as string) }
    case OID.float4:
      return { ...facts, type: 'float32', read: (raw) => Number(raw as string) }
    case OID.float8:
      return { ...facts, type: 'float64', read: (raw) => Number(raw as string) }
    case OID.money:
      return { ...facts, type: 'float64', read: (raw) => readMoney(raw as string) }
    case OID.numeric: {
      const free = typmod < 4
      const precision = free ? null : ((typmod - 4) >> 16) & 0xffff
      // Eleven bits, signed since PostgreSQL 15.
      const scale = free ? null : (((typmod - 4) & 0x7ff) ^ 1024) - 1024
      return { ...facts, type: 'decimal', precision, scale, numeric: true, read: String }
    }
    case OID.bytea:
      return {
        ...facts,
        type: 'bytes',
        read: (raw) => Buffer.from((raw as string).slice(2), 'hex')
      }
    case OID.date:
      return {
        ...facts,
        type: 'date',
        read: (raw) => infinityOf(raw) ?? readDateText(raw as string)
      }
    case OID.time:
      return { ...facts, type: 'time', read: (raw) => readTimeText(raw as string) }
    case OID.timetz:
      return { ...facts, type: 'time', hasZone: true, read: (raw) => readZonedTime(raw as string) }
    case OID.timestamp:
    case OID.timestamptz:
      return {
        ...facts,
        type: 'timestamp',
        hasZone: oid === OID.timestamptz,
        resolutionNanos: 10 ** (9 - (typmod < 0 ? 6 : typmod)),
        isInfinite: (raw) => infinityOf(raw) !== null,
        read: (raw, into) => {
          const infinite = infinityOf(raw)
          if (infinite === null) readTimestampText(raw as string, into)
          else Object.assign(into, { ms: infinite, nanos: 0 })
        }
      }
    case OID.bit:
      return bitColumn(facts, typmod)
    default:
      return { ...facts, type: 'other', read: (raw) => raw as string }
  }
}

/** I5: bytes that are not UTF-8 have become this character on the way; the JVM's driver refuses them, too. */
function readUncheckedText(raw: unknown): string {
  const text = raw as string
  if (!text.includes('\ufffd')) return text
  throw new DataError(`'${text.slice(0, 100)}' has bytes that are not UTF-8`)
}

/** `infinity` and `-infinity` of dates and timestamps; null for any other text. */
function infinityOf(raw: unknown): number | null {
  if (raw === 'infinity') return Infinity
  return raw === '-infinity' ? -Infinity : null
}

/** As the JVM driver, which takes `$` and commas away: dollars and cents, exactly (I5). */
function readMoney(text: string): number {
  const amount = /^(-?)\$([\d,]+\.\d\d)$/.exec(text)
  const digits = `${amount?.[1] ?? ''}${amount?.[2]?.replaceAll(',', '') ?? ''}`
  const value = Number(digits)
  if (amount !== null && value.toFixed(2) === digits) return value
  throw new DataError(
    `${text} is no amount of dollars that a double holds: a query could carry it as numeric (CAST(… AS numeric))`
  )
}

function readZonedTime(text: string): number {
  const at = text.search(/[+-]/)
  const match = /^([+-])(\d\d)(?::(\d\d)(?::(\d\d))?)?$/.exec(at === -1 ? '+00' : text.slice(at))
  if (match === null) throw new DataError(`'${text}' is not a time of day`)
  const offset = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0)
  const wall = readTimeText(at === -1 ? text : text.slice(0, at))
  return modulo(wall - (match[1] === '-' ? -offset : offset) * 1000, MS_PER_DAY)
}

/**
 * As the JVM connector: one bit is a boolean, up to eight an int8 (the bits of a signed byte), more are
 * bytes.
 */
function bitColumn(facts: ColumnFacts, width: number): Column {
  if (width <= 1) return { ...facts, type: 'boolean', read: (raw) => raw === '1' }
  if (width <= 8) {
    return {
      ...facts,
      type: 'int8',
      read: (raw) => (Number.parseInt(raw as string, 2) << 24) >> 24
    }
  }
  return {
    ...facts,
    type: 'bytes',
    read(raw) {
      const bits = (raw as string).padEnd(Math.ceil((raw as string).length / 8) * 8, '0')
      const bytes = bits.match(/.{8}/g) ?? []
      return Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 2))
    }
  }
}
