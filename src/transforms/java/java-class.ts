import {
  DATE_NAME,
  Decimal,
  DECIMAL_NAME,
  TIME_NAME,
  TIMESTAMP_NAME
} from '../../data/logical-types.ts'
import type { Schema, SchemaType } from '../../data/schema.ts'
import { Struct } from '../../data/struct.ts'
import { isInt64 } from '../../data/values.ts'

const LOGICAL: Readonly<Record<string, string>> = {
  [DATE_NAME]: 'java.util.Date',
  [TIME_NAME]: 'java.util.Date',
  [TIMESTAMP_NAME]: 'java.util.Date',
  [DECIMAL_NAME]: 'java.math.BigDecimal'
}

const NUMBERS: Partial<Record<SchemaType, string>> = {
  int8: 'java.lang.Byte',
  int16: 'java.lang.Short',
  int32: 'java.lang.Integer',
  int64: 'java.lang.Long',
  float32: 'java.lang.Float',
  float64: 'java.lang.Double'
}

/**
 * The Java class a value has in a JVM worker: its error texts name it. Numbers without a schema are what JSON
 * makes of them: Long when they are whole, Double otherwise.
 */
export function javaClass(value: unknown, schema: Schema | null = null): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return 'java.lang.String'
  if (typeof value === 'boolean') return 'java.lang.Boolean'
  if (typeof value === 'number' || typeof value === 'bigint') {
    const known =
      LOGICAL[schema?.name ?? ''] ?? (schema === null ? undefined : NUMBERS[schema.type])
    if (known !== undefined) return known
    if (typeof value === 'bigint') return isInt64(value) ? 'java.lang.Long' : 'java.math.BigInteger'
    return isInt64(value) ? 'java.lang.Long' : 'java.lang.Double'
  }
  if (value instanceof Decimal) return 'java.math.BigDecimal'
  if (value instanceof Uint8Array) return '[B'
  if (value instanceof Struct) return 'org.apache.kafka.connect.data.Struct'
  if (value instanceof Map) return 'java.util.HashMap'
  if (value instanceof Date) return 'java.util.Date'
  return Array.isArray(value) ? 'java.util.ArrayList' : typeof value
}

/**
 * The Connect type of a value without schema; null for what has none there. A moment without schema is a
 * `Date` of JavaScript: TimestampConverter makes and takes them, as the JVM does with `java.util.Date`; other
 * transformations and converters refuse both.
 */
export function schemalessType(value: unknown): SchemaType | null {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return isInt64(value) ? 'int64' : 'float64'
  if (typeof value === 'bigint') return isInt64(value) ? 'int64' : null
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Struct) return 'struct'
  if (value instanceof Map) return 'map'
  return Array.isArray(value) ? 'array' : null
}
