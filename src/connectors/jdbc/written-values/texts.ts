import type { TargetType } from '../database/writing.ts'
import { jsonText } from './json-text.ts'
import type { Geometry, Meaning } from './meanings.ts'
import { type Fit, type Fitting, misfit } from './misfit.ts'
import { numberText } from './numbers.ts'
import type { Schema } from '../../../data/schema.ts'
import { timeText } from './times.ts'

type Target<K extends TargetType['kind']> = Extract<TargetType, { kind: K }>

/** Where a value comes from, beside what it means. */
export interface Origin {
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
  const text = anyText(meaning, origin)
  if (typeof text === 'string') return text
  const checked = refusing(target.refuses)
  const { max, unit } = target
  if (max === null) return (value) => checked(text(value))
  return (value) => {
    const whole = checked(text(value))
    if (isLonger(whole, max, unit)) throw misfit(`it is longer than ${max} ${unit}`)
    return whole
  }
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

export function uuidFit(meaning: Meaning): Fitting {
  if (meaning.kind === 'bytes') {
    return (value) => {
      const bytes = meaning.read(value) as Uint8Array
      if (bytes.length !== 16) throw misfit('it is no UUID of 16 bytes')
      const hex = Buffer.from(bytes).toString('hex')
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    }
  }
  if (meaning.kind !== 'string') return 'that is no UUID'
  return (value) => {
    const text = (meaning.read(value) as string).trim()
    if (!UUID.test(text)) throw misfit('it is no UUID')
    return text
  }
}

export function enumFit(meaning: Meaning, { labels }: Target<'enum'>): Fitting {
  if (meaning.kind !== 'string') return 'that is no word of an enum'
  const known = labels === null ? null : new Set(labels)
  return (value) => {
    const text = meaning.read(value) as string
    if (known?.has(text) === false) throw misfit('it is none of the words that it knows')
    return wellFormed(text)
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
