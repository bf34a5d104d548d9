import { decimalToString, doubleToString, floatToString } from '../../data/java-numbers.ts'
import { DECIMAL_NAME, Decimal, TIME_NAME } from '../../data/logical-types.ts'
import type { Schema } from '../../data/schema.ts'
import { Struct } from '../../data/struct.ts'
import {
  isFloat32,
  isInt64,
  isSmallInteger,
  kindOf,
  type PrimitiveType,
  scaleOf,
  structValues,
  wrongValue
} from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import { jsonString } from '../../data/json-string.ts'
import { integerToBase64, integerToText } from './integer-text.ts'
import { MS_PER_DAY } from '../../data/calendar.ts'

export interface EncoderOptions {
  readonly decimals: 'BASE64' | 'NUMERIC'
  /**
   * Null fields with a default are written as that default: all, none, or only those that may not be null.
   */
  readonly replaceNullWithDefault: boolean | 'required'
  /**
   * How a map is written that is no object: `[key, value]` of JsonConverter, or `{"key":…,"value":…}` of
   * JsonSchemaConverter.
   */
  readonly mapEntries?: 'pairs' | 'objects'
  /** Structs that are written as the value of their one field that is set. */
  readonly isUnion?: (schema: Schema) => boolean
}

/** Whether a null of this schema stands for its default. */
export function nullIsDefault(
  schema: Schema,
  replace: EncoderOptions['replaceNullWithDefault']
): boolean {
  if ((schema.defaultValue ?? null) === null) return false
  return replace === true || (replace === 'required' && !schema.optional)
}

/** Whether a map is a JSON object. */
export function isObjectMap(schema: Schema, entries: EncoderOptions['mapEntries']): boolean {
  const { keySchema } = schema
  return keySchema?.type === 'string' && !(entries === 'objects' && keySchema.optional)
}

/** A value of one schema → JSON text. Throws DataError when it does not fit; `checkValue` then says where. */
type Encode = (value: unknown) => string

/**
 * D4: compiles one encoder per schema object and keeps it as long as the schema lives. An encoder is a
 * closure with all decisions taken: the text in front of each field, what null becomes, which check and
 * notation a type needs.
 */
export class JsonEncoders {
  readonly #options: EncoderOptions
  readonly #encoders = new WeakMap<Schema, Encode>()

  constructor(options: EncoderOptions) {
    this.#options = options
  }

  /** The encoder of a schema; null or undefined means the value has none. */
  of(schema: Schema | null | undefined): Encode {
    if (schema === null || schema === undefined) return encodeSchemaless
    const known = this.#encoders.get(schema)
    if (known !== undefined) return known
    const encode = this.#compile(schema)
    this.#encoders.set(schema, encode)
    return encode
  }

  #compile(schema: Schema): Encode {
    const encodeNull = this.#nullEncoder(schema)
    const { type } = schema
    if (type === 'struct') {
      return this.#options.isUnion?.(schema) === true
        ? this.#unionEncoder(schema, encodeNull)
        : this.#structEncoder(schema, encodeNull)
    }
    if (type === 'array') return this.#arrayEncoder(schema, encodeNull)
    if (type === 'map') return this.#mapEncoder(schema, encodeNull)
    if (type !== 'bytes') return primitiveEncoder(schema, primitiveText(schema, type), encodeNull)
    return schema.name === DECIMAL_NAME
      ? decimalEncoder(schema, encodeNull, this.#options.decimals)
      : bytesEncoder(schema, encodeNull)
  }

  /** What null is written as. The default is encoded when first needed: its encoder is this very one. */
  #nullEncoder(schema: Schema): () => string {
    if (nullIsDefault(schema, this.#options.replaceNullWithDefault)) {
      let text: string | undefined
      return () => (text ??= this.of(schema)(schema.defaultValue))
    }
    if (schema.optional) return () => 'null'
    return () => {
      throw new DataError(
        'Conversion error: null value for field that is required and has no default value'
      )
    }
  }

  #structEncoder(schema: Schema, encodeNull: () => string): Encode {
    const count = schema.fields.length
    const heads = schema.fields.map(
      (field, i) => `${i === 0 ? '{' : ','}${jsonString(field.name)}:`
    )
    const encoders = schema.fields.map((field) => this.of(field.schema))
    return (value) => {
      if (value === null || value === undefined) return encodeNull()
      const values = structValues(schema, value)
      if (count === 0) return '{}'
      let text = ''
      for (let i = 0; i < count; i++) text += heads[i] + (encoders[i] as Encode)(values[i])
      return `${text}}`
    }
  }

  #unionEncoder(schema: Schema, encodeNull: () => string): Encode {
    const encoders = schema.fields.map((field) => this.of(field.schema))
    return (value) => {
      if (value === null || value === undefined) return encodeNull()
      if (!(value instanceof Struct)) throw wrongValue(schema, value)
      const branch = value.values.findIndex((part) => part !== null && part !== undefined)
      const encode = encoders[branch]
      return encode === undefined ? encodeNull() : encode(value.values[branch])
    }
  }

  #arrayEncoder(schema: Schema, encodeNull: () => string): Encode {
    const encodeItem = this.of(schema.valueSchema)
    return (value) => {
      if (value === null || value === undefined) return encodeNull()
      if (!Array.isArray(value)) throw wrongValue(schema, value)
      return `[${value.map((item: unknown) => encodeItem(item)).join(',')}]`
    }
  }

  #mapEncoder(schema: Schema, encodeNull: () => string): Encode {
    const entries = this.#options.mapEntries ?? 'pairs'
    const form = isObjectMap(schema, entries) ? 'object' : entries
    const encodeKey = this.of(schema.keySchema)
    const encodeItem = this.of(schema.valueSchema)
    return (value) => {
      if (value === null || value === undefined) return encodeNull()
      if (!(value instanceof Map)) throw wrongValue(schema, value)
      return encodeMap(value, form, encodeKey, encodeItem)
    }
  }
}

function encodeMap(
  map: ReadonlyMap<unknown, unknown>,
  form: 'object' | 'pairs' | 'objects',
  encodeKey: Encode,
  encodeItem: Encode
): string {
  const entries: string[] = []
  for (const [key, item] of map) {
    if (form === 'pairs') entries.push(`[${encodeKey(key)},${encodeItem(item)}]`)
    else if (form === 'objects') {
      entries.push(`{"key":${encodeKey(key)},"value":${encodeItem(item)}}`)
    } else if (typeof key === 'string') entries.push(`${jsonString(key)}:${encodeItem(item)}`)
    else throw new DataError(`A map with string keys has ${kindOf(key)} as key`)
  }
  return form === 'object' ? `{${entries.join(',')}}` : `[${entries.join(',')}]`
}

function primitiveEncoder(
  schema: Schema,
  text: (value: unknown) => string | null,
  encodeNull: () => string
): Encode {
  return (value) => {
    if (value === null || value === undefined) return encodeNull()
    const written = text(value)
    if (written === null) throw wrongValue(schema, value)
    return written
  }
}

/** Text of a non-null primitive; null when it does not fit. */
function primitiveText(
  schema: Schema,
  type: Exclude<PrimitiveType, 'bytes'>
): (value: unknown) => string | null {
  switch (type) {
    case 'int64':
      return int64Text
    case 'string':
      return (value) => (typeof value === 'string' ? jsonString(value) : null)
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? String(value) : null)
    case 'float64':
      return (value) => (typeof value === 'number' ? floating(value, doubleToString) : null)
    case 'float32':
      return (value) => (isFloat32(value) ? floating(Math.fround(value), floatToString) : null)
    case 'int32':
      if (schema.name === TIME_NAME) {
        return (value) => (isTimeOfDay(value) ? integerToText(value) : null)
      }
      return (value) => (isSmallInteger('int32', value) ? integerToText(value) : null)
    case 'int8':
    case 'int16':
      return (value) => (isSmallInteger(type, value) ? integerToText(value) : null)
  }
}

function int64Text(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? integerToText(value) : null
  return isInt64(value) ? value.toString() : null
}

const isTimeOfDay = (value: unknown): value is number =>
  isSmallInteger('int32', value) && value >= 0 && value < MS_PER_DAY

/** JSON has no NaN and no infinities: they are written as strings. */
function floating(value: number, text: (value: number) => string): string {
  return Number.isFinite(value) ? text(value) : `"${value}"`
}

function bytesText(bytes: Uint8Array): string {
  return `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}"`
}

function bytesEncoder(schema: Schema, encodeNull: () => string): Encode {
  return (value) => {
    if (value === null || value === undefined) return encodeNull()
    if (!(value instanceof Uint8Array)) throw wrongValue(schema, value)
    return bytesText(value)
  }
}

function decimalEncoder(
  schema: Schema,
  encodeNull: () => string,
  format: EncoderOptions['decimals']
): Encode {
  const scale = format === 'BASE64' ? scaleOf(schema) : 0
  return (value) => {
    if (value === null || value === undefined) return encodeNull()
    if (!(value instanceof Decimal)) throw wrongValue(schema, value)
    if (format === 'NUMERIC') return decimalToString(value)
    const fitting = value.withScale(scale)
    if (fitting === null) throw wrongValue(schema, value)
    return `"${integerToBase64(fitting.unscaled)}"`
  }
}

/**
 * A value without schema, by what it is: a whole safe number or a bigint is int64, other numbers are float64.
 * Structs and Decimals say nothing without their schema and are refused, as by the JVM's converter.
 */
function encodeSchemaless(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return jsonString(value)
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'bigint' && isInt64(value)) return value.toString()
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0)
      ? integerToText(value)
      : floating(value, doubleToString)
  }
  if (value instanceof Uint8Array) return bytesText(value)
  if (Array.isArray(value)) return `[${value.map(encodeSchemaless).join(',')}]`
  if (value instanceof Map) {
    const asObject = [...value.keys()].every((key) => typeof key === 'string')
    return encodeMap(value, asObject ? 'object' : 'pairs', encodeSchemaless, encodeSchemaless)
  }
  throw new DataError(`Without a schema, ${kindOf(value)} cannot be written as JSON`)
}
