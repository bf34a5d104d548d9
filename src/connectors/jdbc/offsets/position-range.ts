import type { Timestamp } from '../values/timestamp.ts'
import { compareTimestamps } from '../values/timestamp.ts'
import { selectWhere } from '../reading/bounded-select.ts'
import type { Position } from './source-offset.ts'
import { beginReading, bindReading, idOf, timestampSql } from '../reading/table-query.ts'
import { Binder, type BoundQuery, type QueryShape } from '../reading/bound-query.ts'
import { type Mode, modeUsesId, modeUsesTimestamp } from '../settings/mode.ts'
import type { TimeZone } from '../values/time-zone.ts'

/** Rows that are read behind `after` and not behind `upTo`: those between two positions of one table. */
export interface PositionRange {
  readonly after: Position
  /** Not UNSET; null: up to the last row. */
  readonly upTo: Position | null
}

/** Negative when `a` comes before `b` in the order in which this mode reads; 0: the same rows are behind both. */
export function comparePositions(mode: Mode, a: Position, b: Position): number {
  if (modeUsesTimestamp(mode)) {
    const order = compareNullable(a.timestamp, b.timestamp, compareTimestamps)
    if (order !== 0 || !modeUsesId(mode)) return order
  }
  return compareNullable(a.id, b.id, compareIds)
}

/** What is not known comes before everything. */
function compareNullable<T>(a: T | null, b: T | null, compare: (a: T, b: T) => number): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null)
  return compare(a, b)
}

function compareIds(a: number | bigint, b: number | bigint): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** How many rows there are. */
export function countQuery(shape: QueryShape, range: PositionRange, zone: TimeZone): BoundQuery {
  const binder = new Binder()
  const select = selectWhere(shape, (of) => rangeCondition(of, range, zone, binder), null)
  // Around the query: what it selects, and how, is not looked into.
  const sql = `SELECT COUNT(*) FROM (${select}) counted`
  return { sql, binds: binder.values }
}

/** The rows from the first or from the last of them on; the reader takes one. */
export function edgeQuery(
  shape: QueryShape,
  range: PositionRange,
  edge: 'first' | 'last',
  zone: TimeZone
): BoundQuery {
  const binder = new Binder()
  const select = selectWhere(shape, (of) => rangeCondition(of, range, zone, binder), null)
  const cursors = [
    ...(modeUsesTimestamp(shape.mode) ? [timestampSql(shape)] : []),
    ...(modeUsesId(shape.mode) ? [idOf(shape).sql] : [])
  ]
  const direction = edge === 'first' ? 'ASC' : 'DESC'
  const order = cursors.map((sql) => `${sql} ${direction}`).join(', ')
  return { sql: `${select} ORDER BY ${order}`, binds: binder.values }
}

function rangeCondition(
  shape: QueryShape,
  { after, upTo }: PositionRange,
  zone: TimeZone,
  binder: Binder
): string {
  const lower = afterCondition(shape, after, zone, binder)
  return upTo === null ? lower : `${lower} AND ${upToCondition(shape, upTo, zone, binder)}`
}

function afterCondition(
  shape: QueryShape,
  position: Position,
  zone: TimeZone,
  binder: Binder
): string {
  if (!modeUsesTimestamp(shape.mode)) {
    const { sql } = idOf(shape)
    return position.id === null
      ? `${sql} IS NOT NULL`
      : `${sql} > ${bindId(shape, position, binder)}`
  }
  const timestamp = timestampSql(shape)
  const begin = beginReading(shape, position, zone)
  if (begin === null) return `${timestamp} IS NOT NULL`
  const bound = (): string => bindReading(shape, begin, binder)
  if (!modeUsesId(shape.mode)) return `${timestamp} > ${bound()}`
  if (position.id === null) return `${timestamp} >= ${bound()}`
  const { sql } = idOf(shape)
  return `((${timestamp} = ${bound()} AND ${sql} > ${bindId(shape, position, binder)}) OR ${timestamp} > ${bound()})`
}

function upToCondition(
  shape: QueryShape,
  position: Position,
  zone: TimeZone,
  binder: Binder
): string {
  if (!modeUsesTimestamp(shape.mode)) {
    return `${idOf(shape).sql} <= ${bindId(shape, position, binder)}`
  }
  const timestamp = timestampSql(shape)
  const end = beginReading(shape, position, zone) ?? EPOCH
  const bound = (): string => bindReading(shape, end, binder)
  if (!modeUsesId(shape.mode)) return `${timestamp} <= ${bound()}`
  if (position.id === null) return `${timestamp} < ${bound()}`
  const { sql } = idOf(shape)
  return `(${timestamp} < ${bound()} OR (${timestamp} = ${bound()} AND ${sql} <= ${bindId(shape, position, binder)}))`
}

const EPOCH: Timestamp = { ms: 0, nanos: 0 }

function bindId(shape: QueryShape, position: Position, binder: Binder): string {
  const { column } = idOf(shape)
  const id = position.id ?? 0
  return binder.add((index) => shape.dialect.bindId(id, column, index))
}
