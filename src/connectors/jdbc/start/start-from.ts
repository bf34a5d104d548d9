import type { Clock } from '../../../clock.ts'
import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import type { OffsetMap } from '../../../data/record.ts'
import { ConfigError } from '../../../errors.ts'
import type {
  NewPosition,
  StartFrom,
  StartWanted,
  StoredPosition
} from '../../../plugin/start-from.ts'
import { NO_START } from '../settings/configured-start.ts'
import { suggestion } from '../database/near-names.ts'
import type { Connection } from '../database/database.ts'
import { requestedOffset } from './requested-offset.ts'
import { offsetOf, positionOf, UNSET } from '../positions/source-offset.ts'
import { UNNAMED_QUERY } from '../reading/reader-targets.ts'
import { type SourceSettings, sourceSettings } from '../settings/source-settings.ts'
import { presentOf } from '../positions/start-position.ts'
import { lastPosition, previewStart } from './start-preview.ts'
import { about, type StartPoint, startRequest } from './start-request.ts'
import { withConnection } from '../sessions/one-question.ts'
import { PositionMap, type StartTarget, startTargets } from './start-targets.ts'
import { parseTableName } from '../database/table-name.ts'
import { modeUsesId, modeUsesTimestamp } from '../database/mode.ts'
import { epochNanos, timestampOfNanos } from '../values/timestamp.ts'

/** How the connector's tables are moved while it exists. */
export function startFrom(definition: ConfigDef, clock: Clock): StartFrom {
  return {
    plan: (config, wanted, stored, signal) =>
      planStart(config, wanted, stored, { definition, clock, signal }),
    preview: (config, changes, stored, signal) =>
      previewStart(config, changes, stored, { definition, clock, signal }),
    isFirstStart: hasNewStart,
    prepare: (before, after, stored) =>
      unmarked(sourceSettings(before, definition), sourceSettings(after, definition), stored)
  }
}

/**
 * The offsets that move tables to another start. They name the start that is configured, like those of
 * records: the move is newer than the configuration, which counts again when it changes.
 */
async function planStart(
  config: ConfigMap,
  wanted: StartWanted,
  stored: readonly StoredPosition[],
  options: { definition: ConfigDef; clock: Clock; signal: AbortSignal }
): Promise<NewPosition[]> {
  const settings = sourceSettings(config, options.definition)
  const before = new PositionMap(stored)
  if ('restored' in wanted) {
    return withConnection(settings.connection, options, async (connection) => {
      const targets = await startTargets(connection, settings)
      return wanted.restored.map(({ partition, offset }) => ({
        partition,
        offset: restored(partition, offset, targets, before)
      }))
    })
  }
  const request = startRequest(wanted.given)
  return withConnection(settings.connection, options, async (connection) => {
    const targets = await startTargets(connection, settings)
    const starts =
      'all' in request ? startOfAll(targets, request.all) : named(targets, request.tables)
    if (starts.length === 0) throw new ConfigError('There is no table that could be moved')
    const changes: NewPosition[] = []
    for (const { target, point } of starts) {
      changes.push(...(await changesFor(target, point, before, connection)))
    }
    return changes
  })
}

interface TargetStart {
  readonly target: StartTarget
  readonly point: StartPoint
}

function startOfAll(targets: readonly StartTarget[], point: StartPoint): TargetStart[] {
  const movable = targets.filter(({ mode }) => mode !== 'bulk')
  if (targets.length > 0 && movable.length === 0) throw noPositions()
  return movable.map((target) => ({ target, point }))
}

function noPositions(): ConfigError {
  return new ConfigError('In mode bulk every row is sent each time: there is no start to move')
}

/** Tables by the name the connector keeps them under, or by their own name when only one of them has it. */
function named(
  targets: readonly StartTarget[],
  tables: ReadonlyMap<string, StartPoint>
): TargetStart[] {
  const found = new Map<StartTarget, string>()
  return [...tables].map(([name, point]) => {
    const target = targetNamed(targets, name)
    const other = found.get(target)
    if (other !== undefined) throw new ConfigError(`${other} and ${name} are the same table`)
    found.set(target, name)
    if (target.mode === 'bulk') throw new ConfigError(`Table ${name}: ${noPositions().message}`)
    return { target, point }
  })
}

function targetNamed(targets: readonly StartTarget[], name: string): StartTarget {
  const full = targets.find((target) => target.name === name)
  if (full !== undefined) return full
  const alike = targets.filter(({ target }) => target.table?.table === name)
  const [only] = alike
  if (alike.length === 1 && only !== undefined) return only
  if (alike.length > 1) {
    throw new ConfigError(
      `Several tables are named ${name}: ${alike.map((target) => target.name).join(', ')}`
    )
  }
  const known = targets.map((target) => target.name)
  const hint = suggestion(name, known)
  throw new ConfigError(
    `The connector copies no table ${name}${hint === '' ? `; it copies ${known.slice(0, 10).join(', ')}${known.length > 10 ? ' …' : ''}` : hint}`
  )
}

/** An offset under the table's first partition; to remove it, under all of them that hold one. */
async function changesFor(
  target: StartTarget,
  point: StartPoint,
  before: PositionMap,
  connection: Connection
): Promise<NewPosition[]> {
  const position = await positionFor(target, point, connection)
  const offset = withMark(position, target, before)
  const [partition, ...older] = target.partitions
  if (partition === undefined) return []
  if (offset !== null) return [{ partition, offset }]
  const others = older.filter((other) => before.has(other))
  return [partition, ...others].map((other) => ({ partition: other, offset: null }))
}

/** null: before the first row. */
async function positionFor(
  { target, name, mode }: StartTarget,
  point: StartPoint,
  connection: Connection
): Promise<OffsetMap | null> {
  const zone = target.settings.values.timeZone
  switch (point.kind) {
    case 'earliest':
      return null
    case 'offset':
      return about(name, () => {
        const offset = requestedOffset(point.offset, mode, zone)
        if (mode === 'timestamp+incrementing' && positionOf(offset).timestamp === null) {
          throw new ConfigError(
            'An id alone is no place in mode timestamp+incrementing: add a timestamp'
          )
        }
        return offset
      })
    case 'now': {
      if (modeUsesTimestamp(mode)) {
        const present = epochNanos(await presentOf(connection, zone))
        return offsetOf(timestampOfNanos(present - point.earlierNanos), null, null)
      }
      if (point.earlierNanos > 0n) {
        throw new ConfigError(`Table ${name}: a connector in mode ${mode} knows no times`)
      }
      const last = modeUsesId(mode) ? await lastPosition(target, connection) : UNSET
      return offsetOf(last.timestamp, last.id, null)
    }
  }
}

function restored(
  partition: OffsetMap,
  offset: OffsetMap | null,
  targets: readonly StartTarget[],
  before: PositionMap
): OffsetMap | null {
  const key = new PositionMap([{ partition, offset: {} }])
  const target = targets.find(({ partitions }) => key.first(partitions) !== null)
  if (target === undefined || offset === null) return offset
  const { start: _, ...position } = offset
  return withMark(positionOf(offset) === UNSET ? null : position, target, before)
}

function withMark(
  position: OffsetMap | null,
  { target, partitions }: StartTarget,
  before: PositionMap
): OffsetMap | null {
  const { startMark } = target.settings
  if (position === null) return startMark === null ? null : { start: startMark }
  const wasMarked = typeof before.first(partitions)?.['start'] === 'string'
  const mark = startMark ?? (wasMarked ? NO_START : null)
  return mark === null ? position : { ...position, start: mark }
}

/** Keys of a start, for the connector or for some of its tables and queries. */
const START_KEY = /(?:^|\.)(?:timestamp\.initial(?:\.ms)?|incrementing\.initial)$/

/**
 * Whether a start is given where there was none. What it means for which table is looked at once no task
 * runs.
 */
function hasNewStart(before: ConfigMap, after: ConfigMap): boolean {
  const isGiven = (value: string | undefined): boolean => (value ?? '').trim() !== ''
  return [...after].some(
    ([key, value]) => START_KEY.test(key) && isGiven(value) && !isGiven(before.get(key))
  )
}

/**
 * Offsets of what had no start and gets one: they say that there was none, so that it counts as another one.
 */
function unmarked(
  before: SourceSettings,
  after: SourceSettings,
  stored: readonly StoredPosition[]
): NewPosition[] {
  return stored.flatMap(({ partition, offset }) => {
    const isNew =
      startMarkFor(before, partition) === null && startMarkFor(after, partition) !== null
    if (!isNew || typeof offset['start'] === 'string') return []
    return [{ partition, offset: { ...offset, start: NO_START } }]
  })
}

function startMarkFor(settings: SourceSettings, partition: OffsetMap): string | null {
  const { query, table } = partition
  if (typeof query === 'string') {
    const found = settings.queries.find(({ name }) => (name ?? UNNAMED_QUERY) === query)
    return found?.settings.startMark ?? null
  }
  if (typeof table !== 'string') return null
  return settings.forTable(parseTableName(settings.connection.dialect, table)).startMark
}
