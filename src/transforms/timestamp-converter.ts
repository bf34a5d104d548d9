import { configDef, type Parsed } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import { Schema } from '../data/schema.ts'
import { Struct } from '../data/struct.ts'
import { ConfigError, messageOf } from '../errors.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { DateFormat } from './java/date-format.ts'
import { sidePlugins } from './kafka-plugins.ts'
import type { RecordSide } from './record-side.ts'
import { replaceNullConfig } from './replace-null.ts'
import { requireMap, requireStructOrNull } from './requirements.ts'
import { basicsOf, fieldsOf, fit, perSchema, structSchema, valueIn } from './struct-building.ts'
import { kindOfSchema, kindOfValue, TimestampTranslator } from './timestamp-translator.ts'

const PURPOSE = 'converting timestamp formats'

const config = configDef({
  field: {
    type: 'string',
    default: '',
    importance: 'high',
    doc: 'The field with the timestamp; empty when the whole key or value is one.'
  },
  'target.type': {
    type: 'string',
    oneOf: ['string', 'unix', 'Date', 'Time', 'Timestamp'],
    importance: 'high',
    doc: 'What the timestamp becomes: text, a number of units since 1970, or one of the logical types.'
  },
  format: {
    type: 'string',
    default: '',
    importance: 'medium',
    doc: 'Pattern of `java.text.SimpleDateFormat` for timestamps that are text, in UTC and English; read and written by it.'
  },
  'unix.precision': {
    type: 'string',
    default: 'milliseconds',
    oneOf: ['nanoseconds', 'microseconds', 'milliseconds', 'seconds'],
    importance: 'low',
    doc: 'Unit of timestamps that are numbers. What is finer than a millisecond is lost on the way.'
  },
  ...replaceNullConfig
})

function formatOf(settings: Parsed<typeof config>): DateFormat | null {
  const { format } = settings
  if (format.trim() === '') {
    if (settings['target.type'] !== 'string') return null
    throw new ConfigError(
      'TimestampConverter requires format option to be specified when using string timestamps'
    )
  }
  try {
    return new DateFormat(format)
  } catch (error) {
    throw new ConfigError(
      `Invalid value java.lang.IllegalArgumentException: ${messageOf(error)} for configuration TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: ${format}`,
      { cause: error }
    )
  }
}

/** Changes how a timestamp is represented: a field, or the whole key or value. */
class TimestampConverter implements Transformation {
  readonly #side: RecordSide
  readonly #field: string
  readonly #replaceNull: boolean
  readonly #translator: TimestampTranslator
  readonly #structFor = perSchema((schema) => this.#structSchema(schema))

  constructor(side: RecordSide, settings: Parsed<typeof config>) {
    this.#side = side
    this.#field = settings.field
    this.#replaceNull = settings['replace.null.with.default']
    this.#translator = new TimestampTranslator(
      settings['target.type'],
      settings['unix.precision'],
      formatOf(settings)
    )
  }

  apply<R extends ConnectRecord>(record: R): R {
    const schema = this.#side.schema(record)
    const value = this.#side.value(record)
    if (schema === null) return this.#side.with(record, null, this.#withoutSchema(value))
    if (this.#field === '') {
      const kind = kindOfSchema(schema)
      const updated = this.#translator.schema(schema.optional)
      return this.#side.with(record, updated, this.#translator.convert(value, kind, true, schema))
    }
    const struct = requireStructOrNull(value, PURPOSE, schema)
    const updated = this.#structFor(schema)
    return this.#side.with(record, updated, struct && this.#converted(struct, updated))
  }

  #withoutSchema(value: unknown): unknown {
    if (value === null || value === undefined) return null
    if (this.#field === '') return this.#translated(value)
    const updated = new Map(requireMap(value, PURPOSE))
    return updated.set(this.#field, this.#translated(updated.get(this.#field)))
  }

  #translated(value: unknown): unknown {
    if (value === null || value === undefined) return null
    return this.#translator.convert(value, kindOfValue(value), false, null)
  }

  #structSchema(schema: Schema): Schema {
    const fields = fieldsOf(schema).map((field) =>
      field.name === this.#field
        ? { name: field.name, schema: this.#translator.schema(field.schema.optional) }
        : field
    )
    const updated = structSchema(fields, { ...basicsOf(schema), optional: schema.optional })
    return schema.defaultValue instanceof Struct
      ? updated.copy({ defaultValue: this.#converted(schema.defaultValue, updated) })
      : updated
  }

  #converted(struct: Struct, schema: Schema): Struct {
    const values = struct.schema.fields.map((field, index) => {
      const value = valueIn(struct, field, this.#replaceNull)
      const target = schema.fields[index] ?? field
      return fit(
        target,
        field.name === this.#field
          ? this.#translator.convert(value, kindOfSchema(field.schema), true, field.schema)
          : value
      )
    })
    return new Struct(schema, values)
  }
}

export const timestampConverterPlugins = sidePlugins(
  'TimestampConverter',
  config,
  (side, settings) => new TimestampConverter(side, settings)
)
