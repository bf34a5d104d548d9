import { isRetriable } from '../errors.ts'
import { type Logger, loggers } from '../log.ts'
import { meaningOf } from './offset-records.ts'
import type { OffsetStore, StoredMap, StoredOffset } from './offset-store.ts'

/**
 * Offsets of a connector with a topic of its own, above the worker's topic. Reads prefer the connector's; writes go there first
 * and are copied to the worker's without waiting, so that the connector finds its place when its topic is taken away again.
 * Deletions go to the worker's store first and must succeed: otherwise the old offset would shine through.
 * Starts and stops only the connector's store; the worker's belongs to the worker.
 */
export class LayeredOffsetStore implements OffsetStore {
  readonly #own: OffsetStore
  readonly #worker: OffsetStore
  readonly #log: Logger
  /** Copies to the worker's store, one after the other so that none overtakes a deletion. */
  #copies: Promise<void> = Promise.resolve()

  constructor(own: OffsetStore, worker: OffsetStore, log?: Logger) {
    this.#own = own
    this.#worker = worker
    this.#log = log ?? loggers.get('org.apache.kafka.connect.storage.ConnectorOffsetBackingStore')
  }

  start(): Promise<void> {
    return this.#own.start()
  }

  async get(connector: string, partitions: readonly StoredMap[]): Promise<(StoredMap | null)[]> {
    const [own, worker] = await Promise.all([
      this.#own.get(connector, partitions),
      this.#worker.get(connector, partitions)
    ])
    return own.map((offset, i) => offset ?? worker[i] ?? null)
  }

  async all(connector: string): Promise<StoredOffset[]> {
    const [own, worker] = await Promise.all([this.#own.all(connector), this.#worker.all(connector)])
    const byMeaning = new Map<string, StoredOffset>()
    for (const stored of [...worker, ...own]) byMeaning.set(meaningOf(stored.partition), stored)
    return [...byMeaning.values()]
  }

  async set(connector: string, offsets: readonly StoredOffset[], timeoutMs: number): Promise<void> {
    const deletions = offsets.filter(({ offset }) => offset === null)
    const others = offsets.filter(({ offset }) => offset !== null)
    if (deletions.length > 0) {
      await this.#copies
      await this.#worker.set(connector, deletions, timeoutMs)
    }
    await this.#own.set(connector, offsets, timeoutMs)
    if (others.length > 0) this.#copy(connector, others, timeoutMs)
  }

  async stop(): Promise<void> {
    await this.#copies
    await this.#own.stop()
  }

  /** Bounded by the time-out of each write. The next flush carries newer offsets, so a failed copy is only told. */
  #copy(connector: string, offsets: readonly StoredOffset[], timeoutMs: number): void {
    this.#copies = this.#copies.then(async () => {
      try {
        await this.#worker.set(connector, offsets, timeoutMs)
      } catch (error) {
        const facts = { connector, retriable: isRetriable(error), error }
        this.#log.warn("Offsets were not copied to the worker's offset topic", facts)
      }
    })
  }
}
