import type { Clock } from '../../clock.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { OffsetReset } from '../../settings/clients/consumer-settings.ts'
import { Backoff, type BackoffSettings } from '../../wait.ts'
import { isRetriableName } from '../client/broker-errors.ts'
import type { BrokerNode, NetworkClient } from '../client/network-client.ts'
import { partitionKey } from '../client/partition-key.ts'
import type { AssignedPartition } from './assigned-partition.ts'
import { listOffsets, type OffsetSpec } from './list-offsets.ts'
import type { PartitionFetcher } from './partition-fetcher.ts'
import type { TopicWatch } from './topic-watch.ts'
import type { Troubles } from './troubles.ts'

interface OffsetResetParts {
  readonly clock: Clock
  readonly network: NetworkClient
  readonly watch: TopicWatch
  readonly troubles: Troubles
  readonly log: Logger
  readonly reset: OffsetReset
  readonly readCommitted: boolean
  readonly backoff: BackoffSettings
  /** For messages. */
  readonly groupId: string
}

/**
 * Finds positions where there is none, as `auto.offset.reset` says: asks the leaders, again and again until
 * they answer, or fails the partitions with `none`.
 */
export class OffsetResets {
  readonly #parts: OffsetResetParts
  readonly #closed = new AbortController()
  /** Since the partitions were looked at last. */
  #isNeeded = false
  #running: Promise<void> | null = null

  constructor(parts: OffsetResetParts) {
    this.#parts = parts
  }

  /** Positions are needed. */
  begin(fetcher: PartitionFetcher): void {
    if (this.#closed.signal.aborted) return
    this.#isNeeded = true
    this.#running ??= this.#run(fetcher).finally(() => {
      this.#running = null
      if (this.#isNeeded) this.begin(fetcher)
    })
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#running
  }

  async #run(fetcher: PartitionFetcher): Promise<void> {
    const { clock, reset, watch, backoff: settings } = this.#parts
    const { signal } = this.#closed
    const backoff = new Backoff(settings)
    // Whoever needs them goes on first.
    await Promise.resolve()
    for (;;) {
      this.#isNeeded = false
      const needed = [...fetcher.partitions].filter(
        ({ needsReset, failure }) => needsReset && failure === null
      )
      if (signal.aborted || needed.length === 0) return
      if (reset === 'none') {
        for (const partition of needed) fetcher.fail(partition, this.#noPosition(partition))
        return
      }
      const isDone = await this.#ask(fetcher, needed, reset)
      if (isDone) continue
      watch.expire()
      await clock.sleep(backoff.next(), signal)
    }
  }

  /** Whether every leader answered. */
  async #ask(
    fetcher: PartitionFetcher,
    needed: readonly AssignedPartition[],
    reset: Exclude<OffsetReset, 'none'>
  ): Promise<boolean> {
    const { clock, watch, troubles } = this.#parts
    const byLeader = Map.groupBy(needed, (each) => watch.partition(each)?.leader ?? null)
    const spec: OffsetSpec =
      typeof reset === 'string' ? reset : { epochMs: clock.now() - reset.beforeMs }
    let isDone = !byLeader.has(null)
    for (const [leader, partitions] of byLeader) {
      if (leader === null) continue
      try {
        isDone = (await this.#askLeader(fetcher, leader, partitions, spec)) && isDone
      } catch (error) {
        if (this.#closed.signal.aborted) return true
        const text = `Positions cannot be found: ${messageOf(error)}`
        for (const { key } of partitions) troubles.note(key, text)
        isDone = false
      }
    }
    return isDone
  }

  async #askLeader(
    fetcher: PartitionFetcher,
    leader: BrokerNode,
    partitions: readonly AssignedPartition[],
    spec: OffsetSpec
  ): Promise<boolean> {
    const { network, readCommitted, troubles, log } = this.#parts
    const epochs = new Map(partitions.map((each) => [each, each.epoch]))
    const byKey = new Map(partitions.map((each) => [each.key, each]))
    let isDone = true
    const without: AssignedPartition[] = []
    for (const found of await listOffsets(network, leader, partitions, spec, readCommitted)) {
      const partition = byKey.get(partitionKey(found.topic, found.partition))
      // Sought or taken away meanwhile.
      if (partition === undefined || partition.epoch !== epochs.get(partition)) continue
      if (found.error !== 'NONE') {
        isDone = this.#refused(fetcher, partition, found.error) && isDone
      } else if (found.offset === null) {
        without.push(partition)
      } else {
        troubles.clear(partition.key)
        log.info(`Position of ${partition.key} is reset to ${found.offset}`)
        fetcher.found(partition, found.offset)
      }
    }
    // No record is as young as that: what comes next is.
    if (without.length > 0 && spec !== 'latest') {
      isDone = (await this.#askLeader(fetcher, leader, without, 'latest')) && isDone
    }
    return isDone
  }

  /** Whether it is final. */
  #refused(fetcher: PartitionFetcher, partition: AssignedPartition, error: string): boolean {
    const { key, topic } = partition
    const text = `The position of ${key} cannot be found: ${error}`
    if (isRetriableName(error)) {
      this.#parts.troubles.note(key, text)
      return false
    }
    const facts = { topic, partition: partition.partition, kafkaError: error }
    fetcher.fail(partition, new ConnectError('KAFKA_ERROR', text, facts))
    return true
  }

  #noPosition({ key, topic, partition }: AssignedPartition): ConnectError {
    return new ConnectError(
      'KAFKA_ERROR',
      `There is no position to read ${key} from: group ${this.#parts.groupId} has committed none that is in the log, and auto.offset.reset is none`,
      { topic, partition }
    )
  }
}
