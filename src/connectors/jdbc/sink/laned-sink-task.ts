import type { SinkRecord } from '../../../data/record.ts'
import { isRetriable } from '../../../errors.ts'
import type {
  SinkTask,
  SinkTaskContext,
  TopicPartition,
  TopicPosition
} from '../../../plugin/sink.ts'
import type { StreamFacts } from '../../../plugin/source.ts'
import { offsetKey } from '../database/sink-offsets.ts'

type Lane = Required<
  Pick<
    SinkTask,
    'open' | 'prepare' | 'put' | 'preCommit' | 'close' | 'progress' | 'nameRecord' | 'stop'
  >
>

/**
 * Several sessions inside one task (`write.lanes`): each partition belongs to one of them, so that its
 * records stay in order (I12), and each writes its part of a batch in its own transaction (I13, by lane).
 * Each part that is written counts, also when another one fails: only that one comes again.
 */
export class LanedSinkTask implements SinkTask {
  readonly #lanes: readonly Lane[]
  readonly #laneByKey = new Map<string, number>()
  readonly #conditions: (string | null)[] = []
  readonly #context: SinkTaskContext
  /** The longest rest that a lane asked for in this `put`. */
  #restMs = 0

  constructor(
    count: number,
    context: SinkTaskContext,
    makeLane: (context: SinkTaskContext) => Lane
  ) {
    this.#context = context
    this.#lanes = Array.from({ length: count }, (_, at) => makeLane(this.#contextOf(at)))
  }

  #contextOf(lane: number): SinkTaskContext {
    const whole = this.#context
    return {
      connector: whole.connector,
      task: whole.task,
      log: whole.log,
      errantRecords: whole.errantRecords,
      stopping: whole.stopping,
      get revoking() {
        return whole.revoking
      },
      get lost() {
        return whole.lost
      },
      assignment: () => whole.assignment(),
      pause: (partitions) => whole.pause(partitions),
      resume: (partitions) => whole.resume(partitions),
      offset: (positions) => whole.offset(positions),
      origins: (partitions) => whole.origins(partitions),
      confirm: (positions) => whole.confirm(positions),
      strangers: () => whole.strangers(),
      requestCommit: () => whole.requestCommit(),
      written: (partitions) => whole.written(partitions),
      timeout: (ms) => {
        this.#restMs = Math.max(this.#restMs, ms)
        whole.timeout(this.#restMs)
      },
      reportCondition: (condition) => {
        this.#conditions[lane] = condition
        const all = new Set(this.#conditions.filter((one) => one !== null && one !== undefined))
        whole.reportCondition(all.size === 0 ? null : [...all].join('; '))
      }
    }
  }

  async open(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#each(partitions, (lane, mine) => lane.open(mine))
  }

  prepare(records: readonly SinkRecord[]): void {
    for (const [lane, mine] of this.#byLane(records)) this.#lanes[lane]?.prepare(mine)
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    this.#restMs = 0
    const byLane = this.#byLane(records)
    const parts = this.#lanes.map(async (lane, at) => await lane.put(byLane.get(at) ?? []))
    const ends = await Promise.allSettled(parts)
    const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
    if (errors.length === 0) return
    for (const [lane, mine] of byLane) {
      if (ends[lane]?.status === 'fulfilled') this.#context.written(mine.map(partitionOf))
    }
    throw errors.find((error) => !isRetriable(error)) ?? errors[0]
  }

  async preCommit(positions: readonly TopicPosition[]): Promise<readonly TopicPosition[]> {
    const answers = await this.#each(positions, (lane, mine) => lane.preCommit(mine))
    return answers.flat()
  }

  async close(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    await this.#each(partitions, (lane, mine) => lane.close(mine, lost))
  }

  progress(): ReadonlyMap<string, StreamFacts> {
    const sums = new Map<string, Record<string, StreamFacts[string]>>()
    for (const lane of this.#lanes) {
      for (const [name, facts] of lane.progress() ?? []) {
        const sum = sums.get(name) ?? {}
        sums.set(name, sum)
        for (const [fact, value] of Object.entries(facts)) {
          const before = sum[fact]
          const areNumbers = typeof before === 'number' && typeof value === 'number'
          sum[fact] = areNumbers ? before + value : value
        }
      }
    }
    return sums
  }

  nameRecord(record: SinkRecord): string {
    return this.#lanes[0]?.nameRecord(record) ?? ''
  }

  async stop(): Promise<void> {
    await Promise.all(this.#lanes.map(async (lane) => await lane.stop()))
  }

  async #each<P extends TopicPartition, R>(
    partitions: readonly P[],
    work: (lane: Lane, mine: readonly P[]) => Promise<R> | R
  ): Promise<R[]> {
    const byLane = Map.groupBy(partitions, (each) => this.#laneOf(each))
    return await Promise.all(this.#lanes.map((lane, at) => work(lane, byLane.get(at) ?? [])))
  }

  #byLane(records: readonly SinkRecord[]): Map<number, SinkRecord[]> {
    return Map.groupBy(records, (record) => this.#laneOf(partitionOf(record)))
  }

  /** Partitions go to the lanes in turn, as they are seen first. */
  #laneOf(partition: TopicPartition): number {
    const key = offsetKey(partition)
    const lane = this.#laneByKey.get(key) ?? this.#laneByKey.size % this.#lanes.length
    this.#laneByKey.set(key, lane)
    return lane
  }
}

function partitionOf(record: SinkRecord): TopicPartition {
  return { topic: record.originalTopic, partition: record.originalKafkaPartition }
}
