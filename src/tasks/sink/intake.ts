import type { ConsumedRecord } from '../../kafka/contracts.ts'
import { nextTurn } from '../../wait.ts'
import type { SinkConversion } from '../pipeline/sink-conversion.ts'
import type { AssignedPartitions } from './assigned-partitions.ts'
import type { Batch } from './batch.ts'
import type { SinkMeter } from './sink-meter.ts'

export interface IntakeParts {
  readonly conversion: SinkConversion
  readonly partitions: AssignedPartitions
  readonly meter: SinkMeter
  /** Aborts when the task is to end. */
  readonly stopping: AbortSignal
  onTopicUsed(topic: string): void
}

/** How long one task converts before others have a turn, and how often it looks at the time. */
const TURN_MS = 4
const RECORDS_PER_LOOK = 8

/** Takes what was consumed into batches, and converts it. */
export class Intake {
  readonly #parts: IntakeParts
  #lastTopic: string | null = null
  readonly #topicsSeen = new Set<string>()

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  take(batch: Batch, consumed: readonly ConsumedRecord[]): void {
    const { partitions, meter } = this.#parts
    meter.read(consumed.length)
    batch.add(consumed)
    // Where reading began, for a partition of which nothing was committed.
    for (const [key, { first }] of batch.stretches) {
      const assigned = partitions.byKey(key)
      if (assigned !== null) assigned.start ??= first
    }
    for (const { topic } of consumed) if (topic !== this.#lastTopic) this.#useTopic(topic)
  }

  /**
   * Converts what a batch holds, as far as it can before the task is to end. Rejects when the task has to
   * fail; with a retriable error when what is needed is away (I14): then it goes on where it was another
   * time.
   */
  async convert(batch: Batch): Promise<void> {
    const { conversion, stopping } = this.#parts
    let turnEndsAt = performance.now() + TURN_MS
    for (let count = 1; !stopping.aborted; count++) {
      const record = batch.unconverted
      if (record === null) return
      const converted = conversion.convert(record, batch.leaveOut)
      batch.converted(converted instanceof Promise ? await converted : converted)
      if (count % RECORDS_PER_LOOK === 0 && performance.now() >= turnEndsAt) {
        // I9: others wait for the event loop, however much one poll brings.
        await nextTurn()
        turnEndsAt = performance.now() + TURN_MS
      }
    }
  }

  #useTopic(topic: string): void {
    this.#lastTopic = topic
    if (this.#topicsSeen.has(topic)) return
    this.#topicsSeen.add(topic)
    this.#parts.onTopicUsed(topic)
  }
}
