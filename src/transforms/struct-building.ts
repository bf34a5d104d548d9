import { Schema, type Field, type SchemaOptions } from '../data/schema.ts'
import type { Struct } from '../data/struct.ts'
import { DataError } from '../errors.ts'

/**
 * Remembers what was made of a schema: one output schema object per input schema object, because converters
 * keep an encoder per schema object.
 */
export function perSchema<T>(make: (schema: Schema) => T): (schema: Schema) => T {
  const known = new WeakMap<Schema, { readonly made: T }>()
  return (schema) => {
    let entry = known.get(schema)
    if (entry === undefined) {
      entry = { made: make(schema) }
      known.set(schema, entry)
    }
    return entry.made
  }
}

/** Name, version, documentation and parameters of a schema, without its optionality and default. */
export function basicsOf(schema: Schema): SchemaOptions {
  return {
    ...(schema.name === undefined ? {} : { name: schema.name }),
    ...(schema.version === undefined ? {} : { version: schema.version }),
    ...(schema.doc === undefined ? {} : { doc: schema.doc }),
    ...(schema.parameters === undefined ? {} : { parameters: schema.parameters })
  }
}

/** A struct schema. Throws DataError for a field without a name or one that is there twice. */
export function structSchema(
  fields: readonly { name: string; schema: Schema }[],
  options: SchemaOptions = {}
): Schema {
  if (fields.some(({ name }) => name === '')) throw new DataError('fieldName cannot be null.')
  return Schema.struct(fields, options)
}

/** The fields of a schema. Throws DataError when it is none of a struct. */
export function fieldsOf(schema: Schema): readonly Field[] {
  if (schema.type !== 'struct') throw new DataError('Cannot list fields on non-struct type')
  return schema.fields
}

/** A field's value; with `replaceNull` a null becomes the field's default, where it has one. */
export function valueIn(struct: Struct, field: Field, replaceNull: boolean): unknown {
  const value = struct.values[field.index] ?? null
  return value === null && replaceNull ? (field.schema.defaultValue ?? null) : value
}

/**
 * The value, unless it is a null its field cannot take. A default makes no difference here: it stands in
 * where a struct is read.
 */
export function fit(field: Field, value: unknown): unknown {
  if ((value ?? null) === null && !field.schema.optional) {
    throw new DataError(
      `Invalid value: null used for required field: "${field.name}", schema type: ${field.schema.type.toUpperCase()}`
    )
  }
  return value ?? null
}
