import { bytesToBigint, DECIMAL_NAME, Decimal, TIME_NAME } from '../../data/logical-types.ts'
import type { Schema } from '../../data/schema.ts'
import { Struct } from '../../data/struct.ts'
import {
  int64,
  isInt64,
  isSmallInteger,
  type PrimitiveType,
  scaleOf,
  typeName
} from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import { type EncoderOptions, isObjectMap, nullIsDefault } from './json-encoder.ts'
import { isJsonObject, type JsonNode, member } from '../../data/json-node.ts'
import { PlainStructs } from './plain-structs.ts'
import { JsonNumber } from '../../data/json-reader.ts'
import { MS_PER_DAY } from '../../data/calendar.ts'

/** JSON → value of one schema; undefined is a missing member. Throws DataError when it does not fit. */
type Decode = (node: JsonNode | undefined) => unknown

type DecoderOptions = Omit<EncoderOptions, 'decimals'>

/**
 * One decoder per schema object. Stricter than the JVM's converter where that changes values silently (I5):
 * text where a number belongs, integers out of range and fractions in integer fields are errors, not 0 and
 * not cut off.
 */
export class JsonDecoders {
  readonly #options: DecoderOptions
  readonly #decoders = new WeakMap<Schema, Decode>()

  constructor(options: DecoderOptions) {
    this.#options = options
  }

  of(schema: Schema | null | undefined): Decode {
    if (schema === null || schema === undefined) return decodeSchemaless
    let decode = this.#decoders.get(schema)
    if (decode === undefined) {
      decode = this.#withNull(schema, this.#compile(schema))
      this.#decoders.set(schema, decode)
    }
    return decode
  }

  /** For structs that are written plainly; null: the schema is not that of a struct. */
  plain(schema: Schema | null): PlainStructs | null {
    if (schema?.type !== 'struct' || this.#options.isUnion?.(schema) === true) return null
    return new PlainStructs(
      schema,
      schema.fields.map((field) => this.of(field.schema))
    )
  }

  #withNull(schema: Schema, decode: (node: NonNullable<JsonNode>) => unknown): Decode {
    const replace = nullIsDefault(schema, this.#options.replaceNullWithDefault)
    return (node) => {
      if (node !== null && node !== undefined) return decode(node)
      if (replace) return schema.defaultValue
      if (schema.optional) return null
      throw new DataError(`Invalid null value for required ${schema.type.toUpperCase()} field`)
    }
  }

  #compile(schema: Schema): (node: NonNullable<JsonNode>) => unknown {
    const { type } = schema
    if (type === 'struct') {
      return this.#options.isUnion?.(schema) === true
        ? this.#unionDecoder(schema)
        : this.#structDecoder(schema)
    }
    if (type === 'array') return this.#arrayDecoder(schema)
    if (type === 'map') return this.#mapDecoder(schema)
    if (type !== 'bytes') return primitiveDecoder(schema, primitiveFrom(schema, type))
    return schema.name === DECIMAL_NAME
      ? (node) => decimalFrom(schema, node)
      : (node) => bytesFrom(schema, node)
  }

  #arrayDecoder(schema: Schema): (node: NonNullable<JsonNode>) => unknown[] {
    const decodeItem = this.of(schema.valueSchema)
    return (node) => {
      if (!Array.isArray(node)) throw wrongNode(schema, node)
      const values: unknown[] = []
      try {
        for (const item of node) values.push(decodeItem(item))
      } catch (error) {
        throw located(error, `[${values.length}]`)
      }
      return values
    }
  }

  #structDecoder(schema: Schema): (node: NonNullable<JsonNode>) => Struct {
    const decoders = schema.fields.map((field) => this.of(field.schema))
    return (node) => {
      if (!isJsonObject(node)) {
        throw new DataError(`Structs should be encoded as JSON objects, but found ${kindOf(node)}`)
      }
      const values: unknown[] = []
      let name = ''
      try {
        for (const field of schema.fields) {
          name = field.name
          values.push((decoders[field.index] as Decode)(member(node, name)))
        }
      } catch (error) {
        throw located(error, `.${name}`)
      }
      return new Struct(schema, values)
    }
  }

  /** The first branch the node is of the kind of, and fits. */
  #unionDecoder(schema: Schema): (node: NonNullable<JsonNode>) => Struct {
    const decoders = schema.fields.map((field) => this.of(field.schema))
    return (node) => {
      let failure: unknown
      for (const field of schema.fields) {
        if (!isOfKind(field.schema, node)) continue
        try {
          const struct = new Struct(schema)
          struct.values[field.index] = (decoders[field.index] as Decode)(node)
          return struct
        } catch (error) {
          failure ??= error
        }
      }
      throw failure ?? new DataError(`Did not find matching oneof field for ${kindOf(node)}`)
    }
  }

  #mapDecoder(schema: Schema): (node: NonNullable<JsonNode>) => Map<unknown, unknown> {
    const decodeKey = this.of(schema.keySchema)
    const decodeItem = this.of(schema.valueSchema)
    if (isObjectMap(schema, this.#options.mapEntries)) {
      return (node) => {
        if (!isJsonObject(node)) {
          throw new DataError(
            `Maps with string fields should be encoded as JSON objects, but found ${kindOf(node)}`
          )
        }
        const map = new Map<string, unknown>()
        for (const [key, item] of Object.entries(node)) {
          try {
            map.set(key, decodeItem(item))
          } catch (error) {
            throw located(error, `[${key}]`)
          }
        }
        return map
      }
    }
    const entryOf = this.#options.mapEntries === 'objects' ? objectEntry : pairEntry
    return (node) => {
      if (!Array.isArray(node)) {
        throw new DataError(
          `Maps with non-string fields should be encoded as JSON array of ${entryOf === pairEntry ? 'tuples' : 'objects'}, but found ${kindOf(node)}`
        )
      }
      return new Map(
        node.map((entry) => {
          const [key, item] = entryOf(entry)
          return [decodeKey(key), decodeItem(item)]
        })
      )
    }
  }
}

function pairEntry(entry: JsonNode): [JsonNode | undefined, JsonNode | undefined] {
  if (!Array.isArray(entry) || entry.length !== 2) {
    throw new DataError(`Found invalid map entry instead of array tuple: ${kindOf(entry)}`)
  }
  return [entry[0], entry[1]]
}

function objectEntry(entry: JsonNode): [JsonNode | undefined, JsonNode | undefined] {
  if (!isJsonObject(entry) || Object.keys(entry).length !== 2) {
    throw new DataError(`Found invalid map entry instead of object: ${kindOf(entry)}`)
  }
  return [member(entry, 'key'), member(entry, 'value')]
}

/**
 * Whether a node can be a value of the schema at all, as the JVM's converter asks to choose a branch of a
 * union.
 */
function isOfKind(schema: Schema, node: NonNullable<JsonNode>): boolean {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return integerFrom(node) !== null
    case 'float32':
    case 'float64':
      return typeof node === 'number' || node instanceof JsonNumber
    case 'boolean':
      return typeof node === 'boolean'
    case 'string':
      return typeof node === 'string'
    case 'bytes':
      return typeof node === 'string' || (schema.name === DECIMAL_NAME && kindOf(node) === 'NUMBER')
    case 'array':
      return Array.isArray(node)
    case 'map':
      return Array.isArray(node) || isJsonObject(node)
    case 'struct':
      return (
        isJsonObject(node) && Object.keys(node).every((name) => schema.field(name) !== undefined)
      )
  }
}

/** The error of a nested decoder, with where it happened in front: outermost part first. */
function located(error: unknown, step: string): unknown {
  if (!(error instanceof DataError)) return error
  const inner = typeof error.facts['path'] === 'string' ? error.facts['path'] : ''
  const reason = typeof error.facts['reason'] === 'string' ? error.facts['reason'] : error.message
  const path = `${step}${inner}`
  return new DataError(`${reason} (at ${path.replace(/^\./, '')})`, { path, reason })
}

function wrongNode(schema: Schema, node: JsonNode): DataError {
  return new DataError(`Expected ${typeName(schema)}, found ${kindOf(node)}`)
}

/** Jackson's words for kinds of nodes, as its error texts have them. */
function kindOf(node: JsonNode): string {
  if (node === null) return 'NULL'
  if (Array.isArray(node)) return 'ARRAY'
  if (typeof node === 'number' || node instanceof JsonNumber) return 'NUMBER'
  return typeof node === 'object' ? 'OBJECT' : typeof node === 'string' ? 'STRING' : 'BOOLEAN'
}

type Primitive = number | bigint | string | boolean

function primitiveDecoder(
  schema: Schema,
  take: (node: NonNullable<JsonNode>) => Primitive | null
): (node: NonNullable<JsonNode>) => Primitive {
  return (node) => {
    const value = take(node)
    if (value === null) throw wrongNode(schema, node)
    return value
  }
}

/** The value of a primitive type; null when the node does not fit. */
function primitiveFrom(
  schema: Schema,
  type: Exclude<PrimitiveType, 'bytes'>
): (node: NonNullable<JsonNode>) => Primitive | null {
  switch (type) {
    case 'boolean':
      return (node) => (typeof node === 'boolean' ? node : null)
    case 'string':
      return (node) => (typeof node === 'string' ? node : null)
    case 'float64':
      return (node) => floatingFrom(node, Number)
    case 'float32':
      return (node) => floatingFrom(node, (text) => Math.fround(Number(text)))
    case 'int64':
      return integerFrom
    case 'int8':
    case 'int16':
    case 'int32':
      return (node) => {
        const value = integerFrom(node)
        if (!isSmallInteger(type, value)) return null
        return schema.name === TIME_NAME && (value < 0 || value >= MS_PER_DAY) ? null : value
      }
  }
}

/** A whole number of int64: number while safe, bigint beyond (D5). `1.0` and `1e3` are whole. */
function integerFrom(node: JsonNode): number | bigint | null {
  if (typeof node === 'number') return node
  if (!(node instanceof JsonNumber)) return null
  const whole = decimalOf(node)?.withScale(0)
  if (whole === undefined || whole === null || !isInt64(whole.unscaled)) return null
  return int64(whole.unscaled)
}

/** Exponents beyond this are no numbers anybody writes; taking them literally would fill the memory. */
const MAX_EXPONENT = 1000

function decimalOf(node: JsonNumber): Decimal | null {
  const exponent = /[eE](.*)$/.exec(node.text)?.[1]
  if (exponent !== undefined && Math.abs(Number(exponent)) > MAX_EXPONENT) return null
  return Decimal.parse(node.text)
}

/** Finite numbers, and the words our own side and the JVM's write for those JSON has no numbers for. */
function floatingFrom(node: JsonNode, parse: (text: string) => number): number | null {
  if (node === 'NaN' || node === 'Infinity' || node === '-Infinity') return Number(node)
  const text =
    typeof node === 'number' ? String(node) : node instanceof JsonNumber ? node.text : null
  if (text === null) return null
  const value = parse(text)
  return Number.isFinite(value) ? value : null
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function bytesFrom(schema: Schema, node: JsonNode): Buffer {
  if (typeof node !== 'string' || !BASE64.test(node)) throw wrongNode(schema, node)
  return Buffer.from(node, 'base64')
}

/** Numbers keep the scale they are written with, base64 has that of the schema, as in the JVM's converter. */
function decimalFrom(schema: Schema, node: NonNullable<JsonNode>): Decimal {
  if (typeof node === 'number') return new Decimal(BigInt(node), 0)
  if (node instanceof JsonNumber) {
    const decimal = decimalOf(node)
    if (decimal === null) throw wrongNode(schema, node)
    return decimal
  }
  if (typeof node !== 'string') {
    throw new DataError(
      `Invalid type for Decimal, underlying representation should be numeric or bytes but was ${kindOf(node)}`
    )
  }
  const unscaled = shortUnscaled(node) ?? bytesToBigint(bytesFrom(schema, node))
  return new Decimal(unscaled, scaleOf(schema))
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** What each character of base64 stands for; -1: it is none of them. */
const SEXTETS = Int8Array.from({ length: 128 }, (_, code) =>
  ALPHABET.indexOf(String.fromCharCode(code))
)
const PADDING = '='.charCodeAt(0)

/**
 * The number that the bytes behind base64 are, where a JavaScript number holds whatever so many bytes say;
 * null for longer ones, and for what is no base64. Most decimals are short.
 */
function shortUnscaled(text: string): bigint | null {
  const { length } = text
  if (length !== 4 && length !== 8) return null
  let characters = length
  while (characters > length - 2 && text.charCodeAt(characters - 1) === PADDING) characters--
  let value = 0
  for (let at = 0; at < characters; at++) {
    const sextet = SEXTETS[text.charCodeAt(at)] ?? -1
    if (sextet === -1) return null
    value = value * 64 + sextet
  }
  // What the last character has beyond the last byte does not count.
  const bytes = Math.floor((characters * 6) / 8)
  value = Math.floor(value / 2 ** (characters * 6 - bytes * 8))
  const isNegative = value >= 2 ** (bytes * 8 - 1)
  return BigInt(isNegative ? value - 2 ** (bytes * 8) : value)
}

/** Without a schema: whole numbers are int64, others float64, objects maps, arrays lists. */
function decodeSchemaless(node: JsonNode | undefined): unknown {
  if (node === null || node === undefined) return null
  if (typeof node !== 'object') return node
  if (Array.isArray(node)) return node.map(decodeSchemaless)
  if (!(node instanceof JsonNumber)) {
    return new Map(Object.entries(node).map(([key, item]) => [key, decodeSchemaless(item)]))
  }
  const value = /^-?\d+$/.test(node.text) ? integerFrom(node) : floatingFrom(node, Number)
  if (value === null) throw new DataError('A number beyond int64 or float64')
  return value
}
