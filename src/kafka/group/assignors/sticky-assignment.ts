import type { AssigningMember, TopicRacks } from './assignor.ts'
import { shareUnequally } from './different-subscriptions.ts'
import { shareEqually } from './equal-subscriptions.ts'
import { type Claim, holdings, type Slot, type StickyMember } from './held-partitions.ts'
import { RackMatch } from './rack-match.ts'

export interface StickyAssignment {
  /** By member id. */
  readonly assigned: ReadonlyMap<string, readonly Slot[]>
  /** Those that go to one member and may still be held by another. */
  readonly moved: ReadonlySet<Slot>
}

/** Shares out so that members keep as much as they can of what they claim to have held. */
export function assignSticky(
  members: readonly AssigningMember[],
  topics: TopicRacks,
  claimOf: (member: AssigningMember) => Claim
): StickyAssignment {
  const held = holdings(members, topics, claimOf)
  const racks = new RackMatch(held)
  if (subscribeAlike(held.members)) return shareEqually(held, racks)
  const assigned = shareUnequally(held, racks)
  return { assigned, moved: claimedByOthers(held.members, assigned) }
}

/** Java's classes also say so where others than the first ones have topics, and then give these some, too. */
function subscribeAlike([first, ...others]: readonly StickyMember[]): boolean {
  const wanted = new Set(first?.topics)
  return others.every(
    ({ topics }) => topics.length === wanted.size && topics.every((each) => wanted.has(each))
  )
}

/** A claim counts here whatever its generation: who made it may still read. */
function claimedByOthers(
  members: readonly StickyMember[],
  assigned: ReadonlyMap<string, readonly Slot[]>
): Set<Slot> {
  const claimed = new Set(members.flatMap(({ claim }) => claim.slots))
  return new Set(
    members.flatMap(({ memberId, claim }) => {
      const own = new Set(claim.slots)
      return (assigned.get(memberId) ?? []).filter((slot) => claimed.has(slot) && !own.has(slot))
    })
  )
}
