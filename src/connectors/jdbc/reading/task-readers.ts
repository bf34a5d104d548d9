import type { Clock } from '../../../clock.ts'
import type { SourceOffset } from '../../../data/record.ts'
import { ConfigError } from '../../../errors.ts'
import type { SourceTaskContext } from '../../../plugin/source.ts'
import type { Conditions } from '../database/conditions.ts'
import type { Connection } from '../database/database.ts'
import { LateCommitGuard } from '../late-commits/late-commit-guard.ts'
import { UNSET } from '../positions/source-offset.ts'
import { presentOf, type Start, startOf } from '../positions/start-position.ts'
import type { SourceSettings } from '../settings/source-settings.ts'
import { partitionsOf, readerTargets, type TaskWork } from './reader-targets.ts'
import { missingText, selectTables } from '../tables/table-selection.ts'
import type { RowConverter } from '../records/row-converter.ts'
import { type ReaderEvents, type ReaderTarget, TableReader } from './table-reader.ts'
import { TableTurn } from './table-turns.ts'

export interface TaskParts {
  readonly settings: SourceSettings
  readonly context: SourceTaskContext
  readonly conditions: Conditions
  readonly clock: Clock
}

/** The tables and queries of a task, to be read on from behind the stored offsets. */
export async function turnsOf(
  work: TaskWork,
  connection: Connection,
  parts: TaskParts
): Promise<TableTurn[]> {
  const { settings, context, clock } = parts
  if (work.tables.length === 0 && work.queries.length === 0) {
    throw await noTables(connection, settings)
  }
  const targets = readerTargets(work, settings, connection)
  const stored = targets.map((target) => partitionsOf(target, connection))
  const offsets = await context.offsets.offsets(stored.flat())
  let taken = 0
  const found = targets.map((_, index) => {
    const mine = offsets.slice(taken, (taken += stored[index]?.length ?? 0))
    return mine.find((offset) => offset !== null) ?? null
  })
  const starts = await startsOf(targets, found, connection)
  const changes = starts.flatMap(({ store }, index) => {
    const partition = targets[index]?.partition
    return store === null || partition === undefined ? [] : [{ partition, offset: store }]
  })
  // Before the first row: a crash from here on finds the old place or the new one.
  if (changes.length > 0) await context.storeOffsets(changes)
  return targets.map((target, index) => {
    const start = starts[index] ?? { position: UNSET, why: 'first', mark: null }
    logStart(context, target, start.why, start.mark)
    const guard = guardOf(target, start, found[index] ?? null, parts)
    const reader = new TableReader(target, start, eventsOf(target, parts), guard)
    return new TableTurn(reader, clock.monotonicMs(), (found[index] ?? null) !== null)
  })
}

async function startsOf(
  targets: readonly ReaderTarget[],
  found: readonly (SourceOffset | null)[],
  connection: Connection
): Promise<Start[]> {
  const starts: Start[] = []
  for (const [index, { settings }] of targets.entries()) {
    const zone = settings.values.timeZone
    const start = await startOf(found[index] ?? null, settings.mode, settings, () =>
      presentOf(connection, zone)
    )
    starts.push(start)
  }
  return starts
}

/** null: late commits are none of its business. */
function guardOf(
  { name, table, settings }: ReaderTarget,
  { position, why }: Pick<Start, 'position' | 'why'>,
  found: SourceOffset | null,
  { context: { log }, clock }: TaskParts
): LateCommitGuard | null {
  const { mode } = settings
  if (mode === 'bulk' || settings.lateCommits.guard === 'off') return null
  // What an offset says of watched rows belongs to its position.
  const stored = why === 'resumed' || why === 'adopted' ? found : null
  return new LateCommitGuard(
    { table: settings.query === null ? table : null, settings },
    { position, stored },
    clock,
    {
      onLevel: (level) =>
        log[level.degraded ? 'warn' : 'info'](
          `Late commits of ${name}: level ${level.name}, because ${level.why}`
        ),
      onDoubt: (text) => log.warn(`Late commits of ${name}: ${text}`),
      onClockSetBack: (ms) =>
        log.warn(
          `The clock of the database went back ${ms} ms: rows of ${name} with later times are read once more`
        )
    }
  )
}

function eventsOf(target: ReaderTarget, { context: { log }, conditions }: TaskParts): ReaderEvents {
  const { name } = target
  return {
    onColumns(converter) {
      const text = unsupportedText(target, converter)
      if (text !== null) log.warn(text)
      const skipped = target.settings.values.unsupportedTypes === 'skip'
      conditions.set(`columns of ${name}`, skipped ? text : null)
    },
    /** Every such row is in the log; the status has the latest of each table. */
    onUnreadable(problem) {
      log.warn(problem)
      conditions.set(`unreadable values of ${name}`, problem)
    }
  }
}

function unsupportedText({ name, settings }: ReaderTarget, converter: RowConverter): string | null {
  const names = converter.unsupported.map((column) => `${column.name} (${column.databaseType})`)
  if (names.length === 0) return null
  const skipped = settings.values.unsupportedTypes === 'skip'
  return `${name}: Kafka Connect has no type for ${names.join(', ')}; ${skipped ? 'left out' : 'carried as text'}`
}

function logStart(
  { log }: SourceTaskContext,
  { name }: ReaderTarget,
  why: Start['why'],
  mark: string | null
): void {
  if (why === 'moved') log.info(`The start of ${name} was moved: ${mark}`)
  else if (why !== 'first') log.info(`Using existing offset of ${name}`)
}

async function noTables(connection: Connection, settings: SourceSettings): Promise<ConfigError> {
  const text =
    'Task is being killed because it was not assigned a table nor a query to execute. If run in table mode please make sure that the tables exist on the database.'
  const { missing } = await selectTables(connection, settings.tables)
  if (missing.length === 0) return new ConfigError(text)
  const hints = await missingText(connection, settings.tables, missing)
  return new ConfigError(`${text} Not found: ${hints}`)
}
