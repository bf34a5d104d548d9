import { bigintToBytes, DECIMAL_NAME, Decimal, TIME_NAME } from '../../data/logical-types.ts'
import type { Schema } from '../../data/schema.ts'
import { Struct } from '../../data/struct.ts'
import {
  isFloat32,
  isInt64,
  isSmallInteger,
  kindOf,
  scaleOf,
  structValues,
  wrongValue
} from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import { UNION_NAME } from './avro-names.ts'
import type { AvroOutput } from './avro-output.ts'
import { fixedSizeOf, isStringMap, symbolsOf } from './avro-from-connect.ts'
import { MS_PER_DAY } from '../../data/calendar.ts'

/** Writes a value of one schema. Throws DataError when it does not fit; `checkValue` then says where. */
export type AvroWrite = (out: AvroOutput, value: unknown) => void

interface AvroEncoderOptions {
  readonly enhanced: boolean
  readonly optionalMapKeys: boolean
  /** A null stays null in an optional field that has a default (`ignore.default.for.nullables`). */
  readonly ignoreDefaultForNullables: boolean
}

/**
 * D4: one writer per schema object, with all decisions taken. Its bytes are those of the schema
 * `avroSchemaText` answers.
 */
export class AvroEncoders {
  readonly #options: AvroEncoderOptions
  readonly #writers = new WeakMap<Schema, AvroWrite>()

  constructor(options: AvroEncoderOptions) {
    this.#options = options
  }

  of(schema: Schema | undefined): AvroWrite {
    if (schema === undefined) throw new DataError('An array or map schema names no element schema')
    let write = this.#writers.get(schema)
    if (write === undefined) {
      write = this.#compile(schema)
      this.#writers.set(schema, write)
    }
    return write
  }

  #compile(schema: Schema): AvroWrite {
    if (schema.name === UNION_NAME && schema.type === 'struct') return this.#union(schema)
    const write = this.#bare(schema)
    if (!schema.optional) {
      return (out, value) => {
        if (value === null || value === undefined)
          throw new DataError('Found null value for non-optional schema')
        write(out, value)
      }
    }
    // The default decides which branch stands first; that of a struct is always null.
    const nullFirst = schema.type === 'struct' || (schema.defaultValue ?? null) === null
    const [ofNull, ofValue] = nullFirst ? [0, 2] : [2, 0]
    return (out, value) => {
      if (value === null || value === undefined) out.byte(ofNull)
      else {
        out.byte(ofValue)
        write(out, value)
      }
    }
  }

  #bare(schema: Schema): AvroWrite {
    if (schema.type === 'struct') return this.#struct(schema)
    if (schema.type === 'array') return this.#array(schema)
    if (schema.type === 'map') return this.#map(schema)
    const symbols = symbolsOf(schema, this.#options.enhanced)
    if (symbols !== null) return enumWriter(schema, symbols)
    if (schema.type === 'bytes') return bytesWriter(schema)
    return primitiveWriter(schema)
  }

  #struct(schema: Schema): AvroWrite {
    const count = schema.fields.length
    const writers = schema.fields.map((field) => this.of(field.schema))
    const defaults = schema.fields.map((field) =>
      field.schema.optional && this.#options.ignoreDefaultForNullables
        ? null
        : (field.schema.defaultValue ?? null)
    )
    return (out, value) => {
      const values = structValues(schema, value)
      for (let i = 0; i < count; i++) (writers[i] as AvroWrite)(out, values[i] ?? defaults[i])
    }
  }

  #union(schema: Schema): AvroWrite {
    // A branch is never null: that is what the others are for.
    const writers = schema.fields.map((field) => this.#bare(field.schema))
    const first = schema.optional ? 1 : 0
    return (out, value) => {
      if (value === null || value === undefined) {
        if (!schema.optional) throw new DataError('Found null value for non-optional schema')
        out.long(0)
        return
      }
      if (!(value instanceof Struct)) throw wrongValue(schema, value)
      const branch = value.values.findIndex((part) => part !== null && part !== undefined)
      const write = writers[branch]
      if (write === undefined) throw new DataError('A union without a value in any of its branches')
      out.long(branch + first)
      write(out, value.values[branch])
    }
  }

  #array(schema: Schema): AvroWrite {
    const writeItem = this.of(schema.valueSchema)
    return (out, value) => {
      if (!Array.isArray(value)) throw wrongValue(schema, value)
      if (value.length > 0) out.long(value.length)
      for (const item of value) writeItem(out, item)
      out.byte(0)
    }
  }

  #map(schema: Schema): AvroWrite {
    const writeItem = this.of(schema.valueSchema)
    const stringKeys = isStringMap(schema, this.#options.optionalMapKeys)
    const writeKey: AvroWrite = stringKeys ? writeTextKey : this.of(schema.keySchema)
    return (out, value) => {
      if (!(value instanceof Map)) throw wrongValue(schema, value)
      if (value.size > 0) out.long(value.size)
      for (const [key, item] of value) {
        writeKey(out, key)
        writeItem(out, item)
      }
      out.byte(0)
    }
  }
}

const writeTextKey: AvroWrite = (out, key) => {
  if (typeof key !== 'string')
    throw new DataError(`A map with string keys has ${kindOf(key)} as key`)
  out.text(key)
}

function enumWriter(schema: Schema, symbols: readonly string[]): AvroWrite {
  const indexes = new Map(symbols.map((symbol, index) => [symbol, index]))
  return (out, value) => {
    const index = indexes.get(value as string)
    if (index === undefined) {
      throw new DataError(
        `Expected a symbol of ${schema.name ?? 'an enum'}, found ${kindOf(value)}`
      )
    }
    out.long(index)
  }
}

function bytesWriter(schema: Schema): AvroWrite {
  const size = fixedSizeOf(schema)
  if (schema.name === DECIMAL_NAME) return decimalWriter(schema, size)
  return (out, value) => {
    if (!(value instanceof Uint8Array)) throw wrongValue(schema, value)
    if (size === null) out.bytes(value)
    else if (value.length === size) out.fixed(value)
    else throw new DataError(`Expected ${size} bytes, found ${value.length}`)
  }
}

function decimalWriter(schema: Schema, size: number | null): AvroWrite {
  const scale = scaleOf(schema)
  return (out, value) => {
    if (!(value instanceof Decimal)) throw wrongValue(schema, value)
    const unscaled = value.scale === scale ? value.unscaled : value.withScale(scale)?.unscaled
    if (unscaled === undefined) throw wrongValue(schema, value)
    if (size === null) {
      out.unscaled(unscaled)
      return
    }
    const bytes = bigintToBytes(unscaled)
    if (bytes.length > size) throw new DataError(`A decimal needs ${bytes.length} of ${size} bytes`)
    out.fixed(Buffer.concat([Buffer.alloc(size - bytes.length, unscaled < 0n ? 0xff : 0), bytes]))
  }
}

function primitiveWriter(schema: Schema): AvroWrite {
  switch (schema.type) {
    case 'string':
      return (out, value) => {
        if (typeof value !== 'string') throw wrongValue(schema, value)
        out.text(value)
      }
    case 'boolean':
      return (out, value) => {
        if (typeof value !== 'boolean') throw wrongValue(schema, value)
        out.byte(value ? 1 : 0)
      }
    case 'int64':
      return (out, value) => {
        if (!isInt64(value)) throw wrongValue(schema, value)
        out.long(value)
      }
    case 'float32':
      return (out, value) => {
        if (!isFloat32(value)) throw wrongValue(schema, value)
        out.float(value)
      }
    case 'float64':
      return (out, value) => {
        if (typeof value !== 'number') throw wrongValue(schema, value)
        out.double(value)
      }
    case 'int8':
    case 'int16':
    case 'int32': {
      const { type } = schema
      const isTime = schema.name === TIME_NAME
      return (out, value) => {
        if (!isSmallInteger(type, value) || (isTime && (value < 0 || value >= MS_PER_DAY))) {
          throw wrongValue(schema, value)
        }
        out.long(value)
      }
    }
    case 'bytes':
    case 'array':
    case 'map':
    case 'struct':
      throw new DataError(`Unknown schema type: ${schema.type}`)
  }
}
