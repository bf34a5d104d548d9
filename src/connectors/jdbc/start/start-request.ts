import { LENGTHS_OF_TIME, nanosBefore } from '../../../data/length-of-time.ts'
import type { OffsetMap } from '../../../data/record.ts'
import { ConfigError } from '../../../errors.ts'
import { suggestion } from '../database/near-names.ts'
import { readWrittenTime } from '../values/time-text.ts'

/**
 * Where to start: the first row; so many nanoseconds before the database's present; or what an offset would
 * say, times as text allowed.
 */
export type StartPoint =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'now'; readonly earlierNanos: bigint }
  | { readonly kind: 'offset'; readonly offset: OffsetMap }

/** What an operator asks for: one start for all tables, or one for each table named. */
type StartRequest =
  | { readonly all: StartPoint }
  | { readonly tables: ReadonlyMap<string, StartPoint> }

const WORDS = ['earliest', 'now']
const FIELDS = ['timestamp', 'incrementing', 'from', 'tables']

/**
 * Reads the JSON of a request: `"earliest"`, `"now"`, `"-PT2H"` (before the database's present), a time as
 * text; `{"timestamp": …}`, `{"incrementing": …}` or both; `{"from": <text>}`;
 * `{"tables": {"<name>": <any of these>}}`. ConfigError names what is wrong.
 */
export function startRequest(given: unknown): StartRequest {
  const fields = fieldsOf(given)
  if (fields === null || !fields.has('tables')) return { all: startPoint(given) }
  if (fields.size > 1) {
    throw new ConfigError('Give one start for all tables, or "tables" with one for each, not both')
  }
  const named = fieldsOf(fields.get('tables'))
  if (named === null || named.size === 0) {
    throw new ConfigError('"tables" must be an object with a start for each table')
  }
  const tables = new Map<string, StartPoint>()
  for (const [name, start] of named) {
    tables.set(
      name,
      about(name, () => startPoint(start))
    )
  }
  return { tables }
}

/** Errors of `work` say which table it was about. */
export function about<T>(table: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(`Table ${table}: ${error.message}`, { cause: error })
  }
}

function startPoint(given: unknown): StartPoint {
  if (typeof given === 'string') return fromText(given)
  const fields = fieldsOf(given)
  if (fields === null) {
    throw new ConfigError(
      'A start is "earliest", "now", "-PT2H", a time, or an object with timestamp or incrementing'
    )
  }
  const unknown = [...fields.keys()].find((name) => !FIELDS.includes(name) || name === 'tables')
  if (unknown !== undefined) {
    throw new ConfigError(
      `Unknown field ${unknown}${suggestion(unknown, FIELDS) || '.'} A start has the fields timestamp, incrementing or from`
    )
  }
  if (fields.has('from')) return fromField(fields)
  const timestamp = fields.get('timestamp')
  if (typeof timestamp === 'string') {
    const point = fromText(timestamp)
    if (point.kind !== 'offset') return alone(point, fields, timestamp)
  }
  if (fields.size === 0) throw new ConfigError('The start has neither timestamp nor incrementing')
  return { kind: 'offset', offset: plainFields(fields) }
}

function fromField(fields: ReadonlyMap<string, unknown>): StartPoint {
  const from = fields.get('from')
  if (typeof from !== 'string') {
    throw new ConfigError('The field from must be "earliest", "now", "-PT2H" or a time as text')
  }
  return alone(fromText(from), fields, from)
}

function alone(point: StartPoint, fields: ReadonlyMap<string, unknown>, text: string): StartPoint {
  if (fields.size === 1) return point
  throw new ConfigError(`'${text}' is a whole start: leave the other fields out`)
}

function fromText(text: string): StartPoint {
  const word = text.trim()
  if (word === 'earliest') return { kind: 'earliest' }
  if (word === 'now') return { kind: 'now', earlierNanos: 0n }
  if (/^[+-]?P/i.test(word)) return { kind: 'now', earlierNanos: earlier(word) }
  const hint = suggestion(word, WORDS)
  if (hint !== '') throw new ConfigError(`'${text}' is no start${hint}`)
  readWrittenTime(word)
  return { kind: 'offset', offset: { timestamp: word } }
}

/** An ISO-8601 duration with a minus. */
function earlier(text: string): bigint {
  const nanos = nanosBefore(text)
  if (nanos !== null) return nanos
  throw new ConfigError(`'${text}' is no length of time before now: ${LENGTHS_OF_TIME}`)
}

function plainFields(fields: ReadonlyMap<string, unknown>): OffsetMap {
  for (const [name, value] of fields) {
    if (typeof value === 'object' && value !== null) {
      throw new ConfigError(`The field ${name} must be a number or a text`)
    }
  }
  return Object.fromEntries(fields) as OffsetMap
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return new Map(Object.entries(value))
}
