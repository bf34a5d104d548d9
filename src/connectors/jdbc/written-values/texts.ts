import type { TargetType } from '../database/writing.ts'
import { jsonText } from './json-text.ts'
import type { Geometry, Meaning } from './meanings.ts'
import { type Fit, type Fitting, misfit } from './misfit.ts'
import { numberText } from './numbers.ts'
import type { ExcessRules } from './rounding.ts'
import type { Schema } from '../../../data/schema.ts'
import { timeText } from './times.ts'

type Target<K extends TargetType['kind']> = Extract<TargetType, { kind: K }>

/** Where a value comes from, beside what it means, and by which rules it is written. */
export interface Origin extends ExcessRules {
  readonly schema: Schema | null
  /** `nested.values`: structs, maps and lists become JSON in columns of text. */
  readonly nestsAsJson: boolean
}

/** I16: what is no Unicode text would be written as something else. */
function wellFormed(text: string): string {
  if (text.isWellFormed()) return text
  throw misfit('it has half a surrogate pair, which is no character')
}

function refusing(refuses: RegExp | null | undefined): (text: string) => string {
  if (refuses === null || refuses === undefined) return wellFormed
  return (text) => {
    if (refuses.test(text)) throw misfit('it has a character that the column cannot hold')
    return wellFormed(text)
  }
}

/** Any value that has one exact text. */
function anyText(
  meaning: Meaning,
  { schema, nestsAsJson }: Origin
): ((value: unknown) => string) | string {
  if (meaning.kind === 'string' || meaning.kind === 'bits') {
    return (value) => meaning.read(value) as string
  }
  if (meaning.kind === 'array' || meaning.kind === 'nested') {
    return nestsAsJson
      ? (value) => jsonText(schema, value)
      : 'a nested value needs a column of JSON, or nested.values=json'
  }
  if (meaning.kind === 'bytes' || meaning.kind === 'geometry') {
    return 'bytes are no text'
  }
  return numberText(meaning) ?? timeText(meaning) ?? 'that has no text'
}

export function stringFit(meaning: Meaning, target: Target<'string'>, origin: Origin): Fitting {
  const text = textFor(meaning, target, origin)
  if (typeof text === 'string') return text
  const checked = refusing(target.refuses)
  const { max, unit, dropsBlanks = false } = target
  if (max === null) return (value) => checked(text(value))
  const mayDrop = dropsBlanks && origin.roundsExcess === true && origin.widens !== true
  return (value) => {
    const whole = checked(text(value))
    if (!isLonger(whole, max, unit)) return whole
    const shorter = mayDrop ? shorterText(whole, meaning) : null
    const kept = shorter === null ? null : withoutBlanks(shorter, max, unit)
    if (kept !== null) return kept
    throw misfit(`it is longer than ${max} ${unit}`, {
      kind: 'string',
      length: lengthOf(whole, unit)
    })
  }
}

/** The text of a value as this column gets it. */
function textFor(
  meaning: Meaning,
  target: Target<'string'>,
  origin: Origin
): ((value: unknown) => string) | string {
  if (meaning.kind === 'boolean' && target.booleansAreDigits === true) {
    return (value) => (meaning.read(value) === true ? '1' : '0')
  }
  if (meaning.kind === 'bytes' && target.bytes !== undefined) {
    const read = target.bytes === 'hex' ? hexText : utf8Text
    return (value) => read(meaning.read(value) as Uint8Array)
  }
  return anyText(meaning, origin)
}

const hexText = (bytes: Uint8Array): string => `\\x${Buffer.from(bytes).toString('hex')}`

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function utf8Text(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw misfit('those bytes are no UTF-8')
  }
}

/** Of a time, without the fraction of its second: as the JVM's drivers send it to some databases. */
function shorterText(text: string, { kind }: Meaning): string {
  return kind === 'timestamp' ? text.replace(/(?:\.\d+)?Z?$/, '') : text
}

/** The text without as many blanks at its end as it has to lose; null: it has not so many. */
function withoutBlanks(text: string, max: number, unit: Target<'string'>['unit']): string | null {
  const bare = text.replace(/ +$/, '')
  if (isLonger(bare, max, unit)) return null
  if (bare === text) return text
  // A blank is one of each unit.
  return bare.padEnd(bare.length + max - lengthOf(bare, unit))
}

function lengthOf(text: string, unit: Target<'string'>['unit']): number {
  if (unit === 'bytes') return Buffer.byteLength(text)
  return unit === 'characters' ? charactersOf(text) : text.length
}

/** A character has one or two UTF-16 units, and each of them three bytes at most. */
function isLonger(text: string, max: number, unit: Target<'string'>['unit']): boolean {
  if (unit === 'bytes') return text.length * 3 > max && Buffer.byteLength(text) > max
  if (text.length <= max) return false
  return unit === 'UTF-16 units' || charactersOf(text) > max
}

/** Those beyond the 65 536 first have two UTF-16 units each. */
function charactersOf(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff]/g)?.length ?? 0)
}

/** A type that only the database knows reads its own notation. */
export function otherFit(meaning: Meaning, target: Target<'other'>, origin: Origin): Fitting {
  if (meaning.kind === 'geometry') return (value) => geometryText(meaning.read(value) as Geometry)
  const text = anyText(meaning, origin)
  if (typeof text === 'string') return text
  const checked = refusing(target.refuses)
  return (value) => checked(text(value))
}

const SRID_FLAG = 0x2000_0000

/** The hexadecimal digits of a geometry, with its reference system where it has one. */
function geometryText({ wkb, srid }: Geometry): string {
  const bytes = Buffer.from(wkb)
  if (bytes.length < 5) throw misfit('it is no geometry')
  if (srid === null) return bytes.toString('hex')
  const isLittle = bytes[0] === 1
  const type = isLittle ? bytes.readUInt32LE(1) : bytes.readUInt32BE(1)
  // What says its reference system already keeps it.
  if (Math.floor(type / SRID_FLAG) % 2 === 1) return bytes.toString('hex')
  const head = Buffer.alloc(9)
  head[0] = bytes[0] ?? 0
  if (isLittle) {
    head.writeUInt32LE(type + SRID_FLAG, 1)
    head.writeInt32LE(srid, 5)
  } else {
    head.writeUInt32BE(type + SRID_FLAG, 1)
    head.writeInt32BE(srid, 5)
  }
  return Buffer.concat([head, bytes.subarray(5)]).toString('hex')
}

/** A string is JSON already; anything else becomes it. */
export function jsonFit(meaning: Meaning, { schema }: Origin): Fitting {
  if (meaning.kind !== 'string') return (value) => jsonText(schema, value)
  return (value) => {
    const text = wellFormed(meaning.read(value) as string)
    try {
      JSON.parse(text)
    } catch {
      throw misfit('it is no JSON')
    }
    return text
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const BARE_UUID = /^\{?[0-9a-f]{32}\}?$|^\{[0-9a-f-]{36}\}$/i

const uuidOfDigits = (hex: string): string =>
  hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

export function uuidFit(meaning: Meaning): Fitting {
  if (meaning.kind === 'bytes') {
    return (value) => {
      const bytes = meaning.read(value) as Uint8Array
      if (bytes.length !== 16) throw misfit('it is no UUID of 16 bytes')
      return uuidOfDigits(Buffer.from(bytes).toString('hex'))
    }
  }
  if (meaning.kind !== 'string') return 'that is no UUID'
  return (value) => {
    const given = (meaning.read(value) as string).trim()
    const text = BARE_UUID.test(given) ? uuidOfDigits(given.replace(/[{}-]/g, '')) : given
    if (!UUID.test(text)) throw misfit('it is no UUID')
    return text
  }
}

export function enumFit(meaning: Meaning, { labels, isLoose = false }: Target<'enum'>): Fitting {
  if (isLoose && labels !== null && meaning.kind === 'integer') {
    return (value) => {
      const label = labels[Number(meaning.read(value)) - 1]
      if (label === undefined) throw misfit('it is the place of no word that it knows')
      return label
    }
  }
  if (meaning.kind !== 'string') return 'that is no word of an enum'
  if (isLoose && labels !== null) return looseEnumFit(meaning, labels)
  const known = labels === null ? null : new Set(labels)
  return (value) => {
    const text = meaning.read(value) as string
    if (known?.has(text) === false) throw misfit('it is none of the words that it knows')
    return wellFormed(text)
  }
}

/** As most collations compare them: whatever its letters, and without the blanks behind it. */
function looseEnumFit(meaning: Meaning, labels: readonly string[]): Fitting {
  const loose = new Map(labels.map((label) => [label.toLowerCase(), label]))
  const exact = new Set(labels)
  return (value) => {
    const text = meaning.read(value) as string
    const label = exact.has(text) ? text : loose.get(text.trimEnd().toLowerCase())
    if (label === undefined) throw misfit('it is none of the words that it knows')
    return label
  }
}

/** A string with a schema is its UTF-8; JSON without schema has bytes in base64. */
export function bytesFit(meaning: Meaning, { max }: Target<'bytes'>, { schema }: Origin): Fitting {
  const checked = (bytes: Uint8Array): Uint8Array => {
    if (max !== null && bytes.length > max) throw misfit(`it is longer than ${max} bytes`)
    return bytes
  }
  const fit =
    (read: (value: unknown) => Uint8Array): Fit =>
    (value) =>
      checked(read(value))
  if (meaning.kind === 'bytes') {
    return fit((value) => meaning.read(value) as Uint8Array)
  }
  if (meaning.kind === 'geometry') {
    return fit((value) => (meaning.read(value) as Geometry).wkb)
  }
  if (meaning.kind === 'string') {
    return schema === null
      ? fit((value) => base64Bytes(meaning.read(value) as string))
      : fit((value) => Buffer.from(wellFormed(meaning.read(value) as string)))
  }
  return 'those are no bytes'
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function base64Bytes(text: string): Uint8Array {
  if (!BASE64.test(text)) throw misfit('it is no base64')
  return Buffer.from(text, 'base64')
}
