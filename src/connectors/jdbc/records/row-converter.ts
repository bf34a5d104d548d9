import { Schema } from '../../../data/schema.ts'
import { Struct } from '../../../data/struct.ts'
import { DataError, messageOf } from '../../../errors.ts'
import type { Column, Row } from '../database/database.ts'
import type { ValueSettings } from '../settings/reading-settings.ts'
import { type FieldMapping, fieldMapping } from './value-mapping.ts'

/** Told of each value that became null because it cannot be carried; `problem` names its column. */
type OnNulled = (row: Row, problem: DataError) => void

interface Field {
  readonly column: Column
  readonly place: number
  mapping: FieldMapping
}

/**
 * Turns rows of one result into structs; made once per set of columns, so that converters meet the same
 * schema object.
 */
export class RowConverter {
  /** Columns whose type Connect does not know, and which are left out or carried as text. */
  readonly unsupported: readonly Column[]
  readonly #fields: Field[] = []
  readonly #readers: ((raw: unknown) => unknown)[]
  readonly #places: readonly number[]
  readonly #required: boolean[]
  readonly #name: string | null
  readonly #settings: ValueSettings
  readonly #onNulled: OnNulled
  #schema: Schema

  /** `name` of the struct's schema; null for a query. */
  constructor(
    columns: readonly Column[],
    name: string | null,
    settings: ValueSettings,
    onNulled: OnNulled = () => undefined
  ) {
    columns.forEach((column, place) => {
      const mapping = fieldMapping(column, settings)
      if (mapping !== null) this.#fields.push({ column, place, mapping })
    })
    this.unsupported = columns.filter((column) => column.type === 'other')
    this.#readers = this.#fields.map(({ mapping }) => mapping.read)
    this.#places = this.#fields.map(({ place }) => place)
    this.#required = this.#fields.map(({ mapping }) => !mapping.schema.optional)
    this.#name = name
    this.#settings = settings
    this.#onNulled = onNulled
    this.#schema = this.#structSchema()
  }

  /** Of the rows from now on: another object once null came in a column that should have none. */
  get schema(): Schema {
    return this.#schema
  }

  /**
   * Hot path. DataError names the column of a value that cannot be carried, unless such values become null
   * (`unreadable.values`). A result may disagree with what the database says of its columns (an outer join, a
   * total, a date that the driver takes for null): the field is optional from its first null on (I5).
   */
  convert(row: Row): Struct {
    const readers = this.#readers
    const places = this.#places
    const required = this.#required
    const values: unknown[] = []
    let index = 0
    while (index < readers.length) {
      try {
        for (; index < readers.length; index++) {
          const raw = row[places[index] as number]
          const value =
            raw === null || raw === undefined
              ? null
              : (readers[index] as (raw: unknown) => unknown)(raw)
          if (value === null && required[index] === true) {
            this.#makeOptional(row, index, 'null, though it is NOT NULL: the field is optional now')
          }
          values.push(value)
        }
      } catch (error) {
        this.#nullOrThrow(row, index, error)
        values.push(null)
        index++
      }
    }
    return new Struct(this.#schema, values)
  }

  #nullOrThrow(row: Row, index: number, error: unknown): void {
    if (this.#settings.unreadableValues !== 'null') throw this.#problem(index, error)
    if (this.#required[index] === true) this.#makeOptional(row, index, messageOf(error))
    else this.#onNulled(row, this.#problem(index, error))
  }

  #makeOptional(row: Row, index: number, why: string): void {
    const field = this.#fields[index] as Field
    const mapping = fieldMapping({ ...field.column, nullable: true }, this.#settings)
    if (mapping !== null) field.mapping = mapping
    this.#required[index] = false
    this.#schema = this.#structSchema()
    this.#onNulled(row, this.#problem(index, new DataError(why)))
  }

  #problem(index: number, error: unknown): DataError {
    const { name, databaseType } = (this.#fields[index] as Field).column
    return new DataError(`column ${name} (${databaseType}): ${messageOf(error)}`, {
      cause: error,
      column: name
    })
  }

  #structSchema(): Schema {
    const fields = this.#fields.map(({ column, mapping }) => ({
      name: column.name,
      schema: mapping.schema
    }))
    return Schema.struct(fields, this.#name === null ? {} : { name: this.#name })
  }
}

/** Two results with equal text have the same columns: name, type and all that decides their schema. */
export function columnsText(columns: readonly Column[]): string {
  return JSON.stringify(columns)
}
