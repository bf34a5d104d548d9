import {
  bytesToBigint,
  DATE_NAME,
  Decimal,
  DECIMAL_NAME,
  TIME_NAME,
  TIMESTAMP_NAME
} from '../../../data/logical-types.ts'
import type { Schema } from '../../../data/schema.ts'
import { Struct } from '../../../data/struct.ts'
import { kindOf } from '../../../data/values.ts'
import { type Timestamp, timestampOfMs, timestampOfNanos } from '../values/timestamp.ts'
import { misfit } from './misfit.ts'

/**
 * What the values of a schema mean, whatever they look like. `read` brings a value into the form named:
 *
 * - boolean → boolean; integer → number or bigint; float → number; decimal → Decimal; string → string
 * - bytes → Uint8Array; bits → text of 0 and 1, the highest first; geometry → {@link Geometry}
 * - date → days since 1970-01-01; time → nanoseconds of the day; duration → nanoseconds (bigint)
 * - timestamp → Timestamp, an instant or the reading of a wall clock; `ms` may be ±Infinity
 * - array → array; nested → as it is
 */
export type Meaning =
  | { readonly kind: Plain; read(value: unknown): unknown }
  | { readonly kind: 'float'; readonly bits: 32 | 64; read(value: unknown): number }
  | {
      readonly kind: 'date' | 'time'
      /** Of Connect itself: Java's calendar and the zones of the settings have a say. */
      readonly isConnect: boolean
      /** The number itself, for a column of numbers; only of types that others define. */
      readonly plain?: (value: unknown) => number | bigint
      read(value: unknown): number
    }
  | {
      readonly kind: 'timestamp'
      readonly isConnect: boolean
      readonly isInstant: boolean
      readonly plain?: (value: unknown) => number | bigint
      read(value: unknown): Timestamp
    }
  | {
      readonly kind: 'duration'
      readonly plain: (value: unknown) => number | bigint
      read(value: unknown): bigint
    }
  | {
      readonly kind: 'array'
      readonly element: Schema | null
      read(value: unknown): readonly unknown[]
    }

type Plain = 'boolean' | 'integer' | 'decimal' | 'string' | 'bytes' | 'bits' | 'geometry' | 'nested'

export interface Geometry {
  readonly wkb: Uint8Array
  readonly srid: number | null
}

/** The unit of an epoch in `timestamp.fields.list`: digits of a second behind the point. */
export type EpochDigits = 6 | 9

export function meaningOf(schema: Schema): Meaning {
  return LOGICAL.get(schema.name ?? '')?.(schema) ?? plainMeaning(schema)
}

/** A field of `timestamp.fields.list`: whole numbers, or their digits as text. */
export function epochMeaning(digits: EpochDigits): Meaning {
  const factor = 10n ** BigInt(9 - digits)
  return {
    kind: 'timestamp',
    isConnect: true,
    isInstant: true,
    read(value) {
      const number =
        typeof value === 'string' && /^\s*[+-]?\d{1,19}\s*$/.test(value) ? BigInt(value) : value
      if (typeof number === 'bigint') return timestampOfNanos(number * factor)
      if (Number.isSafeInteger(number)) return timestampOfNanos(BigInt(number as number) * factor)
      throw misfit(`it is ${kindOf(value)}, not an epoch`)
    }
  }
}

function plainMeaning(schema: Schema): Meaning {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return { kind: 'integer', read: integer }
    case 'float32':
      return { kind: 'float', bits: 32, read: float }
    case 'float64':
      return { kind: 'float', bits: 64, read: float }
    case 'boolean':
      return { kind: 'boolean', read: boolean }
    case 'string':
      return { kind: 'string', read: string }
    case 'bytes':
      return { kind: 'bytes', read: bytes }
    case 'array':
      return { kind: 'array', element: schema.valueSchema ?? null, read: array }
    case 'map':
    case 'struct':
      return { kind: 'nested', read: (value) => value }
  }
}

/** What a value without a schema means, by what it is. Whole numbers beyond 2^53 are fractions, too. */
export function meaningOfValue(value: unknown): Meaning {
  if (typeof value === 'boolean') return { kind: 'boolean', read: boolean }
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
    return { kind: 'integer', read: integer }
  }
  if (typeof value === 'number') return { kind: 'float', bits: 64, read: float }
  if (typeof value === 'string') return { kind: 'string', read: string }
  if (value instanceof Uint8Array) return { kind: 'bytes', read: bytes }
  if (value instanceof Decimal) return { kind: 'decimal', read: decimal }
  if (Array.isArray(value)) return { kind: 'array', element: null, read: array }
  return { kind: 'nested', read: (nested) => nested }
}

function boolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw misfit(`it is ${kindOf(value)}, not a boolean`)
}

function integer(value: unknown): number | bigint {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return value as number | bigint
  throw misfit(`it is ${kindOf(value)}, not a whole number`)
}

function float(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint' && BigInt(Number(value)) === value) return Number(value)
  throw misfit(`it is ${kindOf(value)}, not a number`)
}

function string(value: unknown): string {
  if (typeof value === 'string') return value
  throw misfit(`it is ${kindOf(value)}, not a string`)
}

function bytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw misfit(`it is ${kindOf(value)}, not bytes`)
}

function decimal(value: unknown): Decimal {
  if (value instanceof Decimal) return value
  throw misfit(`it is ${kindOf(value)}, not a Decimal`)
}

function array(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[]
  throw misfit(`it is ${kindOf(value)}, not an array`)
}

function smallInteger(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw misfit(`it is ${kindOf(value)}, not a whole number`)
}

/** What the JVM's driver sends for a time before or behind all others, in milliseconds. */
const INFINITE: ReadonlyMap<unknown, number> = new Map([
  [9_223_372_036_825_200_000n, Infinity],
  [-9_223_372_036_832_400_000n, -Infinity]
])

function milliseconds(value: unknown): Timestamp {
  if (typeof value === 'number') return timestampOfMs(smallInteger(value))
  const infinite = INFINITE.get(value)
  if (infinite !== undefined) return { ms: infinite, nanos: 0 }
  return timestampOfNanos(BigInt(integer(value)) * 1_000_000n)
}

const ofNanos =
  (factor: bigint) =>
  (value: unknown): Timestamp =>
    timestampOfNanos(BigInt(integer(value)) * factor)

/** A time of the day; others count in larger units than nanoseconds. */
const dayTime =
  (factor: number) =>
  (value: unknown): number =>
    smallInteger(value) * factor

/** Times of others are readings of a wall clock, counted as if it were that of UTC. */
function wallTime(read: (value: unknown) => Timestamp): () => Meaning {
  return () => ({ kind: 'timestamp', isConnect: false, isInstant: false, plain: integer, read })
}

function duration(factor: bigint): () => Meaning {
  const read = (value: unknown): bigint => BigInt(integer(value)) * factor
  return () => ({ kind: 'duration', plain: integer, read })
}

function foreignTime(kind: 'date' | 'time', factor: number): () => Meaning {
  return () => ({ kind, isConnect: false, plain: integer, read: dayTime(factor) })
}

const LOGICAL: ReadonlyMap<string, (schema: Schema) => Meaning> = new Map<
  string,
  (schema: Schema) => Meaning
>([
  [DECIMAL_NAME, () => ({ kind: 'decimal', read: decimal })],
  [DATE_NAME, () => ({ kind: 'date', isConnect: true, read: smallInteger })],
  [TIME_NAME, () => ({ kind: 'time', isConnect: true, read: dayTime(1_000_000) })],
  [
    TIMESTAMP_NAME,
    () => ({ kind: 'timestamp', isConnect: true, isInstant: true, read: milliseconds })
  ],
  ['io.debezium.time.Date', foreignTime('date', 1)],
  ['io.debezium.time.Time', foreignTime('time', 1_000_000)],
  ['io.debezium.time.MicroTime', foreignTime('time', 1000)],
  ['io.debezium.time.NanoTime', foreignTime('time', 1)],
  ['io.debezium.time.Timestamp', wallTime(milliseconds)],
  ['io.debezium.time.MicroTimestamp', wallTime(ofNanos(1000n))],
  ['io.debezium.time.NanoTimestamp', wallTime(ofNanos(1n))],
  ['io.debezium.time.MicroDuration', duration(1000n)],
  ['io.debezium.time.NanoDuration', duration(1n)],
  ['io.debezium.data.Bits', (schema) => ({ kind: 'bits', read: (value) => bitsOf(schema, value) })],
  ['io.debezium.data.VariableScaleDecimal', () => ({ kind: 'decimal', read: scaledDecimal })],
  ['io.debezium.data.geometry.Geometry', () => ({ kind: 'geometry', read: geometry })],
  ['io.debezium.data.geometry.Geography', () => ({ kind: 'geometry', read: geometry })],
  ['io.debezium.data.geometry.Point', () => ({ kind: 'geometry', read: geometry })]
])

/** The lowest byte comes first; the schema says how many bits count. */
function bitsOf({ parameters }: Schema, value: unknown): string {
  const text = [...bytes(value)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .reverse()
    .join('')
  const length = Number(parameters?.get('length') ?? text.length)
  const spare = text.slice(0, Math.max(0, text.length - length))
  if (spare.includes('1')) throw misfit('it has more bits than its schema says')
  return text.slice(spare.length).padStart(length, '0')
}

function struct(value: unknown): Struct {
  if (value instanceof Struct) return value
  throw misfit(`it is ${kindOf(value)}, not a struct`)
}

function scaledDecimal(value: unknown): Decimal {
  const parts = struct(value)
  return new Decimal(bytesToBigint(bytes(parts.get('value'))), smallInteger(parts.get('scale')))
}

function geometry(value: unknown): Geometry {
  const parts = struct(value)
  const srid = parts.schema.field('srid') === undefined ? null : parts.get('srid')
  return { wkb: bytes(parts.get('wkb')), srid: srid === null ? null : smallInteger(srid) }
}
