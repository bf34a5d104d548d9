import type { Clock } from '../clock.ts'
import { ConnectError, isRetriable } from '../errors.ts'
import type { TopicLog } from '../kafka/contracts.ts'
import type { Logger } from '../log.ts'
import { Backoff, within } from '../wait.ts'
import { recordBatches } from './record-batches.ts'

interface StatusWrite {
  readonly key: string
  readonly value: Buffer | null
  /** Asked after a failed attempt, when the topic was read again: false when something newer is known. */
  stillWanted(): boolean
}

const SEND_LIMIT_MS = 10_000
const RETRIES = { firstMs: 100, lastMs: 5_000 }

/**
 * Writes statuses in the background: batches in the order of the puts, one under way at a time, so that a
 * status never overtakes an earlier one of its key. Of one key only the newest waits; that bounds the queue
 * by the number of keys (I8). What fails for a passing reason is tried again until it succeeds, is superseded
 * or the writer stops; what fails for good is logged and dropped.
 */
export class StatusWriter {
  readonly #topicLog: TopicLog
  readonly #clock: Clock
  readonly #log: Logger
  readonly #waiting = new Map<string, StatusWrite>()
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null

  constructor(topicLog: TopicLog, clock: Clock, log: Logger) {
    this.#topicLog = topicLog
    this.#clock = clock
    this.#log = log
  }

  put(write: StatusWrite): void {
    // Deleted first: the newest put goes to the end of the order.
    this.#waiting.delete(write.key)
    this.#waiting.set(write.key, write)
    this.#running ??= this.#run()
  }

  /**
   * Resolves when everything put so far is written or given up; rejects with a retriable error after
   * `timeoutMs`.
   */
  async flush(timeoutMs: number): Promise<void> {
    if (this.#running === null) return
    await within(
      this.#clock,
      this.#running,
      timeoutMs,
      () =>
        new ConnectError(
          'KAFKA_UNAVAILABLE',
          `Status updates were not acknowledged within ${timeoutMs} ms; ${this.#waiting.size} are waiting`
        )
    )
  }

  /** Stops trying. What still waits is dropped and told. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    if (this.#waiting.size > 0) {
      this.#log.warn('Status updates were not written before the worker stopped', {
        count: this.#waiting.size,
        keys: [...this.#waiting.keys()].slice(0, 20)
      })
    }
  }

  /** Runs while there is something to write; never rejects. */
  async #run(): Promise<void> {
    // One turn of the event loop: puts made together travel together.
    await new Promise((resolve) => setImmediate(resolve))
    const backoff = new Backoff(RETRIES)
    while (this.#waiting.size > 0 && !this.#stopping.signal.aborted) {
      const failed = await this.#write(this.#take())
      if (failed.length === 0) {
        backoff.reset()
        continue
      }
      this.#log.warn(`${failed.length} status updates were not written; trying again`, {
        key: failed[0]?.write.key,
        error: failed[0]?.error
      })
      await this.#clock.sleep(backoff.next(), this.#stopping.signal)
      await this.#putBack(failed.map(({ write }) => write))
    }
    this.#running = null
  }

  #take(): StatusWrite[] {
    const [batch = []] = recordBatches(this.#waiting.values())
    for (const { key } of batch) this.#waiting.delete(key)
    return batch
  }

  /**
   * Answers the writes to try again. A failed batch is sent record by record: one bad record must not take
   * others with it.
   */
  async #write(batch: readonly StatusWrite[]): Promise<{ write: StatusWrite; error: unknown }[]> {
    try {
      await this.#topicLog.sendAll(batch.map(asRecord), SEND_LIMIT_MS)
      return []
    } catch (error) {
      const [write] = batch
      if (batch.length > 1 || write === undefined) {
        return (await Promise.all(batch.map((single) => this.#write([single])))).flat()
      }
      if (isRetriable(error)) return [{ write, error }]
      this.#log.error('A status update was not written', { key: write.key, error })
      return []
    }
  }

  /** I2: what was read meanwhile decides, so that a late retry does not cover another worker's status. */
  async #putBack(failed: readonly StatusWrite[]): Promise<void> {
    try {
      if (!this.#stopping.signal.aborted) await this.#topicLog.readToEnd(SEND_LIMIT_MS)
    } catch (error) {
      this.#log.debug('The status topic cannot be read to its end', { error })
    }
    const newer = [...this.#waiting]
    this.#waiting.clear()
    for (const write of failed) if (write.stillWanted()) this.#waiting.set(write.key, write)
    for (const [key, write] of newer) this.#waiting.set(key, write)
  }
}

function asRecord({ key, value }: StatusWrite): { key: Buffer; value: Buffer | null } {
  return { key: Buffer.from(key), value }
}
