import type { OffsetMap, SourceOffset, SourcePartition } from '../../../data/record.ts'
import { ConfigError } from '../../../errors.ts'
import { type Mode, modeUsesId, modeUsesTimestamp } from '../database/mode.ts'
import { compareTimestamps, type Timestamp } from '../values/timestamp.ts'
import { int64 } from '../../../data/values.ts'

/** How far a table was read. */
export interface Position {
  /** The instant of the last row; null: not known, nothing read so far. */
  readonly timestamp: Timestamp | null
  /**
   * What the timestamp column itself showed, when the position comes from a row: exact even where a wall
   * clock repeats or jumps.
   */
  readonly reading: Timestamp | null
  readonly id: number | bigint | null
}

export const UNSET: Position = { timestamp: null, reading: null, id: null }

/** −1, 0, 1 as in the order of reading; what is not known stands before everything. */
export function comparePositions(a: Position, b: Position): number {
  if (a.timestamp !== null || b.timestamp !== null) {
    if (a.timestamp === null) return -1
    if (b.timestamp === null) return 1
    const order = compareTimestamps(a.timestamp, b.timestamp)
    if (order !== 0) return order
  }
  if (a.id === null || b.id === null) return a.id === b.id ? 0 : a.id === null ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

export function lowerPosition(a: Position, b: Position): Position {
  return comparePositions(a, b) <= 0 ? a : b
}

const LONG_MAX = 2n ** 63n - 1n

/** `query` is the name of the one query the JVM connector knows. */
export function queryPartition(name: string): SourcePartition {
  return Object.freeze({ query: name })
}

/** Key order is that of the JVM connector: the offset topic is compacted by these bytes. */
export function tablePartition(name: string): SourcePartition {
  return Object.freeze({ protocol: '1', table: name })
}

/**
 * Partitions under which an offset of this table may be stored, best first: today's form; the form with the
 * database in front, which one JVM driver wrote for a while; the form of versions before 5.0, unless
 * `bareName` is null.
 */
export function storedPartitions(
  name: string,
  bareName: string | null,
  catalog: string | null
): SourcePartition[] {
  const withCatalog = catalog === null ? name : `${catalog}.${name}`
  return [
    tablePartition(name),
    ...(withCatalog === name ? [] : [tablePartition(withCatalog)]),
    ...(bareName === null ? [] : [{ table: bareName }])
  ]
}

/**
 * The offset as stored, keys in the JVM connector's order; null when nothing is known. `start` names the
 * configured start in a field of ours behind them; null: it names none.
 */
export function offsetOf(
  timestamp: Timestamp | null,
  id: number | bigint | null,
  start: string | null
): SourceOffset | null {
  const offset = cursorFields(timestamp, id)
  // Added in place: this runs once per row.
  if (offset !== null && start !== null) offset['start'] = start
  return offset
}

type Fields = Record<string, string | number | bigint>

function cursorFields(timestamp: Timestamp | null, id: number | bigint | null): Fields | null {
  if (id === null) {
    return timestamp === null ? null : { timestamp_nanos: timestamp.nanos, timestamp: timestamp.ms }
  }
  if (typeof id === 'bigint' && (id > LONG_MAX || id < -LONG_MAX))
    return longIdOffset(timestamp, id)
  return timestamp === null
    ? { incrementing: id }
    : { timestamp_nanos: timestamp.nanos, incrementing: id, timestamp: timestamp.ms }
}

// The JVM connector knows no id beyond a long; ours travels as text in a field it does not look at.
function longIdOffset(timestamp: Timestamp | null, id: bigint): Fields {
  const incrementing = id > 0n ? LONG_MAX : -LONG_MAX
  return {
    ...(timestamp === null ? {} : { timestamp_nanos: timestamp.nanos }),
    incrementing,
    ...(timestamp === null ? {} : { timestamp: timestamp.ms }),
    incrementing_exact: id.toString()
  }
}

/** Reads a stored offset in any order of keys; fields of the wrong kind are a ConfigError that names them. */
export function positionOf(offset: OffsetMap | null): Position {
  if (offset === null) return UNSET
  const ms = integerField(offset, 'timestamp')
  const nanos = integerField(offset, 'timestamp_nanos')
  const exact = offset['incrementing_exact']
  const incrementing = integerField(offset, 'incrementing')
  const id = typeof exact === 'string' && /^-?\d+$/.test(exact) ? BigInt(exact) : incrementing
  if (nanos !== null && (ms === null || nanos < 0n || nanos > 999_999_999n)) {
    throw new ConfigError(
      `The offset field timestamp_nanos is ${nanos}: expected 0 to 999999999, beside a timestamp`
    )
  }
  if (ms === null && id === null) return UNSET
  return {
    timestamp: ms === null ? null : timestampOf(Number(ms), nanos === null ? null : Number(nanos)),
    reading: null,
    id: id === null ? null : int64(id)
  }
}

/** As java.sql.Timestamp does: the nanoseconds replace what the milliseconds say about the second. */
function timestampOf(ms: number, nanos: number | null): Timestamp {
  const second = Math.floor(ms / 1000) * 1000
  const ofSecond = nanos ?? (ms - second) * 1_000_000
  return { ms: second + Math.floor(ofSecond / 1_000_000), nanos: ofSecond }
}

function integerField(offset: OffsetMap, name: string): bigint | null {
  const value = offset[name]
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  throw new ConfigError(
    `The offset field ${name} is ${JSON.stringify(value)} (${typeof value}): expected an integer`
  )
}

/** Fields of a stored offset. */
export const OFFSET_FIELDS: ReadonlySet<string> = new Set([
  'timestamp',
  'timestamp_nanos',
  'incrementing',
  'incrementing_exact',
  'start',
  'late_low',
  'late_open',
  'late_seen'
])

/** As JSON, for messages; integers beyond 2^53 included. */
export function partitionText(partition: OffsetMap): string {
  return JSON.stringify(partition, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value
  )
}

/**
 * What a partition written by an operator names: a table, or one of the queries. ConfigError for any other
 * shape.
 */
export function checkPartition(
  partition: OffsetMap,
  queries: readonly string[],
  copiesTables: boolean
): { readonly table: string } | { readonly query: string } {
  const keys = Object.keys(partition).sort().join()
  const { query, table } = partition
  if (keys === 'query' && typeof query === 'string' && queries.includes(query)) return { query }
  if (!copiesTables || (keys === 'query' && queries.length > 0)) {
    const known = queries.map((name) => partitionText(queryPartition(name)))
    const what =
      known.length === 1
        ? `a query, so its partition is ${known.join()}`
        : `queries, so its partitions are ${known.join(' and ')}`
    throw new ConfigError(`The connector runs ${what}; given: ${partitionText(partition)}`)
  }
  const known = (keys === 'protocol,table' && partition['protocol'] === '1') || keys === 'table'
  if (known && typeof table === 'string' && table !== '') return { table }
  throw new ConfigError(
    `A partition of this connector is {"protocol":"1","table":"<qualified name>"}; given: ${partitionText(partition)}`
  )
}

/** ConfigError unless the offset has the fields the mode reads, each of its type. */
export function checkOffset(offset: OffsetMap, mode: Mode): void {
  const position = positionOf(offset)
  if (mode === 'bulk') throw new ConfigError('A connector in mode bulk keeps no offsets')
  if (position.timestamp === null && position.id === null) {
    throw new ConfigError('The offset has neither timestamp nor incrementing: reset it instead')
  }
  if (!modeUsesId(mode) && position.id !== null) {
    throw new ConfigError(`A connector in mode ${mode} has no incrementing field in its offsets`)
  }
  if (!modeUsesTimestamp(mode) && position.timestamp !== null) {
    throw new ConfigError(`A connector in mode ${mode} has no timestamp field in its offsets`)
  }
  if (mode === 'timestamp' && position.timestamp === null) {
    throw new ConfigError('A connector in mode timestamp needs the offset field timestamp')
  }
  if (mode === 'incrementing' && position.id === null) {
    throw new ConfigError('A connector in mode incrementing needs the offset field incrementing')
  }
}
