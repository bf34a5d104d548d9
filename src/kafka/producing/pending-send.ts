import type { ConnectError } from '../../errors.ts'
import type { ProducerRecord, RefusedRecord } from '../contracts.ts'

/**
 * What becomes of a send when Kafka will never take some of its records. `end`: everything ends, because
 * nothing behind them may overtake them. `report`: they are left out, and the send resolves with them.
 * `reject`: the send rejects, and others go on.
 */
export type OnRefusal = 'end' | 'report' | 'reject'

/**
 * One send. OPEN until all its records are acknowledged or left out, or it failed, or nobody waits for it any
 * more; then it is SETTLED for good, and those of its records that are not on their way already are not sent
 * any more.
 */
export class PendingSend {
  readonly startedMs: number
  readonly outcome: Promise<readonly RefusedRecord[]>
  readonly #onRefusal: OnRefusal
  readonly #onSettled: (delivery: PendingSend) => void
  readonly #settle: PromiseWithResolvers<readonly RefusedRecord[]>
  readonly #refused: RefusedRecord[] = []
  #left: number
  #settled = false

  constructor(
    records: number,
    startedMs: number,
    onRefusal: OnRefusal,
    onSettled: (delivery: PendingSend) => void
  ) {
    this.#left = records
    this.startedMs = startedMs
    this.#onRefusal = onRefusal
    this.#onSettled = onSettled
    this.#settle = Promise.withResolvers()
    this.outcome = this.#settle.promise
  }

  get settled(): boolean {
    return this.#settled
  }

  /** How many of its records are neither acknowledged nor left out. */
  get left(): number {
    return this.#left
  }

  acknowledge(records: number): void {
    this.#left -= records
    if (this.#left === 0 && this.#close()) this.#settle.resolve(this.#refused)
  }

  /** Kafka will never take these. False: then everything has to end. */
  refuse(records: readonly ProducerRecord[], reason: ConnectError): boolean {
    if (this.#onRefusal === 'end') return false
    if (this.#onRefusal === 'report') {
      for (const record of records) this.#refused.push({ record, reason })
      this.acknowledge(records.length)
    } else this.fail(reason)
    return true
  }

  fail(error: Error): void {
    if (this.#close()) this.#settle.reject(error)
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    this.#close()
  }

  /** False when it was settled before. */
  #close(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#onSettled(this)
    return true
  }
}
