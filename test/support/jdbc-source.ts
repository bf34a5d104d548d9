import {
  encodedOffset,
  type RecordOffset,
  type SourceOffset,
  type SourcePartition,
  type SourceRecord
} from '../../src/data/record.ts'
import type { Struct } from '../../src/data/struct.ts'
import { jdbcSourcePlugin } from '../../src/connectors/jdbc/source/source-plugins.ts'
import { Loggers } from '../../src/log.ts'
import type {
  PartitionOffset,
  SourceConnector,
  SourceConnectorPlugin,
  StreamFacts
} from '../../src/plugin/source.ts'

const silent = new Loggers({ write: () => undefined })
const log = silent.get('test')

/** Stored offsets as a worker would keep them, matched by meaning. */
export class StoredOffsets {
  readonly #offsets = new Map<string, SourceOffset | null>()

  offsets(partitions: readonly SourcePartition[]): Promise<(SourceOffset | null)[]> {
    return Promise.resolve(
      partitions.map((partition) => this.#offsets.get(keyOf(partition)) ?? null)
    )
  }

  set(partition: SourcePartition, offset: RecordOffset | null): void {
    this.#offsets.set(keyOf(partition), encodedOffset(offset))
  }

  /** As a worker does for a task that starts. */
  store(positions: readonly PartitionOffset[]): Promise<void> {
    for (const { partition, offset } of positions) this.set(partition, offset)
    return Promise.resolve()
  }

  get(partition: SourcePartition): SourceOffset | null {
    return this.#offsets.get(keyOf(partition)) ?? null
  }

  /** Those that are stored, not those removed. */
  all(): PartitionOffset[] {
    return [...this.#offsets].flatMap(([key, offset]) =>
      offset === null ? [] : [{ partition: Object.fromEntries(JSON.parse(key) as []), offset }]
    )
  }

  /** As a worker does once Kafka has acknowledged these records. */
  commit(records: readonly SourceRecord[]): void {
    for (const record of records) this.set(record.sourcePartition, record.sourceOffset)
  }
}

function keyOf(partition: SourcePartition): string {
  return JSON.stringify(Object.entries(partition).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export interface RunningTask {
  /**
   * Polls until so many records have come, or the limit is over; then once more to see that no others follow.
   */
  read(count: number, limitMs?: number): Promise<SourceRecord[]>
  /** One poll. */
  poll(): Promise<SourceRecord[]>
  readonly conditions: (string | null)[]
  progress(): ReadonlyMap<string, StreamFacts>
  /** As a worker says it when the connector is paused. */
  paused(): void
  stop(): Promise<void>
}

export type Config = Record<string, string>

/** Starts the one task of a connector with this configuration; rejects as the connector or task does. */
export async function startJdbcTask(
  config: Config,
  offsets = new StoredOffsets(),
  plugin: SourceConnectorPlugin = jdbcSourcePlugin
): Promise<RunningTask> {
  const { connector, taskConfigs } = await startJdbcConnector(config, 1, plugin)
  await connector.stop()
  const stopping = new AbortController()
  const conditions: (string | null)[] = []
  const task = plugin.createTask(taskConfigs[0] ?? new Map(), {
    connector: 'source',
    task: 0,
    log,
    offsets,
    storeOffsets: (positions) => offsets.store(positions),
    stopping: stopping.signal,
    reportCondition: (condition) => void conditions.push(condition)
  })
  try {
    await task.start?.()
  } catch (error) {
    await task.stop()
    throw error
  }
  const poll = async (): Promise<SourceRecord[]> => (await task.poll()) ?? []
  return {
    conditions,
    progress: () => task.progress?.() ?? new Map<string, StreamFacts>(),
    poll,
    paused: () => task.paused?.(),
    async read(count, limitMs = 100_000) {
      const records: SourceRecord[] = []
      const deadline = performance.now() + limitMs
      while (records.length < count && performance.now() < deadline) {
        for (const record of await poll()) records.push(record)
      }
      for (let more = 0; more < 3; more++) for (const record of await poll()) records.push(record)
      return records
    },
    async stop() {
      stopping.abort()
      await task.stop()
    }
  }
}

interface StartedConnector {
  readonly connector: SourceConnector
  readonly taskConfigs: readonly ReadonlyMap<string, string>[]
  /** How often the connector asked for new task configurations. */
  reconfigurations(): number
  readonly errors: unknown[]
}

export async function startJdbcConnector(
  config: Config,
  maxTasks = 1,
  plugin: SourceConnectorPlugin = jdbcSourcePlugin
): Promise<StartedConnector> {
  let reconfigurations = 0
  const errors: unknown[] = []
  const connector = plugin.create(new Map(Object.entries(config)), {
    name: 'source',
    log,
    offsets: new StoredOffsets(),
    requestTaskReconfiguration: () => void (reconfigurations += 1),
    raiseError: (error) => void errors.push(error)
  })
  try {
    await connector.start?.()
    const taskConfigs = await connector.taskConfigs(maxTasks)
    return { connector, taskConfigs, reconfigurations: () => reconfigurations, errors }
  } catch (error) {
    await connector.stop()
    throw error
  }
}

/** The value of a field of a record. */
export function field(record: SourceRecord | undefined, name: string): unknown {
  return (record?.value as Struct | undefined)?.get(name)
}

export function fields(records: readonly SourceRecord[], name: string): unknown[] {
  return records.map((record) => field(record, name))
}

/**
 * The fields of an offset that the JVM connector knows. What else is remembered depends on who else has a
 * transaction open on the server.
 */
export function cursorOf(offset: RecordOffset | null | undefined): SourceOffset | null {
  if (offset === null || offset === undefined) return null
  const { start: _, ...cursor } = encodedOffset(offset)
  return Object.fromEntries(Object.entries(cursor).filter(([name]) => !name.startsWith('late_')))
}

/** Those fields as JSON, so that the order of their keys counts. */
export function offsetTexts(records: readonly SourceRecord[]): string[] {
  return records.map(({ sourceOffset }) => JSON.stringify(cursorOf(sourceOffset)))
}
