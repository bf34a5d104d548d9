import { systemClock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import { brokerError, isRetriableBrokerError, isRetriableName } from '../client/broker-errors.ts'
import { type ClientSettings, addresses } from '../client/client-properties.ts'
import { noCompression } from './compression.ts'
import type { ProducerRecord } from '../contracts.ts'
import { type BrokerNode, NetworkClient } from '../client/network-client.ts'
import { partitionOfKey } from './partitioner.ts'
import { type PartitionOutcome, partitionKey, produce } from './produce-request.ts'
import { encodeBatch, recordBytes, stampBatch } from './record-batch.ts'

export interface LogEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

/** A `write`, or a piece of one that is large. `settle` is called once, unless another piece failed before. */
interface Write {
  readonly records: readonly ProducerRecord[]
  readonly bytes: number
  /** Partitions that have not acknowledged their part yet. */
  readonly open: Set<number>
  settled: boolean
  settle(error: Error | null): void
}

/** Writes waiting together go out as one batch per partition up to this size. */
const COMBINED_BYTES = 262_144

/**
 * Writes to the partitions of an internal topic: acks=all, one request in flight per round, so order holds across retries.
 * A write that timed out is not tried again; the attempt that was under way may still have reached the log.
 */
export class LogWriter {
  readonly #settings: ClientSettings
  readonly #topic: string
  readonly #network: NetworkClient
  readonly #queue: Write[] = []
  readonly #stopped = new AbortController()
  #leaders: ReadonlyMap<number, BrokerNode> | null = null
  #draining: Promise<void> | null = null
  #combinedBytes = COMBINED_BYTES

  constructor(settings: ClientSettings, clientId: string, topic: string) {
    this.#settings = settings
    this.#topic = topic
    this.#network = new NetworkClient(settings, clientId)
  }

  /**
   * Resolves when all entries are acknowledged. Rejects with ConnectError: timed out (retriable), refused, or stopped; entries behind
   * the one that failed are not written then.
   */
  write(entries: readonly LogEntry[], timeoutMs: number): Promise<void> {
    if (this.#stopped.signal.aborted) return Promise.reject(this.#closed())
    if (entries.length === 0) return Promise.resolve()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const pieces = piecesOf(entries.map((entry) => this.#record(entry)))
    const timer = setTimeout(
      () => fail(this.#timedOut(timeoutMs)),
      Math.min(timeoutMs, 2 ** 31 - 1)
    )
    let open = pieces.length
    const writes: Write[] = pieces.map((piece) => ({
      ...piece,
      open: new Set(),
      settled: false,
      settle(error) {
        if (error !== null) fail(error)
        else if (--open === 0) {
          clearTimeout(timer)
          resolve()
        }
      }
    }))
    const fail = (error: Error): void => {
      for (const write of writes) write.settled = true
      clearTimeout(timer)
      reject(error)
    }
    this.#queue.push(...writes)
    this.#startDraining()
    return promise
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#network.close()
    await this.#draining
  }

  #record({ key, value }: LogEntry): ProducerRecord {
    return { topic: this.#topic, partition: null, key, value, timestamp: null, headers: [] }
  }

  #startDraining(): void {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null
      // Written after the last look at the queue.
      if (this.#queue.length > 0) this.#startDraining()
    })
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const round: Write[] = []
      let bytes = 0
      for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
        if (round.length > 0 && bytes + next.bytes > this.#combinedBytes) break
        bytes += next.bytes
        round.push(next)
        this.#queue.shift()
      }
      await this.#writeRound(round)
    }
  }

  /** Attempts until every write of the round is settled. */
  async #writeRound(round: readonly Write[]): Promise<void> {
    let backoffMs = Math.max(10, this.#settings.retryBackoffMs)
    for (;;) {
      try {
        await this.#attempt(round.filter(({ settled }) => !settled))
      } catch (error) {
        this.#leaders = null
        if (this.#stopped.signal.aborted) this.#settleAll(round, this.#closed())
        else if (!isRetriableBrokerError(error)) this.#settleAll(round, this.#failed(error))
      }
      if (round.every(({ settled }) => settled)) return
      if (round.length > 1 && this.#combinedBytes === 0) {
        for (const write of round) await this.#writeRound([write])
        return
      }
      await systemClock.sleep(backoffMs, this.#stopped.signal)
      backoffMs = Math.min(backoffMs * 2, Math.max(10, this.#settings.retryBackoffMaxMs))
    }
  }

  async #attempt(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return
    const leaders = await this.#knownLeaders()
    const byPartition = this.#unacknowledged(writes, leaders.size)
    const batches = [...byPartition].map(([partition, { records, bytes }]) => {
      const batch = encodeBatch(records, 0, records.length, bytes, noCompression, systemClock.now())
      stampBatch(batch, null, -1)
      return { topic: this.#topic, partition, batch }
    })
    const sent = [...Map.groupBy(batches, ({ partition }) => leaders.get(partition))].map(
      async ([leader, parts]) => {
        if (leader === undefined) return
        const { outcomes } = await produce(this.#network, leader, parts)
        for (const { partition } of parts) {
          const outcome = outcomes.get(partitionKey(this.#topic, partition))
          this.#apply(outcome, partition, byPartition.get(partition)?.writes ?? new Set())
        }
      }
    )
    const failed = (await Promise.allSettled(sent)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  #unacknowledged(writes: readonly Write[], partitions: number) {
    const byPartition = new Map<
      number,
      { records: ProducerRecord[]; bytes: number; writes: Set<Write> }
    >()
    for (const write of writes) {
      const first = write.open.size === 0
      for (const record of write.records) {
        const partition = partitionOfKey(record.key ?? new Uint8Array(), partitions)
        if (first) write.open.add(partition)
        if (!write.open.has(partition)) continue
        let part = byPartition.get(partition)
        if (part === undefined) {
          part = { records: [], bytes: 0, writes: new Set() }
          byPartition.set(partition, part)
        }
        part.records.push(record)
        part.bytes += recordBytes(record)
        part.writes.add(write)
      }
    }
    return byPartition
  }

  #apply(
    outcome: PartitionOutcome | undefined,
    partition: number,
    writes: ReadonlySet<Write>
  ): void {
    const error = outcome?.error ?? 'NETWORK_EXCEPTION'
    if (error === 'NONE') {
      for (const write of writes) {
        write.open.delete(partition)
        if (write.open.size > 0 || write.settled) continue
        write.settled = true
        write.settle(null)
      }
      return
    }
    this.#leaders = null
    if (isRetriableName(error)) return
    if (error === 'MESSAGE_TOO_LARGE' && writes.size > 1) {
      // Together they were too large for the topic: from now on each goes alone.
      this.#combinedBytes = 0
      return
    }
    const failure = new ConnectError(
      'KAFKA_ERROR',
      `The broker refused to write to ${this.#topic}-${partition}: ${outcome?.message ?? error}`,
      { topic: this.#topic, partition, kafkaError: error }
    )
    this.#settleAll(writes, failure)
  }

  async #knownLeaders(): Promise<ReadonlyMap<number, BrokerNode>> {
    if (this.#leaders !== null) return this.#leaders
    const topic = (await this.#network.topics([this.#topic])).get(this.#topic)
    const leaders = new Map<number, BrokerNode>()
    for (const { partition, leader } of topic?.partitions ?? []) {
      if (leader !== null) leaders.set(partition, leader)
    }
    const error = topic?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION'
    if (error !== 'NONE' || leaders.size < (topic?.partitions.length ?? 1)) {
      const name = error === 'NONE' ? 'LEADER_NOT_AVAILABLE' : error
      throw new ConnectError(
        isRetriableName(name) ? 'KAFKA_UNAVAILABLE' : 'KAFKA_ERROR',
        `Topic ${this.#topic} cannot be written to: ${name}`,
        { topic: this.#topic, kafkaError: name }
      )
    }
    this.#leaders = leaders
    return leaders
  }

  #settleAll(writes: Iterable<Write>, error: Error): void {
    for (const write of writes) if (!write.settled) write.settle(error)
  }

  #failed(error: unknown): ConnectError {
    return brokerError(
      error,
      `Failed to write to topic ${this.#topic} at ${addresses(this.#settings)}`
    )
  }

  #timedOut(timeoutMs: number): ConnectError {
    return new ConnectError(
      'KAFKA_UNAVAILABLE',
      `Topic ${this.#topic} at ${addresses(this.#settings)} did not acknowledge a write within ${timeoutMs} ms`,
      { topic: this.#topic }
    )
  }

  #closed(): ConnectError {
    return new ConnectError('WORKER_STOPPING', `Writing to topic ${this.#topic} was stopped`)
  }
}

/** Consecutive records, cut where a piece would exceed what goes out as one batch. */
function piecesOf(
  records: readonly ProducerRecord[]
): { records: ProducerRecord[]; bytes: number }[] {
  const pieces: { records: ProducerRecord[]; bytes: number }[] = []
  for (const record of records) {
    const bytes = recordBytes(record)
    const last = pieces.at(-1)
    if (last === undefined || last.bytes + bytes > COMBINED_BYTES) {
      pieces.push({ records: [record], bytes })
    } else {
      last.records.push(record)
      last.bytes += bytes
    }
  }
  return pieces
}
