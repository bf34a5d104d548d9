import { MS_PER_DAY } from '../../../../data/calendar.ts'
import { DataError } from '../../../../errors.ts'
import type { TargetColumn } from '../../database/writing.ts'
import { type Timestamp, timestampText } from '../../values/timestamp.ts'
import { labelsOf } from './target-table.ts'

/*
 * Values as literals of a statement's text. A session that writes runs with NO_BACKSLASH_ESCAPES and in
 * utf8mb4, so that a quote is the only character with a meaning inside quotes. Each literal has the type of
 * its column: a key given as a text would be compared as a double with an integer, and not find its index.
 */

/** From here on bytes take less room in base 64 than as hexadecimal digits. */
const LONG_BYTES = 64

/** Turns values of a column, in the form of its type, into literals; null is NULL. */
type Literal = (value: unknown) => string

export function literalOf({ type, bindType }: TargetColumn): Literal {
  const isSet = type.kind === 'enum' && bindType !== undefined
  const literal = isSet ? setLiteral(labelsOf(bindType)) : literalOfType(type)
  return (value) => (value === null || value === undefined ? 'NULL' : literal(value))
}

/** The server would take the text of a number for a set of bits. */
function setLiteral(members: readonly string[]): Literal {
  return (value) => {
    const text = value as string
    if (text !== '' && !text.split(',').every((member) => members.includes(member))) {
      throw new DataError('the value has a member that is none of the set')
    }
    return textLiteral(text)
  }
}

/** Of a value that is not null. */
function literalOfType(type: TargetColumn['type']): Literal {
  switch (type.kind) {
    case 'boolean':
      return (value) => (value === true ? '1' : '0')
    case 'integer':
    case 'decimal':
      return String
    case 'float':
      return (value) => floatLiteral(value as number)
    case 'bytes':
      return (value) => bytesLiteral(value as Uint8Array)
    case 'bits':
      // As a number: a literal of bits is a text of bytes where it is compared.
      return (value) => `(b'${value as string}' + 0)`
    case 'date':
      return (value) => `DATE'${timestampText(ofDay(value as number), 0).slice(0, 10)}'`
    case 'time': {
      const digits = digitsOf(type.resolutionNanos)
      return (value) => `TIME'${timeText(value as number, digits)}'`
    }
    case 'timestamp': {
      const digits = digitsOf(type.resolutionNanos)
      return (value) => `TIMESTAMP'${timestampText(value as Timestamp, digits)}'`
    }
    case 'string':
    case 'json':
    case 'uuid':
    case 'enum':
    case 'array':
    case 'other':
      return (value) => textLiteral(value as string)
  }
}

export function textLiteral(text: string): string {
  return text.includes("'") ? `'${text.replaceAll("'", "''")}'` : `'${text}'`
}

export function bytesLiteral(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return bytes.length < LONG_BYTES
    ? `x'${buffer.toString('hex')}'`
    : `FROM_BASE64('${buffer.toString('base64')}')`
}

/** With an exponent, for a literal without one is a decimal. */
export function floatLiteral(value: number): string {
  // The sign of a zero is lost in its shortest text.
  const text = Object.is(value, -0) ? '-0' : String(value)
  return text.includes('e') ? text : `${text}e0`
}

/** `HH:MM:SS.ffffff` of nanoseconds of the day. */
function timeText(nanos: number, digits: number): string {
  const seconds = Math.floor(nanos / 1e9)
  const time: Timestamp = { ms: seconds * 1000, nanos: nanos - seconds * 1e9 }
  return timestampText(time, digits).slice(11)
}

function ofDay(day: number): Timestamp {
  return { ms: day * MS_PER_DAY, nanos: 0 }
}

function digitsOf(resolutionNanos: number): number {
  return Math.max(0, 9 - Math.round(Math.log10(resolutionNanos)))
}
