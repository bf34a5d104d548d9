import type { GroupConsumer } from '../../kafka/contracts.ts'
import type { Logger } from '../../log.ts'
import type { Revocation, TopicPartition } from '../../plugin/sink.ts'
import type { AssignedPartition, AssignedPartitions } from './assigned-partitions.ts'
import { partitionKey } from './assigned-partitions.ts'
import type { OffsetCommits } from './offset-commits.ts'
import type { SinkContext } from './sink-context.ts'
import type { SinkLoop } from './sink-loop.ts'
import type { SinkMeter } from './sink-meter.ts'
import type { SinkTaskInstance } from './sink-task-instance.ts'

interface RebalanceParts {
  readonly consumer: Pick<GroupConsumer, 'progress'>
  readonly plugin: SinkTaskInstance
  readonly partitions: AssignedPartitions
  readonly context: SinkContext
  readonly commits: OffsetCommits
  readonly loop: SinkLoop
  readonly meter: SinkMeter
  /** Aborts when the task is given up: then its plugin is asked for nothing more. */
  readonly givenUp: AbortSignal
  readonly log: Logger
}

/**
 * What happens when partitions come and go. They come: `open`, then the positions the plugin wants. They go:
 * the put that is under way may end, what was put is committed under the generation it came with (I17),
 * `close`, and what was only read is forgotten (I11). They are lost: the same without a commit, for they are
 * somebody else's already.
 */
export class Rebalances {
  readonly #parts: RebalanceParts
  /** Of the put that took too long; null: none did. */
  #overdue: string | null = null

  constructor(parts: RebalanceParts) {
    this.#parts = parts
  }

  /** What an operator should know; null: nothing. */
  get trouble(): string | null {
    return this.#overdue
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const { plugin, context, consumer, loop, log } = this.#parts
    const assigned = this.#parts.partitions
    // Calls of the plugin never overlap, and one may be under way although it has no records.
    await loop.putEnded()
    assigned.add(partitions)
    for (const known of consumer.progress) {
      const partition = assigned.get(known)
      if (partition !== null) partition.committed ??= known.committed
    }
    context.assigned()
    this.#overdue = null
    if (partitions.length > 0) {
      log.info(`The task reads ${listed(partitions)} from now on`)
      await plugin.open(partitions)
    }
    loop.assigned()
  }

  /** `withinMs`: so long the put may take that is under way. */
  async revoked(partitions: readonly TopicPartition[], withinMs: number): Promise<void> {
    if (partitions.length > 0) await this.#close({ reason: 'rebalance', partitions, withinMs })
  }

  async lost(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length > 0) await this.#close({ reason: 'lost', partitions, withinMs: 0 })
  }

  /** At once, whatever the plugin is doing. */
  revoking(
    reason: Revocation['reason'],
    partitions: readonly TopicPartition[],
    withinMs: number
  ): void {
    const { context, loop, log } = this.#parts
    if (partitions.length === 0) {
      // Which ones go, if any, shows when the group has shared out.
      loop.pollSoon(withinMs)
      return
    }
    if (reason === 'overdue') {
      this.#overdue =
        'A put took longer than max.poll.interval.ms: the task has left its consumer group and joins it again'
    }
    log.info(`${listed(partitions)} will be taken from the task: ${reason}`)
    context.revoke({ reason, partitions, withinMs })
  }

  async #close(revocation: Revocation): Promise<void> {
    const { plugin, context, commits, loop, meter, givenUp, log } = this.#parts
    const { partitions, reason } = revocation
    const isLost = reason === 'lost'
    if (!context.revoking.aborted) context.revoke(revocation)
    await loop.putEnded()
    const given = this.#parts.partitions
    try {
      if (givenUp.aborted) return
      if (!isLost)
        await commits.last(
          partitions.flatMap((each) => given.get(each) ?? ([] as AssignedPartition[]))
        )
      if (givenUp.aborted) return
      log.info(`The task reads ${listed(partitions)} no more`)
      await plugin.close(partitions, isLost)
    } finally {
      given.remove(partitions)
      loop.forget(new Set(partitions.map(partitionKey)))
      if (given.size === 0) meter.forgotten()
      // What is left is another assignment.
      context.assigned()
    }
  }
}

const MOST_LISTED = 10

function listed(partitions: readonly TopicPartition[]): string {
  const names = partitions
    .slice(0, MOST_LISTED)
    .map(({ topic, partition }) => `${topic}-${partition}`)
  const more = partitions.length - names.length
  return `${names.join(', ')}${more > 0 ? ` and ${more} more partitions` : ''}`
}
