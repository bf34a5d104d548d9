import { configDef, type Parsed } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import { Schema, type SchemaType } from '../data/schema.ts'
import { Struct } from '../data/struct.ts'
import { ConfigError, DataError } from '../errors.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { CAST_TARGETS, type CastTarget, castValue, typeList } from './cast-value.ts'
import { javaSplit } from './java/java-split.ts'
import { sidePlugins } from './kafka-plugins.ts'
import type { RecordSide } from './record-side.ts'
import { replaceNullConfig } from './replace-null.ts'
import { requireMap, requireStruct } from './requirements.ts'
import { basicsOf, fieldsOf, fit, perSchema, structSchema, valueIn } from './struct-building.ts'

const PURPOSE = 'cast types'
const TYPES: readonly string[] = [...CAST_TARGETS, 'bytes', 'array', 'map', 'struct']

interface Casts {
  /** For the whole key or value. */
  readonly whole: CastTarget | null
  readonly fields: ReadonlyMap<string, CastTarget>
}

/** The casts of a list of `field:type` or of one `type`. Throws ConfigError. */
function castsOf(spec: readonly string[] | null): Casts {
  if (spec === null || spec.length === 0) {
    throw new ConfigError('Must specify at least one field to cast.')
  }
  let whole: CastTarget | null = null
  const fields = new Map<string, CastTarget>()
  for (const mapping of spec) {
    const parts = javaSplit(mapping, ':')
    if (parts.length > 2) {
      throw new ConfigError(
        `Invalid value [${spec.join(', ')}] for configuration renames: Invalid rename mapping: ${mapping}`
      )
    }
    const word = (parts.at(-1) ?? '').trim()
    const type = word.toLowerCase()
    if (!TYPES.includes(type)) {
      throw new ConfigError(
        `Invalid value java.lang.IllegalArgumentException: No enum constant org.apache.kafka.connect.data.Schema.Type.${word.toUpperCase()} for configuration Invalid type found in casting spec: ${word}`
      )
    }
    const target = CAST_TARGETS.find((one) => one === type)
    if (target === undefined) {
      throw new ConfigError(
        `Cast transformation does not support casting to ${type.toUpperCase()}; supported types are ${typeList(CAST_TARGETS)}`
      )
    }
    if (parts.length === 2) fields.set((parts[0] as string).trim(), target)
    else whole = target
  }
  if (whole !== null && spec.length > 1) {
    throw new ConfigError(
      'Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec'
    )
  }
  return { whole, fields }
}

const config = configDef({
  spec: {
    type: 'list',
    importance: 'high',
    read: castsOf,
    checksNull: true,
    doc: 'Casts of fields as `field:type`, or one `type` for the whole key or value. Types are int8, int16, int32, int64, float32, float64, boolean and string; bytes can become a string only.'
  },
  ...replaceNullConfig
})

/** Changes the type of fields, or of the whole key or value. */
class Cast implements Transformation {
  readonly #side: RecordSide
  readonly #casts: Casts
  readonly #replaceNull: boolean
  readonly #schemaFor = perSchema((schema) => this.#cast(schema))

  constructor(side: RecordSide, settings: Parsed<typeof config>) {
    this.#side = side
    this.#casts = settings.spec
    this.#replaceNull = settings['replace.null.with.default']
  }

  apply<R extends ConnectRecord>(record: R): R {
    const value = this.#side.value(record)
    if (value === null || value === undefined) return record
    const schema = this.#side.schema(record)
    const { whole, fields } = this.#casts
    if (schema === null) {
      if (whole !== null) return this.#side.with(record, null, castValue(null, value, whole))
      const updated = new Map(requireMap(value, PURPOSE))
      for (const [name, target] of fields) {
        updated.set(name, castValue(null, updated.get(name), target))
      }
      return this.#side.with(record, null, updated)
    }
    const updated = this.#schemaFor(schema)
    if (whole !== null) return this.#side.with(record, updated, castValue(schema, value, whole))
    const struct = requireStruct(value, PURPOSE, schema)
    const values = struct.schema.fields.map((source) => {
      const original = valueIn(struct, source, this.#replaceNull)
      const target = fields.get(source.name)
      const field = updated.field(source.name)
      if (field === undefined) throw new DataError(`${source.name} is not a valid field name`)
      return fit(
        field,
        target === undefined ? original : castValue(source.schema, original, target)
      )
    })
    return this.#side.with(record, updated, new Struct(updated, values))
  }

  #cast(schema: Schema): Schema {
    const { whole, fields } = this.#casts
    if (whole !== null) {
      return new Schema(whole, {
        ...basicsOf(schema),
        ...this.#optionsOf(schema, whole)
      })
    }
    const updated = fieldsOf(schema).map(({ name, schema: of }) => {
      const target = fields.get(name)
      return {
        name,
        schema: target === undefined ? of : new Schema(target, this.#optionsOf(of, target))
      }
    })
    return structSchema(updated, { ...basicsOf(schema), ...this.#optionsOf(schema, 'struct') })
  }

  /**
   * Optionality, and the default cast to the type. A struct cannot be cast, so one with a default of its own
   * is refused.
   */
  #optionsOf(
    schema: Schema,
    target: CastTarget | Extract<SchemaType, 'struct'>
  ): { optional: boolean; defaultValue?: unknown } {
    const { optional, defaultValue } = schema
    if (defaultValue === undefined || defaultValue === null) return { optional }
    return { optional, defaultValue: castValue(schema, defaultValue, target as CastTarget) }
  }
}

export const castPlugins = sidePlugins('Cast', config, (side, settings) => new Cast(side, settings))
