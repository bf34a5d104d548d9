import { DataError } from '../errors.ts'
import { LiteralTokens } from './literal-tokens.ts'
import { dateSchema, Decimal, decimalSchema, timeSchema, timestampSchema } from './logical-types.ts'
import { Schema, type SchemaType } from './schema.ts'
import { sameSchema } from './schema-equality.ts'
import { int64, INT64_MAX, INT64_MIN, isSmallInteger } from './values.ts'
import { MS_PER_DAY } from './calendar.ts'

/**
 * A value read from text; schema and value null for `null`. An array or map without common type has no part
 * schemas.
 */
interface Literal {
  readonly schema: Schema | null
  readonly value: unknown
}

const DATE = dateSchema()
const TIME = timeSchema()
const TIMESTAMP = timestampSchema()
const NOTHING: Literal = { schema: null, value: null }

/**
 * Text → value by Kafka's rules (`Values.parseString`: SimpleHeaderConverter, InsertHeader): null, booleans,
 * the smallest integer type, float32 or float64 for fractions, Decimal beyond, ISO dates and times (UTC),
 * `[…]`, `{…}`; anything else is a string. Never throws.
 */
export function parseLiteral(text: string): Literal {
  if (text === '') return { schema: Schema.STRING, value: text }
  return new LiteralParser(text).parse(false)
}

class LiteralParser {
  readonly #tokens: LiteralTokens

  constructor(text: string) {
    this.#tokens = new LiteralTokens(text)
  }

  /**
   * `embedded`: within an array or map, where strings are quoted. Throws DataError when nothing fits there.
   */
  parse(embedded: boolean): Literal {
    const tokens = this.#tokens
    if (!tokens.hasNext) return NOTHING
    if (embedded && tokens.accept('"')) return this.#quoted()
    if (this.#isWord('null', embedded)) return NOTHING
    if (this.#isWord('true', embedded)) return { schema: Schema.BOOLEAN, value: true }
    if (this.#isWord('false', embedded)) return { schema: Schema.BOOLEAN, value: false }
    const start = tokens.mark()
    try {
      if (tokens.accept('[')) return this.#array()
      if (tokens.accept('{')) return this.#map()
    } catch (error) {
      // Text that only starts like an array or a map is a string (or, embedded, fails below).
      if (!(error instanceof DataError)) throw error
      tokens.rewindTo(start)
    }
    const token = tokens.next()
    return token.trim() === ''
      ? { schema: Schema.STRING, value: token }
      : this.#scalar(token.trim(), embedded)
  }

  #isWord(word: string, embedded: boolean): boolean {
    const start = this.#tokens.mark()
    if (this.#tokens.accept(word) && (embedded || !this.#tokens.hasNext)) return true
    this.#tokens.rewindTo(start)
    return false
  }

  #scalar(token: string, embedded: boolean): Literal {
    if (/^\d/.test(token)) {
      const moment = this.#moment(token)
      if (moment !== null) return moment
    }
    const number = /^[+\-\d]/.test(token) ? parseNumber(token) : null
    if (number !== null) return number
    if (embedded) throw new DataError('Failed to parse embedded value')
    return { schema: Schema.STRING, value: this.#tokens.text }
  }

  /** The colons of a time split it into five tokens. */
  #moment(token: string): Literal | null {
    const start = this.#tokens.mark()
    const rest = this.#tokens.take(4)
    const moment = rest === null ? null : parseMoment(token + rest)
    if (moment !== null) return moment
    this.#tokens.rewindTo(start)
    return parseMoment(token)
  }

  #quoted(): Literal {
    let content = ''
    while (this.#tokens.hasNext && !this.#tokens.accept('"')) content += this.#tokens.next()
    return parseMoment(content) ?? { schema: Schema.STRING, value: content }
  }

  #array(): Literal {
    const tokens = this.#tokens
    const items: Literal[] = []
    while (tokens.hasNext) {
      if (tokens.accept(']')) {
        const common = commonSchema(items)
        const schema = new Schema('array', {}, common === null ? {} : { valueSchema: common })
        return { schema, value: aligned(items, common) }
      }
      if (tokens.accept(',')) throw new DataError('An array element is missing')
      items.push(this.parse(true))
      const position = tokens.mark()
      if (tokens.accept(']')) tokens.rewindTo(position)
      else if (!tokens.accept(',')) throw new DataError('A comma is missing in the array')
    }
    throw new DataError('The array does not end')
  }

  #map(): Literal {
    const tokens = this.#tokens
    const keys: Literal[] = []
    const values: Literal[] = []
    while (tokens.hasNext) {
      if (tokens.accept('}')) return mapOf(keys, values)
      if (tokens.accept(',')) throw new DataError('A map entry is missing')
      const key = this.parse(true)
      if (key.value === null) throw new DataError('A map key is null')
      if (!tokens.accept(':')) throw new DataError('A map entry has no colon')
      keys.push(key)
      values.push(this.parse(true))
      tokens.accept(',')
    }
    throw new DataError('The map does not end')
  }
}

function mapOf(keys: readonly Literal[], values: readonly Literal[]): Literal {
  const keySchema = commonSchema(keys)
  const valueSchema = keySchema === null ? null : commonSchema(values)
  const schema = new Schema(
    'map',
    {},
    { ...(keySchema && { keySchema }), ...(valueSchema && { valueSchema }) }
  )
  const items = aligned(values, valueSchema)
  return { schema, value: new Map(aligned(keys, keySchema).map((key, i) => [key, items[i]])) }
}

const NUMERIC: readonly SchemaType[] = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64']

/**
 * The schema all parts fit: the widest of number types, or the one type they share; null when there is none.
 */
function commonSchema(parts: readonly Literal[]): Schema | null {
  let common: Schema | null = null
  for (const { schema } of parts) {
    if (schema === null) continue
    if (common === null || common.type === schema.type) {
      common = schema
      continue
    }
    const known = NUMERIC.indexOf(common.type)
    const other = NUMERIC.indexOf(schema.type)
    if (known < 0 || other < 0) return null
    if (other > known) common = schema
  }
  return common
}

/** The values as the common schema wants them; throws DataError when a part cannot be converted. */
function aligned(parts: readonly Literal[], common: Schema | null): unknown[] {
  if (common === null) return parts.map((part) => part.value)
  return parts.map(({ schema, value }) => {
    if (schema === null) throw new DataError('A null among values of a required type')
    if (schema.name !== common.name && !(schema.name === undefined && typeof value === 'number')) {
      throw new DataError('Values of different logical types')
    }
    if (sameSchema(schema, common)) return value
    if (common.type === 'float32') return Math.fround(Number(value))
    return common.type === 'float64' ? Number(value) : value
  })
}

const LARGE = 1e19
/**
 * Text that claims a larger exponent stays text: as a number it would fill the memory of whoever writes it
 * out.
 */
const MAX_SCALE = 10_000

function parseNumber(token: string): Literal | null {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,10})?$/.test(token)) return null
  const decimal = Decimal.parse(token)
  if (Math.abs(decimal.scale) > MAX_SCALE) return null
  const approximate = Number(token)
  const magnitude = Math.abs(approximate)
  if (decimal.unscaled === 0n || (magnitude >= 1 && magnitude <= LARGE)) {
    const whole = decimal.unscaled === 0n ? decimal : decimal.withScale(0)
    if (whole !== null && whole.unscaled >= INT64_MIN && whole.unscaled <= INT64_MAX) {
      return integerLiteral(whole.unscaled)
    }
  }
  if (decimal.scale !== 0) {
    const single = Math.fround(approximate)
    if (Number.isFinite(single)) return { schema: Schema.FLOAT32, value: single }
    if (Number.isFinite(approximate)) return { schema: Schema.FLOAT64, value: approximate }
  }
  return { schema: decimalSchema(decimal.scale), value: decimal }
}

function integerLiteral(integer: bigint): Literal {
  const value = Number(integer)
  for (const type of ['int8', 'int16', 'int32'] as const) {
    if (isSmallInteger(type, value)) return { schema: SMALL[type], value }
  }
  return { schema: Schema.INT64, value: int64(integer) }
}

const SMALL = { int8: Schema.INT8, int16: Schema.INT16, int32: Schema.INT32 }

const TIME_LENGTH = 'HH:mm:ss.SSSZ'.length
const DATE_LENGTH = 'yyyy-MM-dd'.length
const TIMESTAMP_LENGTH = DATE_LENGTH + 1 + TIME_LENGTH

/**
 * ISO date, time of day or timestamp of exactly that length, in UTC; parts may overflow (`2024-13-01`), as in
 * Java.
 */
function parseMoment(escaped: string): Literal | null {
  const text = escaped.replaceAll('\\:', ':')
  if (text.length === TIME_LENGTH) {
    const milliseconds = timeOfDay(text)
    return milliseconds === null ? null : { schema: TIME, value: milliseconds }
  }
  if (text.length === DATE_LENGTH) {
    const milliseconds = startOfDay(text)
    return milliseconds === null ? null : { schema: DATE, value: milliseconds / MS_PER_DAY }
  }
  if (text.length !== TIMESTAMP_LENGTH || text[DATE_LENGTH] !== 'T') return null
  const day = startOfDay(text.slice(0, DATE_LENGTH))
  const time = timeOfDay(text.slice(DATE_LENGTH + 1))
  return day === null || time === null ? null : { schema: TIMESTAMP, value: day + time }
}

function startOfDay(text: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  if (match === null) return null
  const date = new Date(0)
  date.setUTCFullYear(Number(match[1]), Number(match[2]) - 1, Number(match[3]))
  return date.getTime()
}

function timeOfDay(text: string): number | null {
  const match = /^(\d\d):(\d\d):(\d\d)\.(\d{3})Z$/.exec(text)
  if (match === null) return null
  const [hours, minutes, seconds, milliseconds] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number
  ]
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
}
