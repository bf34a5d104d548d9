import { configDef, type Parsed } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import { Struct } from '../data/struct.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { sidePlugins } from './kafka-plugins.ts'
import type { RecordSide } from './record-side.ts'
import { fit, perSchema, structSchema } from './struct-building.ts'

const config = configDef({
  field: {
    type: 'string',
    importance: 'medium',
    doc: 'Name of the one field of the new struct or map.'
  }
})

/**
 * Wraps the whole key or value: it becomes the one field of a struct, or of a map where there is no schema.
 */
class HoistField implements Transformation {
  readonly #side: RecordSide
  readonly #field: string
  readonly #schemaFor = perSchema((schema) => structSchema([{ name: this.#field, schema }]))

  constructor(side: RecordSide, settings: Parsed<typeof config>) {
    this.#side = side
    this.#field = settings.field
  }

  apply<R extends ConnectRecord>(record: R): R {
    const schema = this.#side.schema(record)
    const value = this.#side.value(record)
    if (schema === null) return this.#side.with(record, null, new Map([[this.#field, value]]))
    const wrapped = this.#schemaFor(schema)
    const values = wrapped.fields.map((field) => fit(field, value))
    return this.#side.with(record, wrapped, new Struct(wrapped, values))
  }
}

export const hoistFieldPlugins = sidePlugins(
  'HoistField',
  config,
  (side, settings) => new HoistField(side, settings)
)
