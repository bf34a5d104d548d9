import type { Clock } from '../../clock.ts'
import { isRetriable, messageOf } from '../../errors.ts'
import type { CommitOutcome, ConsumerPosition, GroupConsumer } from '../../kafka/contracts.ts'
import type { Logger } from '../../log.ts'
import type { TopicPosition } from '../../plugin/sink.ts'
import {
  type AssignedPartition,
  type AssignedPartitions,
  partitionKey
} from './assigned-partitions.ts'
import type { ErrantRecords } from './errant-records.ts'
import type { SinkMeter } from './sink-meter.ts'
import type { SinkTaskInstance } from './sink-task-instance.ts'

interface OffsetCommitsOptions {
  readonly consumer: Pick<GroupConsumer, 'commit'>
  readonly plugin: SinkTaskInstance
  readonly partitions: AssignedPartitions
  readonly errantRecords: ErrantRecords
  readonly meter: SinkMeter
  /** `offset.flush.interval.ms` */
  readonly intervalMs: number
  /** `offset.flush.timeout.ms` */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly log: Logger
}

type Ready = readonly (readonly [AssignedPartition, ConsumerPosition])[]

/**
 * Commits what was put (I10): every so often or on request, while other records are written, and one commit
 * at a time; before partitions are given away, and then it is waited for.
 */
export class OffsetCommits {
  readonly #options: OffsetCommitsOptions
  #dueMs: number
  #isRequested = false
  #underWay: Promise<void> | null = null
  #isClosed = false

  constructor(options: OffsetCommitsOptions) {
    this.#options = options
    this.#dueMs = options.clock.monotonicMs() + options.intervalMs
  }

  request(): void {
    this.#isRequested = true
  }

  get isDue(): boolean {
    if (this.#underWay !== null) return false
    return this.#isRequested || this.#leftMs <= 0
  }

  /** Until the next regular one may begin. */
  get waitMs(): number {
    return this.#underWay === null ? Math.max(0, this.#leftMs) : Number.POSITIVE_INFINITY
  }

  get #leftMs(): number {
    return this.#dueMs - this.#options.clock.monotonicMs()
  }

  /** I2, I4: nothing is committed any more. */
  close(): void {
    this.#isClosed = true
  }

  /**
   * Asks the plugin what may be committed, and has it committed; that is not waited for. Answers false when
   * the plugin could not: then everything behind what was committed last has to be read again. Rejects when a
   * record was reported that could not be handed over.
   */
  async begin(): Promise<boolean> {
    const { partitions, plugin, errantRecords, intervalMs, clock, meter } = this.#options
    this.#isRequested = false
    this.#dueMs = clock.monotonicMs() + intervalMs
    const delivered = deliveredOf(partitions.all)
    if (delivered.length === 0) return true
    let answered: readonly TopicPosition[]
    try {
      answered = await plugin.preCommit(delivered)
    } catch (error) {
      return this.#rewound(error)
    }
    try {
      await errantRecords.settled()
    } catch (error) {
      if (!isRetriable(error)) throw error
      return this.#rewound(error)
    }
    const ready = this.#ready(answered)
    if (ready.length === 0) meter.committed('skipped')
    else {
      this.#underWay = this.#commit(ready).finally(() => {
        this.#underWay = null
      })
    }
    return true
  }

  #rewound(error: unknown): false {
    this.#options.log.error('Offset commit failed, rewinding to last committed offsets', { error })
    this.#options.meter.committed('failed')
    return false
  }

  /** The last commit of partitions that are given away. Never rejects. */
  async last(given: readonly AssignedPartition[]): Promise<void> {
    const { plugin, errantRecords, log } = this.#options
    await this.#underWay
    const delivered = deliveredOf(given)
    if (this.#isClosed || delivered.length === 0) return
    try {
      const answered = await plugin.preCommit(delivered)
      await errantRecords.settled()
      const ready = this.#ready(answered).filter(([partition]) => given.includes(partition))
      if (ready.length > 0) await this.#commit(ready)
    } catch (error) {
      log.warn('Offset commit failed during close', { error })
    }
  }

  /** What of the answer of a plugin is new, and the task's to commit. */
  #ready(answered: readonly TopicPosition[]): Ready {
    const { partitions, log } = this.#options
    return answered.flatMap((position) => {
      const { topic, partition } = position
      const offset = Number(position.offset)
      const assigned = partitions.get(position)
      const refused = (why: string): [] => {
        log.warn(
          `Ignoring the offset ${offset} of partition ${partition} of topic ${topic}: ${why}`
        )
        return []
      }
      if (assigned === null) return refused('the partition is not assigned to the task')
      if (assigned.delivered === null || offset > assigned.delivered) {
        return refused(`the task was given records up to ${assigned.delivered} only`)
      }
      if (offset === assigned.committed) return []
      const { metadata } = position
      const beside = metadata === undefined ? {} : { metadata }
      return [[assigned, { topic, partition, offset, ...beside }] as const]
    })
  }

  /** Never rejects. */
  async #commit(ready: Ready): Promise<void> {
    const { consumer, meter, timeoutMs, log } = this.#options
    if (this.#isClosed) return
    const active = meter.active
    const outcome = await consumer.commit(
      ready.map(([, position]) => position),
      timeoutMs
    )
    const failed = failuresOf(outcome)
    for (const [assigned, { offset }] of ready) {
      // A partition that was given away meanwhile, and came back, is another one.
      if (!failed.has(partitionKey(assigned))) assigned.committed = offset
    }
    if (failed.size === 0) return meter.committed('completed', active)
    meter.committed('failed')
    const [[where, error] = []] = failed
    log.warn(`Offsets of ${failed.size} partitions could not be committed, ${where} among them`, {
      error: messageOf(error)
    })
  }
}

function deliveredOf(partitions: readonly AssignedPartition[]): TopicPosition[] {
  // What the plugin wants to read from elsewhere is not where it was put.
  return partitions.flatMap(({ topic, partition, delivered, sought }) =>
    delivered === null || sought !== null ? [] : [{ topic, partition, offset: BigInt(delivered) }]
  )
}

function failuresOf(outcome: CommitOutcome): ReadonlyMap<string, unknown> {
  return new Map(
    outcome.flatMap(({ error, ...partition }) =>
      error === null ? [] : [[partitionKey(partition), error] as const]
    )
  )
}
