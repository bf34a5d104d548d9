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
import type { TransactionBoundary } from '../../settings/connector/connector-settings.ts'
import type { FromTask } from '../port.ts'
import type { AskWorker } from '../worker-calls.ts'
import { lastOffsets, PartitionIdentity } from './partition-identity.ts'
import { type SourceDelivery, StartAnew } from './source-delivery.ts'
import { SendWindow } from './send-window.ts'
import type { ConvertedBatch } from './source-record-sender.ts'
import type { SourceTaskInstance } from './source-task-instance.ts'
import { ConnectorTransactions, type TransactionEnd } from './connector-transactions.ts'
import { within } from '../../wait.ts'

interface TransactionalParts {
  /** `<connector>-<task>` */
  readonly task: string
  readonly producer: TransactionalProducer
  readonly ask: AskWorker
  tell(message: FromTask): void
  readonly boundary: TransactionBoundary
  /** Of the stored offsets. */
  readonly offsetsTopic: string
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

interface Ready {
  readonly kind: 'ready'
  contents: Contents
  /** What was polled may be committed; while it is being sent it may not. */
  isComplete: boolean
}

type State =
  | Ready
  | { readonly kind: 'beginning' | 'given up' }
  | { readonly kind: 'failed'; readonly failure: unknown }

/**
 * Records and their offsets in the same transaction: readers of committed records see both or neither (I6).
 * Where a transaction ends is the boundary's business.
 *
 * - *beginning*: from the start, and again when the loop starts the task anew, whatever state it is in.
 *   Entered by `begin`, which asks for leave and takes a new epoch of the producer: that settles a commit
 *   whose outcome was not known. Nothing can be sent.
 * - *ready*: entered at the end of `begin`. Transactions come and go.
 * - *failed*: entered from *ready*, by a send or by the end of a transaction that failed. Whatever is asked
 *   for then throws the failure (I1); when it says that the task can start anew, the loop begins again.
 * - *given up*: entered by `cancel` and `close`, from any state and for good (I2).
 */
export class TransactionalDelivery implements SourceDelivery {
  readonly transaction: ConnectorTransactions | null
  readonly #parts: TransactionalParts
  readonly #partitions = new PartitionIdentity()
  readonly #window: SendWindow
  #state: State = { kind: 'beginning' }
  /** Committed, and the plugin has not been told. */
  #untold: Contents[] = []
  #turn: Promise<void> = Promise.resolve()

  constructor(parts: TransactionalParts) {
    this.#parts = parts
    this.#window = new SendWindow(parts.producer.bufferBytes)
    this.transaction = parts.boundary.kind === 'connector' ? new ConnectorTransactions() : null
  }

  async begin(): Promise<void> {
    const { ask, producer, stopping } = this.#parts
    const beginning = this.#toBeginning()
    // Until there is a new epoch the transaction that is given up stays open, and nobody may commit it (I6).
    await this.#turn
    this.transaction?.clear()
    await ask('mayBegin', null)
    // The new epoch would fence a later generation of this task, which may run elsewhere once this one was
    // asked to stop.
    if (stopping.aborted) return
    await producer.initialize(stopping)
    // Sends of the epoch before fail now: their transaction was thrown away, so nothing is lost with them.
    await this.#window.settled()
    await ask('begun', null)
    await ask('openOffsets', null)
    this.#toReady(beginning)
  }

  throwFailure(): void {
    if (this.#state.kind === 'failed') throw this.#state.failure
  }

  get bytesPerSend(): number {
    return this.#window.bytesPerSend
  }

  get standstill(): string | null {
    return this.#parts.producer.standstill
  }

  send(batch: ConvertedBatch): Promise<void> {
    return this.#inTurn(async (ready) => {
      // A poll may come in pieces: only its end may be the end of a transaction, unless the connector says
      // otherwise.
      ready.isComplete = this.transaction !== null
      const { sources, records, bytes } = batch
      let from = 0
      for (let at = 0; this.transaction !== null && at < sources.length; at++) {
        const end = this.transaction.takeFor(sources[at] as SourceRecord)
        if (end === null) continue
        await this.#dispatch(ready, sources.slice(from, at + 1), records.slice(from, at + 1), bytes)
        from = at + 1
        await this.#end(ready, end)
      }
      await (from === 0
        ? this.#dispatch(ready, sources, records, bytes)
        : this.#dispatch(ready, sources.slice(from), records.slice(from), bytes))
    })
  }

  async pollEnded(): Promise<void> {
    const { plugin, boundary } = this.#parts
    if (this.#state.kind === 'ready') {
      this.#state.isComplete = this.transaction !== null || plugin.handedOut === 'complete'
    }
    if (this.transaction === null && plugin.handedOut === 'torn') {
      throw new StartAnew('Records of an open transaction would be read again')
    }
    if (boundary.kind !== 'interval') await this.#endIfDue()
  }

  /** An open transaction would not outlive a long pause. */
  async paused(): Promise<boolean> {
    if (this.#isOver) return true
    await this.#endIfDue()
    return this.#state.kind === 'ready' && this.#state.isComplete
  }

  storeOffsets(positions: readonly PartitionOffset[]): Promise<void> {
    return this.#inTurn(async (ready) => {
      const mayNotEnd = this.transaction !== null && this.#parts.producer.inTransaction
      if (mayNotEnd || !ready.isComplete) {
        throw new ConnectError(
          'BAD_REQUEST',
          `Task ${this.#parts.task} cannot store offsets while a transaction is open that may not end yet`
        )
      }
      for (const { partition, offset } of positions) {
        ready.contents.offsets.set(this.#partitions.of(partition), offset)
      }
      await this.#commit(ready)
    })
  }

  async alongside(): Promise<void> {
    const { boundary, stopping, clock, log } = this.#parts
    if (boundary.kind !== 'interval') return
    while (!stopping.aborted) {
      await clock.sleep(boundary.intervalMs, stopping)
      if (stopping.aborted || this.#state.kind !== 'ready') continue
      // Also while the plugin waits for something to read: an open transaction is not for ever.
      await this.#endIfDue().catch((error: unknown) => {
        log.debug('The loop will be told of a commit that failed', { error })
      })
    }
  }

  async finish(failed: boolean): Promise<void> {
    const { offsetFlushTimeoutMs, task, clock, log } = this.#parts
    if (failed || this.#isOver) return
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
    this.#toGivenUp()
    this.#parts.producer.close(0).catch((error: unknown) => {
      this.#parts.log.warn('The producer of a cancelled task could not be closed', { error })
    })
  }

  async close(timeoutMs: number): Promise<void> {
    this.#toGivenUp()
    await this.#parts.producer.close(timeoutMs)
  }

  async #dispatch(
    { contents }: Ready,
    sources: readonly SourceRecord[],
    converted: readonly (ProducerRecord | null)[],
    bytes: number
  ): Promise<void> {
    if (sources.length === 0) return
    const { offsetsTopic, plugin } = this.#parts
    const records = converted.filter((record) => record !== null)
    if (records.some(({ topic }) => topic === offsetsTopic)) {
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
      contents.offsets.set(partition, offset)
    }
    if (plugin.watchesRecords) contents.records.push(...sources)
    contents.written += records.length
    contents.dropped += sources.length - records.length
  }

  /** A failure shows when the transaction is committed; until then it only ends the sending. */
  #send(records: readonly ProducerRecord[], bytes: number): void {
    const sending = this.#state
    const sent = this.#parts.producer.send(records).then(
      () => undefined,
      (error: unknown) => {
        // What the epoch before sent fails nobody any more, nor does a second failure.
        if (this.#state === sending) this.#toFailed(error)
      }
    )
    this.#window.add(sent, bytes)
  }

  #endIfDue(): Promise<void> {
    return this.#inTurn(async (ready) => {
      if (!ready.isComplete) return
      const end = this.transaction === null ? 'commit' : this.transaction.takeForBatch()
      if (end !== null) await this.#end(ready, end)
    })
  }

  /**
   * An aborted transaction drops its records for good: their offsets are committed all the same, as the
   * connector wants it.
   */
  async #end(ready: Ready, end: TransactionEnd): Promise<void> {
    const { producer, task, log } = this.#parts
    if (end === 'abort') {
      if (producer.inTransaction) {
        log.info('Aborting a transaction as requested by the connector', { task })
        await this.#watched(() => producer.abort())
        const { contents } = ready
        contents.dropped += contents.written
        contents.written = 0
      } else {
        log.warn('Ignored a request to abort a transaction: it is empty', { task })
      }
    }
    await this.#commit(ready)
  }

  /** What there is; nothing at all is no transaction. */
  async #commit(ready: Ready): Promise<void> {
    const { producer, ask, tell } = this.#parts
    this.#requireReady()
    const { contents } = ready
    if (contents.offsets.size > 0 || producer.inTransaction) {
      const offsets = [...contents.offsets].map(([partition, offset]) => ({
        partition,
        offset: encodedOffset(offset)
      }))
      await this.#watched(async () => {
        const records = await ask('offsetRecords', offsets)
        if (records.length > 0) this.#send(records, 0)
        await producer.commit()
      })
      tell({ kind: 'committed', offsets })
    }
    ready.contents = empty()
    this.#untold.push(contents)
    const { written, dropped } = contents
    if (written + dropped > 0) this.#parts.onCommitted(written, dropped)
  }

  async #watched(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      throw this.#toFailed(error)
    }
  }

  /** There is no transaction, and none will come of what was sent. */
  get #isOver(): boolean {
    return this.#state.kind === 'beginning' || this.#state.kind === 'given up'
  }

  #toBeginning(): State {
    if (this.#state.kind !== 'given up') this.#state = { kind: 'beginning' }
    return this.#state
  }

  #toReady(from: State): void {
    if (this.#state !== from || from.kind !== 'beginning') return
    this.#state = { kind: 'ready', contents: empty(), isComplete: true }
  }

  /** Answers the failure. What ended a transaction says more than a send of it that failed before. */
  #toFailed(error: unknown): unknown {
    const failure = transactionFailure(error, this.#parts.task)
    if (!this.#isOver) this.#state = { kind: 'failed', failure }
    return failure
  }

  #toGivenUp(): void {
    this.#state = { kind: 'given up' }
  }

  #requireReady(): Ready {
    const state = this.#state
    const { task } = this.#parts
    switch (state.kind) {
      case 'ready':
        return state
      case 'failed':
        throw state.failure
      case 'given up':
        throw new ConnectError('WORKER_STOPPING', 'The task was given up')
      case 'beginning':
        throw new ConnectError('NOT_READY', `Task ${task} has no epoch of its producer yet`)
    }
  }

  /** Sends and commits never overlap. After a failure nothing more is done (I1). */
  async #inTurn(work: (ready: Ready) => Promise<void>): Promise<void> {
    const turn = this.#turn.then(() => work(this.#requireReady()))
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

/** What a task fails with whose send, commit or abort was refused. */
function transactionFailure(error: unknown, task: string): unknown {
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
