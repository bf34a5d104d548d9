import { configDef, type Parsed } from '../config/config-def.ts'
import type { Header } from '../data/headers.ts'
import type { ConnectRecord } from '../data/record.ts'
import type { Schema } from '../data/schema.ts'
import { Struct } from '../data/struct.ts'
import { ConfigError, DataError } from '../errors.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { sidePlugins } from './kafka-plugins.ts'
import type { RecordSide } from './record-side.ts'
import { replaceNullConfig } from './replace-null.ts'
import { requireMap, requireStruct } from './requirements.ts'
import { basicsOf, fit, perSchema, structSchema, valueIn } from './struct-building.ts'

const notEmpty = (list: readonly string[] | null): string | null =>
  list === null || list.length === 0 ? 'Empty list' : null

const config = configDef({
  fields: {
    type: 'list',
    importance: 'high',
    check: notEmpty,
    checksNull: true,
    doc: 'Fields whose values become headers.'
  },
  headers: {
    type: 'list',
    importance: 'high',
    check: notEmpty,
    checksNull: true,
    doc: 'Names of the headers, one for each of `fields`, in the same order.'
  },
  operation: {
    type: 'string',
    oneOf: ['move', 'copy'],
    importance: 'high',
    doc: '`move` takes the fields out of the key or value, `copy` leaves them there.'
  },
  ...replaceNullConfig
})

/** Moves or copies fields to headers. */
class HeaderFrom implements Transformation {
  readonly #side: RecordSide
  readonly #fields: readonly string[]
  readonly #headers: readonly string[]
  readonly #move: boolean
  readonly #replaceNull: boolean
  readonly #purpose: string
  readonly #remainder = perSchema((schema) =>
    structSchema(
      schema.fields.filter(({ name }) => !this.#fields.includes(name)),
      basicsOf(schema)
    )
  )

  constructor(side: RecordSide, settings: Parsed<typeof config>) {
    this.#side = side
    this.#fields = settings.fields
    this.#headers = settings.headers
    if (this.#fields.length !== this.#headers.length) {
      throw new ConfigError(
        "'fields' config must have the same number of elements as 'headers' config."
      )
    }
    this.#move = settings.operation === 'move'
    this.#replaceNull = settings['replace.null.with.default']
    this.#purpose = `header ${settings.operation}`
  }

  apply<R extends ConnectRecord>(record: R): R {
    const schema = this.#side.schema(record)
    const value = this.#side.value(record)
    return schema === null
      ? this.#withoutSchema(record, requireMap(value, this.#purpose))
      : this.#withSchema(record, schema, requireStruct(value, this.#purpose, schema))
  }

  #withoutSchema<R extends ConnectRecord>(record: R, value: ReadonlyMap<string, unknown>): R {
    const updated = new Map(value)
    const added = this.#fields.map((field, index): Header => {
      if (this.#move) updated.delete(field)
      return { key: this.#headers[index] as string, schema: null, value: value.get(field) ?? null }
    })
    return { ...this.#side.with(record, null, updated), headers: [...record.headers, ...added] }
  }

  #withSchema<R extends ConnectRecord>(record: R, schema: Schema, value: Struct): R {
    const rest = this.#move ? this.#without(value, this.#remainder(schema)) : value
    const added = this.#fields.map((name, index): Header => {
      const field = schema.field(name)
      if (field === undefined) throw new DataError(`Field does not exist: ${name}`)
      const key = this.#headers[index] as string
      return { key, schema: field.schema, value: valueIn(value, field, this.#replaceNull) }
    })
    const updated = this.#side.with(record, this.#move ? rest.schema : schema, rest)
    return { ...updated, headers: [...record.headers, ...added] }
  }

  #without(value: Struct, schema: Schema): Struct {
    const values = schema.fields.map((field) => {
      const source = value.schema.field(field.name)
      if (source === undefined) throw new DataError(`${field.name} is not a valid field name`)
      return fit(field, valueIn(value, source, this.#replaceNull))
    })
    return new Struct(schema, values)
  }
}

export const headerFromPlugins = sidePlugins(
  'HeaderFrom',
  config,
  (side, settings) => new HeaderFrom(side, settings)
)
