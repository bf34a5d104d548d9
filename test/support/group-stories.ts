import type { TopicPartition } from '../../src/kafka/contracts.ts'
import {
  type Assigned,
  type AssigningMember,
  type Assignor,
  type HeldAssignment,
  type TopicRacks
} from '../../src/kafka/group/assignors/assignor.ts'
import { decodeSubscription, encodeSubscription } from '../../src/kafka/group/consumer-protocol.ts'
import { Random } from './random.ts'

/** One round of a group: what its leader is given. */
export interface Round {
  readonly members: readonly AssigningMember[]
  readonly topics: TopicRacks
}

interface Member {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly rack: string | null
  readonly topics: readonly string[]
  held: HeldAssignment | null
}

const MOST_ROUNDS = 5
const RACKS = ['east', 'west', 'north', 'south']

/**
 * Rounds of a group in which members come and go, subscribe to this and that, are left behind or claim what
 * is not theirs, and topics come, grow and go. Cooperative members claim what they hold in their
 * subscription.
 */
export function groupStory(seed: number, assignor: Assignor): Round[] {
  return new Story(new Random(seed), assignor).rounds()
}

/** As the leader has it when it came as bytes. */
function asRead({ memberId, groupInstanceId, ...told }: AssigningMember): AssigningMember {
  return { memberId, groupInstanceId, ...decodeSubscription(encodeSubscription(told)) }
}

class Story {
  readonly #random: Random
  readonly #assignor: Assignor
  readonly #names: readonly string[]
  readonly #hasRacks: boolean
  readonly #differs: boolean
  #topics = new Map<string, ReadonlySet<string>[]>()
  #members: Member[] = []
  #generation = 0
  #lastId = 0

  constructor(random: Random, assignor: Assignor) {
    this.#random = random
    this.#assignor = assignor
    const count = random.within(1, random.chance(0.2) ? 30 : 6)
    this.#names = Array.from(
      { length: count },
      (_, at) => `${random.pick(['t', 'orders-', 'Ü'])}${at}`
    )
    this.#hasRacks = random.chance(0.5)
    this.#differs = random.chance(0.6)
  }

  rounds(): Round[] {
    const random = this.#random
    const rounds: Round[] = []
    for (const name of this.#names) if (random.chance(0.9)) this.#makeTopic(name)
    this.#join(random.within(1, random.chance(0.2) ? 40 : 6))
    for (let left = random.within(1, MOST_ROUNDS); left > 0; left--) {
      const round = this.#round()
      rounds.push(round)
      this.#complete(this.#assignor.assign(round.members, round.topics))
      this.#goOn()
    }
    return rounds
  }

  #makeTopic(name: string): void {
    const old = this.#topics.get(name) ?? []
    const all = new Set(this.#hasRacks ? RACKS.filter(() => this.#random.chance(0.8)) : [])
    const more = Array.from({ length: this.#random.within(1, 8) }, () =>
      this.#random.chance(0.2) ? all : new Set([...all].filter(() => this.#random.chance(0.5)))
    )
    this.#topics.set(name, [...old, ...more])
  }

  #join(count: number): void {
    const random = this.#random
    for (let left = count; left > 0; left--) {
      const id = ++this.#lastId
      this.#members.push({
        memberId: `${random.pick(['connector-consumer-x-', 'c', 'C'])}${id}-${random.below(1e6)}`,
        groupInstanceId: random.chance(0.2) ? `place-${random.below(1e6)}` : null,
        rack: this.#hasRacks && random.chance(0.8) ? (random.pick(RACKS) ?? null) : null,
        topics: this.#someTopics(),
        held: null
      })
    }
  }

  #someTopics(): string[] {
    if (!this.#differs) return [...this.#names]
    return this.#names.filter(() => this.#random.chance(0.7))
  }

  #round(): Round {
    const shuffled = this.#members
      .map((member) => ({ member, at: this.#random.next() }))
      .sort((a, b) => a.at - b.at)
    return {
      members: shuffled.map(({ member }) => this.#told(member)),
      topics: new Map(this.#topics)
    }
  }

  /** What a member tells when it joins; some are of another make, or do not tell the truth. */
  #told(member: Member): AssigningMember {
    const random = this.#random
    const { held, ...rest } = member
    const claimed = this.#claimed(held)
    const isOld = random.chance(0.1)
    const userData = this.#assignor.userData(claimed)
    return asRead({
      ...rest,
      userData: random.chance(0.05)
        ? (userData?.subarray(0, random.below(userData.length)) ?? null)
        : userData,
      ownedPartitions: this.#assignor.isCooperative ? (claimed?.partitions ?? []) : [],
      generation: isOld ? null : (claimed?.generation ?? null)
    })
  }

  #claimed(held: HeldAssignment | null): HeldAssignment | null {
    const random = this.#random
    const isWrong = random.chance(0.05)
    if (!isWrong || this.#topics.size === 0) return held
    const others = this.#members.flatMap((member) => member.held?.partitions ?? [])
    const wrong = others.filter(() => random.chance(0.3))
    const unique = new Map(
      [...(held?.partitions ?? []), ...wrong].map((each) => [
        `${each.topic}-${each.partition}`,
        each
      ])
    )
    const generation = random.chance(0.5)
      ? this.#generation
      : random.within(1, this.#generation + 1)
    return { partitions: [...unique.values()], generation }
  }

  #complete(assigned: Assigned): void {
    this.#generation++
    for (const member of this.#members) {
      // One that was away for a round holds what it held.
      if (this.#random.chance(0.05)) continue
      const partitions: TopicPartition[] = assigned.get(member.memberId) ?? []
      member.held = { partitions, generation: this.#generation }
    }
  }

  #goOn(): void {
    const random = this.#random
    if (random.chance(0.4)) this.#join(random.within(1, 3))
    if (random.chance(0.4)) this.#members = this.#members.filter(() => random.chance(0.7))
    if (this.#members.length === 0) this.#join(1)
    if (random.chance(0.3)) {
      const name = random.pick(this.#names) ?? ''
      if (random.chance(0.3)) this.#topics.delete(name)
      else this.#makeTopic(name)
    }
    if (random.chance(0.2)) {
      this.#members = this.#members.map((member) =>
        random.chance(0.3) ? { ...member, topics: this.#someTopics() } : member
      )
    }
  }
}
