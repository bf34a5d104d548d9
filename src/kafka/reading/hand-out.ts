import type { Clock } from '../../clock.ts'
import type { ConnectError } from '../../errors.ts'
import { nextTurn } from '../../wait.ts'
import type { ConsumedRecord } from '../contracts.ts'
import type { AssignedPartition } from './assigned-partition.ts'
import type { PartitionFetcher } from './partition-fetcher.ts'

/** So long records are decoded before others have a turn; looked at after so many of them. */
const SLICE_MS = 3
const PIECE_RECORDS = 256

/** When others had their last turn, from one poll to the next. */
export class Turns {
  readonly #clock: Clock
  #dueMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Lets others have their turn when it is due. */
  take(): Promise<void> | null {
    return this.#clock.monotonicMs() < this.#dueMs ? null : this.#letOthersGo()
  }

  async #letOthersGo(): Promise<void> {
    await nextTurn()
    this.#dueMs = this.#clock.monotonicMs() + SLICE_MS
  }
}

interface Limits {
  readonly records: number
  readonly bytes: number
}

/**
 * Takes what waits: partition by partition, in the order of offsets within each, up to the limits and at
 * least one record. Partitions that are paused, or taken away meanwhile, give none. One whose batches cannot
 * be read fails; the records before that are handed out.
 */
export async function handOut(
  turns: Turns,
  fetcher: PartitionFetcher,
  limits: Limits
): Promise<ConsumedRecord[]> {
  const taking = new Taking(turns, fetcher, limits)
  for (const partition of fetcher.partitions) {
    if (taking.isFull) break
    await taking.from(partition)
  }
  return taking.records
}

class Taking {
  readonly #turns: Turns
  readonly #fetcher: PartitionFetcher
  readonly #limits: Limits
  #records: ConsumedRecord[] = []
  #bytes = 0

  constructor(turns: Turns, fetcher: PartitionFetcher, limits: Limits) {
    this.#turns = turns
    this.#fetcher = fetcher
    this.#limits = limits
  }

  get isFull(): boolean {
    return this.#records.length >= this.#limits.records || this.#bytes >= this.#limits.bytes
  }

  get records(): ConsumedRecord[] {
    return this.#records
  }

  async from(partition: AssignedPartition): Promise<void> {
    const { epoch } = partition
    const first = this.#records.length
    try {
      while (!this.isFull && !partition.isPaused && partition.epoch === epoch) {
        const fetched = partition.waiting[0]
        if (fetched === undefined) return
        const prepared = fetched.prepare()
        if (!(typeof prepared === 'boolean' ? prepared : await prepared)) {
          if (partition.waiting[0] === fetched) this.#fetcher.handedOut(partition)
          continue
        }
        const most = Math.min(PIECE_RECORDS, this.#limits.records - this.#records.length)
        this.#bytes += fetched.take(most, this.#limits.bytes - this.#bytes, this.#records)
        const turn = this.#turns.take()
        if (turn !== null) await turn
      }
    } catch (error) {
      if (partition.epoch === epoch) this.#fetcher.fail(partition, error as ConnectError)
      return
    }
    // Taken away while it was read: its records are nobody's business here any more (I11).
    if (partition.epoch !== epoch) this.#records.length = first
  }
}
