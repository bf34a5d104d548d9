import type { ConsumedRecord, ConsumerPosition } from '../../../src/kafka/contracts.ts'
import type { Random } from '../../support/random.ts'
import type { Timeline } from './timeline.ts'

export const TOPIC = 'changes'
export const SESSION_MS = 1000
export const HEARTBEAT_MS = 250
export const MAX_POLL_MS = 2500
/** So long a group that was empty waits for more members. */
const FIRST_ROUND_MS = 20
const FETCH_WAIT_MS = 900

export interface Round {
  readonly memberId: string
  readonly generation: number
  readonly partitions: readonly number[]
}

interface Member {
  readonly id: string
  /** Keeps what it holds while the group shares out (cooperative). */
  readonly isIncremental: boolean
  owned: readonly number[]
  /** Its session ends when nothing was heard of it for so long. */
  heardAtMs: number
  /** Waits for the round to be complete. */
  waiting: ((round: Round) => void) | null
  assigned: readonly number[]
}

/** What the judge wants to know of Kafka. */
interface BrokerEvents {
  onCommitted(partition: number, offset: number, by: string): void
  onLetter(record: LetterRecord): void
}

export interface LetterRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

/**
 * One topic, the coordinator of one consumer group, and a dead letter queue. The group shares out as Kafka's
 * does: everybody is told with his heartbeat and has `max.poll.interval.ms` to join, who does not is out;
 * what a cooperative member holds and is to give goes to nobody in that round. Who gets what is drawn by lot,
 * which no assignor would do, and every member has to cope with.
 */
export class Broker {
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #events: BrokerEvents
  readonly logs: ConsumedRecord[][]
  readonly committed = new Map<number, number>()
  #generation = 0
  #members = new Map<string, Member>()
  #memberIds = 0
  /** Members that were forgotten, and until when they are not told. */
  readonly #forgotten = new Map<string, number>()
  #isSharingOut = false
  #cancelRound = (): void => {}
  /** Fetches that wait for records. */
  #waiting = new Set<() => void>()
  /** How likely it is that a partition stays where it is. */
  stickiness = 0.6
  /** Until then every request to the coordinator is told that it has moved. */
  movesUntilMs = 0

  constructor(timeline: Timeline, random: Random, partitions: number, events: BrokerEvents) {
    this.#timeline = timeline
    this.#random = random
    this.#events = events
    this.logs = Array.from({ length: partitions }, () => [])
  }

  append(record: ConsumedRecord): void {
    this.logs[record.partition]?.push(record)
    for (const wake of this.#waiting) wake()
  }

  /** Behind the last record. */
  end(partition: number): number {
    const last = this.logs[partition]?.at(-1)
    return last === undefined ? 0 : last.offset + 1
  }

  /** Records of each partition from its position on; waits a while when there are none. */
  fetch(
    positions: ReadonlyMap<number, number>,
    most: number,
    answer: (records: ReadonlyMap<number, readonly ConsumedRecord[]>) => void
  ): void {
    const look = (): ReadonlyMap<number, readonly ConsumedRecord[]> =>
      new Map(
        [...positions].flatMap(([partition, offset]) => {
          const log = this.logs[partition] ?? []
          const first = log.findIndex((record) => record.offset >= offset)
          return first === -1 ? [] : [[partition, log.slice(first, first + most)] as const]
        })
      )
    const found = look()
    if (found.size > 0) return answer(found)
    const end = (): void => {
      if (!this.#waiting.delete(end)) return
      cancel()
      answer(look())
    }
    const cancel = this.#timeline.after(FETCH_WAIT_MS, null, end)
    this.#waiting.add(end)
  }

  /** `answer` comes when the round is complete. An id that is not known is given a new one. */
  join(
    memberId: string | null,
    isIncremental: boolean,
    owned: readonly number[],
    answer: (round: Round) => void
  ): void {
    const known = memberId === null ? undefined : this.#members.get(memberId)
    const member = known ?? {
      id: `m${++this.#memberIds}`,
      isIncremental,
      owned: [],
      heardAtMs: 0,
      waiting: null,
      assigned: []
    }
    member.heardAtMs = this.#timeline.nowMs
    member.waiting = answer
    // Of a member that was out meanwhile nothing counts.
    member.owned = known === undefined ? [] : owned
    if (known === undefined) {
      this.#members.set(member.id, member)
      this.#watch(member)
    }
    this.#timeline.tell(() => `group: ${member.id} joins, holding ${member.owned.join()}`)
    this.#shareOut(`${member.id} joined`)
  }

  heartbeat(memberId: string, generation: number): string {
    if (this.#timeline.nowMs < this.movesUntilMs) return 'NOT_COORDINATOR'
    if (this.#isForgotten(memberId)) return 'NONE'
    const member = this.#members.get(memberId)
    if (member === undefined) return 'UNKNOWN_MEMBER_ID'
    if (generation !== this.#generation) return 'ILLEGAL_GENERATION'
    member.heardAtMs = this.#timeline.nowMs
    return this.#isSharingOut ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  leave(memberId: string): void {
    if (this.#members.delete(memberId)) this.#shareOut(`${memberId} left`)
  }

  /** I17: as this member, of this generation; else nothing of it. */
  commit(memberId: string, generation: number, positions: readonly ConsumerPosition[]): string {
    if (this.#timeline.nowMs < this.movesUntilMs) return 'NOT_COORDINATOR'
    if (this.#isForgotten(memberId)) return 'NONE'
    const member = this.#members.get(memberId)
    if (member === undefined) return 'UNKNOWN_MEMBER_ID'
    if (generation !== this.#generation) return 'ILLEGAL_GENERATION'
    for (const { partition, offset } of positions) {
      this.#timeline.tell(() => `group: ${memberId} commits ${partition}@${offset}`)
      this.committed.set(partition, offset)
      this.#events.onCommitted(partition, offset, memberId)
    }
    return 'NONE'
  }

  /** Whose a partition is by the last round; null: nobody's. */
  ownerOf(partition: number): string | null {
    for (const { id, assigned } of this.#members.values()) {
      if (assigned.includes(partition)) return id
    }
    return null
  }

  letter(record: LetterRecord): void {
    this.#events.onLetter(record)
  }

  /** What it held is given to others, and for so long every answer to it is as if nothing had happened. */
  forget(memberId: string | null, forMs: number): void {
    if (memberId === null || !this.#members.delete(memberId)) return
    this.#forgotten.set(memberId, this.#timeline.nowMs + forMs)
    this.#shareOut(`${memberId} was forgotten`)
  }

  #isForgotten(memberId: string): boolean {
    return this.#timeline.nowMs < (this.#forgotten.get(memberId) ?? 0)
  }

  /** Somebody asks the group to share out for no reason of ours. */
  disturb(): void {
    if (this.#members.size > 0) this.#shareOut('somebody asked for it')
  }

  #watch(member: Member): void {
    const look = (): void => {
      if (this.#members.get(member.id) !== member) return
      // Who waits for the round is not expected to say anything.
      if (member.waiting !== null) member.heardAtMs = this.#timeline.nowMs
      const leftMs = member.heardAtMs + SESSION_MS - this.#timeline.nowMs
      if (leftMs > 0) return void this.#timeline.after(leftMs, null, look)
      this.#timeline.tell(() => `group: the session of ${member.id} is over`)
      this.#members.delete(member.id)
      this.#shareOut(`the session of ${member.id} ended`)
    }
    this.#timeline.after(SESSION_MS, null, look)
  }

  #shareOut(why: string): void {
    if (this.#isSharingOut) return this.#completeIfAll()
    this.#isSharingOut = true
    this.#timeline.tell(() => `group: shares out, ${why}`)
    this.#cancelRound = this.#timeline.after(MAX_POLL_MS, null, () => {
      for (const member of this.#members.values()) {
        if (member.waiting !== null) continue
        this.#timeline.tell(() => `group: ${member.id} did not join in time`)
        this.#members.delete(member.id)
      }
      this.#complete()
    })
    // Others may be about to join, too.
    this.#timeline.after(FIRST_ROUND_MS, null, () => this.#completeIfAll())
  }

  #completeIfAll(): void {
    if (!this.#isSharingOut) return
    if ([...this.#members.values()].every(({ waiting }) => waiting !== null)) this.#complete()
  }

  #complete(): void {
    this.#cancelRound()
    this.#isSharingOut = false
    this.#generation++
    const members = [...this.#members.values()]
    const given = new Map<Member, number[]>(members.map((member) => [member, []]))
    for (const partition of this.logs.keys()) {
      const owner = members.find(({ owned }) => owned.includes(partition))
      const staysWith =
        owner !== undefined && this.#random.chance(this.stickiness) ? owner : undefined
      const member = staysWith ?? this.#random.pick(members)
      // What somebody holds on to is free only in the round after this one.
      if (member === undefined || (owner !== undefined && owner !== member)) continue
      given.get(member)?.push(partition)
    }
    this.#timeline.tell(
      () =>
        `group: generation ${this.#generation}: ${[...given].map(([{ id }, partitions]) => `${id} has ${partitions.join()}`).join('; ')}`
    )
    for (const [member, partitions] of given) {
      member.assigned = partitions
      member.heardAtMs = this.#timeline.nowMs
      const { waiting, id } = member
      member.waiting = null
      waiting?.({ memberId: id, generation: this.#generation, partitions })
    }
  }
}
