import { type Slot } from './held-partitions.ts'
import { hashOrder, partitionHash } from './java-order.ts'

interface Movement {
  readonly from: string
  readonly to: string
}

/** Slots that moved from one member to another; `peak`: how many at most. */
interface Moved {
  readonly slots: Set<Slot>
  peak: number
}

/**
 * Which partitions have moved between which members, so that none of a topic goes one way while another one
 * of it goes the opposite way: then neither need have moved.
 */
export class Movements {
  readonly #ofSlot = new Map<Slot, Movement>()
  /** By topic, source and destination. */
  readonly #moved = new Map<string, Moved>()

  /** What to move instead of this partition: one that would come back where it was. */
  instead(slot: Slot, from: string, to: string): Slot {
    const source = this.#ofSlot.get(slot)?.from ?? from
    const opposite = this.#moved.get(key(slot, { from: to, to: source }))
    if (opposite === undefined) return slot
    return hashOrder(opposite.slots, partitionHash, opposite.peak)[0] ?? slot
  }

  move(slot: Slot, from: string, to: string): void {
    const before = this.#ofSlot.get(slot)
    if (before === undefined) this.#add(slot, { from, to })
    else {
      this.#delete(slot, before)
      if (before.from !== to) this.#add(slot, { from: before.from, to })
    }
  }

  #add(slot: Slot, movement: Movement): void {
    this.#ofSlot.set(slot, movement)
    const moved = this.#moved.get(key(slot, movement)) ?? { slots: new Set(), peak: 0 }
    this.#moved.set(key(slot, movement), moved)
    moved.slots.add(slot)
    moved.peak = Math.max(moved.peak, moved.slots.size)
  }

  #delete(slot: Slot, movement: Movement): void {
    this.#ofSlot.delete(slot)
    const moved = this.#moved.get(key(slot, movement))
    moved?.slots.delete(slot)
    if (moved?.slots.size === 0) this.#moved.delete(key(slot, movement))
  }
}

function key({ topic }: Slot, { from, to }: Movement): string {
  return JSON.stringify([topic, from, to])
}
