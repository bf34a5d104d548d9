import { ConnectError } from '../../errors.ts'
import type { TopicPartition } from '../../plugin/sink.ts'

/** A partition from its `open` to its `close`. Offsets are those of next records. */
export interface AssignedPartition extends TopicPartition {
  /** Where reading began, or was moved to; null: nothing was read yet. */
  start: number | null
  /** Behind what was put; null: nothing was put since `start`. */
  delivered: number | null
  /** What this task committed last, or found; null: not known. */
  committed: number | null
  /** The plugin wants no records of it. */
  isPaused: boolean
  /** Where the plugin wants to go on; null: where it is. */
  sought: number | null
  /** Of the record put last. */
  lastTimestamp: number | null
}

/** No topic has a slash in its name. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

/** The partitions a task has at present. */
export class AssignedPartitions {
  readonly #byKey = new Map<string, AssignedPartition>()

  get all(): readonly AssignedPartition[] {
    return [...this.#byKey.values()]
  }

  get size(): number {
    return this.#byKey.size
  }

  add(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      this.#byKey.set(partitionKey({ topic, partition }), {
        topic,
        partition,
        start: null,
        delivered: null,
        committed: null,
        isPaused: false,
        sought: null,
        lastTimestamp: null
      })
    }
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#byKey.delete(partitionKey(partition))
  }

  get(partition: TopicPartition): AssignedPartition | null {
    return this.#byKey.get(partitionKey(partition)) ?? null
  }

  byKey(key: string): AssignedPartition | null {
    return this.#byKey.get(key) ?? null
  }

  /** Throws ConnectError for one that the task does not have. */
  required(partition: TopicPartition): AssignedPartition {
    const found = this.get(partition)
    if (found !== null) return found
    throw new ConnectError(
      'INTERNAL',
      `Partition ${partition.partition} of topic ${partition.topic} is not assigned to the task`
    )
  }
}
