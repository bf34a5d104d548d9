import type { PartitionOffset, TransactionContext } from '../../plugin/source.ts'
import type { ConvertedBatch } from './source-record-sender.ts'

/** The task has to be started anew from the offsets that are committed; the message says why. */
export class StartAnew extends Error {}

/**
 * How the records of one task and their source offsets get into Kafka. The loop calls: `begin`, then for each
 * poll any number of `send` and one `pollEnded`, `paused` before it waits, at the end `finish` and `close`;
 * never two at a time. `storeOffsets` and `cancel` may come at any moment.
 */
export interface SourceDelivery {
  /** Before the plugin starts, and again before it starts anew. Rejects when the task may not run. */
  begin(): Promise<void>
  /** For the plugin, when it is its business where transactions end. */
  readonly transaction: TransactionContext | null
  /** Throws what an earlier send or commit failed with. */
  throwFailure(): void
  /** How many bytes of records one `send` should bring at most (I8). */
  readonly bytesPerSend: number
  /** What records have been waiting for, when they have for long. */
  readonly standstill: string | null
  /** Hands records over in order; waits only while too much is under way. */
  send(batch: ConvertedBatch): Promise<void>
  /** Everything one poll brought was handed over, perhaps nothing. */
  pollEnded(): Promise<void>
  /** Whether the task may pause now: false while what it handed out is not complete. */
  paused(): Promise<boolean>
  /** Resolves when they are durable. */
  storeOffsets(offsets: readonly PartitionOffset[]): Promise<void>
  /** What goes on beside the loop, until the task is asked to stop. Never rejects. */
  alongside(): Promise<void>
  /** I4: stores what is complete within a bounded time. Never rejects. */
  finish(failed: boolean): Promise<void>
  /** I2: nothing more is written. */
  cancel(): void
  close(timeoutMs: number): Promise<void>
}
