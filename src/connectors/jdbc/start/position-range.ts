import type { Timestamp } from '../values/timestamp.ts'
import { selectWhere } from '../queries/bounded-select.ts'
import { comparePositions, type Position } from '../positions/source-offset.ts'
import {
  beginReading,
  bindId,
  bindReading,
  idOf,
  lowerCondition,
  timestampSql
} from '../queries/table-query.ts'
import { Binder, type BoundQuery, type QueryShape } from '../queries/bound-query.ts'
import { type Mode, modeUsesId, modeUsesTimestamp } from '../database/mode.ts'
import type { TimeZone } from '../values/time-zone.ts'

/** Rows that are read behind `after` and not behind `upTo`: those between two positions of one table. */
export interface PositionRange {
  readonly after: Position
  /** Not UNSET; null: up to the last row. */
  readonly upTo: Position | null
}

/**
 * Negative when `a` comes before `b` in the order in which this mode reads; 0: the same rows are behind both.
 */
export function compareInMode(mode: Mode, a: Position, b: Position): number {
  const read = ({ timestamp, id }: Position): Position => ({
    timestamp: modeUsesTimestamp(mode) ? timestamp : null,
    reading: null,
    id: modeUsesId(mode) ? id : null
  })
  return comparePositions(read(a), read(b))
}

/** How many rows there are. */
export function countQuery(shape: QueryShape, range: PositionRange, zone: TimeZone): BoundQuery {
  const binder = new Binder()
  const select = selectWhere(shape, (of) => rangeCondition(of, range, zone, binder), null)
  // Around the query: what it selects, and how, is not looked into.
  const sql = `SELECT COUNT(*) FROM (${select}) counted`
  return { sql, binds: binder.values }
}

/**
 * The first or the last of the rows: no more is looked for, and an index that has the order is read at one
 * end.
 */
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
  return { sql: shape.dialect.firstRow(`${select} ORDER BY ${order}`), binds: binder.values }
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
  const behind = lowerCondition(shape, position, zone, binder)
  return behind === '' ? `${timestampSql(shape)} IS NOT NULL` : behind
}

function upToCondition(
  shape: QueryShape,
  position: Position,
  zone: TimeZone,
  binder: Binder
): string {
  if (!modeUsesTimestamp(shape.mode)) {
    return `${idOf(shape).sql} <= ${bindId(shape, position.id ?? 0, binder)}`
  }
  const timestamp = timestampSql(shape)
  const end = beginReading(shape, position, zone) ?? EPOCH
  const bound = (): string => bindReading(shape, end, binder)
  if (!modeUsesId(shape.mode)) return `${timestamp} <= ${bound()}`
  if (position.id === null) return `${timestamp} < ${bound()}`
  const { sql } = idOf(shape)
  return `(${timestamp} < ${bound()} OR (${timestamp} = ${bound()} AND ${sql} <= ${bindId(shape, position.id ?? 0, binder)}))`
}

const EPOCH: Timestamp = { ms: 0, nanos: 0 }
