import {
  DATE_NAME,
  DECIMAL_NAME,
  TIME_NAME,
  TIMESTAMP_NAME
} from '../../../../data/logical-types.ts'
import type { Schema } from '../../../../data/schema.ts'
import { timestampOfMs } from '../../values/timestamp.ts'

/** What a column is made for: a type of Connect, or one of its logical types. */
export type NewColumnKind =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'decimal'
  | 'date'
  | 'time'
  | 'timestamp'

const LOGICAL: Readonly<Record<string, NewColumnKind>> = {
  [DECIMAL_NAME]: 'decimal',
  [DATE_NAME]: 'date',
  [TIME_NAME]: 'time',
  [TIMESTAMP_NAME]: 'timestamp'
}

/** null: arrays, maps and structs. */
export function newColumnKind({ name, type }: Schema): NewColumnKind | null {
  const logical = LOGICAL[name ?? '']
  if (logical !== undefined) return logical
  return type === 'array' || type === 'map' || type === 'struct' ? null : type
}

/** The default of a schema in the form that values of such a column have; undefined: there is none. */
export function newColumnDefault(schema: Schema): unknown {
  const value = schema.defaultValue
  if (value === undefined || value === null) return undefined
  const kind = newColumnKind(schema)
  if (kind === 'decimal') return String(value)
  if (kind === 'time') return Number(value) * 1e6
  return kind === 'timestamp' ? timestampOfMs(Number(value)) : value
}
