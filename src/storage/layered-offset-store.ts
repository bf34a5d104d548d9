import { isRetriable } from '../errors.ts'
import { type Logger, loggers } from '../log.ts'
import { storedMeaning } from './offset-records.ts'
import type { ProducerRecord } from '../kafka/contracts.ts'
import type {
  OffsetStore,
  StoredMap,
  StoredOffset,
  TransactionalOffsetStore
} from './offset-store.ts'

/** Copying to the worker's topic waits for nobody, but not for ever. */
const COPY_LIMIT_MS = 60_000

/**
 * Offsets of a connector with a topic of its own, above the worker's topic. Reads prefer the connector's;
 * writes go there first and are copied to the worker's without waiting, so that the connector finds its place
 * when its topic is taken away again. Deletions go to the worker's store first and must succeed: otherwise
 * the old offset would shine through. Starts and stops only the connector's store; the worker's belongs to
 * the worker.
 */
export class LayeredOffsetStore implements TransactionalOffsetStore {
  readonly #own: TransactionalOffsetStore
  readonly #worker: OffsetStore
  readonly #log: Logger
  /** To be copied to the worker's store: by connector, then by the meaning of the partition. */
  readonly #waiting = new Map<string, Map<string, StoredOffset>>()
  #copying: Promise<void> | null = null

  constructor(own: TransactionalOffsetStore, worker: OffsetStore, log?: Logger) {
    this.#own = own
    this.#worker = worker
    this.#log = log ?? loggers.get('org.apache.kafka.connect.storage.ConnectorOffsetBackingStore')
  }

  get topic(): string {
    return this.#own.topic
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
    for (const stored of [...worker, ...own]) byMeaning.set(storedMeaning(stored.partition), stored)
    return [...byMeaning.values()]
  }

  async set(connector: string, offsets: readonly StoredOffset[], timeoutMs: number): Promise<void> {
    await this.#deleteBelow(connector, offsets, timeoutMs)
    await this.#own.set(connector, offsets, timeoutMs)
    this.#copy(connector, offsets, timeoutMs)
  }

  async transactionRecords(
    connector: string,
    offsets: readonly StoredOffset[],
    timeoutMs: number
  ): Promise<ProducerRecord[]> {
    await this.#deleteBelow(connector, offsets, timeoutMs)
    return this.#own.transactionRecords(connector, offsets, timeoutMs)
  }

  onCommitted(connector: string, offsets: readonly StoredOffset[]): void {
    this.#copy(connector, offsets, COPY_LIMIT_MS)
  }

  async stop(): Promise<void> {
    while (this.#copying !== null) await this.#copying
    await this.#own.stop()
  }

  async #deleteBelow(
    connector: string,
    offsets: readonly StoredOffset[],
    timeoutMs: number
  ): Promise<void> {
    const deletions = offsets.filter(({ offset }) => offset === null)
    if (deletions.length === 0) return
    // Behind what is being copied, or an old offset would come back.
    while (this.#copying !== null) await this.#copying
    await this.#worker.set(connector, deletions, timeoutMs)
  }

  /**
   * The newest of each partition, one write at a time: what waits is bounded by the partitions, each write by
   * its time-out.
   */
  #copy(connector: string, offsets: readonly StoredOffset[], timeoutMs: number): void {
    let waiting = this.#waiting.get(connector)
    if (waiting === undefined) this.#waiting.set(connector, (waiting = new Map()))
    for (const stored of offsets) {
      if (stored.offset !== null) waiting.set(storedMeaning(stored.partition), stored)
    }
    this.#startCopying(timeoutMs)
  }

  #startCopying(timeoutMs: number): void {
    this.#copying ??= this.#copyWaiting(timeoutMs).finally(() => {
      this.#copying = null
      // Added after the last look.
      if (this.#waiting.size > 0) this.#startCopying(timeoutMs)
    })
  }

  /** The next flush carries newer offsets, so a failed copy is only told. */
  async #copyWaiting(timeoutMs: number): Promise<void> {
    for (const [connector, waiting] of this.#waiting) {
      this.#waiting.delete(connector)
      if (waiting.size === 0) continue
      try {
        await this.#worker.set(connector, [...waiting.values()], timeoutMs)
      } catch (error) {
        const facts = { connector, retriable: isRetriable(error), error }
        this.#log.warn("Offsets were not copied to the worker's offset topic", facts)
      }
    }
  }
}
