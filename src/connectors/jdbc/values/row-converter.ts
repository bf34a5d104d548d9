import { Schema } from '../../../data/schema.ts'
import { Struct } from '../../../data/struct.ts'
import { DataError, messageOf } from '../../../errors.ts'
import type { Column, Row } from '../database.ts'
import type { ValueSettings } from '../settings/reading-settings.ts'
import { fieldMapping } from './value-mapping.ts'

/** Turns rows of one result into structs; made once per set of columns, so that converters meet the same schema object. */
export class RowConverter {
  readonly schema: Schema
  /** Columns whose type Connect does not know, and which are left out or carried as text. */
  readonly unsupported: readonly Column[]
  readonly #readers: readonly ((raw: unknown) => unknown)[]
  readonly #places: readonly number[]
  readonly #required: readonly boolean[]
  readonly #columns: readonly Column[]

  /** `name` of the struct's schema; null for a query. */
  constructor(columns: readonly Column[], name: string | null, settings: ValueSettings) {
    const fields: { name: string; schema: Schema }[] = []
    const readers: ((raw: unknown) => unknown)[] = []
    const places: number[] = []
    columns.forEach((column, place) => {
      const mapping = fieldMapping(column, settings)
      if (mapping === null) return
      fields.push({ name: column.name, schema: mapping.schema })
      readers.push(mapping.read)
      places.push(place)
    })
    this.schema = Schema.struct(fields, name === null ? {} : { name })
    this.unsupported = columns.filter((column) => column.type === 'other')
    this.#readers = readers
    this.#places = places
    this.#required = fields.map((field) => !field.schema.optional)
    this.#columns = columns
  }

  /** Hot path. DataError names the column. */
  convert(row: Row): Struct {
    const readers = this.#readers
    const places = this.#places
    const values: unknown[] = []
    let place = 0
    try {
      for (; place < readers.length; place++) {
        const raw = row[places[place] as number]
        if (raw === null || raw === undefined) {
          if (this.#required[place] === true) throw new DataError('null, though it is NOT NULL')
          values.push(null)
        } else {
          values.push((readers[place] as (raw: unknown) => unknown)(raw))
        }
      }
    } catch (error) {
      const column = this.#columns[places[place] ?? 0]
      throw new DataError(
        `column ${column?.name ?? ''} (${column?.databaseType ?? ''}): ${messageOf(error)}`,
        { cause: error, column: column?.name }
      )
    }
    return new Struct(this.schema, values)
  }
}

/** Two results with equal text have the same columns: name, type and all that decides their schema. */
export function columnsText(columns: readonly Column[]): string {
  return JSON.stringify(columns)
}
