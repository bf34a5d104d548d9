import type { ConsumerPosition, GroupConsumer } from '../../kafka/contracts.ts'
import type { TopicPartition } from '../../plugin/sink.ts'
import { type AssignedPartitions, partitionKey } from './assigned-partitions.ts'

/** Where the consumer of a task reads, and which partitions it leaves alone. */
export class Steering {
  readonly #consumer: GroupConsumer
  readonly #partitions: AssignedPartitions
  /** Whether what the consumer was told may not be what is wanted. */
  #isStale = true
  #areAllPaused = false

  constructor(consumer: GroupConsumer, partitions: AssignedPartitions) {
    this.#consumer = consumer
    this.#partitions = partitions
  }

  get areAllPaused(): boolean {
    return this.#areAllPaused
  }

  /** Partitions came or went, or the plugin paused or resumed some. */
  changed(): void {
    this.#isStale = true
  }

  /** What the consumer may hand out: nothing, or all that the plugin has not paused. */
  apply(allPaused: boolean): void {
    if (!this.#isStale && allPaused === this.#areAllPaused) return
    this.#isStale = false
    this.#areAllPaused = allPaused
    const now = this.#stillAssigned()
    const assigned = this.#partitions.all.filter((each) => now.has(partitionKey(each)))
    const paused = assigned.filter(({ isPaused }) => allPaused || isPaused)
    if (paused.length > 0) this.#consumer.pause(paused.map(named))
    const read = assigned.filter(({ isPaused }) => !allPaused && !isPaused)
    if (read.length > 0) this.#consumer.resume(read.map(named))
  }

  seek(position: ConsumerPosition): void {
    if (this.#stillAssigned().has(partitionKey(position))) this.#consumer.seek([position])
  }

  /** What is lost is so at once for the consumer; the task is told in the next poll. */
  #stillAssigned(): ReadonlySet<string> {
    return new Set(this.#consumer.assignment.map(partitionKey))
  }
}

function named({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}
