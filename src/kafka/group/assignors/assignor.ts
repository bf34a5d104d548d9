import type { TopicPartition } from '../../contracts.ts'
import type { Subscription } from '../consumer-protocol.ts'
import { byText, hashOrder, textHash } from './java-order.ts'

export interface AssigningMember extends Subscription {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** Of each topic that is there, by partition number: the racks of the replicas, as far as they are known. */
export type TopicRacks = ReadonlyMap<string, readonly ReadonlySet<string>[]>

/** Partitions by member id, each member with a list of its own. */
export type Assigned = Map<string, TopicPartition[]>

/** What a member got in its last round. */
export interface HeldAssignment {
  readonly partitions: readonly TopicPartition[]
  readonly generation: number
}

/** One of the ways to share out the partitions of a group; assignments are those of Java's classes. */
export interface Assignor {
  /** Whether members may go on reading what they hold while the group shares out anew. */
  readonly isCooperative: boolean
  /** What a member tells the leader's assignor beside its subscription; null: nothing. */
  userData(held: HeldAssignment | null): Buffer | null
  /** Members in the order of the coordinator's list. A topic somebody subscribes to may be missing. */
  assign(members: readonly AssigningMember[], topics: TopicRacks): Assigned
}

/** In the order in which Java's leader has them. */
export function inLeadersOrder(members: readonly AssigningMember[]): AssigningMember[] {
  return hashOrder(members, ({ memberId }) => textHash(memberId))
}

/** Static members first, by their names; the others by their ids. */
export function byMember(a: AssigningMember, b: AssigningMember): number {
  if (a.groupInstanceId !== null && b.groupInstanceId !== null) {
    return byText(a.groupInstanceId, b.groupInstanceId)
  }
  if (a.groupInstanceId !== null) return -1
  return b.groupInstanceId === null ? byText(a.memberId, b.memberId) : 1
}

/** Topics that are there and have subscribers, in the order in which Java's leader has them. */
export function subscribedTopics(
  members: readonly AssigningMember[],
  topics: TopicRacks
): string[] {
  const wanted = new Set(inLeadersOrder(members).flatMap((member) => member.topics))
  const there = hashOrder(wanted, textHash).filter((topic) => (topics.get(topic) ?? []).length > 0)
  return hashOrder(there, textHash)
}

export function noneYet(members: readonly AssigningMember[]): Assigned {
  return new Map(members.map(({ memberId }) => [memberId, []]))
}

/**
 * Whether it matters who reads what: a consumer announces a rack that has replicas, and not all partitions
 * have replicas in all racks.
 */
export function racksMatter(
  consumerRacks: ReadonlySet<string>,
  partitions: readonly ReadonlySet<string>[]
): boolean {
  const all = new Set(partitions.flatMap((racks) => [...racks]))
  return !consumerRacks.isDisjointFrom(all) && partitions.some((racks) => racks.size < all.size)
}
