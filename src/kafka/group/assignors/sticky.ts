import type { TopicPartition } from '../../contracts.ts'
import { Reader, Writer } from '../protocol-bytes.ts'
import type { Assigned, AssigningMember, Assignor, HeldAssignment } from './assignor.ts'
import type { Claim } from './held-partitions.ts'
import { computedHashOrder, textHash } from './java-order.ts'
import { assignSticky, type StickyAssignment } from './sticky-assignment.ts'

const NO_GENERATION = -1

/**
 * As even as can be, and members keep what they had. It is not cooperative: members give up what they hold
 * before they join, so what they held is told in the user data.
 */
export const sticky: Assignor = {
  isCooperative: false,
  userData: (held) => (held === null ? null : encodeClaim(held)),
  assign: (members, topics) => partitionsOf(assignSticky(members, topics, claimOf))
}

/** What a member gets; `isLeftOut`: for this round nobody gets it. */
export function partitionsOf(
  { assigned }: StickyAssignment,
  isLeftOut: (slot: TopicPartition) => boolean = () => false
): Assigned {
  return new Map(
    [...assigned].map(([memberId, slots]) => [
      memberId,
      slots.filter((slot) => !isLeftOut(slot)).map(({ topic, partition }) => ({ topic, partition }))
    ])
  )
}

// user_data v0 => previous ARRAY of (topic STRING | partitions ARRAY of INT32)
// user_data v1 => as v0 | generation INT32
function encodeClaim({ partitions, generation }: HeldAssignment): Buffer {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic)
  const writer = new Writer()
  writer.int32(byTopic.size)
  const asked = partitions.map(({ topic }) => topic)
  for (const topic of computedHashOrder(asked, textHash)) {
    const ofTopic = byTopic.get(topic) ?? []
    writer.string(topic)
    writer.int32(ofTopic.length)
    for (const { partition } of ofTopic) writer.int32(partition)
  }
  writer.int32(generation)
  return writer.bytes()
}

/** What the user data of a member says it held; what cannot be read claims nothing. */
export function claimOf({ userData }: AssigningMember): Claim {
  if (userData === null || userData.length === 0) return { partitions: [], generation: null }
  try {
    const reader = new Reader(userData, "user data of a consumer's subscription")
    const topics = reader.array(() => ({
      topic: reader.string(),
      partitions: reader.array(() => reader.int32())
    }))
    const partitions = topics.flatMap((of) =>
      of.partitions.map((partition) => ({ topic: of.topic, partition }))
    )
    return { partitions, generation: reader.left() >= 4 ? reader.int32() : null }
  } catch {
    return { partitions: [], generation: NO_GENERATION }
  }
}
