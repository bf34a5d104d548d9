import { DataError } from '../errors.ts'
import type { Schema } from './schema.ts'

/**
 * A record value: a struct schema and its values in field order (D4). `undefined` is never stored; absent is
 * null.
 */
export class Struct {
  readonly schema: Schema
  readonly values: unknown[]

  /** `values` is taken over, not copied; it must have one entry per field. */
  constructor(schema: Schema, values?: unknown[]) {
    this.schema = schema
    this.values = values ?? schema.fields.map(() => null)
  }

  get(name: string): unknown {
    const field = this.schema.field(name)
    if (field === undefined) throw new DataError(`${name} is not a valid field name`)
    const value = this.values[field.index] ?? null
    return value === null && field.schema.defaultValue !== undefined
      ? field.schema.defaultValue
      : value
  }

  put(name: string, value: unknown): this {
    const field = this.schema.field(name)
    if (field === undefined) throw new DataError(`${name} is not a valid field name`)
    this.values[field.index] = value ?? null
    return this
  }
}
