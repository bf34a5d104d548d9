import type { Clock } from '../../clock.ts'
import type { PartitionProgress } from '../../kafka/contracts.ts'
import type { StreamFacts } from '../../plugin/source.ts'
import { noProgress } from '../no-progress.ts'
import { PacedPush } from '../paced-push.ts'
import type { StageName } from '../pipeline/stages.ts'
import type { SinkPartitionProgress, SinkTaskProgress } from '../port.ts'
import { type AssignedPartitions, partitionKey } from './assigned-partitions.ts'
import type { Batch } from './batch.ts'

interface SinkMeterOptions {
  /** What the plugin says of its streams at this moment. */
  streams(): ReadonlyMap<string, StreamFacts>
  skipped(): number
  push(progress: SinkTaskProgress): void
  readonly clock: Clock
  readonly stopping: AbortSignal
}

/** Where a meter looks when it is asked how far each partition is. */
interface SinkPositions {
  readonly partitions: AssignedPartitions
  /** Read, and not put yet; the older first. */
  readonly batches: readonly Batch[]
  readonly known: readonly PartitionProgress[]
}

type Counts = { -readonly [P in keyof SinkTaskProgress]: SinkTaskProgress[P] }

/** Counts what a sink task does, and pushes the counts beside its positions and the facts of its streams. */
export class SinkMeter {
  readonly #options: SinkMeterOptions
  readonly #pushes: PacedPush
  readonly #counts: Counts = noProgress('sink') as Counts
  readonly #deadLetters = new Map<string, number>()
  #positions: () => SinkPositions | null = () => null

  constructor(options: SinkMeterOptions) {
    this.#options = options
    this.#pushes = new PacedPush(() => this.push(), options.clock, options.stopping)
  }

  /** Told by whoever has the partitions. */
  lookAt(positions: () => SinkPositions): void {
    this.#positions = positions
  }

  read(records: number): void {
    this.#counts.read += records
    this.#pushes.changed()
  }

  put(records: number, tookMs: number): void {
    const counts = this.#counts
    if (records > 0) {
      counts.sent += records
      counts.active += records
      counts.puts += 1
      counts.putMs += tookMs
      counts.longestPutMs = Math.max(counts.longestPutMs, tookMs)
      counts.lastPutAt = this.#options.clock.now()
    }
    this.#pushes.changed()
  }

  retried(): void {
    this.#counts.retries += 1
    this.#pushes.changed()
  }

  /** How a commit ended; `active`: of what was put before it. */
  committed(how: 'completed' | 'failed' | 'skipped', active = 0): void {
    const { commits } = this.#counts
    this.#counts.commits = { ...commits, [how]: commits[how] + 1 }
    this.#counts.active = Math.max(0, this.#counts.active - active)
    this.#pushes.changed()
  }

  /** Records that were put and will come again. */
  get active(): number {
    return this.#counts.active
  }

  /** Nothing that was put waits for a commit any more: its partitions are gone. */
  forgotten(): void {
    this.#counts.active = 0
  }

  deadLetter(stage: StageName): void {
    this.#deadLetters.set(stage, (this.#deadLetters.get(stage) ?? 0) + 1)
    this.#pushes.changed()
  }

  deadLetterFailed(): void {
    this.#counts.deadLetterFailures += 1
    this.#pushes.changed()
  }

  /** Until the task is asked to stop. Never rejects. */
  pushRegularly(): Promise<void> {
    return this.#pushes.regularly()
  }

  push(): void {
    const { streams, skipped, push, clock } = this.#options
    const positions = this.#positions()
    push({
      ...this.#counts,
      skipped: skipped(),
      deadLetters: new Map(this.#deadLetters),
      partitions: positions === null ? [] : partitionProgress(positions, clock.now()),
      streams: streams()
    })
  }
}

function partitionProgress(
  { partitions, batches, known }: SinkPositions,
  nowMs: number
): SinkPartitionProgress[] {
  const consumer = new Map(known.map((each) => [partitionKey(each), each]))
  return partitions.all.map((assigned) => {
    const { topic, partition, start, delivered, lastTimestamp } = assigned
    const key = partitionKey(assigned)
    const ofConsumer = consumer.get(key)
    const position = delivered ?? start ?? ofConsumer?.position ?? null
    const end = ofConsumer?.end ?? null
    const lag = position === null || end === null ? null : Math.max(0, end - position)
    // Of records that still lie in Kafka the age of the one before them says how old they are at most.
    const next = batches
      .map(({ stretches }) => stretches.get(key))
      .find((stretch) => stretch !== undefined && stretch.next > (delivered ?? 0))
    const timestamp = next === undefined ? lastTimestamp : next.firstTimestamp
    const age = timestamp === null ? null : Math.max(0, nowMs - timestamp) / 1000
    return {
      topic,
      partition,
      position,
      committed: assigned.committed ?? ofConsumer?.committed ?? null,
      end,
      lag,
      behindSeconds: lag === 0 ? 0 : age
    }
  })
}
