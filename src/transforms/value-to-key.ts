import { configDef, type Parsed } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import type { Field, Schema } from '../data/schema.ts'
import { Struct } from '../data/struct.ts'
import { DataError } from '../errors.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { transformationPlugin } from './kafka-plugins.ts'
import { replaceNullConfig } from './replace-null.ts'
import { requireMap, requireStruct } from './requirements.ts'
import { fit, perSchema, structSchema, valueIn } from './struct-building.ts'

const PURPOSE = 'copying fields from value to key'

const config = configDef({
  fields: {
    type: 'list',
    nonEmpty: true,
    distinct: true,
    importance: 'high',
    doc: 'Fields of the value that make up the key.'
  },
  ...replaceNullConfig
})

/** Makes a new key of fields of the value. */
class ValueToKey implements Transformation {
  readonly #fields: readonly string[]
  readonly #replaceNull: boolean
  readonly #keyFor = perSchema((schema) => this.#key(schema))

  constructor(settings: Parsed<typeof config>) {
    this.#fields = settings.fields
    this.#replaceNull = settings['replace.null.with.default']
  }

  apply<R extends ConnectRecord>(record: R): R {
    if (record.valueSchema === null) {
      const value = requireMap(record.value, PURPOSE)
      const key = new Map(this.#fields.map((name) => [name, value.get(name) ?? null]))
      return { ...record, keySchema: null, key }
    }
    const value = requireStruct(record.value, PURPOSE, record.valueSchema)
    const { schema, sources } = this.#keyFor(value.schema)
    const values = sources.map((field) => fit(field, valueIn(value, field, this.#replaceNull)))
    return {
      ...record,
      keySchema: schema,
      key: new Struct(schema, values),
      valueSchema: value.schema
    }
  }

  #key(schema: Schema): { schema: Schema; sources: readonly Field[] } {
    const sources = this.#fields.map((name) => {
      const field = schema.field(name)
      if (field === undefined) throw new DataError(`Field does not exist: ${name}`)
      return field
    })
    return { schema: structSchema(sources), sources }
  }
}

export const valueToKeyPlugin = transformationPlugin(
  'ValueToKey',
  config,
  (settings) => new ValueToKey(settings)
)
