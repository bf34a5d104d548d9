import { Writer } from '../protocol-bytes.ts'
import type { AssigningMember, Assignor } from './assignor.ts'
import type { Claim } from './held-partitions.ts'
import { assignSticky } from './sticky-assignment.ts'
import { partitionsOf } from './sticky.ts'

const NO_GENERATION = -1

/**
 * As `sticky`, for members that go on reading what they hold: what moves from one to another is given to
 * nobody in this round. Its old owner finds that it has lost it, gives it up and joins again, and the round
 * after that gives it to the new one.
 */
export const cooperativeSticky: Assignor = {
  isCooperative: true,
  // user_data => generation INT32, for leaders that do not read it in the subscription itself
  userData: (held) => {
    const writer = new Writer()
    writer.int32(held?.generation ?? NO_GENERATION)
    return writer.bytes()
  },
  assign: (members, topics) => {
    const assignment = assignSticky(members, topics, claimOf)
    const moved: ReadonlySet<unknown> = assignment.moved
    return partitionsOf(assignment, (slot) => moved.has(slot))
  }
}

function claimOf({ ownedPartitions, generation, userData }: AssigningMember): Claim {
  return { partitions: ownedPartitions, generation: generation ?? generationIn(userData) }
}

function generationIn(userData: Uint8Array | null): number | null {
  if (userData === null) return null
  if (userData.length < 4) return NO_GENERATION
  return new DataView(userData.buffer, userData.byteOffset).getInt32(0)
}
