import { Binder, type BoundQuery, type QueryShape } from './bound-query.ts'
import { selectWhere } from './bounded-select.ts'
import type { Column, TimestampColumn } from '../database/database.ts'
import { type Bound, hasPlaceholders } from '../sql/query-text.ts'
import type { Position } from '../positions/source-offset.ts'
import type { TimeZone } from '../values/time-zone.ts'
import { cutTimestamp, type Timestamp, timestampOfMs } from '../values/timestamp.ts'
import { MS_PER_DAY } from '../../../data/calendar.ts'

/**
 * The query of one poll. `end` is the exclusive upper bound as the timestamp column shows it (null in modes
 * without); the lower bound is the position, exclusive, or nothing at all as long as nothing was read (I6: no
 * row is too old).
 */
export function tableQuery(
  shape: QueryShape,
  position: Position,
  end: Timestamp | null,
  zone: TimeZone
): BoundQuery {
  const binder = new Binder()
  const select = selectWhere(
    shape,
    (of) => conditionOf(of, position, end, zone, binder),
    (bound) => singleBound(shape, bound, { position, end }, zone, binder)
  )
  const sql = [select, orderOf(shape), shape.suffix].filter((part) => part !== '').join(' ')
  // A query that ends in `--` swallows what is appended: an old trick to run it as it is.
  const swallowed = endsInComment(shape.select) && !hasPlaceholders(shape.select)
  return { sql, binds: swallowed ? [] : binder.values }
}

/**
 * The form in which a query without placeholders is sent, with a condition that needs no values: for asking
 * whether the database takes it. null: nothing is appended that has to fit.
 */
export function appendedForm(shape: QueryShape): string | null {
  const { mode, select, timestamps, id } = shape
  if (mode === 'bulk' || hasPlaceholders(select) || endsInComment(select)) return null
  const columns = [...timestamps, ...(id === null ? [] : [id])]
  const condition = columns.map(({ sql }) => `${sql} IS NOT NULL`).join(' AND ')
  return `${selectWhere(shape, () => condition, null)} ${orderOf(shape)}`
}

/** Before the first row: earlier than any time that every type of a timestamp can hold. */
const FIRST_READING: Timestamp = { ms: Date.UTC(1900, 0, 1), nanos: 0 }
const FIRST_ID = -(2n ** 63n)

function singleBound(
  shape: QueryShape,
  bound: Bound,
  { position, end }: { position: Position; end: Timestamp | null },
  zone: TimeZone,
  binder: Binder
): string {
  if (bound === 'timestamp.from') {
    return bindReading(shape, beginReading(shape, position, zone) ?? FIRST_READING, binder)
  }
  if (bound === 'timestamp.to') return bindReading(shape, end ?? FIRST_READING, binder)
  return bindId(shape, position.id ?? FIRST_ID, binder)
}

/**
 * All rows behind `from` and up to the position, both as a coarse bound: rows at either end have to be
 * compared once more. Without the suffix, which may cut what is looked for. `condition`: one of the
 * database's own, beside.
 */
export function lookBackQuery(
  shape: QueryShape,
  range: { readonly from: Position; readonly upTo: Position; readonly condition: string | null },
  zone: TimeZone
): BoundQuery {
  const { from, upTo: position, condition: extra } = range
  const binder = new Binder()
  const begin = shape.mode === 'incrementing' ? null : beginReading(shape, from, zone)
  const end = shape.mode === 'incrementing' ? null : endOf(shape, position, zone)
  const condition = (of: QueryShape): string => {
    const parts: string[] = []
    if (of.mode === 'incrementing') {
      const { sql } = idOf(of)
      if (from.id !== null) parts.push(`${sql} > ${bindId(of, from.id, binder)}`)
      if (position.id !== null) parts.push(`${sql} <= ${bindId(of, position.id, binder)}`)
    }
    if (begin !== null) parts.push(`${timestampSql(of)} >= ${bindReading(of, begin, binder)}`)
    if (end !== null) parts.push(`${timestampSql(of)} <= ${bindReading(of, end, binder)}`)
    if (extra !== null) parts.push(extra)
    return parts.join(' AND ')
  }
  // Single bounds are exclusive: one minute, the coarsest step of a column, takes in what stands at them.
  const wide = {
    position: {
      ...from,
      reading: begin === null ? null : { ms: begin.ms - STEP_MS, nanos: begin.nanos }
    },
    end: end === null ? null : { ms: end.ms + STEP_MS, nanos: end.nanos }
  }
  const select = selectWhere(shape, condition, (bound) =>
    singleBound(shape, bound, wide, zone, binder)
  )
  return { sql: `${select} ${orderOf(shape)}`, binds: binder.values }
}

const STEP_MS = 60_000

/** All rows behind a position, in no order and without the suffix. */
export function rowsBehindQuery(shape: QueryShape, position: Position, zone: TimeZone): BoundQuery {
  const binder = new Binder()
  const sql = selectWhere(
    shape,
    (of) => lowerCondition(of, position, zone, binder),
    (bound) => singleBound(shape, bound, { position, end: null }, zone, binder)
  )
  return { sql, binds: binder.values }
}

/** A reading that no row up to the position exceeds. */
function endOf(shape: QueryShape, position: Position, zone: TimeZone): Timestamp | null {
  if (position.reading !== null) return position.reading
  const begin = beginReading(shape, position, zone)
  // Where a wall clock repeats an hour or two, the same instant has readings so far apart.
  return begin === null || firstColumn(shape).hasZone
    ? begin
    : { ms: begin.ms + MS_PER_DAY, nanos: begin.nanos }
}

/** All rows of one position, without the suffix: completes a group that a LIMIT may have cut. */
export function tiesQuery(shape: QueryShape, { reading, id }: Position): BoundQuery {
  const binder = new Binder()
  const same = (of: QueryShape): string =>
    [
      ...(reading === null ? [] : [`${timestampSql(of)} = ${bindReading(of, reading, binder)}`]),
      ...(id === null ? [] : [`${idOf(of).sql} = ${bindId(of, id, binder)}`])
    ].join(' AND ')
  return { sql: `${selectWhere(shape, same, null)} ${orderOf(shape)}`, binds: binder.values }
}

function conditionOf(
  shape: QueryShape,
  position: Position,
  end: Timestamp | null,
  zone: TimeZone,
  binder: Binder
): string {
  const { mode } = shape
  if (mode === 'bulk') return ''
  const lower = (): string => lowerCondition(shape, position, zone, binder)
  if (mode === 'incrementing') return lower()
  const upper = (): string =>
    end === null ? '' : `${timestampSql(shape)} < ${bindReading(shape, end, binder)}`
  // Binds are in the order of the text.
  const parts = mode === 'timestamp' ? [lower(), upper()] : [upper(), lower()]
  return parts.filter((part) => part !== '').join(' AND ')
}

/** Rows behind a position; empty where no time is known: then none is too old (I6). */
export function lowerCondition(
  shape: QueryShape,
  position: Position,
  zone: TimeZone,
  binder: Binder
): string {
  const { mode } = shape
  const { id } = position
  if (mode === 'incrementing') {
    const { sql } = idOf(shape)
    // Rows without an id are never read, whether or not a first id is known.
    return id === null ? `${sql} IS NOT NULL` : `${sql} > ${bindId(shape, id, binder)}`
  }
  const timestamp = timestampSql(shape)
  const begin = beginReading(shape, position, zone)
  if (begin === null) return ''
  const bound = (): string => bindReading(shape, begin, binder)
  if (mode === 'timestamp') return `${timestamp} > ${bound()}`
  // With a moment but no id (a start time was configured) the rows of that very moment belong to it.
  if (id === null) return `${timestamp} >= ${bound()}`
  const { sql } = idOf(shape)
  // The plain bound says nothing new; without it an index is read from its beginning, for what stands around
  // OR bounds nothing.
  const plain = `${timestamp} >= ${bound()}`
  const same = `${timestamp} = ${bound()} AND ${sql} > ${bindId(shape, id, binder)}`
  return `${plain} AND ((${same}) OR ${timestamp} > ${bound()})`
}

function orderOf(shape: QueryShape): string {
  switch (shape.mode) {
    case 'bulk':
      return ''
    case 'incrementing':
      return `ORDER BY ${idOf(shape).sql} ASC`
    case 'timestamp':
      return `ORDER BY ${timestampSql(shape)} ASC`
    case 'timestamp+incrementing':
      return `ORDER BY ${timestampSql(shape)},${idOf(shape).sql} ASC`
  }
}

export function idOf(shape: QueryShape): { sql: string; column: Column } {
  if (shape.id === null) throw new TypeError(`Mode ${shape.mode} without an incrementing column`)
  return shape.id
}

export function timestampSql(shape: QueryShape): string {
  return shape.dialect.timestampExpression(
    shape.timestamps.map(({ sql }) => sql),
    shape.timestamps.map(({ column }) => column)
  )
}

export function bindReading(shape: QueryShape, reading: Timestamp, binder: Binder): string {
  const column = firstColumn(shape)
  return binder.add((index) => shape.dialect.bindTimestamp(reading, column, index))
}

export function bindId(shape: QueryShape, id: number | bigint, binder: Binder): string {
  const { column } = idOf(shape)
  return binder.add((index) => shape.dialect.bindId(id, column, index))
}

function firstColumn(shape: QueryShape): TimestampColumn {
  const first = shape.timestamps[0]
  if (first === undefined) throw new TypeError(`Mode ${shape.mode} without a timestamp column`)
  return first.column
}

/** The position as the timestamp column shows it. */
export function beginReading(
  shape: QueryShape,
  position: Position,
  zone: TimeZone
): Timestamp | null {
  if (position.reading !== null) return position.reading
  const { timestamp } = position
  if (timestamp === null || firstColumn(shape).hasZone) return timestamp
  return { ms: zone.earliestWallMsOf(timestamp.ms), nanos: timestamp.nanos }
}

/**
 * The upper bound as the columns show it: the database's present less the delay, cut to the columns' own
 * resolution, so that a second (or whatever their step is) is read only when it is over and no later row can
 * carry it any more (I6).
 */
export function endReading(
  now: Timestamp & { readonly hasZone: boolean },
  delayMs: number,
  columns: readonly TimestampColumn[],
  zone: TimeZone
): Timestamp {
  const resolution = Math.max(1, ...columns.map((column) => column.resolutionNanos))
  const late: Timestamp = { ms: now.ms - delayMs, nanos: delayedNanos(now, delayMs) }
  if (columns[0]?.hasZone === true) {
    const instant = now.hasZone ? late : { ms: zone.epochMsOf(late.ms), nanos: late.nanos }
    return cutTimestamp(instant, resolution)
  }
  if (now.hasZone) return cutTimestamp(zone.settledWall(late), resolution)
  // The database's wall clock and its columns tell the same time, whatever db.timezone says.
  const instantMs = zone.epochMsOf(late.ms)
  const known = zone.wallMsOf(instantMs) === late.ms
  const wall = known ? zone.settledWall({ ms: instantMs, nanos: late.nanos }) : late
  return cutTimestamp(wall, resolution)
}

function delayedNanos(now: Timestamp, delayMs: number): number {
  return timestampOfMs(now.ms - delayMs).nanos + (now.nanos % 1_000_000)
}

/**
 * Whether a query ends in `--` outside quotes and nothing behind it. A comment that says something is only a
 * comment.
 */
export function endsInComment(query: string): boolean {
  const code = lastLine(query).replace(/'[^']*'|"[^"]*"/g, '')
  return code.trimEnd().endsWith('--')
}

/**
 * The query, with what is appended on a line of its own where a comment (`#` is MySQL's) would swallow it.
 */
export function readyForMore(query: string): string {
  return !endsInComment(query) && /--|#/.test(lastLine(query)) ? `${query}\n` : query
}

function lastLine(query: string): string {
  return query.slice(query.lastIndexOf('\n') + 1)
}

/** Whether a suffix may cut a result short, so that rows of one moment are torn apart. */
export function limits(suffix: string): boolean {
  return /\b(limit|fetch|top|rownum|offset)\b/i.test(suffix)
}
