import { jdbcSourceConfig } from '../../../src/connectors/jdbc/settings/source-config.ts'
import { alterOffsets } from '../../../src/connectors/jdbc/start/alter-offsets.ts'
import { JdbcSourceTask } from '../../../src/connectors/jdbc/source/source-task.ts'
import {
  encodedOffset,
  type OffsetMap,
  type SourcePartition,
  type SourceRecord
} from '../../../src/data/record.ts'
import type { SourceTaskContext, StreamFacts } from '../../../src/plugin/source.ts'
import { isRetriable } from '../../../src/errors.ts'
import { Loggers } from '../../../src/log.ts'
import { StoredOffsets } from '../../support/jdbc-source.ts'
import type { Random } from '../../support/random.ts'
import type { ModelServer } from './server.ts'

/** What the judge has to know of the way of records to a topic. */
export interface WorkerEvents {
  /** Handed out by the task; whether they will arrive is not known yet. */
  onSent(record: SourceRecord): void
  /** Can be read from the topic. */
  onArrived(record: SourceRecord): void
  /** Its offset is stored. */
  onStored(record: SourceRecord): void
  /** Will never be: the worker crashed before. */
  onGone(record: SourceRecord): void
  /** Was sent, but its offset is not stored: it comes again. */
  onMayRepeat(record: SourceRecord): void
}

type Altered = Awaited<ReturnType<typeof alterOffsets>>

const loggers = new Loggers({ write: () => undefined })

/**
 * One task and what a worker does with its records: they are acknowledged in their order, some time later;
 * offsets are stored of what is acknowledged. Exactly once, records and offsets become visible together,
 * where the task says so.
 */
export class ModelWorker {
  readonly #server: ModelServer
  readonly #random: Random
  readonly #events: WorkerEvents
  readonly #exactlyOnce: boolean
  readonly offsets = new StoredOffsets()
  config: Record<string, string>
  #task: JdbcSourceTask | null = null
  #stopping = new AbortController()
  /** Sent and not acknowledged. */
  #outbox: SourceRecord[] = []
  /** Acknowledged, and their offsets not stored. */
  #unstored: SourceRecord[] = []
  /** By partition: behind the last offset that moved. A time is stored only with the last row that has it. */
  readonly #uncovered = new Map<SourcePartition, SourceRecord[]>()
  condition: string | null = null

  constructor(
    server: ModelServer,
    random: Random,
    config: Record<string, string>,
    events: WorkerEvents
  ) {
    this.#server = server
    this.#random = random
    this.#exactlyOnce = server.plan.exactlyOnce
    this.config = config
    this.#events = events
  }

  get runs(): boolean {
    return this.#task !== null
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController()
    this.#server.waitsFor = this.#stopping.signal
    this.condition = null
    const context: SourceTaskContext = {
      connector: 'world',
      task: 0,
      log: loggers.get('world'),
      offsets: this.offsets,
      storeOffsets: (positions) => this.offsets.store(positions),
      stopping: this.#stopping.signal,
      reportCondition: (condition) => {
        this.condition = condition
        this.#server.story.tell(`condition: ${condition ?? 'none'}`)
      }
    }
    const config = new Map(Object.entries(this.config))
    const task = new JdbcSourceTask(jdbcSourceConfig, config, context, this.#server.clock)
    await task.start()
    this.#task = task
  }

  progress(): ReadonlyMap<string, StreamFacts> {
    return this.#task?.progress() ?? new Map<string, StreamFacts>()
  }

  /** Answers how many records came. */
  async poll(): Promise<number> {
    const task = this.#task
    if (task === null) throw new TypeError('The worker is stopped')
    const records = (await task.poll()) ?? []
    for (const record of records) {
      this.#outbox.push(record)
      this.#events.onSent(record)
    }
    if (this.#exactlyOnce) {
      const handedOut = task.handedOut()
      if (handedOut === 'torn') {
        this.#server.story.tell(
          'the moment is torn: the transaction is aborted, the task starts anew'
        )
        await this.#lose()
        await this.start()
      } else if (handedOut === 'complete') this.flush()
    } else {
      if (this.#random.chance(0.5)) this.#acknowledge(this.#random.within(0, this.#outbox.length))
      if (this.#random.chance(0.3)) this.#store()
    }
    return records.length
  }

  /** Everything that was sent is acknowledged, and its offset stored. */
  flush(): void {
    this.#acknowledge(this.#outbox.length)
    this.#store()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    // Of a moment that is not complete nothing may be committed.
    if (this.#exactlyOnce && this.#task?.handedOut() !== 'complete') return await this.#lose()
    this.flush()
    await this.#end()
  }

  async crash(): Promise<void> {
    this.#stopping.abort()
    if (!this.#exactlyOnce) {
      // What is on its way may have arrived, without a word.
      for (const record of this.#unstored) this.#events.onMayRepeat(record)
      const arrived = this.#outbox.splice(0, this.#random.within(0, this.#outbox.length))
      for (const record of arrived) {
        this.#events.onArrived(record)
        this.#events.onMayRepeat(record)
      }
    }
    await this.#lose()
  }

  async #lose(): Promise<void> {
    for (const record of this.#outbox) this.#events.onGone(record)
    this.#outbox = []
    this.#unstored = []
    await this.#end()
  }

  async #end(): Promise<void> {
    for (const record of [...this.#uncovered.values()].flat()) this.#events.onMayRepeat(record)
    this.#uncovered.clear()
    await this.#task?.stop()
    this.#task = null
  }

  #acknowledge(count: number): void {
    for (const record of this.#outbox.splice(0, count)) {
      this.#events.onArrived(record)
      this.#unstored.push(record)
    }
  }

  #store(): void {
    const last = new Map<SourcePartition, OffsetMap>()
    for (const record of this.#unstored) {
      const { sourcePartition } = record
      const sourceOffset = encodedOffset(record.sourceOffset)
      const before = last.get(sourcePartition) ?? this.offsets.get(sourcePartition)
      if (sourceOffset === null) {
        // Rows of one moment have no offset before the last of them.
        this.#uncover(record)
        continue
      }
      this.#events.onStored(record)
      const covers = cursorText(before) !== cursorText(sourceOffset)
      if (covers) this.#uncovered.delete(sourcePartition)
      else this.#uncover(record)
      last.set(sourcePartition, sourceOffset)
    }
    for (const [partition, offset] of last) this.offsets.set(partition, offset)
    this.#unstored = []
  }

  #uncover(record: SourceRecord): void {
    const uncovered = this.#uncovered.get(record.sourcePartition) ?? []
    uncovered.push(record)
    this.#uncovered.set(record.sourcePartition, uncovered)
  }

  /** What an operator does who saves offsets over REST and writes them back; the worker is stopped. */
  async writeOffsetsBack(): Promise<void> {
    const changes = this.offsets.all().map(({ partition, offset }) => ({ partition, offset }))
    if (changes.length === 0) return
    const alter = async (): Promise<Altered> => {
      try {
        return await alterOffsets(new Map(Object.entries(this.config)), changes, {
          definition: jdbcSourceConfig,
          clock: this.#server.clock
        })
      } catch (error) {
        // The session broke, the answer of REST says so, and the operator tries again.
        if (!isRetriable(error)) throw error
        return await alter()
      }
    }
    const altered = await alter()
    for (const { partition, offset } of altered.changes) this.offsets.set(partition, offset)
  }
}

/** How far it says that reading has come. */
function cursorText(offset: OffsetMap | null): string {
  const { timestamp, timestamp_nanos, incrementing, incrementing_exact } = offset ?? {}
  return [timestamp, timestamp_nanos, incrementing, incrementing_exact].join('/')
}
