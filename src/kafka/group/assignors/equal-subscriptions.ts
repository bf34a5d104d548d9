import { ConnectError } from '../../../errors.ts'
import { type Holdings, remove, type Slot, type StickyMember } from './held-partitions.ts'
import { byText } from './java-order.ts'
import type { RackMatch } from './rack-match.ts'

interface Shared {
  readonly assigned: ReadonlyMap<string, Slot[]>
  /** Those that go to one member and may still be held by another. */
  readonly moved: ReadonlySet<Slot>
}

/**
 * Where all members subscribe to the same topics: each keeps what it held up to its share, and what is left
 * goes round those that have less.
 */
export function shareEqually(holdings: Holdings, racks: RackMatch): Shared {
  const sharing = new EqualShares(holdings, racks)
  sharing.keepHeld()
  sharing.giveOutRest()
  return sharing
}

class EqualShares implements Shared {
  readonly assigned: Map<string, Slot[]>
  readonly moved = new Set<Slot>()
  readonly #holdings: Holdings
  readonly #racks: RackMatch
  readonly #least: number
  readonly #most: number
  /** How many members get one more than the least. */
  readonly #favoured: number
  #favouredSoFar = 0
  readonly #kept = new Set<Slot>()
  readonly #givenUp = new Map<Slot, string>()
  /** Members with less than the least. */
  #below: string[] = []
  /** Members with the least, that may get one more. */
  #atLeast: string[] = []

  constructor(holdings: Holdings, racks: RackMatch) {
    this.#holdings = holdings
    this.#racks = racks
    const { members, slots } = holdings
    const count = [...slots.values()].reduce((sum, { length }) => sum + length, 0)
    this.#least = Math.floor(count / members.length)
    this.#most = Math.ceil(count / members.length)
    this.#favoured = count % members.length
    this.assigned = new Map(members.map(({ memberId }) => [memberId, []]))
  }

  keepHeld(): void {
    for (const member of this.#holdings.members) this.#keepHeldBy(member)
  }

  #keepHeldBy({ memberId }: StickyMember): void {
    const held = this.#holdings.held.get(memberId) ?? []
    const near = held.filter((slot) => !this.#racks.isFar(memberId, slot))
    for (const slot of held)
      if (this.#racks.isFar(memberId, slot)) this.#givenUp.set(slot, memberId)
    const keepable = near
      .toSorted((a, b) => a.partition - b.partition || byText(a.topic, b.topic))
      .filter((slot) => !this.#holdings.disputed.has(slot))
    const isFavoured = keepable.length >= this.#most && this.#favouredSoFar < this.#favoured
    const isBelow = keepable.length < this.#least
    if (isBelow) this.#below.push(memberId)
    else if (isFavoured) this.#countFavoured()
    else if (this.#favouredSoFar < this.#favoured) this.#atLeast.push(memberId)
    const share = isBelow ? keepable.length : isFavoured ? this.#most : this.#least
    this.#list(memberId).push(...keepable.slice(0, share))
    for (const slot of keepable.slice(0, share)) this.#kept.add(slot)
    for (const slot of keepable.slice(share)) this.#givenUp.set(slot, memberId)
  }

  #countFavoured(): void {
    this.#favouredSoFar++
    if (this.#favouredSoFar === this.#favoured) this.#atLeast = []
  }

  giveOutRest(): void {
    const all = [...this.#holdings.slots.values()].flat()
    this.#below.sort()
    this.#atLeast.sort()
    const rest = this.#racks.inOrderOfNeed(all.filter((slot) => !this.#kept.has(slot)))
    const far = this.#racks.matters ? this.#giveOutNear(rest) : rest
    this.#goRound(far)
  }

  /** Each to the next member that is near to it, if one can still have it; answers what is left. */
  #giveOutNear(slots: readonly Slot[]): Slot[] {
    let next = 0
    return slots.filter((slot) => {
      const below = this.#nextNear(slot, this.#below, next)
      if (below !== undefined) {
        next = this.#giveNear(slot, below)
        return false
      }
      const atLeast = this.#nextNear(slot, this.#atLeast, 0)
      if (atLeast === undefined) return true
      const memberId = this.#atLeast[atLeast] ?? ''
      if (this.#list(memberId).length + 1 === this.#most) {
        this.#atLeast.splice(atLeast, 1)
        this.#countFavoured()
      }
      this.#give(slot, memberId)
      return false
    })
  }

  /** Answers whose turn is next. */
  #giveNear(slot: Slot, at: number): number {
    const memberId = this.#below[at] ?? ''
    let next = at
    const count = this.#list(memberId).length + 1
    if (count < this.#least) next++
    else {
      this.#below.splice(at, 1)
      if (count < this.#most && this.#favouredSoFar < this.#favoured) this.#atLeast.push(memberId)
    }
    this.#give(slot, memberId)
    return this.#below.length === 0 ? 0 : next % this.#below.length
  }

  #nextNear(slot: Slot, members: readonly string[], first: number): number | undefined {
    for (let turn = 0; turn < members.length; turn++) {
      const at = (first + turn) % members.length
      if (this.#racks.isNear(members[at] ?? '', slot)) return at
    }
    return undefined
  }

  /** One to each member below the least in turn, then one to each that may get one more. */
  #goRound(slots: readonly Slot[]): void {
    let next = 0
    for (const slot of slots) {
      if (next >= this.#below.length) next = 0
      const below = this.#below[next]
      const memberId = below ?? this.#atLeast.shift()
      if (memberId === undefined)
        throw new ConnectError('INTERNAL', 'No member is left for a partition')
      const count = this.#give(slot, memberId)
      if (below === undefined) continue
      if (count < this.#least) next++
      else {
        remove(this.#below, memberId)
        this.#atLeast.push(memberId)
      }
    }
  }

  #give(slot: Slot, memberId: string): number {
    const list = this.#list(memberId)
    list.push(slot)
    const before = this.#givenUp.get(slot)
    const wasElsewhere = before !== undefined && before !== memberId
    if (wasElsewhere || this.#holdings.disputed.has(slot)) this.moved.add(slot)
    return list.length
  }

  #list(memberId: string): Slot[] {
    return this.assigned.get(memberId) ?? []
  }
}
