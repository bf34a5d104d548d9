import { configDef, type Parsed } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import { Schema, type Field } from '../data/schema.ts'
import { Struct } from '../data/struct.ts'
import { DataError } from '../errors.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { javaClass, schemalessType } from './java/java-class.ts'
import { sidePlugins } from './kafka-plugins.ts'
import type { RecordSide } from './record-side.ts'
import { requireMap, requireStructOrNull } from './requirements.ts'
import { basicsOf, fieldsOf, fit, perSchema, structSchema, valueIn } from './struct-building.ts'

const PURPOSE = 'flattening'

const config = configDef({
  delimiter: {
    type: 'string',
    default: '.',
    importance: 'medium',
    doc: 'What stands between the names of an outer and an inner field.'
  }
})

/** A field of the flat schema before it is one: where its value sits, and its schema. */
interface Leaf {
  readonly name: string
  readonly schema: Schema
  readonly path: readonly Field[]
}

/** Turns nested structs and maps into one level; names are joined. Arrays stay as they are. */
class Flatten implements Transformation {
  readonly #side: RecordSide
  readonly #delimiter: string
  readonly #flat = perSchema((schema) => {
    const leaves: Leaf[] = []
    this.#collect(leaves, schema, [], '', schema.optional, schema.defaultValue)
    return { schema: structSchema(leaves, basicsOf(schema)), leaves }
  })

  constructor(side: RecordSide, settings: Parsed<typeof config>) {
    this.#side = side
    this.#delimiter = settings.delimiter
  }

  apply<R extends ConnectRecord>(record: R): R {
    const value = this.#side.value(record)
    if (value === null || value === undefined) return record
    const schema = this.#side.schema(record)
    if (schema === null) {
      const updated = new Map<string, unknown>()
      this.#copy(requireMap(value, PURPOSE), '', updated)
      return this.#side.with(record, null, updated)
    }
    const struct = requireStructOrNull(value, PURPOSE, schema) as Struct
    const flat = this.#flat(schema)
    const values = flat.schema.fields.map((field, index) =>
      this.#value(struct, field, flat.leaves[index] as Leaf)
    )
    return this.#side.with(record, flat.schema, new Struct(flat.schema, values))
  }

  /** An empty struct on the way leaves its fields alone: null, even where they have a default. */
  #value(struct: Struct, field: Field, { path }: Leaf): unknown {
    let current = struct
    for (const step of path.slice(0, -1)) {
      const next = valueIn(current, step, false)
      if (next === null) return null
      current = next as Struct
    }
    return fit(field, valueIn(current, path.at(-1) as Field, true))
  }

  #copy(map: ReadonlyMap<string, unknown>, prefix: string, updated: Map<string, unknown>): void {
    for (const [key, value] of map) {
      const name = this.#join(prefix, key)
      const type = value === null || value === undefined ? undefined : schemalessType(value)
      if (type === null) {
        throw new DataError(
          `Flatten transformation was passed a value of type class ${javaClass(value)} which is not supported by Connect's data API`
        )
      }
      if (type === 'struct') {
        throw new DataError(
          `Flatten transformation does not support class ${javaClass(value)} for record without schemas (for field ${name}).`
        )
      }
      if (type === 'map') this.#copy(requireMap(value, PURPOSE), name, updated)
      else updated.set(name, value ?? null)
    }
  }

  /**
   * A field is optional when a struct around it is, and takes its default from the default of that struct.
   */
  #collect(
    leaves: Leaf[],
    schema: Schema,
    path: readonly Field[],
    prefix: string,
    optional: boolean,
    outerDefault: unknown
  ): void {
    for (const field of fieldsOf(schema)) {
      const name = this.#join(prefix, field.name)
      const { type } = field.schema
      const isOptional = optional || field.schema.optional
      const inherited = outerDefault instanceof Struct ? outerDefault.get(field.name) : null
      const defaultValue = field.schema.defaultValue ?? inherited
      if (type === 'map') {
        throw new DataError(
          `Flatten transformation does not support MAP for record with schemas (for field ${name}).`
        )
      }
      if (type === 'struct') {
        this.#collect(leaves, field.schema, [...path, field], name, isOptional, defaultValue)
      } else {
        const flat = flatSchema(field.schema, isOptional, defaultValue)
        leaves.push({ name, schema: flat, path: [...path, field] })
      }
    }
  }

  #join(prefix: string, name: string): string {
    return prefix === '' ? name : prefix + this.#delimiter + name
  }
}

function flatSchema(schema: Schema, optional: boolean, defaultValue: unknown): Schema {
  return new Schema(
    schema.type,
    {
      ...basicsOf(schema),
      optional,
      ...((defaultValue ?? null) === null ? {} : { defaultValue })
    },
    schema.valueSchema === undefined ? {} : { valueSchema: schema.valueSchema }
  )
}

export const flattenPlugins = sidePlugins(
  'Flatten',
  config,
  (side, settings) => new Flatten(side, settings)
)
