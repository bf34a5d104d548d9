import type { Clock } from '../../clock.ts'
import {
  encodedOffset,
  type RecordOffset,
  type SourcePartition,
  type SourceRecord
} from '../../data/record.ts'
import { ConnectError } from '../../errors.ts'
import type { ProducerRecord, TransactionalProducer } from '../../kafka/contracts.ts'
import type { Logger } from '../../log.ts'
import type { PartitionOffset } from '../../plugin/source.ts'
import type { TransactionalOffsetStore } from '../../storage/offset-store.ts'
import type { OffsetLease } from '../port.ts'
import { lastOffsets, PartitionIdentity } from './partition-identity.ts'
import { type SourceDelivery, StartAnew } from './source-delivery.ts'
import { SendWindow } from './send-window.ts'
import type { ConvertedBatch } from './source-record-sender.ts'
import type { SourceTaskInstance } from './source-task-instance.ts'
import {
  ConnectorTransactions,
  type TransactionBoundary,
  type TransactionEnd
} from './transaction-boundary.ts'
import { within } from '../../wait.ts'

/** What the task has to ask of its cluster; see SourceTaskGuard of worker/. */
interface TransactionGuard {
  before(signal: AbortSignal): Promise<void>
  after(signal: AbortSignal): Promise<void>
}

export interface TransactionalParts {
  readonly connector: string
  /** `<connector>-<task>` */
  readonly task: string
  readonly producer: TransactionalProducer
  readonly lease: OffsetLease<TransactionalOffsetStore>
  readonly guard: TransactionGuard
  readonly boundary: TransactionBoundary
  readonly plugin: SourceTaskInstance
  /** `offset.flush.timeout.ms` */
  readonly offsetFlushTimeoutMs: number
  readonly stopping: AbortSignal
  /** After a transaction: records others can see now, and those that were dropped or aborted. */
  onCommitted(written: number, dropped: number): void
  readonly clock: Clock
  readonly log: Logger
}

/** What the open transaction holds beside the records themselves. */
interface Contents {
  readonly offsets: Map<SourcePartition, RecordOffset>
  /** Kept only for a plugin that wants to hear of each record. */
  readonly records: SourceRecord[]
  written: number
  dropped: number
}

const empty = (): Contents => ({ offsets: new Map(), records: [], written: 0, dropped: 0 })

/**
 * Records and their offsets in the same transaction: readers of committed records see both or neither (I6).
 *
 * States: BEGINNING → READY → FAILED, and from FAILED to BEGINNING again when the outcome of a commit was not known: the new epoch settles
 * it, and the task starts anew from the offsets that are committed. Where a transaction ends is the boundary's business.
 */
export class TransactionalDelivery implements SourceDelivery {
  readonly transaction: ConnectorTransactions | null
  readonly #parts: TransactionalParts
  readonly #partitions = new PartitionIdentity()
  readonly #window: SendWindow
  #contents = empty()
  /** What was polled may be committed; while it is being sent it may not. */
  #complete = true
  /** Committed, and the plugin has not been told. */
  #untold: Contents[] = []
  #ready = false
  #cancelled = false
  #failure: unknown = null
  #turn: Promise<void> = Promise.resolve()

  constructor(parts: TransactionalParts) {
    this.#parts = parts
    this.#window = new SendWindow(parts.producer.bufferBytes)
    this.transaction = parts.boundary.kind === 'connector' ? new ConnectorTransactions() : null
  }

  async begin(): Promise<void> {
    const { guard, producer, lease, stopping } = this.#parts
    // Until there is a new epoch the transaction that is given up stays open, and nobody may commit it (I6).
    this.#ready = false
    await this.#turn
    this.#contents = empty()
    this.#complete = true
    this.transaction?.clear()
    await guard.before(stopping)
    // The new epoch would fence a later generation of this task, which may run elsewhere once this one was asked to stop.
    if (stopping.aborted) return
    await producer.initialize(stopping)
    // Those of the epoch before fail now, and nobody minds.
    await this.#window.settled()
    await guard.after(stopping)
    await lease.start()
    this.#failure = null
    this.#ready = true
  }

  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure
  }

  get bytesPerSend(): number {
    return this.#window.bytesPerSend
  }

  get standstill(): string | null {
    return this.#parts.producer.standstill
  }

  send(batch: ConvertedBatch): Promise<void> {
    return this.#inTurn(async () => {
      // A poll may come in pieces: only its end may be the end of a transaction, unless the connector says otherwise.
      this.#complete = this.transaction !== null
      const { sources, records, bytes } = batch
      let from = 0
      for (let at = 0; this.transaction !== null && at < sources.length; at++) {
        const end = this.transaction.takeFor(sources[at] as SourceRecord)
        if (end === null) continue
        await this.#dispatch(sources.slice(from, at + 1), records.slice(from, at + 1), bytes)
        from = at + 1
        await this.#end(end)
      }
      await (from === 0
        ? this.#dispatch(sources, records, bytes)
        : this.#dispatch(sources.slice(from), records.slice(from), bytes))
    })
  }

  async pollEnded(): Promise<void> {
    const { plugin, boundary } = this.#parts
    this.#complete = this.transaction !== null || plugin.handedOut === 'complete'
    if (this.transaction === null && plugin.handedOut === 'torn') {
      throw new StartAnew('Records of an open transaction would be read again')
    }
    if (boundary.kind !== 'interval') await this.#endIfDue()
  }

  /** An open transaction would not outlive a long pause. */
  async paused(): Promise<boolean> {
    if (this.#ready) await this.#endIfDue()
    return this.#complete
  }

  storeOffsets(positions: readonly PartitionOffset[]): Promise<void> {
    return this.#inTurn(async () => {
      const mayNotEnd = this.transaction !== null && this.#parts.producer.inTransaction
      if (mayNotEnd || !this.#complete) {
        throw new ConnectError(
          'BAD_REQUEST',
          `Task ${this.#parts.task} cannot store offsets while a transaction is open that may not end yet`
        )
      }
      for (const { partition, offset } of positions) {
        this.#contents.offsets.set(this.#partitions.of(partition), offset)
      }
      await this.#commit()
    })
  }

  async alongside(): Promise<void> {
    const { boundary, stopping, clock, log } = this.#parts
    if (boundary.kind !== 'interval') return
    while (!stopping.aborted) {
      await clock.sleep(boundary.intervalMs, stopping)
      if (stopping.aborted || !this.#ready) continue
      // Also while the plugin waits for something to read: an open transaction is not for ever.
      await this.#endIfDue().catch((error: unknown) => {
        log.debug('The loop will be told of a commit that failed', { error })
      })
    }
  }

  async finish(failed: boolean): Promise<void> {
    const { offsetFlushTimeoutMs, task, clock, log } = this.#parts
    if (failed || this.#cancelled || !this.#ready) return
    try {
      await within(
        clock,
        this.#endIfDue(),
        offsetFlushTimeoutMs,
        () =>
          new ConnectError(
            'REQUEST_TIMED_OUT',
            `Task ${task} did not commit its last transaction within ${offsetFlushTimeoutMs} ms (offset.flush.timeout.ms)`
          )
      )
    } catch (error) {
      log.warn('The last transaction was given up; the next start of the task settles it', {
        error
      })
    }
  }

  cancel(): void {
    this.#cancelled = true
    this.#ready = false
    this.#parts.producer.close(0).catch((error: unknown) => {
      this.#parts.log.warn('The producer of a cancelled task could not be closed', { error })
    })
  }

  async close(timeoutMs: number): Promise<void> {
    this.#ready = false
    await this.#parts.producer.close(timeoutMs)
  }

  async #dispatch(
    sources: readonly SourceRecord[],
    converted: readonly (ProducerRecord | null)[],
    bytes: number
  ): Promise<void> {
    if (sources.length === 0) return
    const { lease, plugin } = this.#parts
    const records = converted.filter((record) => record !== null)
    if (records.some(({ topic }) => topic === lease.store.topic)) {
      // Reading offsets waits for open transactions on that topic, and this one would stay open meanwhile.
      throw new ConnectError(
        'CONFIG_INVALID',
        'Source tasks may not produce to their own offsets topics when exactly-once support is enabled'
      )
    }
    await this.#window.room(bytes)
    if (records.length > 0) this.#send(records, bytes)
    // I1: with the record that carries it, or not at all. What was dropped deliberately counts as done.
    for (const [partition, offset] of lastOffsets(sources, this.#partitions)) {
      this.#contents.offsets.set(partition, offset)
    }
    if (plugin.watchesRecords) this.#contents.records.push(...sources)
    this.#contents.written += records.length
    this.#contents.dropped += sources.length - records.length
  }

  /** A failure shows when the transaction is committed; until then it only ends the sending. */
  #send(records: readonly ProducerRecord[], bytes: number): void {
    const sent = this.#parts.producer.send(records).then(
      () => undefined,
      (error: unknown) => {
        this.#failure ??= this.#failed(error)
      }
    )
    this.#window.add(sent, bytes)
  }

  #endIfDue(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#ready || !this.#complete) return
      const end = this.transaction === null ? 'commit' : this.transaction.takeForBatch()
      if (end !== null) await this.#end(end)
    })
  }

  /** An aborted transaction drops its records for good: their offsets are committed all the same, as the connector wants it. */
  async #end(end: TransactionEnd): Promise<void> {
    const { producer, task, log } = this.#parts
    if (end === 'abort') {
      if (producer.inTransaction) {
        log.info('Aborting a transaction as requested by the connector', { task })
        await this.#watched(() => producer.abort())
        this.#contents.dropped += this.#contents.written
        this.#contents.written = 0
      } else {
        log.warn('Ignored a request to abort a transaction: it is empty', { task })
      }
    }
    await this.#commit()
  }

  /** What there is; nothing at all is no transaction. */
  async #commit(): Promise<void> {
    const { connector, producer, lease, offsetFlushTimeoutMs } = this.#parts
    const offsets = lease.store
    this.throwFailure()
    const contents = this.#contents
    if (contents.offsets.size > 0 || producer.inTransaction) {
      const storing = [...contents.offsets].map(([partition, offset]) => ({
        partition,
        offset: encodedOffset(offset)
      }))
      await this.#watched(async () => {
        const records = await offsets.transactionRecords(connector, storing, offsetFlushTimeoutMs)
        if (records.length > 0) this.#send(records, 0)
        await producer.commit()
      })
      offsets.onCommitted(connector, storing)
    }
    this.#contents = empty()
    this.#untold.push(contents)
    const { written, dropped } = contents
    if (written + dropped > 0) this.#parts.onCommitted(written, dropped)
  }

  async #watched(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#ready = false
      this.#failure = this.#failed(error)
      throw this.#failure
    }
  }

  #failed(error: unknown): unknown {
    const { task } = this.#parts
    if (!(error instanceof ConnectError)) return error
    if (error.code === 'TRANSACTION_UNCERTAIN') {
      return new StartAnew(
        'Kafka did not say whether the last transaction was committed, which a new producer epoch settles',
        { cause: error }
      )
    }
    if (error.code === 'PRODUCER_FENCED') {
      return new ConnectError(
        'PRODUCER_FENCED',
        `The task ${task} was unable to finish writing records to Kafka before its producer transaction expired. Unless a newer generation of the task has taken its place, transactions take too long: raise producer.override.transaction.timeout.ms, or end them earlier (transaction.boundary=poll, or a shorter transaction.boundary.interval.ms)`,
        { cause: error }
      )
    }
    return new ConnectError(
      'KAFKA_ERROR',
      `Failed to flush offsets and/or records for task ${task}`,
      { cause: error }
    )
  }

  /** Sends and commits never overlap. After a failure nothing more is done (I1). */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(async () => {
      if (this.#cancelled) throw new ConnectError('WORKER_STOPPING', 'The task was given up')
      this.throwFailure()
      await work()
    })
    this.#turn = turn.catch(() => undefined)
    await turn
    // Outside of its turn: what a plugin does then may need one.
    const { plugin } = this.#parts
    for (let told = this.#untold.shift(); told !== undefined; told = this.#untold.shift()) {
      for (const record of told.records) plugin.recordCommitted(record)
      await plugin.offsetsCommitted()
    }
  }
}
