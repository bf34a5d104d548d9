import protobuf from 'protobufjs'
import type { Schema } from '../../data/schema.ts'
import { Struct } from '../../data/struct.ts'
import { structValues, typeName as connectTypeName, wrongValue } from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import { logicalWriter } from './protobuf-logical.ts'
import { isProtobufUnion, LOGICAL_MESSAGES, scrubProtobufName } from './protobuf-names.ts'
import {
  enumScalar,
  type ProtobufWrite,
  type Scalar,
  scalarOf,
  unlike
} from './protobuf-scalars.ts'
import { typeName } from './protobuf-types.ts'
import { type ProtobufOutput, WIRE } from './protobuf-wire.ts'

/** One field of a message: where its value is, and how it is written with its tag. */
interface FieldWriter {
  readonly number: number
  readonly write: (out: ProtobufOutput, values: readonly unknown[]) => void
}

/**
 * D4: one writer per schema and message, with all decisions taken. The message is that of the schema in the
 * registry: what is written is always what its readers expect. Throws DataError where the two do not fit, and
 * for a field without a place (I5).
 */
export function protobufWriter(
  schema: Schema,
  type: protobuf.Type,
  scrubNames: boolean
): ProtobufWrite {
  return new ProtobufWriters(scrubNames).root(schema, type)
}

class ProtobufWriters {
  readonly #scrubNames: boolean

  constructor(scrubNames: boolean) {
    this.#scrubNames = scrubNames
  }

  root(schema: Schema, type: protobuf.Type): ProtobufWrite {
    return schema.type === 'struct' ? this.#message(schema, type) : this.#wrapper(schema, type)
  }

  #message(schema: Schema, type: protobuf.Type): ProtobufWrite {
    const writers = schema.fields
      .flatMap((field) =>
        isProtobufUnion(field.schema)
          ? this.#oneof(field.schema, field.index, type)
          : [this.#field(field.schema, field.name, type, (values) => values[field.index])]
      )
      .sort((a, b) => a.number - b.number)
    return (out, value) => {
      const values = structValues(schema, value)
      for (const writer of writers) writer.write(out, values)
    }
  }

  #oneof(union: Schema, index: number, type: protobuf.Type): FieldWriter[] {
    return union.fields.map((field) => {
      const branch = (values: readonly unknown[]): unknown => {
        const struct = values[index]
        if (struct === null || struct === undefined) return null
        if (!(struct instanceof Struct)) throw wrongValue(union, struct)
        return struct.values[field.index]
      }
      return this.#field(field.schema, field.name, type, branch, true)
    })
  }

  #field(
    schema: Schema,
    given: string,
    type: protobuf.Type,
    valueOf: (values: readonly unknown[]) => unknown,
    inUnion = false
  ): FieldWriter {
    const name = this.#scrubNames ? scrubProtobufName(given) : given
    const field = type.fields[name]
    if (field === undefined) {
      throw new DataError(`The message ${typeName(type)} in the registry has no field ${name}`)
    }
    const write = this.#tagged(schema, field)
    const fallback = inUnion ? null : (schema.defaultValue ?? null)
    const nullable = inUnion || schema.optional
    return {
      number: field.id,
      write(out, values) {
        const value = valueOf(values) ?? fallback
        if (value !== null) write(out, value)
        else if (!nullable) throw new DataError('Found null value for non-optional schema')
      }
    }
  }

  /** With its tag. */
  #tagged(schema: Schema, field: protobuf.Field): ProtobufWrite {
    if (schema.type === 'map') return this.#map(schema, field)
    if (schema.type === 'array') return this.#array(schema, field)
    if (field.repeated || field instanceof protobuf.MapField) throw unlike(schema, field)
    return this.#single(schema, field)
  }

  #single(schema: Schema, field: protobuf.Field): ProtobufWrite {
    const scalar = this.#scalar(schema, field)
    const tag = tagOf(field, scalar?.wire ?? WIRE.bytes)
    if (scalar === null) {
      const write = this.#messageField(schema, field)
      return (out, value) => {
        out.varint(tag)
        out.nested(() => write(out, value))
      }
    }
    const { write, isDefault } = scalar
    if (hasPresence(field)) {
      return (out, value) => {
        out.varint(tag)
        write(out, value)
      }
    }
    return (out, value) => {
      if (isDefault(value)) return
      out.varint(tag)
      write(out, value)
    }
  }

  #array(schema: Schema, field: protobuf.Field): ProtobufWrite {
    const { valueSchema } = schema
    if (valueSchema === undefined || !field.repeated) throw unlike(schema, field)
    const list = (value: unknown): readonly unknown[] => {
      if (!Array.isArray(value)) throw wrongValue(schema, value)
      if (value.some((item) => item === null || item === undefined)) {
        throw new DataError(
          `A null in an array, which Protobuf does not have (field ${field.name})`
        )
      }
      return value
    }
    const scalar = this.#scalar(valueSchema, field)
    if (scalar !== null && scalar.wire !== WIRE.bytes && field.packed) {
      const tag = tagOf(field, WIRE.bytes)
      return (out, value) => {
        const items = list(value)
        if (items.length === 0) return
        out.varint(tag)
        out.nested(() => {
          for (const item of items) scalar.write(out, item)
        })
      }
    }
    const tag = tagOf(field, scalar?.wire ?? WIRE.bytes)
    const write = scalar?.write ?? nested(this.#messageField(valueSchema, field))
    return (out, value) => {
      for (const item of list(value)) {
        out.varint(tag)
        write(out, item)
      }
    }
  }

  #map(schema: Schema, field: protobuf.Field): ProtobufWrite {
    const { keySchema, valueSchema } = schema
    const entry = entryOf(field)
    if (keySchema === undefined || valueSchema === undefined || entry === null) {
      throw unlike(schema, field)
    }
    const writeKey = this.#tagged(keySchema, entry.key)
    const writeValue = this.#tagged(valueSchema, entry.value)
    const tag = tagOf(field, WIRE.bytes)
    return (out, value) => {
      if (!(value instanceof Map)) throw wrongValue(schema, value)
      for (const [key, item] of value) {
        out.varint(tag)
        out.nested(() => {
          writeEntryPart(out, keySchema, writeKey, key)
          writeEntryPart(out, valueSchema, writeValue, item)
        })
      }
    }
  }

  /** A field that is a message, without tag and length. */
  #messageField(schema: Schema, field: protobuf.Field): ProtobufWrite {
    const type = field.resolvedType
    if (!(type instanceof protobuf.Type)) throw unlike(schema, field)
    const logical = schema.name === undefined ? undefined : LOGICAL_MESSAGES.get(schema.name)
    if (logical !== undefined) {
      if (typeName(type) !== logical.type) throw unlike(schema, field)
      return logicalWriter(schema)
    }
    return schema.type === 'struct' ? this.#message(schema, type) : this.#wrapper(schema, type)
  }

  /** A primitive in its message. */
  #wrapper(schema: Schema, type: protobuf.Type): ProtobufWrite {
    const value = type.fields['value']
    if (value === undefined || !typeName(type).startsWith('google.protobuf.')) {
      throw new DataError(`${connectTypeName(schema)} cannot be written as ${typeName(type)}`)
    }
    return this.#single(schema, value)
  }

  /** Null for messages. */
  #scalar(schema: Schema, field: protobuf.Field): Scalar | null {
    const type = field.resolvedType
    if (type instanceof protobuf.Enum) return enumScalar(schema, type, field)
    if (type !== null) return null
    return scalarOf(schema, field)
  }
}

function writeEntryPart(
  out: ProtobufOutput,
  schema: Schema,
  write: ProtobufWrite,
  value: unknown
): void {
  if (value !== null && value !== undefined) write(out, value)
  else if (!schema.optional) throw new DataError('Found null value for non-optional schema')
}

const nested =
  (write: ProtobufWrite): ProtobufWrite =>
  (out, value) =>
    out.nested(() => write(out, value))

const tagOf = (field: protobuf.Field, wire: number): number => field.id * 8 + wire

/** Whether a field that is absent differs from one with the default. */
export function hasPresence(field: protobuf.Field): boolean {
  return field.resolvedType instanceof protobuf.Type || Boolean(field.hasPresence)
}

/** Key and value of a map: of `map<…>`, or of entries with fields of these names. */
export function entryOf(
  field: protobuf.Field
): { readonly key: protobuf.Field; readonly value: protobuf.Field; readonly name: string } | null {
  if (field instanceof protobuf.MapField) {
    const key = new protobuf.Field('key', 1, field.keyType)
    const value = new protobuf.Field('value', 2, field.type)
    for (const part of [key, value]) part.parent = field.parent
    const name = field.name.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) =>
      letter.toUpperCase()
    )
    return { key: key.resolve(), value: value.resolve(), name: `${name}Entry` }
  }
  const type = field.resolvedType
  if (!field.repeated || !(type instanceof protobuf.Type) || !type.name.endsWith('Entry'))
    return null
  const [key, value, ...more] = type.fieldsArray
  const isEntry = key?.name === 'key' && value?.name === 'value' && more.length === 0
  return isEntry && !key.repeated && !value.repeated ? { key, value, name: type.name } : null
}
