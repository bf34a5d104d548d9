import { racksMatter } from './assignor.ts'
import type { Holdings, Slot } from './held-partitions.ts'

/** Which members are near to which partitions; where it does not matter, all are near to all. */
export class RackMatch {
  readonly matters: boolean
  /** Where racks matter, those of the members that have one. */
  readonly #racks: ReadonlyMap<string, string>
  readonly #membersOfRack: ReadonlyMap<string, number>

  constructor({ members, slots }: Holdings) {
    const racks = new Map(
      members.flatMap(({ memberId, rack }) => (rack === null ? [] : [[memberId, rack]]))
    )
    const counts = new Map<string, number>()
    for (const rack of racks.values()) counts.set(rack, (counts.get(rack) ?? 0) + 1)
    this.#membersOfRack = counts
    const all = [...slots.values()].flat().map((slot) => slot.racks)
    this.matters = racksMatter(new Set(racks.values()), all)
    this.#racks = this.matters ? racks : new Map()
  }

  rackOf(memberId: string): string | undefined {
    return this.#racks.get(memberId)
  }

  /** The member has a rack, and the partition no replica there. */
  isFar(memberId: string, slot: Slot): boolean {
    const rack = this.#racks.get(memberId)
    return rack !== undefined && !slot.racks.has(rack)
  }

  /** The member has a rack, and the partition a replica there. */
  isNear(memberId: string, slot: Slot): boolean {
    const rack = this.#racks.get(memberId)
    return rack !== undefined && slot.racks.has(rack)
  }

  /** First those that few members are near to; whether racks matter makes no difference here. */
  inOrderOfNeed(slots: readonly Slot[]): Slot[] {
    const near = (slot: Slot): number =>
      [...slot.racks].reduce((sum, rack) => sum + (this.#membersOfRack.get(rack) ?? 0), 0)
    return slots
      .map((slot) => ({ slot, near: near(slot) }))
      .sort((a, b) => a.near - b.near)
      .map(({ slot }) => slot)
  }
}
