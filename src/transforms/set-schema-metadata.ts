import { configDef, type Parsed } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import { Struct } from '../data/struct.ts'
import { ConfigError, DataError } from '../errors.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { sidePlugins } from './kafka-plugins.ts'
import type { RecordSide } from './record-side.ts'
import { replaceNullConfig } from './replace-null.ts'
import { fit, perSchema, valueIn } from './struct-building.ts'

const config = configDef({
  'schema.name': {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'New name of the schema.'
  },
  'schema.version': {
    type: 'int',
    default: null,
    importance: 'high',
    doc: 'New version of the schema.'
  },
  ...replaceNullConfig
})

/** Gives the schema of the key or value another name or version. */
class SetSchemaMetadata implements Transformation {
  readonly #side: RecordSide
  readonly #name: string | null
  readonly #version: number | null
  readonly #replaceNull: boolean
  readonly #schemaFor = perSchema((schema) =>
    schema.copy({
      ...(this.#name === null ? {} : { name: this.#name }),
      ...(this.#version === null ? {} : { version: this.#version })
    })
  )

  constructor(side: RecordSide, settings: Parsed<typeof config>) {
    this.#side = side
    this.#name = settings['schema.name']
    this.#version = settings['schema.version']
    this.#replaceNull = settings['replace.null.with.default']
    if (this.#name === null && this.#version === null) {
      throw new ConfigError('Neither schema name nor version configured')
    }
  }

  apply<R extends ConnectRecord>(record: R): R {
    const value = this.#side.value(record)
    const schema = this.#side.schema(record)
    if (schema === null) {
      if (value === null || value === undefined) return record
      throw new DataError('Schema required for [updating schema metadata]')
    }
    const updated = this.#schemaFor(schema)
    if (!(value instanceof Struct)) return this.#side.with(record, updated, value)
    const values = updated.fields.map((field) => {
      const source = value.schema.field(field.name)
      if (source === undefined) throw new DataError(`${field.name} is not a valid field name`)
      return fit(field, valueIn(value, source, this.#replaceNull))
    })
    return this.#side.with(record, updated, new Struct(updated, values))
  }
}

export const setSchemaMetadataPlugins = sidePlugins(
  'SetSchemaMetadata',
  config,
  (side, settings) => new SetSchemaMetadata(side, settings)
)
