import { type Holdings, remove, type Slot, type StickyMember } from './held-partitions.ts'
import { byText } from './java-order.ts'
import { Movements } from './movements.ts'
import type { RackMatch } from './rack-match.ts'

const NO_GENERATION = -1

/**
 * Where members subscribe to different topics: each keeps what it held, those with the fewest partitions get
 * what is left, and then partitions move one by one for as long as that makes the shares more equal.
 */
export function shareUnequally(holdings: Holdings, racks: RackMatch): Map<string, Slot[]> {
  const sharing = new UnequalShares(holdings, racks)
  const rest = sharing.keepHeld()
  sharing.giveOut(rest)
  sharing.balance(rest)
  return sharing.assigned
}

class UnequalShares {
  assigned: Map<string, Slot[]>
  readonly #holdings: Holdings
  readonly #racks: RackMatch
  /** By topic. */
  readonly #subscribers: ReadonlyMap<string, readonly StickyMember[]>
  readonly #memberById: ReadonlyMap<string, StickyMember>
  /** Topics with few subscribers first. */
  readonly #all: readonly Slot[]
  /** Members by how many partitions they have; without those nothing can be taken from or given to. */
  #order: string[] = []
  readonly #holders = new Map<Slot, string>()
  readonly #movements = new Movements()
  #mustRevoke = false
  #wasEmpty = false

  constructor(holdings: Holdings, racks: RackMatch) {
    this.#holdings = holdings
    this.#racks = racks
    const { members, slots, held } = holdings
    this.assigned = held
    this.#memberById = new Map(members.map((member) => [member.memberId, member]))
    this.#subscribers = new Map(
      [...slots.keys()].map((topic) => [
        topic,
        members.filter(({ topics }) => topics.includes(topic))
      ])
    )
    const weight = (topic: string): number => this.#subscribersOf(topic).length
    this.#all = [...slots.keys()]
      .sort((a, b) => weight(a) - weight(b) || byText(a, b))
      .flatMap((topic) => slots.get(topic) ?? [])
  }

  /** Answers what is left. */
  keepHeld(): Slot[] {
    const kept = new Set<Slot>()
    for (const [memberId, list] of this.assigned) {
      for (const slot of list) this.#holders.set(slot, memberId)
      const isKept = (slot: Slot): boolean =>
        this.#isSubscribed(memberId, slot) && !this.#racks.isFar(memberId, slot)
      const keepable = list.filter(isKept)
      if (keepable.length < list.length) this.#mustRevoke = true
      for (const slot of keepable) kept.add(slot)
      this.assigned.set(memberId, keepable)
    }
    for (const memberId of this.assigned.keys()) this.#enter(memberId)
    this.#wasEmpty = this.#countOf(this.#order.at(-1)) === 0
    return this.#all.filter((slot) => !kept.has(slot))
  }

  giveOut(rest: readonly Slot[]): void {
    const far = this.#racks.matters
      ? rest.filter(
          (slot) => !this.#giveFirst(slot, (memberId) => !this.#racks.isFar(memberId, slot))
        )
      : rest
    for (const slot of far) this.#giveFirst(slot, () => true)
  }

  /** To the member with the fewest partitions that may have it; whether there is one. */
  #giveFirst(slot: Slot, suits: (memberId: string) => boolean): boolean {
    const memberId = this.#order.find((each) => this.#isSubscribed(each, slot) && suits(each))
    if (memberId === undefined) return false
    this.#withdraw(memberId)
    this.#list(memberId).push(slot)
    this.#holders.set(slot, memberId)
    this.#enter(memberId)
    return true
  }

  balance(rest: readonly Slot[]): void {
    const canMove = ({ topic }: Slot): boolean => this.#subscribersOf(topic).length > 1
    const fixed = [...this.assigned].filter(([memberId]) => !this.#canTakePart(memberId, canMove))
    for (const [memberId] of fixed) {
      this.#withdraw(memberId)
      this.assigned.delete(memberId)
    }
    const before = new Map([...this.assigned].map(([memberId, list]) => [memberId, [...list]]))
    const previous = this.#previousHolders()
    if (!this.#mustRevoke) this.#move(rest.filter(canMove), previous)
    const hasMoved = this.#move(this.#all.filter(canMove), previous)
    if (!this.#wasEmpty && hasMoved && unevenness(this.assigned) >= unevenness(before)) {
      this.assigned = before
    }
    for (const [memberId, list] of fixed) this.assigned.set(memberId, list)
  }

  /** Whether it can still get, or give, a partition. */
  #canTakePart(memberId: string, canMove: (slot: Slot) => boolean): boolean {
    return this.#countOf(memberId) < this.#mostFor(memberId) || this.#list(memberId).some(canMove)
  }

  #mostFor(memberId: string): number {
    const topics = this.#memberById.get(memberId)?.topics ?? []
    return topics.reduce((sum, topic) => sum + (this.#holdings.slots.get(topic)?.length ?? 0), 0)
  }

  /** Of those whose claims are older than the newest: the newest of them to claim a partition. */
  #previousHolders(): ReadonlyMap<Slot, string> {
    const previous = new Map<Slot, { memberId: string; generation: number }>()
    for (const { memberId, claim } of this.#holdings.members) {
      const generation = claim.generation ?? NO_GENERATION
      if (generation >= this.#holdings.newestGeneration) continue
      for (const slot of claim.slots) {
        const known = previous.get(slot)
        if (known === undefined || generation > known.generation) {
          previous.set(slot, { memberId, generation })
        }
      }
    }
    return new Map([...previous].map(([slot, { memberId }]) => [slot, memberId]))
  }

  /** Moves partitions until the shares are equal or no move helps; whether any was moved. */
  #move(slots: readonly Slot[], previous: ReadonlyMap<Slot, string>): boolean {
    let hasMoved = false
    for (let again = true; again; ) {
      again = false
      for (const slot of slots) {
        if (this.#isBalanced()) break
        const to = this.#betterHolder(slot, previous.get(slot))
        if (to === undefined) continue
        this.#moveTo(slot, to)
        hasMoved = true
        again = true
      }
    }
    return hasMoved
  }

  /** The one that held it before, or has the fewest partitions of all that may have it. */
  #betterHolder(slot: Slot, previous: string | undefined): string | undefined {
    const holds = this.#countOf(this.#holders.get(slot))
    const helps = (memberId: string): boolean => holds > this.#countOf(memberId) + 1
    // Java's classes fail here, or give it away to one that does not want its topic any more.
    const mayReturn = previous !== undefined && this.#isSubscribed(previous, slot)
    if (mayReturn && helps(previous)) return previous
    if (!this.#subscribersOf(slot.topic).some(({ memberId }) => helps(memberId))) return undefined
    return this.#order.find((memberId) => this.#isSubscribed(memberId, slot))
  }

  #moveTo(wanted: Slot, to: string): void {
    const slot = this.#movements.instead(wanted, this.#holders.get(wanted) ?? '', to)
    const from = this.#holders.get(slot) ?? ''
    this.#withdraw(from)
    this.#withdraw(to)
    this.#movements.move(slot, from, to)
    remove(this.#list(from), slot)
    this.#list(to).push(slot)
    this.#holders.set(slot, to)
    this.#enter(to)
    this.#enter(from)
  }

  /** Nobody has two more than another one that could have one of them. */
  #isBalanced(): boolean {
    if (this.#countOf(this.#order[0]) >= this.#countOf(this.#order.at(-1)) - 1) return true
    return this.#order.every((memberId) => {
      const count = this.#countOf(memberId)
      return (this.#memberById.get(memberId)?.topics ?? []).every((topic) =>
        (this.#holdings.slots.get(topic) ?? []).every(
          (slot) => count + 1 >= this.#countOf(this.#holders.get(slot))
        )
      )
    })
  }

  #enter(memberId: string): void {
    const count = this.#countOf(memberId)
    const at = this.#order.findIndex((other) => {
      const others = this.#countOf(other)
      return others > count || (others === count && other > memberId)
    })
    if (at === -1) this.#order.push(memberId)
    else this.#order.splice(at, 0, memberId)
  }

  #withdraw(memberId: string): void {
    remove(this.#order, memberId)
  }

  #isSubscribed(memberId: string, { topic }: Slot): boolean {
    return this.#memberById.get(memberId)?.topics.includes(topic) === true
  }

  #subscribersOf(topic: string): readonly StickyMember[] {
    return this.#subscribers.get(topic) ?? []
  }

  #countOf(memberId: string | undefined): number {
    return this.assigned.get(memberId ?? '')?.length ?? 0
  }

  #list(memberId: string): Slot[] {
    return this.assigned.get(memberId) ?? []
  }
}

/** The sum of the differences between the shares of any two members. */
function unevenness(assigned: ReadonlyMap<string, readonly Slot[]>): number {
  const counts = [...assigned.values()].map(({ length }) => length)
  return counts.reduce(
    (sum, one, at) =>
      sum + counts.slice(at + 1).reduce((part, other) => part + Math.abs(one - other), 0),
    0
  )
}
