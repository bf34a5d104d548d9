import type { Clock } from '../../../clock.ts'
import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import type { SourceRecord } from '../../../data/record.ts'
import { ConfigError, isRetriable, messageOf } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import type {
  PreviewColumn,
  PreviewRequest,
  PreviewStatement,
  SourcePreview
} from '../../../plugin/preview.ts'
import type { Connection } from '../database/database.ts'
import { doubtsAtStart } from '../late-commits/guard-doubts.ts'
import { connectorLog, withConnection } from '../sessions/one-question.ts'
import type { Session } from '../sessions/session.ts'
import { requireReadsOnly } from '../sql/only-reads.ts'
import { queryColumns } from '../queries/query-shape.ts'
import { selfCheck } from './self-check.ts'
import { type SourceSettings, sourceSettings } from '../settings/source-settings.ts'
import { presentOf, startOf } from '../positions/start-position.ts'
import { type StartTarget, startTargets } from '../start/start-targets.ts'
import type { BoundQuery } from '../queries/bound-query.ts'
import { type ReaderTarget, TableReader } from '../reading/table-reader.ts'
import type { TableShape } from '../queries/table-shape.ts'

/** Tables and queries that are read from; the others are counted. */
const MOST_TARGETS = 5
/**
 * Rows of one moment wait for its end: after so many reads without enough records a preview goes on to the
 * next table.
 */
const READS_PER_ROW = 20

interface Draft {
  readonly records: SourceRecord[]
  readonly statements: PreviewStatement[]
  readonly columns: PreviewColumn[]
  readonly advice: string[]
  readonly problems: string[]
}

/**
 * Reads the first rows of each table as a task would that starts with this configuration and no stored
 * offset, over connections of its own, and keeps nothing. Throws what connecting fails with; later failures
 * are problems of the table they concern.
 */
export async function previewSource(
  config: ConfigMap,
  request: PreviewRequest,
  { definition, clock }: { readonly definition: ConfigDef; readonly clock: Clock }
): Promise<SourcePreview> {
  const settings = sourceSettings(config, definition)
  const { signal } = request
  const question = { signal, clock }
  const draft: Draft = { records: [], statements: [], columns: [], advice: [], problems: [] }
  const targets = await withConnection(
    settings.connection,
    { ...question, log: warningTo(draft.advice) },
    (connection) => startTargets(connection, settings)
  )
  if (targets.length === 0) throw new ConfigError('The configuration selects no table')
  const looked = targets.slice(0, MOST_TARGETS)
  if (targets.length > looked.length) {
    draft.problems.push(
      `${looked.length} of ${targets.length} tables are shown; the configuration selects ${targets.length - looked.length} more`
    )
  }
  for (const { target } of looked) {
    requireReadsOnly(`${target.settings.query ?? ''} ${target.settings.suffix}`)
    await part(target.name, draft, signal, () =>
      // After an error a connection is of no more use: each table has its own.
      withConnection(settings.connection, question, (connection) =>
        readTarget(target, connection, request, draft)
      )
    )
  }
  await part('the self-check', draft, signal, () =>
    withConnection(settings.connection, question, (connection) =>
      advise(looked, connection, settings, { clock, draft })
    )
  )
  return draft
}

/**
 * What connecting warns of, as properties without effect, is to be seen by the operator who tries a
 * configuration.
 */
function warningTo(advice: string[]): Logger {
  const log = connectorLog()
  return {
    ...log,
    warn(text, facts) {
      advice.push(text)
      log.warn(text, facts)
    }
  }
}

/** What fails, or is cut short, leaves the rest of the preview as it is. */
async function part(
  what: string,
  { problems }: Draft,
  signal: AbortSignal,
  work: () => Promise<void>
): Promise<void> {
  if (signal.aborted) {
    problems.push(`${what}: not looked at, the time for a preview is over`)
    return
  }
  try {
    await work()
  } catch (error) {
    const message = messageOf(error)
    if (signal.aborted) problems.push(`${what}: not finished, the time for a preview is over`)
    else problems.push(message.startsWith(what) ? message : `${what}: ${message}`)
  }
}

async function readTarget(
  target: ReaderTarget,
  connection: Session,
  { maxRows }: PreviewRequest,
  draft: Draft
): Promise<void> {
  const { settings, name } = target
  await listColumns(target, connection, draft)
  const zone = settings.values.timeZone
  const start = await startOf(null, settings.mode, settings, () => presentOf(connection, zone))
  const seen = new Set<string>()
  const note = (query: BoundQuery): void => {
    const statement = statementOf(name, query, settings.queryIsMasked)
    const text = JSON.stringify(statement)
    if (!seen.has(text)) draft.statements.push(statement)
    seen.add(text)
  }
  // Row by row: what comes before a row that cannot be carried is shown.
  const single = { ...target, settings: { ...settings, fetchRows: 1 } }
  const reader = new TableReader(single, start, {
    onQuery: note,
    onUnreadable: (problem) => draft.problems.push(problem)
  })
  const shape = await reader.prepare(connection)
  adviseOnCursor(name, shape, zone.id, draft)
  const judged = { table: settings.query === null ? target.table : null, settings }
  const doubts = await doubtsAtStart(judged, connection, shape, start.position)
  draft.advice.push(...doubts.map((text) => `${name}: ${text}`))
  let left = maxRows
  for (let reads = 0; left > 0; reads++) {
    if (reads >= maxRows * READS_PER_ROW) {
      draft.problems.push(
        `${name}: more than ${reads} rows share one moment; a poll reads them all before it sends the first`
      )
      break
    }
    const { records, drained } = await reader.read(connection)
    draft.records.push(...records.slice(0, left))
    left -= records.length
    if (drained) return
  }
  reader.pause()
}

/** Columns Connect has no type for, whether or not the table has rows. */
async function listColumns(
  { name, table, settings }: ReaderTarget,
  connection: Connection,
  draft: Draft
): Promise<void> {
  const { query, values } = settings
  const columns =
    query !== null
      ? await queryColumns(connection, query)
      : table === null
        ? []
        : (await connection.describeTable(table)).filter(({ isInvisible }) => isInvisible !== true)
  const becomes = { text: 'carried as text', skip: 'left out', fail: 'refused' }
  for (const column of columns) {
    if (column.type !== 'other') continue
    draft.columns.push({
      of: name,
      column: column.name,
      type: column.databaseType,
      becomes: becomes[values.unsupportedTypes]
    })
  }
}

function statementOf(of: string, { sql, binds }: BoundQuery, masked: boolean): PreviewStatement {
  // I7: a masked query is not shown.
  return { of, text: masked ? '[hidden]' : sql, binds: binds.map(String) }
}

function adviseOnCursor(name: string, shape: TableShape, zone: string, { advice }: Draft): void {
  const { timestamps, id, mode } = shape
  for (const { column } of timestamps) {
    if (column.hasZone) continue
    advice.push(
      `${name}: ${column.name} (${column.databaseType}) has no time zone and is read in db.timezone=${zone}; name there the zone in which the database writes it`
    )
  }
  const nullable = timestamps.every(({ column }) => column.nullable !== false)
  if (timestamps.length > 0 && nullable) {
    const names = timestamps.map(({ column }) => column.name).join(', ')
    advice.push(`${name}: rows without ${names} are never sent; make the column NOT NULL`)
  }
  // Beside a timestamp the id only orders rows of one moment.
  if (mode === 'incrementing' && id !== null && id.column.nullable !== false) {
    advice.push(`${name}: rows without ${id.column.name} are never sent; make the column NOT NULL`)
  }
}

/** What the self-check of a task would write into its log. */
async function advise(
  targets: readonly StartTarget[],
  connection: Connection,
  settings: SourceSettings,
  { clock, draft: { advice } }: { readonly clock: Clock; readonly draft: Draft }
): Promise<void> {
  const tables = targets.flatMap(({ target }) => target.table ?? [])
  try {
    await selfCheck(connection, tables, settings, clock, ({ text }) => advice.push(text))
  } catch (error) {
    if (!isRetriable(error)) throw error
    advice.push(`The self-check was given up: ${messageOf(error)}`)
  }
}
