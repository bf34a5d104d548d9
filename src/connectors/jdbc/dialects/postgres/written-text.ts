import { civilDate } from '../../../../data/calendar.ts'
import type { TargetType } from '../../database/writing.ts'
import { type Timestamp, timestampText } from '../../values/timestamp.ts'

/** A value in the form of its column → the text that the database reads it from. */
export type TextOf = (value: unknown) => string

/** Kinds of columns whose texts have no character with a meaning in `COPY` or in an array. */
const PLAIN: ReadonlySet<TargetType['kind']> = new Set([
  'boolean',
  'date',
  'decimal',
  'float',
  'integer',
  'time',
  'timestamp',
  'uuid'
])

/** Values of a column as fields of `COPY`, NULL among them. */
export function fieldOf(type: TargetType): TextOf {
  return nullOr('\\N', type, copyField)
}

/** Values of a column as elements of an array's text, NULL among them. */
export function elementOf(type: TargetType): TextOf {
  return nullOr('NULL', type, quotedElement)
}

function nullOr(nothing: string, type: TargetType, escaped: (text: string) => string): TextOf {
  const text = textOf(type)
  const whole: TextOf = PLAIN.has(type.kind) ? text : (value) => escaped(text(value))
  return (value) => (value === null || value === undefined ? nothing : whole(value))
}

/** How values of a column are written, compiled once per column. */
function textOf(type: TargetType): TextOf {
  switch (type.kind) {
    case 'boolean':
      return (value) => (value === true ? 't' : 'f')
    case 'integer':
      return (value) => String(value)
    case 'float':
      return (value) => (Object.is(value, -0) ? '-0' : String(value))
    case 'bytes':
      return (value) => bytesText(value as Uint8Array)
    case 'date':
      return (value) => dateText(value as number)
    case 'time':
      return (value) => timeText(value as number)
    case 'timestamp': {
      const offset = type.hasZone ? '+00' : ''
      return (value) => timestampLiteral(value as Timestamp, offset)
    }
    case 'array': {
      const element = textOf(type.element)
      return (value) => (typeof value === 'string' ? value : arrayText(value as unknown[], element))
    }
    case 'bits':
    case 'decimal':
    case 'enum':
    case 'json':
    case 'other':
    case 'string':
    case 'uuid':
      return (value) => value as string
  }
}

/** With microseconds, which are all a column can hold. The year before AD 1 is 1 BC, for us it is 0. */
export function timestampLiteral(time: Timestamp, offset = ''): string {
  if (!Number.isFinite(time.ms)) return time.ms > 0 ? 'infinity' : '-infinity'
  const text = `${timestampText(time, 6)}${offset}`
  return text.startsWith('-') || text.startsWith('0000') ? beforeChrist(text) : text
}

function beforeChrist(text: string): string {
  const [, year, rest = ''] = /^(-?\d+)(-.*)$/s.exec(text) ?? []
  return `${String(1 - Number(year)).padStart(4, '0')}${rest} BC`
}

function bytesText(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))

function dateText(days: number): string {
  const [year, month, day] = civilDate(days)
  const text = `-${two(month)}-${two(day)}`
  return year > 0
    ? `${String(year).padStart(4, '0')}${text}`
    : `${String(1 - year).padStart(4, '0')}${text} BC`
}

function timeText(nanos: number): string {
  const seconds = Math.floor(nanos / 1e9)
  const micros = String(Math.floor((nanos % 1e9) / 1000)).padStart(6, '0')
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${micros}`
}

/** Elements in quotes, so that none is taken for a word or a number of another kind. */
function arrayText(values: readonly unknown[], element: TextOf): string {
  const parts = values.map((value) => {
    if (value === null) return 'NULL'
    return Array.isArray(value) ? arrayText(value, element) : quotedElement(element(value))
  })
  return `{${parts.join(',')}}`
}

const NEEDS_ESCAPE_IN_ARRAY = /["\\]/g

/** A text as an element of an array's text. */
function quotedElement(text: string): string {
  return `"${text.replace(NEEDS_ESCAPE_IN_ARRAY, '\\$&')}"`
}

const NEEDS_ESCAPE_IN_COPY = /[\\\n\r\t]/g
const COPY_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t'
}

/** A text as a field of `COPY`. */
function copyField(text: string): string {
  return text.replace(NEEDS_ESCAPE_IN_COPY, (character) => COPY_ESCAPES[character] ?? character)
}
