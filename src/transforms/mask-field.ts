import { configDef, type Parsed } from '../config/config-def.ts'
import { DATE_NAME, Decimal, TIME_NAME, TIMESTAMP_NAME } from '../data/logical-types.ts'
import type { ConnectRecord } from '../data/record.ts'
import type { Schema, SchemaType } from '../data/schema.ts'
import { Struct } from '../data/struct.ts'
import { DataError } from '../errors.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { javaClass, schemalessType } from './java/java-class.ts'
import { type IntegerType, toInt64, wrapped } from './java/java-number.ts'
import { sidePlugins } from './kafka-plugins.ts'
import type { RecordSide } from './record-side.ts'
import { replaceNullConfig } from './replace-null.ts'
import { requireMap, requireStruct } from './requirements.ts'
import { fit, valueIn } from './struct-building.ts'

const PURPOSE = 'mask fields'

const config = configDef({
  fields: {
    type: 'list',
    nonEmpty: true,
    distinct: true,
    importance: 'high',
    doc: 'Fields to mask.'
  },
  replacement: {
    type: 'string',
    default: null,
    nonEmpty: true,
    importance: 'low',
    doc: 'What masked strings and numbers become. Without it they become empty or 0, booleans false, lists and maps empty.'
  },
  ...replaceNullConfig
})

const MOMENTS: readonly (string | undefined)[] = [DATE_NAME, TIME_NAME, TIMESTAMP_NAME]

function blank(value: unknown, schema: Schema | null): unknown {
  if (typeof value === 'string') return ''
  if (typeof value === 'number' || typeof value === 'bigint') return 0
  if (typeof value === 'boolean') return false
  if (value instanceof Decimal) return new Decimal(0n, 0)
  if (value instanceof Date) return new Date(0)
  if (Array.isArray(value)) return []
  if (value instanceof Map) return new Map()
  throw new DataError(`Cannot mask value of type: class ${javaClass(value, schema)}`)
}

function numeric(replacement: string): Decimal {
  try {
    if (replacement.trim() === replacement) return Decimal.parse(replacement)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new DataError(`Unable to convert ${replacement} (class java.lang.String) to a number`)
}

function double(replacement: string): number {
  numeric(replacement)
  return Number(replacement)
}

const isInteger = (type: SchemaType | null): type is IntegerType =>
  type === 'int8' || type === 'int16' || type === 'int32' || type === 'int64'

function replaced(value: unknown, schema: Schema | null, replacement: string): unknown {
  if (typeof value === 'string') return replacement
  if (value instanceof Decimal) return decimal(replacement)
  const type = schema === null ? schemalessType(value) : schema.type
  if (!MOMENTS.includes(schema?.name)) {
    if (isInteger(type)) return wrapped(type, toInt64(numeric(replacement)))
    if (type === 'float32') return Math.fround(double(replacement))
    if (type === 'float64') return double(replacement)
  }
  throw new DataError(
    `Cannot mask value of type class ${javaClass(value, schema)} with custom replacement.`
  )
}

function decimal(replacement: string): Decimal {
  try {
    return numeric(replacement)
  } catch (error) {
    throw new DataError(`Unable to convert ${replacement} (class java.lang.String) to number`, {
      cause: error
    })
  }
}

/** Replaces the values of fields by empty ones, or by one given. */
class MaskField implements Transformation {
  readonly #side: RecordSide
  readonly #fields: ReadonlySet<string>
  readonly #replacement: string | null
  readonly #replaceNull: boolean

  constructor(side: RecordSide, settings: Parsed<typeof config>) {
    this.#side = side
    this.#fields = new Set(settings.fields)
    this.#replacement = settings.replacement
    this.#replaceNull = settings['replace.null.with.default']
  }

  apply<R extends ConnectRecord>(record: R): R {
    const schema = this.#side.schema(record)
    const value = this.#side.value(record)
    if (schema === null) {
      const updated = new Map(requireMap(value, PURPOSE))
      for (const name of this.#fields) updated.set(name, this.#masked(updated.get(name), null))
      return this.#side.with(record, null, updated)
    }
    const struct = requireStruct(value, PURPOSE, schema)
    const values = struct.schema.fields.map((field) => {
      const original = valueIn(struct, field, this.#replaceNull)
      return fit(
        field,
        this.#fields.has(field.name) ? this.#masked(original, field.schema) : original
      )
    })
    return this.#side.with(record, schema, new Struct(struct.schema, values))
  }

  #masked(value: unknown, schema: Schema | null): unknown {
    if (value === null || value === undefined) return null
    return this.#replacement === null
      ? blank(value, schema)
      : replaced(value, schema, this.#replacement)
  }
}

export const maskFieldPlugins = sidePlugins(
  'MaskField',
  config,
  (side, settings) => new MaskField(side, settings)
)
