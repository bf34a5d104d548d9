import { createHmac } from 'node:crypto'
import {
  configDef,
  type ConfigMap,
  type ConnectRecord,
  DataError,
  parseConfig,
  Schema,
  Struct,
  type Transformation,
  type TransformationPlugin
} from 'kafka-connect-node/plugin'

const config = configDef({
  fields: {
    type: 'list',
    nonEmpty: true,
    importance: 'high',
    doc: 'Fields to replace by their hash.'
  },
  salt: {
    type: 'password',
    importance: 'high',
    doc: 'Key of the hash; the same one gives the same hashes.'
  }
})

const CARRIED = ['string', 'int8', 'int16', 'int32', 'int64']

class HashField implements Transformation {
  readonly #side: 'key' | 'value'
  readonly #fields: ReadonlySet<string>
  readonly #salt: string
  /** One new schema object per old one, because converters keep an encoder per schema object. */
  readonly #schemas = new WeakMap<Schema, Schema>()

  /** Throws ConfigError. */
  constructor(side: 'key' | 'value', map: ConfigMap) {
    const { fields, salt } = parseConfig(config, map)
    this.#side = side
    this.#fields = new Set(fields)
    this.#salt = salt.value
  }

  apply<R extends ConnectRecord>(record: R): R {
    const value = record[this.#side]
    if (value === null) return record
    if (!(value instanceof Struct)) {
      throw new DataError(
        `HashField needs a struct as ${this.#side}, in a record for ${record.topic}`
      )
    }
    const schema = this.#schemaFor(value.schema)
    const values = value.schema.fields.map(({ name, index }) => {
      const field = value.values[index] ?? null
      return field !== null && this.#fields.has(name) ? this.#hash(field) : field
    })
    const hashed = new Struct(schema, values)
    return this.#side === 'key'
      ? { ...record, keySchema: schema, key: hashed }
      : { ...record, valueSchema: schema, value: hashed }
  }

  #schemaFor(old: Schema): Schema {
    const known = this.#schemas.get(old)
    if (known !== undefined) return known
    for (const name of this.#fields) {
      const field = old.field(name)
      if (field !== undefined && CARRIED.includes(field.schema.type)) continue
      throw new DataError(
        `HashField cannot hash ${name} of ${old.name ?? 'a struct'}: ${field === undefined ? 'there is no such field' : `it is of type ${field.schema.type}`}`
      )
    }
    const fields = old.fields.map(({ name, schema }) => {
      if (!this.#fields.has(name)) return { name, schema }
      return { name, schema: schema.optional ? Schema.OPTIONAL_STRING : Schema.STRING }
    })
    const options = {
      optional: old.optional,
      ...(old.name === undefined ? {} : { name: old.name })
    }
    const made = Schema.struct(fields, options)
    this.#schemas.set(old, made)
    return made
  }

  #hash(value: unknown): string {
    return createHmac('sha256', this.#salt).update(String(value)).digest('hex')
  }
}

export const plugins: TransformationPlugin[] = (['Key', 'Value'] as const).map((side) => ({
  type: 'transformation',
  className: `com.example.HashField$${side}`,
  version: '1.0.0',
  config,
  create: (map) => new HashField(side === 'Key' ? 'key' : 'value', map)
}))
