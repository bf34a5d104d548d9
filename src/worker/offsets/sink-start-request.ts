import { epochDay, MS_PER_DAY } from '../../data/calendar.ts'
import { LENGTHS_OF_TIME, nanosBefore } from '../../data/length-of-time.ts'
import { ConfigError } from '../../errors.ts'

/** Where to start: at either end of what the topic has, at an offset, or with the first record of a time. */
export type SinkStart =
  | { readonly kind: 'earliest' | 'latest' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** Epoch ms. */
  | { readonly kind: 'time'; readonly ms: number }

/** One start for all partitions of a topic, or one for each partition named. */
type TopicStart =
  | { readonly all: SinkStart }
  | { readonly partitions: ReadonlyMap<number, SinkStart> }

/** What an operator asks for: one start for all topics, or something for each topic named. */
export type SinkStartRequest =
  | { readonly all: SinkStart }
  | { readonly topics: ReadonlyMap<string, TopicStart> }

const START =
  'A start is "earliest", "latest", "-PT2H", an instant such as "2026-11-01T08:00:00+08:00", {"timestamp": …} or {"offset": …}'

/**
 * Reads the JSON of a request: `"earliest"`, `"latest"` (or `"now"`), `"-PT2H"` (before `nowMs`), an instant
 * as text; `{"timestamp": …}`, a text or epoch ms; `{"offset": …}`; `{"from": <text>}`;
 * `{"topics": {"<name>": <any of these>}}`, and for a topic `{"partitions": {"0": <any of these, or an
 * offset>}}`. ConfigError names what is wrong.
 */
export function sinkStartRequest(given: unknown, nowMs: number): SinkStartRequest {
  const fields = fieldsOf(given)
  if (fields?.has('topics') !== true) return { all: start(given, nowMs) }
  return {
    topics: named(fields, 'topics', (topic, value) =>
      about(`Topic ${topic}`, () => topicStart(value, nowMs))
    )
  }
}

/** Errors of `work` say what it was about. */
export function about<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(`${what}: ${error.message}`, { cause: error })
  }
}

function topicStart(given: unknown, nowMs: number): TopicStart {
  const fields = fieldsOf(given)
  if (fields?.has('partitions') !== true) return { all: start(given, nowMs) }
  const starts = named(fields, 'partitions', (partition, value) =>
    about(`partition ${partition}`, () =>
      typeof value === 'number'
        ? { kind: 'offset' as const, offset: offsetOf(value) }
        : start(value, nowMs)
    )
  )
  const numbers = new Map<number, SinkStart>()
  for (const [name, point] of starts) {
    if (!/^(?:0|[1-9]\d{0,8})$/.test(name)) throw new ConfigError(`'${name}' is no partition`)
    numbers.set(Number(name), point)
  }
  return { partitions: numbers }
}

/** The only field, an object with something for each of its names. */
function named<T>(
  fields: ReadonlyMap<string, unknown>,
  field: string,
  read: (name: string, value: unknown) => T
): Map<string, T> {
  if (fields.size > 1) {
    throw new ConfigError(`Give one start for all, or "${field}" with one for each, not both`)
  }
  const parts = fieldsOf(fields.get(field))
  if (parts === null || parts.size === 0) {
    throw new ConfigError(`"${field}" must be an object with a start for each of them`)
  }
  return new Map([...parts].map(([name, value]) => [name, read(name, value)]))
}

function start(given: unknown, nowMs: number): SinkStart {
  if (typeof given === 'string') return fromText(given, nowMs)
  const [field, ...others] = [...(fieldsOf(given) ?? [])]
  if (field === undefined || others.length > 0) throw new ConfigError(START)
  const [name, value] = field
  if (name === 'offset') return { kind: 'offset', offset: offsetOf(value) }
  const isTime = name === 'timestamp' || name === 'from'
  if (isTime && typeof value === 'string') return fromText(value, nowMs)
  if (name === 'timestamp' && Number.isSafeInteger(value))
    return { kind: 'time', ms: Number(value) }
  throw new ConfigError(
    isTime
      ? START
      : `Unknown field ${name}. A start has one of the fields timestamp, offset or from`
  )
}

function offsetOf(value: unknown): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value)
  throw new ConfigError('An offset is a whole number that is not negative')
}

function fromText(text: string, nowMs: number): SinkStart {
  const word = text.trim()
  if (word === 'earliest' || word === 'latest') return { kind: word }
  if (word === 'now') return { kind: 'latest' }
  if (!/^[+-]?P/i.test(word)) return { kind: 'time', ms: instant(word) }
  const nanos = nanosBefore(word)
  if (nanos === null) {
    throw new ConfigError(`'${text}' is no length of time before now: ${LENGTHS_OF_TIME}`)
  }
  return { kind: 'time', ms: Math.max(0, nowMs - Number(nanos / 1_000_000n)) }
}

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):?(\d\d))$/i

/**
 * Epoch ms; what is behind them is cut, so that no record is passed over. The times of records have no zone
 * that a local time could be read in.
 */
function instant(text: string): number {
  const match = INSTANT.exec(text)
  const part = (index: number): number => Number(match?.[index] ?? 0)
  const [year, month, day] = [part(1), part(2), part(3)]
  const days = epochDay(year, month, day)
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month)
  const isTime = part(4) < 24 && part(5) < 60 && part(6) < 60 && part(9) < 24 && part(10) < 60
  if (match === null || !isDate || !isTime) {
    throw new ConfigError(`'${text}' is no start. ${START}`)
  }
  const fraction = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const offsetMinutes = (part(9) * 60 + part(10)) * (match[8] === '-' ? -1 : 1)
  const seconds = part(4) * 3600 + part(5) * 60 + part(6) - offsetMinutes * 60
  return Math.max(0, days * MS_PER_DAY + seconds * 1000 + fraction)
}

function daysOf(year: number, month: number): number {
  const next = month === 12 ? epochDay(year + 1, 1, 1) : epochDay(year, month + 1, 1)
  return next - epochDay(year, month, 1)
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return new Map(Object.entries(value))
}
