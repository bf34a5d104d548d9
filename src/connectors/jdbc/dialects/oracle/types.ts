import { DataError } from '../../../../errors.ts'
import type { Column, ColumnFacts } from '../../database/database.ts'
import { readBytes, readNumber, readString, unexpected } from '../shared/raw-values.ts'
import type { OracleField } from './driver.ts'
import { momentOf } from './moment.ts'

/** A type as the dictionary (ALL_TAB_COLUMNS) writes it. */
interface OracleType {
  /** `NUMBER`, `TIMESTAMP(6) WITH TIME ZONE`, `INTERVAL DAY(2) TO SECOND(6)`, `VARCHAR2` … */
  readonly name: string
  /** Digits of a NUMBER, bits of a FLOAT; null when there are none. */
  readonly precision: number | null
  readonly scale: number | null
}

/** A column's facts and how its values are read; `facts.databaseType` is filled from the type. */
export function oracleColumn(name: string, nullable: boolean, type: OracleType): Column {
  const facts: ColumnFacts = { name, databaseType: typeText(type), nullable }
  const base = baseName(type.name)
  switch (base) {
    case 'NUMBER':
      return numberColumn(facts, type)
    case 'FLOAT':
      // Binary digits say nothing of decimal ones: as a number without precision.
      return decimal(facts, null, null)
    case 'BINARY_FLOAT':
      return { ...facts, type: 'float32', read: readNumber }
    case 'BINARY_DOUBLE':
      return { ...facts, type: 'float64', read: readNumber }
    case 'DATE':
    case 'TIMESTAMP':
    case 'TIMESTAMP WITH TIME ZONE':
    case 'TIMESTAMP WITH LOCAL TIME ZONE':
      return {
        ...facts,
        type: 'timestamp',
        hasZone: base.endsWith('ZONE'),
        resolutionNanos: base === 'DATE' ? 1_000_000_000 : 10 ** (9 - fractionDigits(type)),
        read(raw, into) {
          const moment = momentOf(raw)
          if (moment === null) throw unexpected(raw, 'a moment')
          into.ms = moment.ms
          into.nanos = moment.nanos
        }
      }
    case 'BOOLEAN':
      return { ...facts, type: 'boolean', read: (raw) => raw === true || raw === 1 }
    case 'RAW':
    case 'LONG RAW':
    case 'BLOB':
      return { ...facts, type: 'bytes', read: readBytes }
    case 'INTERVAL YEAR TO MONTH':
    case 'INTERVAL DAY TO SECOND':
      return { ...facts, type: 'string', read: readInterval }
    default:
      return STRINGS.has(base)
        ? { ...facts, type: 'string', read: readString }
        : { ...facts, type: 'other', read: readOther }
  }
}

/** A column of a result, from what the driver tells of it. */
export function fieldColumn(field: OracleField): Column {
  const { name, dbTypeName, nullable, precision = 0, scale } = field
  if (dbTypeName !== 'NUMBER') {
    const [first = '', ...more] = dbTypeName.split(' ')
    const full =
      first === 'TIMESTAMP' && field.precision !== undefined
        ? [`TIMESTAMP(${precision})`, ...more].join(' ')
        : dbTypeName
    return oracleColumn(name, nullable, { name: full, precision: null, scale: null })
  }
  // A scale of -127 says floating: plain NUMBER has no precision then, FLOAT its binary one. Expressions have
  // neither.
  const floating = scale === undefined || scale === -127 || precision === 0
  return oracleColumn(name, nullable, {
    name: 'NUMBER',
    precision: floating ? null : precision,
    scale: floating ? null : scale
  })
}

const STRINGS: ReadonlySet<string> = new Set([
  'CHAR',
  'NCHAR',
  'VARCHAR2',
  'VARCHAR',
  'NVARCHAR2',
  'CLOB',
  'NCLOB',
  'LONG',
  'ROWID',
  'UROWID',
  'XMLTYPE',
  'SYS.XMLTYPE',
  'JSON'
])

/** Without the sizes in brackets: `TIMESTAMP WITH TIME ZONE`. */
function baseName(name: string): string {
  return name
    .replace(/\(\d+\)/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .toUpperCase()
}

function fractionDigits(type: OracleType): number {
  const written = /TIMESTAMP ?\((\d)\)/i.exec(type.name)?.[1]
  // Where nothing is said the cursor is compared to the nanosecond, which is never wrong.
  return written === undefined ? 9 : Number(written)
}

function typeText({ name, precision, scale }: OracleType): string {
  if (name !== 'NUMBER' || (precision === null && scale === null)) return name
  const digits = precision ?? 38
  return scale === null || scale === 0 ? `NUMBER(${digits})` : `NUMBER(${digits},${scale})`
}

function numberColumn(facts: ColumnFacts, { precision, scale }: OracleType): Column {
  if (precision === null && scale === null) return decimal(facts, null, null)
  // INTEGER is a NUMBER(38), which the dictionary writes as a scale of 0 without a precision.
  return decimal(facts, precision ?? 38, scale ?? 0)
}

function decimal(facts: ColumnFacts, precision: number | null, scale: number | null): Column {
  return { ...facts, type: 'decimal', precision, scale, numeric: true, read: readDigits }
}

/** What the driver makes of the database's own infinities, 10 to the power of 126: no number is as large. */
const INFINITE = /^(-1e126|\d{127,})$/

/** Numbers travel in decimal digits and are asked for as text, `.5` among them. */
function readDigits(raw: unknown): string {
  const text = readString(raw)
  if (text.startsWith('-1e') || (text.length > 126 && INFINITE.test(text))) {
    throw new DataError('an infinite NUMBER is none that Kafka Connect could carry')
  }
  if (text.startsWith('.')) return `0${text}`
  if (text.startsWith('-.')) return `-0${text.slice(1)}`
  if (/\d$/.test(text)) return text
  throw new DataError(`${text} is no number that Kafka Connect could carry`)
}

/** The driver's intervals, whose parts all have the same sign, as ISO 8601: `P1Y2M`, `-P3DT4H5M6.789S`. */
function readInterval(raw: unknown): string {
  const parts = raw as Record<string, number | undefined>
  const all = ['years', 'months', 'days', 'hours', 'minutes', 'seconds', 'fseconds']
  if (typeof raw !== 'object' || raw === null || !all.some((part) => part in raw)) {
    throw unexpected(raw, 'an interval')
  }
  const of = (part: string): number => Math.abs(parts[part] ?? 0)
  const negative = all.some((part) => (parts[part] ?? 0) < 0)
  const fraction = of('fseconds')
  const seconds =
    fraction === 0
      ? String(of('seconds'))
      : `${of('seconds')}.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`
  const piece = (amount: string, unit: string): string => (amount === '0' ? '' : `${amount}${unit}`)
  const date =
    piece(String(of('years')), 'Y') +
    piece(String(of('months')), 'M') +
    piece(String(of('days')), 'D')
  const time =
    piece(String(of('hours')), 'H') + piece(String(of('minutes')), 'M') + piece(seconds, 'S')
  if (date === '' && time === '') return 'years' in parts ? 'P0M' : 'PT0S'
  return `${negative ? '-' : ''}P${date}${time === '' ? '' : `T${time}`}`
}

/** VECTOR comes as text; objects and collections as JSON of their attributes. */
function readOther(raw: unknown): string {
  if (typeof raw === 'string') return raw
  if (raw instanceof Uint8Array) return Buffer.from(raw).toString('hex')
  if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw)
  const isHandle = typeof raw === 'object' && raw !== null && ('getData' in raw || 'getRows' in raw)
  const text = isHandle ? undefined : JSON.stringify(raw)
  if (text !== undefined) return text
  throw new DataError('BFILEs and cursors cannot be read; unsupported.types=skip leaves them out')
}
