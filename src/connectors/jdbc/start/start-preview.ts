import type { Clock } from '../../../clock.ts'
import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import type { OffsetMap } from '../../../data/record.ts'
import { messageOf } from '../../../errors.ts'
import type { NewPosition, StartPreview, StoredPosition } from '../../../plugin/start-from.ts'
import { RowCursor } from '../positions/cursor-value.ts'
import type { Column, Connection, Row } from '../database/database.ts'
import { compareInMode, countQuery, edgeQuery, type PositionRange } from './position-range.ts'
import { type Position, UNSET } from '../positions/source-offset.ts'
import { type SourceSettings, sourceSettings } from '../settings/source-settings.ts'
import { readerShape } from '../queries/query-shape.ts'
import { presentOf, startOf } from '../positions/start-position.ts'
import { type Question, withConnection } from '../sessions/one-question.ts'
import { PositionMap, type StartTarget, startTargets } from './start-targets.ts'
import { endsInComment } from '../queries/table-query.ts'
import type { ReaderTarget } from '../reading/table-reader.ts'
import type { TableShape } from '../queries/table-shape.ts'
import { timestampText } from '../values/timestamp.ts'
import { int64OfText } from '../../../data/values.ts'
import { MS_PER_DAY } from '../../../data/calendar.ts'

/**
 * What storing `changes` would do to each table they concern: counted in the database, over one connection,
 * until `signal` aborts.
 */
export async function previewStart(
  config: ConfigMap,
  changes: readonly NewPosition[],
  stored: readonly StoredPosition[],
  options: { definition: ConfigDef; clock: Clock; signal: AbortSignal }
): Promise<StartPreview[]> {
  const settings = sourceSettings(config, options.definition)
  const before = new PositionMap(stored)
  const after = new PositionMap(stored)
  const touched = new PositionMap([])
  for (const { partition, offset } of changes) {
    after.set(partition, offset)
    touched.set(partition, {})
  }
  const targets = await withConnection(settings.connection, options, (connection) =>
    startTargets(connection, settings)
  )
  const previews: StartPreview[] = []
  for (const target of targets) {
    if (touched.first(target.partitions) === null) continue
    const offsets = {
      from: before.first(target.partitions),
      to: after.first(target.partitions)
    }
    previews.push(await previewOf(target, offsets, settings, options))
  }
  return previews
}

async function previewOf(
  target: StartTarget,
  offsets: { from: OffsetMap | null; to: OffsetMap | null },
  settings: SourceSettings,
  question: Question
): Promise<StartPreview> {
  const known = { name: target.name, ...offsets }
  let effect: StartPreview['effect'] = 'none'
  try {
    // A connection for each: after an error one is of no more use.
    return await withConnection(settings.connection, question, async (connection) => {
      const from = await effective(offsets.from, target, connection)
      const to = await effective(offsets.to, target, connection)
      const order = compareInMode(target.mode, to, from)
      if (order === 0) return { ...known, effect, rows: 0, first: null, last: null }
      effect = order < 0 ? 'sent again' : 'skipped'
      const range = order < 0 ? { after: to, upTo: from } : { after: from, upTo: to }
      const counted = await rowsIn(range, target.target, connection)
      return { ...known, effect: counted.rows === 0 ? 'none' : effect, ...counted }
    })
  } catch (error) {
    const why = question.signal.aborted ? 'it takes too long' : messageOf(error)
    return { ...known, effect, rows: null, first: null, last: null, problem: `Not counted: ${why}` }
  }
}

/** Where reading would go on with that offset, the configured start included. */
async function effective(
  offset: OffsetMap | null,
  { target, mode }: StartTarget,
  connection: Connection
): Promise<Position> {
  const zone = target.settings.values.timeZone
  const start = await startOf(offset, mode, target.settings, () => presentOf(connection, zone))
  return start.position
}

async function rowsIn(
  range: PositionRange,
  target: ReaderTarget,
  connection: Connection
): Promise<Pick<StartPreview, 'rows' | 'first' | 'last'>> {
  const shape = await shapeOf(target, connection)
  const rows = await count(shape, range, target, connection)
  if (rows === 0) return { rows, first: null, last: null }
  const first = await edgeRow(shape, range, 'first', target, connection)
  const last = await edgeRow(shape, range, 'last', target, connection)
  return { rows, first: keysOf(first, shape), last: keysOf(last, shape) }
}

/** The position behind the last row there is; UNSET for an empty table. */
export async function lastPosition(
  target: ReaderTarget,
  connection: Connection
): Promise<Position> {
  const shape = await shapeOf(target, connection)
  const edge = await edgeRow(shape, { after: UNSET, upTo: null }, 'last', target, connection)
  if (edge === null) return UNSET
  const cursor = new RowCursor(edge.columns, shape.names, target.settings.values.timeZone)
  cursor.read(edge.row)
  return { timestamp: cursor.timestamp, reading: null, id: cursor.id }
}

async function shapeOf(
  { table, settings }: ReaderTarget,
  connection: Connection
): Promise<TableShape> {
  const shape = await readerShape(connection, table, settings)
  if (endsInComment(shape.select))
    throw new Error('the query ends in a comment, nothing can follow it')
  return shape
}

async function count(
  shape: TableShape,
  range: PositionRange,
  { settings }: ReaderTarget,
  connection: Connection
): Promise<number | bigint> {
  const { sql, binds } = countQuery(shape, range, settings.values.timeZone)
  const edge = await firstRow(connection, { sql, binds, table: null })
  const [column] = edge?.columns ?? []
  const raw = edge?.row[0]
  if (column === undefined || raw === null || raw === undefined)
    throw new Error('no number came back')
  return int64OfText(String(plainValue(column, raw)))
}

interface FoundRow {
  readonly row: Row
  readonly columns: readonly Column[]
}

function edgeRow(
  shape: TableShape,
  range: PositionRange,
  edge: 'first' | 'last',
  { table, settings }: ReaderTarget,
  connection: Connection
): Promise<FoundRow | null> {
  const { sql, binds } = edgeQuery(shape, range, edge, settings.values.timeZone)
  return firstRow(connection, { sql, binds, table: settings.query === null ? table : null })
}

async function firstRow(
  connection: Connection,
  query: { sql: string; binds: readonly unknown[]; table: ReaderTarget['table'] }
): Promise<FoundRow | null> {
  const { sql, binds, table } = query
  const stream = await connection.query(sql, binds, { fetchRows: 1, table })
  try {
    const [row] = (await stream.next()) ?? []
    return row === undefined ? null : { row, columns: stream.columns }
  } finally {
    await stream.close()
  }
}

/** The primary key of a row, or, without one, its cursor columns. */
function keysOf(found: FoundRow | null, shape: TableShape): Record<string, unknown> | null {
  if (found === null) return null
  const { timestamps, id } = shape.names
  const wanted = shape.keys.length > 0 ? shape.keys : [...timestamps, ...(id === null ? [] : [id])]
  const values: [string, unknown][] = []
  for (const [index, column] of found.columns.entries()) {
    if (wanted.includes(column.name))
      values.push([column.name, plainValue(column, found.row[index])])
  }
  return Object.fromEntries(values)
}

/** A value as JSON shows it: nothing is lost, and nobody has to know how Connect would write it. */
function plainValue(column: Column, raw: unknown): unknown {
  if (raw === null || raw === undefined) return null
  if (column.type === 'timestamp') {
    const parts = { ms: 0, nanos: 0 }
    column.read(raw, parts)
    const text = timestampText(parts, parts.nanos === 0 ? 0 : 9, 'T')
    return column.hasZone ? `${text}Z` : text
  }
  if (column.type === 'bytes') return Buffer.from(column.read(raw)).toString('hex')
  if (column.type === 'decimal') {
    const digits = column.read(raw)
    return /^-?\d+$/.test(digits) ? int64OfText(digits) : digits
  }
  if (column.type !== 'date') return column.read(raw)
  const midnight = timestampText({ ms: column.read(raw) * MS_PER_DAY, nanos: 0 }, 0)
  return midnight.slice(0, -' 00:00:00'.length)
}
