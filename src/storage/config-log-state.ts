import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import {
  type ClusterConfig,
  type RestartRequest,
  sameConfig,
  type SessionKey,
  type StoredConfig
} from './cluster-config.ts'
import type { TargetState } from './target-state.ts'
import {
  type ConfigKey,
  parseConfigKey,
  parseCount,
  parseLoggerLevel,
  parseProperties,
  parseRestartRequest,
  parseSessionKey,
  parseTargetState
} from './config-records.ts'
import { ConfigSnapshot, type ConnectorEntry, emptyEntry } from './config-snapshot.ts'
import type { ConfigListener } from './config-store.ts'
import { parseJson } from './connect-json.ts'
import { parseStartFromRecord } from './start-from-record.ts'

/** What one record of the config topic means for a listener. */
export type ConfigEvent =
  | {
      type:
        | 'connector-updated'
        | 'connector-removed'
        | 'tasks-updated'
        | 'tasks-confirmed'
        | 'target-state'
        | 'start-from'
      connector: string
    }
  | { type: 'session-key'; key: SessionKey }
  | { type: 'restart'; request: RestartRequest }
  | { type: 'logger'; namespace: string; level: string }

/**
 * The reader of the config topic: records in, state and events out; no I/O. It follows the JVM worker record
 * for record, so that workers of both kinds in one group see the same cluster.
 *
 * Task configurations wait in `deferred` until the commit record of their connector (I3). A commit that does
 * not complete the set 0…n-1, because compaction removed records, makes the connector inconsistent: it has no
 * tasks until a whole set was written. Malformed records are logged and skipped; nothing here throws.
 */
export class ConfigLogState {
  readonly #log: Logger
  readonly #entries = new Map<string, ConnectorEntry>()
  /** A map, even an empty one, stays after a commit: it makes the next commit count as a new generation. */
  readonly #deferred = new Map<string, Map<number, StoredConfig>>()
  #offset = -1n
  #sessionKey: SessionKey | null = null
  #snapshot: ClusterConfig | null = null

  constructor(log: Logger) {
    this.#log = log
  }

  snapshot(): ClusterConfig {
    this.#snapshot ??= new ConfigSnapshot(this.#offset, this.#sessionKey, new Map(this.#entries))
    return this.#snapshot
  }

  /**
   * Takes the next record. A value that is no JSON leaves state and offset untouched, as in the JVM worker
   * (workers compare offsets when they join); any other malformed record still moves the offset.
   */
  apply(record: {
    readonly offset: bigint
    readonly key: Buffer | null
    readonly value: Buffer | null
  }): ConfigEvent | null {
    const name = record.key === null ? 'null' : record.key.toString('utf8', 0, 300)
    const at = { key: name, offset: record.offset }
    let value: unknown
    try {
      value = parseJson(record.value)
    } catch (error) {
      this.#log.error('Skipped a record of the config topic that cannot be decoded', {
        ...at,
        error
      })
      return null
    }
    this.#offset = record.offset + 1n
    this.#snapshot = null
    try {
      const key = record.key === null ? null : parseConfigKey(record.key.toString())
      if (key !== null) return this.#dispatch(key, value)
      this.#log.error('Ignored a record of the config topic with an unknown key', at)
    } catch (error) {
      this.#log.error(`Ignored a record of the config topic: ${messageOf(error)}`, at)
    }
    return null
  }

  #dispatch(key: ConfigKey, value: unknown): ConfigEvent | null {
    switch (key.kind) {
      case 'target-state':
        return this.#targetState(key.connector, value)
      case 'connector':
        return value === null
          ? this.#removeConnector(key.connector)
          : this.#updateConnector(key.connector, value)
      case 'task':
        return this.#deferTask(key.connector, key.task, value)
      case 'commit':
        return this.#commit(key.connector, value)
      case 'fencing':
        return this.#taskCountRecord(key.connector, value)
      case 'restart':
        return { type: 'restart', request: parseRestartRequest(key.connector, value) }
      case 'session-key':
        this.#sessionKey = parseSessionKey(value)
        return { type: 'session-key', key: this.#sessionKey }
      case 'logger':
        return { type: 'logger', namespace: key.namespace, level: parseLoggerLevel(value) }
      case 'start-from':
        return this.#startFrom(key.connector, value)
    }
  }

  /**
   * A tombstone means STARTED again, silently: the listener hears of a deletion by the connector's own
   * record.
   */
  #targetState(connector: string, value: unknown): ConfigEvent | null {
    const before = this.#entry(connector)
    const targetState: TargetState | null = value === null ? null : parseTargetState(value)
    this.#change(connector, { targetState })
    const changed = (before.targetState ?? 'STARTED') !== targetState
    return targetState !== null && before.config !== null && changed
      ? { type: 'target-state', connector }
      : null
  }

  #updateConnector(connector: string, value: unknown): ConfigEvent {
    const { taskCount, orphaned } = this.#entry(connector)
    const outdated = taskCount > 0 || orphaned
    this.#change(connector, { config: this.#config(connector, value), outdated })
    return { type: 'connector-updated', connector }
  }

  #removeConnector(connector: string): ConfigEvent {
    this.#forget(connector)
    return { type: 'connector-removed', connector }
  }

  #deferTask(connector: string, task: number, value: unknown): null {
    const config = this.#config(`${connector}-${task}`, value)
    let deferred = this.#deferred.get(connector)
    if (deferred === undefined) this.#deferred.set(connector, (deferred = new Map()))
    deferred.set(task, config)
    return null
  }

  #commit(connector: string, value: unknown): ConfigEvent | null {
    const before = this.#entry(connector)
    const taskCount = parseCount(value, 'tasks')
    if (before.config === null) {
      // KAFKA-16838: the connector was deleted, and compaction took its record and tombstone but left its
      // task records. Or it was written again behind them (KAFKA-17719): then its own record follows.
      this.#forget(connector)
      this.#change(connector, { orphaned: taskCount > 0 })
      return null
    }
    const deferred = this.#deferred.get(connector)
    const lasting = { taskCount, pendingFencing: true, outdated: false, orphaned: false }
    let confirmed = false
    if (isComplete(deferred, taskCount)) {
      const tasks = deferred === undefined ? before.tasks : new Map([...before.tasks, ...deferred])
      const generation = deferred === undefined ? before.generation : (before.generation ?? -1) + 1
      const applied = before.config
      confirmed = isConfirmed(before, deferred, taskCount)
      this.#change(connector, { ...lasting, tasks, generation, applied, inconsistent: false })
    } else {
      this.#log.debug('Task configurations are incomplete, probably after compaction', {
        connector
      })
      this.#change(connector, { ...lasting, inconsistent: true })
    }
    // Also after an incomplete set: the next commit needs a whole set written after this one.
    deferred?.clear()
    return { type: confirmed ? 'tasks-confirmed' : 'tasks-updated', connector }
  }

  #taskCountRecord(connector: string, value: unknown): null {
    const taskCountRecord = parseCount(value, 'task-count')
    this.#change(connector, { taskCountRecord, pendingFencing: false })
    return null
  }

  #startFrom(connector: string, value: unknown): ConfigEvent | null {
    const startFrom = value === null ? null : parseStartFromRecord(value)
    this.#change(connector, { startFrom })
    return { type: 'start-from', connector }
  }

  #config(of: string, value: unknown): StoredConfig {
    const { config, skipped } = parseProperties(value)
    if (skipped.length > 0) {
      this.#log.error('Left out settings of a stored configuration that are no text', {
        of,
        settings: skipped.slice(0, 20)
      })
    }
    return config
  }

  #forget(connector: string): void {
    this.#deferred.delete(connector)
    const { config, taskCount, tasks, applied, outdated, orphaned, startFrom } = emptyEntry
    this.#change(connector, { config, taskCount, tasks, applied, outdated, orphaned, startFrom })
  }

  #entry(connector: string): ConnectorEntry {
    return this.#entries.get(connector) ?? emptyEntry
  }

  #change(connector: string, change: Partial<ConnectorEntry>): void {
    this.#entries.set(connector, { ...this.#entry(connector), ...change })
  }
}

/**
 * Whether 0…count-1 came since the last commit. Higher numbers do no harm: compaction leaves them from larger
 * sets.
 */
function isComplete(
  deferred: ReadonlyMap<number, StoredConfig> | undefined,
  count: number
): boolean {
  if ((deferred?.size ?? 0) < count) return false
  for (let task = 0; task < count; task++) if (deferred?.has(task) !== true) return false
  return true
}

/** Whether a whole set says again what is known: the same tasks, of the configuration they are of already. */
function isConfirmed(
  before: ConnectorEntry,
  deferred: ReadonlyMap<number, StoredConfig> | undefined,
  count: number
): boolean {
  if (before.inconsistent || count === 0 || before.taskCount !== count) return false
  if (!sameConfig(before.applied, before.config)) return false
  for (let task = 0; task < count; task++) {
    if (!sameConfig(before.tasks.get(task) ?? null, deferred?.get(task) ?? null)) return false
  }
  return true
}

/** Calls the listener's method for an event. */
export function notify(listener: ConfigListener, event: ConfigEvent): void {
  switch (event.type) {
    case 'connector-updated':
      return listener.onConnectorConfigUpdate(event.connector)
    case 'connector-removed':
      return listener.onConnectorConfigRemove(event.connector)
    case 'tasks-updated':
      return listener.onTaskConfigUpdate(event.connector)
    case 'tasks-confirmed':
      return listener.onTaskConfigsConfirmed(event.connector)
    case 'target-state':
      return listener.onTargetStateChange(event.connector)
    case 'start-from':
      return listener.onStartFromUpdate(event.connector)
    case 'session-key':
      return listener.onSessionKeyUpdate(event.key)
    case 'restart':
      return listener.onRestartRequest(event.request)
    case 'logger':
      return listener.onLoggerLevel(event.namespace, event.level)
  }
}
