import { DataError } from '../errors.ts'

/** The Connect types, in Kafka's spelling for `JsonConverter`. */
export type SchemaType =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'array'
  | 'map'
  | 'struct'

export interface Field {
  readonly name: string
  readonly index: number
  readonly schema: Schema
}

export interface SchemaOptions {
  optional?: boolean
  /** Full name, e.g. `org.apache.kafka.connect.data.Timestamp`. */
  name?: string
  version?: number
  doc?: string
  parameters?: ReadonlyMap<string, string>
  /** In the value representation of the type; `undefined` means no default. */
  defaultValue?: unknown
}

/**
 * Description of a value. Immutable; converters cache one encoder per schema *object*, so build a schema once
 * and reuse it.
 *
 * How values look, by type: int8, int16, int32 → number; int64 → number while it is a safe integer, bigint
 * beyond (D5); float32, float64 → number; boolean; string; bytes → Uint8Array; array → Array; map → Map;
 * struct → Struct. Logical types keep the representation of their base type: Date = days since 1970-01-01
 * (int32), Time = milliseconds of the day (int32), Timestamp = epoch milliseconds (int64). Decimal (bytes) is
 * a `Decimal` object: unscaled bigint and scale.
 */
export class Schema {
  readonly type: SchemaType
  readonly optional: boolean
  readonly name: string | undefined
  readonly version: number | undefined
  readonly doc: string | undefined
  readonly parameters: ReadonlyMap<string, string> | undefined
  readonly defaultValue: unknown
  /** Fields of a struct, in order; empty for other types. */
  readonly fields: readonly Field[]
  /** Of a map. */
  readonly keySchema: Schema | undefined
  /** Of a map's values or an array's elements. */
  readonly valueSchema: Schema | undefined
  readonly #byName: ReadonlyMap<string, Field>

  constructor(
    type: SchemaType,
    options: SchemaOptions = {},
    parts: {
      fields?: readonly { name: string; schema: Schema }[]
      keySchema?: Schema
      valueSchema?: Schema
    } = {}
  ) {
    this.type = type
    this.optional = options.optional ?? false
    this.name = options.name
    this.version = options.version
    this.doc = options.doc
    this.parameters = options.parameters
    this.defaultValue = options.defaultValue
    this.fields = (parts.fields ?? []).map((field, index) => ({ ...field, index }))
    this.keySchema = parts.keySchema
    this.valueSchema = parts.valueSchema
    this.#byName = new Map(this.fields.map((field) => [field.name, field]))
    if (this.#byName.size !== this.fields.length) {
      const seen = new Set<string>()
      const twice = this.fields.find((field) => seen.size === seen.add(field.name).size)
      throw new DataError(
        `Cannot create field because of field name duplication ${twice?.name ?? ''}`
      )
    }
  }

  field(name: string): Field | undefined {
    return this.#byName.get(name)
  }

  /** The same schema with other options. */
  copy(options: SchemaOptions): Schema {
    return new Schema(
      this.type,
      {
        optional: this.optional,
        ...(this.name === undefined ? {} : { name: this.name }),
        ...(this.version === undefined ? {} : { version: this.version }),
        ...(this.doc === undefined ? {} : { doc: this.doc }),
        ...(this.parameters === undefined ? {} : { parameters: this.parameters }),
        ...(this.defaultValue === undefined ? {} : { defaultValue: this.defaultValue }),
        ...options
      },
      {
        fields: this.fields,
        ...(this.keySchema === undefined ? {} : { keySchema: this.keySchema }),
        ...(this.valueSchema === undefined ? {} : { valueSchema: this.valueSchema })
      }
    )
  }

  static readonly INT8 = new Schema('int8')
  static readonly INT16 = new Schema('int16')
  static readonly INT32 = new Schema('int32')
  static readonly INT64 = new Schema('int64')
  static readonly FLOAT32 = new Schema('float32')
  static readonly FLOAT64 = new Schema('float64')
  static readonly BOOLEAN = new Schema('boolean')
  static readonly STRING = new Schema('string')
  static readonly BYTES = new Schema('bytes')
  static readonly OPTIONAL_INT8 = new Schema('int8', { optional: true })
  static readonly OPTIONAL_INT16 = new Schema('int16', { optional: true })
  static readonly OPTIONAL_INT32 = new Schema('int32', { optional: true })
  static readonly OPTIONAL_INT64 = new Schema('int64', { optional: true })
  static readonly OPTIONAL_FLOAT32 = new Schema('float32', { optional: true })
  static readonly OPTIONAL_FLOAT64 = new Schema('float64', { optional: true })
  static readonly OPTIONAL_BOOLEAN = new Schema('boolean', { optional: true })
  static readonly OPTIONAL_STRING = new Schema('string', { optional: true })
  static readonly OPTIONAL_BYTES = new Schema('bytes', { optional: true })

  static struct(
    fields: readonly { name: string; schema: Schema }[],
    options: SchemaOptions = {}
  ): Schema {
    return new Schema('struct', options, { fields })
  }

  static array(valueSchema: Schema, options: SchemaOptions = {}): Schema {
    return new Schema('array', options, { valueSchema })
  }

  static map(keySchema: Schema, valueSchema: Schema, options: SchemaOptions = {}): Schema {
    return new Schema('map', options, { keySchema, valueSchema })
  }
}
