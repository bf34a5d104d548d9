import { ConnectError } from '../../../src/errors.ts'
import type { ConsumedRecord } from '../../../src/kafka/contracts.ts'
import type { Random } from '../../support/random.ts'
import type { BrokerLink } from './links.ts'

interface Fetched {
  /** Of the next record to be handed out, and of the next to be fetched. */
  position: number
  next: number
  isPaused: boolean
  waiting: readonly ConsumedRecord[]
  /** Grows with each change from outside. */
  epoch: number
}

/** So many records of a partition may wait before it is asked for no more. */
const ENOUGH = 8
const MOST_FETCHED = 12

/** The partitions that a consumer holds, and what was read of them and not handed out yet. */
export class ReadAhead {
  readonly #random: Random
  readonly #link: BrokerLink
  readonly #onArrived: () => void
  readonly #held = new Map<number, Fetched>()
  #isFetching = false
  #isClosed = false

  constructor(random: Random, link: BrokerLink, onArrived: () => void) {
    this.#random = random
    this.#link = link
    this.#onArrived = onArrived
  }

  get partitions(): readonly number[] {
    return [...this.#held.keys()]
  }

  has(partition: number): boolean {
    return this.#held.has(partition)
  }

  position(partition: number): number | null {
    return this.#held.get(partition)?.position ?? null
  }

  add(partition: number, offset: number): void {
    const fetched = { position: offset, next: offset, isPaused: false, waiting: [], epoch: 0 }
    this.#held.set(partition, fetched)
  }

  delete(partition: number): void {
    this.#held.delete(partition)
  }

  pause(partition: number, isPaused: boolean): void {
    this.#required(partition).isPaused = isPaused
    this.fetch()
  }

  seek(partition: number, offset: number): void {
    const held = this.#required(partition)
    Object.assign(held, { position: offset, next: offset, waiting: [], epoch: held.epoch + 1 })
    this.fetch()
  }

  close(): void {
    this.#isClosed = true
  }

  handOut(most: number): ConsumedRecord[] {
    const found: ConsumedRecord[] = []
    for (const held of this.#held.values()) {
      if (held.isPaused) continue
      const taken = held.waiting.slice(0, most - found.length)
      held.waiting = held.waiting.slice(taken.length)
      found.push(...taken)
      const last = taken.at(-1)
      if (last !== undefined) held.position = last.offset + 1
    }
    this.fetch()
    return found
  }

  /** One request at a time, for as long as there is room. */
  fetch(): void {
    if (this.#isFetching || this.#isClosed) return
    const asked = [...this.#held].filter(
      ([, { isPaused, waiting }]) => !isPaused && waiting.length < ENOUGH
    )
    if (asked.length === 0) return
    this.#isFetching = true
    const epochs = new Map(asked.map(([partition, { epoch }]) => [partition, epoch]))
    const positions = new Map(asked.map(([partition, { next }]) => [partition, next]))
    const fetched = new Map(asked)
    void this.#link.fetch(positions, this.#random.within(1, MOST_FETCHED)).then((answer) => {
      this.#isFetching = false
      for (const [partition, records] of answer) {
        const held = this.#held.get(partition)
        // Sought, or taken away and given back meanwhile: nobody asks this any more.
        if (held === undefined || held !== fetched.get(partition)) continue
        if (held.epoch !== epochs.get(partition)) continue
        held.waiting = [...held.waiting, ...records]
        held.next = (held.waiting.at(-1)?.offset ?? held.next - 1) + 1
      }
      this.fetch()
      this.#onArrived()
    })
  }

  #required(partition: number): Fetched {
    const held = this.#held.get(partition)
    if (held === undefined) throw new ConnectError('KAFKA_ERROR', `${partition} is not assigned`)
    return held
  }
}
