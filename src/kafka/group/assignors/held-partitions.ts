import type { TopicPartition } from '../../contracts.ts'
import { type AssigningMember, inLeadersOrder, type TopicRacks } from './assignor.ts'

const NO_GENERATION = -1

/** What a member says it held, and since which generation; null: it does not say since when. */
export interface Claim {
  readonly partitions: readonly TopicPartition[]
  readonly generation: number | null
}

/** A partition that is there: one object for each, so that it can be a key. */
export interface Slot extends TopicPartition {
  readonly racks: ReadonlySet<string>
}

export interface StickyMember extends AssigningMember {
  readonly claim: { readonly slots: readonly Slot[]; readonly generation: number | null }
}

/** What members held, as far as they held it rightly and it is still there. */
export interface Holdings {
  /** In the order in which Java's leader has them. */
  readonly members: readonly StickyMember[]
  /** By topic, in order. */
  readonly slots: ReadonlyMap<string, readonly Slot[]>
  readonly held: Map<string, Slot[]>
  /** Claimed by several members since the same generation: of those nobody holds any. */
  readonly disputed: ReadonlySet<Slot>
  readonly newestGeneration: number
}

/**
 * Of a partition that several members claim, the newest generation decides. Partitions that are not there are
 * left out (Java's classes share them out once more, or fail, after a topic was made anew with fewer).
 */
export function holdings(
  given: readonly AssigningMember[],
  topics: TopicRacks,
  claimOf: (member: AssigningMember) => Claim
): Holdings {
  const slots = slotsOf(given, topics)
  const members = inLeadersOrder(given).map((member) => {
    const { partitions, generation } = claimOf(member)
    const there = partitions.flatMap(({ topic, partition }) => slots.get(topic)?.[partition] ?? [])
    return { ...member, claim: { slots: there, generation } }
  })
  const held = new Map<string, Slot[]>()
  const holders = new Map<Slot, StickyMember>()
  const disputed = new Set<Slot>()
  for (const member of members) {
    const list: Slot[] = []
    held.set(member.memberId, list)
    const own = member.claim.generation ?? NO_GENERATION
    for (const slot of member.claim.slots) {
      const other = holders.get(slot)
      const others = other?.generation ?? NO_GENERATION
      if (other !== undefined && own < others) continue
      if (other !== undefined) remove(held.get(other.memberId) ?? [], slot)
      if (other !== undefined && own === others) disputed.add(slot)
      else list.push(slot)
      holders.set(slot, member)
    }
  }
  const generations = members.map(({ claim }) => claim.generation ?? NO_GENERATION)
  return { members, slots, held, disputed, newestGeneration: Math.max(...generations) }
}

export function remove<T>(list: T[], element: T): void {
  const at = list.indexOf(element)
  if (at !== -1) list.splice(at, 1)
}

function slotsOf(members: readonly AssigningMember[], topics: TopicRacks): Map<string, Slot[]> {
  const wanted = new Set(members.flatMap((member) => member.topics))
  return new Map(
    [...wanted].sort().flatMap((topic) => {
      const partitions = topics.get(topic) ?? []
      const slots = partitions.map((racks, partition) => ({ topic, partition, racks }))
      return slots.length === 0 ? [] : [[topic, slots] as const]
    })
  )
}
