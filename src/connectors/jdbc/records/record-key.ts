import { OF_KEY } from '../settings/setting-of.ts'
import { Schema } from '../../../data/schema.ts'
import { Struct } from '../../../data/struct.ts'
import { ConfigError } from '../../../errors.ts'
import { findColumn, visible } from '../positions/cursor-value.ts'
import { suggestions } from '../database/near-names.ts'
import type { Column } from '../database/database.ts'
import { type KeySettings, PRIMARY_KEY } from '../settings/record-keys.ts'
import type { TableSettings } from '../settings/table-settings.ts'

/**
 * The key columns as the result spells them, in the order of the key; null: no key. `what` names table or
 * query for messages, `primary` are the columns of its primary key. ConfigError when a column is not there,
 * is left out of the value, or there are too many.
 */
export function keyColumns(
  columns: readonly Column[],
  primary: readonly string[],
  what: string,
  { key, values }: TableSettings
): readonly string[] | null {
  const wanted = key.columns === PRIMARY_KEY ? primary : key.columns
  if (wanted === null) return null
  if (wanted.length === 0) {
    if (key.withoutPrimaryKey === 'null') return null
    throw new ConfigError(
      `Key columns: ${what} has no primary key. Name its key.columns, or set key.without.primary.key=null`,
      OF_KEY
    )
  }
  const known = columns.map((column) => column.name)
  const found = wanted.map((name) => ({ name, column: findColumn(columns, name) }))
  const missing = found.filter(({ column }) => column === null).map(({ name }) => name)
  if (missing.length > 0) {
    const hints = suggestions(missing, known)
    throw new ConfigError(
      `Key columns: ${missing.join(', ')} do not exist in ${what}${hints}`,
      OF_KEY
    )
  }
  const present = found.flatMap(({ column }) => (column === null ? [] : [visible(column, what)]))
  const leftOut = present.find(({ type }) => type === 'other')
  if (leftOut !== undefined && values.unsupportedTypes === 'skip') {
    throw new ConfigError(
      `Key columns: ${leftOut.name} of ${what} has the type ${leftOut.databaseType}, which unsupported.types=skip leaves out`,
      OF_KEY
    )
  }
  const names = [...new Set(present.map(({ name }) => name))]
  if (key.format === 'field' && names.length !== 1) {
    throw new ConfigError(
      `Key columns: key.format=field needs one column, but the key of ${what} has ${names.length}: ${names.join(', ')}`,
      OF_KEY
    )
  }
  return names
}

/** Takes keys out of values: one key schema per value schema, so that converters meet the same one again. */
export class RecordKey {
  readonly #columns: readonly string[]
  readonly #format: KeySettings['format']
  #of: Schema
  #schema: Schema
  #places: readonly number[]

  /**
   * `columns` are fields of `value`. The struct's schema is named behind the value's: `orders` →
   * `orders.Key`.
   */
  constructor(value: Schema, columns: readonly string[], format: KeySettings['format']) {
    this.#columns = columns
    this.#format = format
    this.#of = value
    const { schema, places } = this.#take(value)
    this.#schema = schema
    this.#places = places
  }

  /** Of the value seen last. */
  get schema(): Schema {
    return this.#schema
  }

  of(value: Struct): unknown {
    if (value.schema !== this.#of) {
      this.#of = value.schema
      const { schema, places } = this.#take(value.schema)
      this.#schema = schema
      this.#places = places
    }
    const places = this.#places
    if (this.#format === 'field') return value.values[places[0] as number] ?? null
    return new Struct(
      this.#schema,
      places.map((place) => value.values[place])
    )
  }

  #take(value: Schema): { readonly schema: Schema; readonly places: readonly number[] } {
    const fields = this.#columns.map((name) => {
      const field = value.field(name)
      if (field === undefined)
        throw new ConfigError(`Key columns: ${name} is not in the result`, OF_KEY)
      return field
    })
    const places = fields.map(({ index }) => index)
    const [first] = fields
    if (this.#format === 'field' && first !== undefined) return { schema: first.schema, places }
    const options = value.name === undefined ? {} : { name: `${value.name}.Key` }
    return { schema: Schema.struct(fields, options), places }
  }
}
