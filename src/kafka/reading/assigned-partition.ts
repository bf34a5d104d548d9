import type { ConnectError } from '../../errors.ts'
import { partitionKey } from '../client/partition-key.ts'
import type { TopicPartition } from '../contracts.ts'
import type { FetchedRecords } from './fetched-records.ts'

/**
 * A partition that is read. What was fetched waits in `waiting`, in order; behind that `next` is fetched.
 *
 * Its position is not known (`next` is null) until it is sought, or found by `auto.offset.reset`; it is lost
 * again when the broker has no such offset.
 */
export class AssignedPartition {
  readonly topic: string
  readonly partition: number
  readonly key: string
  /** Grows with each change of the position from outside: answers asked for before are thrown away. */
  epoch = 0
  /** Of the next record to be fetched. */
  next: number | null = null
  /** Leader epoch of the record before `next`; -1: not known. */
  lastEpoch = -1
  /** The position is to be found as `auto.offset.reset` says. */
  needsReset = false
  isPaused = false
  /** Asked for, and not answered yet. */
  isAsked = false
  /** Not asked for again before this (monotonic ms), after the broker could not answer. */
  notBeforeMs = 0
  readonly waiting: FetchedRecords[] = []
  waitingBytes = 0
  /** Behind the last record that may be read, as the last answer had it. */
  end: number | null = null
  failure: ConnectError | null = null

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic
    this.partition = partition
    this.key = partitionKey(topic, partition)
  }

  /** Of the next record to be handed out. */
  get position(): number | null {
    return this.waiting[0]?.position ?? this.next
  }

  /** Reads from `offset` on; answers how many waiting bytes were dropped. */
  seek(offset: number | null, lastEpoch: number): number {
    this.epoch++
    this.next = offset
    this.lastEpoch = lastEpoch
    this.needsReset = offset === null
    this.failure = null
    this.notBeforeMs = 0
    return this.drop()
  }

  /** Forgets what waits. */
  drop(): number {
    const bytes = this.waitingBytes
    this.waiting.length = 0
    this.waitingBytes = 0
    return bytes
  }

  add(fetched: FetchedRecords): void {
    this.waiting.push(fetched)
    this.waitingBytes += fetched.bytes
    this.next = fetched.end
    this.lastEpoch = fetched.endEpoch
  }

  /** The first of what waits is done with; answers how many bytes it kept. */
  shift(): number {
    const bytes = this.waiting.shift()?.bytes ?? 0
    this.waitingBytes -= bytes
    return bytes
  }
}
