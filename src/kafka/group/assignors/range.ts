import { byTopicAndPartition } from '../consumer-protocol.ts'
import {
  type Assigned,
  type AssigningMember,
  type Assignor,
  byMember,
  noneYet,
  racksMatter,
  subscribedTopics,
  type TopicRacks
} from './assignor.ts'

/**
 * Topic by topic: members in order each get as many partitions in a row, the first ones one more. Where racks
 * matter, members first get those of their own rack, as many as they would get anyway; topics with the same
 * members and as many partitions are matched together, so that equal partitions go to one member.
 */
export const range: Assignor = {
  isCooperative: false,
  userData: () => null,
  assign: (members, topics) => {
    const assigned = noneYet(members)
    const shares = subscribedTopics(members, topics).map(
      (topic) => new TopicShares(topic, members, topics, assigned)
    )
    const matching = shares.some((each) => each.racksMatter)
    if (matching) matchRacks(shares)
    for (const each of shares) each.shareOut(() => true)
    if (matching) for (const partitions of assigned.values()) partitions.sort(byTopicAndPartition)
    return assigned
  }
}

/** One topic: what is left of it, and how much each of its members may still get. */
class TopicShares {
  readonly members: readonly AssigningMember[]
  readonly racksMatter: boolean
  /** Empty where no member has a rack. */
  readonly racks: readonly ReadonlySet<string>[]
  readonly #topic: string
  readonly #assigned: Assigned
  readonly #left: Set<number>
  readonly #counts: Map<string, number>
  readonly #share: number
  #oneMore: number

  constructor(
    topic: string,
    members: readonly AssigningMember[],
    topics: TopicRacks,
    assigned: Assigned
  ) {
    const racks = topics.get(topic) ?? []
    this.#topic = topic
    this.#assigned = assigned
    this.members = members.filter((member) => member.topics.includes(topic)).toSorted(byMember)
    const ofMembers = new Set(this.members.flatMap(({ rack }) => rack ?? []))
    this.racks = ofMembers.size === 0 ? [] : racks
    this.racksMatter = racksMatter(ofMembers, this.racks)
    this.#left = new Set(racks.keys())
    this.#counts = new Map(this.members.map(({ memberId }) => [memberId, 0]))
    this.#share = Math.floor(racks.length / this.members.length)
    this.#oneMore = racks.length % this.members.length
  }

  matches({ rack }: AssigningMember, partition: number): boolean {
    return rack === null || this.racks[partition]?.has(rack) === true
  }

  mayGet({ memberId }: AssigningMember): number {
    const most = this.#share + (this.#oneMore > 0 ? 1 : 0)
    return Math.max(0, most - (this.#counts.get(memberId) ?? 0))
  }

  give({ memberId }: AssigningMember, partitions: readonly number[]): void {
    const count = (this.#counts.get(memberId) ?? 0) + partitions.length
    this.#counts.set(memberId, count)
    if (count > this.#share) this.#oneMore--
    const list = this.#assigned.get(memberId)
    for (const partition of partitions) {
      this.#left.delete(partition)
      list?.push({ topic: this.#topic, partition })
    }
  }

  /** To each member in turn, as many as it may get of what is left. */
  shareOut(suits: (member: AssigningMember, partition: number) => boolean): void {
    for (const member of this.members) {
      const suitable = [...this.#left].filter((partition) => suits(member, partition))
      const given = suitable.slice(0, this.mayGet(member))
      if (given.length > 0) this.give(member, given)
    }
  }
}

function matchRacks(shares: readonly TopicShares[]): void {
  const alike = Map.groupBy(shares, ({ members, racks }) =>
    JSON.stringify([members.map(({ memberId }) => memberId), racks.length])
  )
  for (const [first, ...others] of alike.values()) {
    if (first === undefined) continue
    if (others.length > 0) matchTogether([first, ...others], first)
    else if (first.racksMatter)
      first.shareOut((member, partition) => first.matches(member, partition))
  }
}

/** Equal partitions of all these topics to the first member whose rack has replicas of each. */
function matchTogether(shares: readonly TopicShares[], { members, racks }: TopicShares): void {
  let remaining = members
  for (const partition of racks.keys()) {
    const member = remaining.find((each) =>
      shares.every((topic) => topic.matches(each, partition) && topic.mayGet(each) > 0)
    )
    if (member === undefined) continue
    for (const topic of shares) topic.give(member, [partition])
    if (shares.every((topic) => topic.mayGet(member) === 0)) {
      remaining = remaining.filter((each) => each !== member)
    }
  }
}
