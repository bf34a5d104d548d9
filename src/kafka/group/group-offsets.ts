import type { Clock } from '../../clock.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import { Backoff, type BackoffSettings, retrying, within } from '../../wait.ts'
import { brokerError, isRetriableBrokerError, isRetriableName } from '../client/broker-errors.ts'
import type { BrokerNode, NetworkClient } from '../client/network-client.ts'
import { partitionKey } from '../client/partition-key.ts'
import type { CommitOutcome, ConsumerPosition, TopicPartition } from '../contracts.ts'
import { type CommittingMember, commitOffsets, fetchOffsets } from './offset-requests.ts'

/** Answers that say that the member is out, or has become another one. */
const OUT: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID'
])

interface GroupOffsetsParts {
  readonly clock: Clock
  readonly network: NetworkClient
  readonly groupId: string
  readonly backoff: BackoffSettings
  /** Pauses between questions whose answer hangs on an open transaction. */
  onTrouble(text: string | null): void
}

/** The offsets of one group, asked of its coordinator wherever that is. */
export class GroupOffsets {
  readonly #parts: GroupOffsetsParts
  #coordinator: BrokerNode | null = null

  constructor(parts: GroupOffsetsParts) {
    this.#parts = parts
  }

  /**
   * What is committed of these partitions, by `partitionKey`; waits for transactions that would change that,
   * and for brokers, until `signal` aborts. Rejects with ConnectError for what only people can mend.
   */
  async committed(
    partitions: readonly TopicPartition[],
    signal: AbortSignal
  ): Promise<ReadonlyMap<string, ConsumerPosition>> {
    const { clock, backoff, groupId, onTrouble } = this.#parts
    const found = new Map<string, ConsumerPosition>()
    if (partitions.length === 0) return found
    const onRetry = (error: unknown): void => {
      this.#coordinator = null
      onTrouble(`Committed offsets of group ${groupId} cannot be read: ${messageOf(error)}`)
    }
    try {
      await retrying(
        clock,
        { backoff, isPassing: isRetriableBrokerError, onRetry },
        async () => {
          for (const each of await this.#fetch(partitions)) {
            found.set(partitionKey(each.topic, each.partition), each)
          }
        },
        signal
      )
      return found
    } catch (error) {
      throw brokerError(error, `Committed offsets of group ${groupId} cannot be read`)
    } finally {
      onTrouble(null)
    }
  }

  async #fetch(partitions: readonly TopicPartition[]): Promise<ConsumerPosition[]> {
    const { network, groupId } = this.#parts
    this.#coordinator ??= await network.coordinator('group', groupId)
    const answer = await fetchOffsets(network, this.#coordinator, groupId, partitions)
    const error = [answer.error, ...answer.partitions.map((each) => each.error)].find(
      (name) => name !== 'NONE'
    )
    if (error !== undefined) throw this.#refused(error)
    return answer.partitions.flatMap(({ offset, error: _none, ...rest }) =>
      offset === null ? [] : [{ ...rest, offset }]
    )
  }

  /**
   * One attempt after another within `timeoutMs`, each as the same member of the same round, for as long as
   * `isCurrent`. `onOut`: the coordinator does not know that member any more.
   */
  async commit(
    member: CommittingMember,
    positions: readonly ConsumerPosition[],
    timeoutMs: number,
    { isCurrent, onOut }: { isCurrent(): boolean; onOut(error: string): void }
  ): Promise<CommitOutcome> {
    const { clock, backoff: settings } = this.#parts
    const deadline = clock.monotonicMs() + timeoutMs
    const backoff = new Backoff(settings)
    const outcome = new Map<string, ConnectError | null>()
    let left = positions
    for (;;) {
      // I17: what could not be said as this member is not said as another.
      if (!isCurrent())
        return this.#outcome(positions, outcome, this.#refused('ILLEGAL_GENERATION'))
      const leftMs = deadline - clock.monotonicMs()
      const failed = await this.#attempt(member, left, Math.max(1, leftMs), outcome)
      const out = [...failed.values()].find((name) => OUT.has(name))
      if (out !== undefined) onOut(out)
      left = left.filter((each) => failed.has(partitionKey(each.topic, each.partition)))
      if (left.length === 0 || out !== undefined) break
      const pauseMs = backoff.next()
      if (clock.monotonicMs() + pauseMs >= deadline) break
      await clock.sleep(pauseMs)
    }
    return this.#outcome(positions, outcome, this.#refused('ILLEGAL_GENERATION'))
  }

  /** Notes what became of each position; answers those that may be tried again, with the broker's word. */
  async #attempt(
    member: CommittingMember,
    positions: readonly ConsumerPosition[],
    leftMs: number,
    outcome: Map<string, ConnectError | null>
  ): Promise<ReadonlyMap<string, string>> {
    const again = new Map<string, string>()
    try {
      const answers = await within(this.#parts.clock, this.#send(member, positions), leftMs, () =>
        this.#refused('REQUEST_TIMED_OUT')
      )
      for (const { topic, partition, error } of answers) {
        const key = partitionKey(topic, partition)
        outcome.set(key, error === 'NONE' ? null : this.#refused(error))
        if (isRetriableName(error) || OUT.has(error)) again.set(key, error)
        if (isRetriableName(error)) this.#coordinator = null
      }
    } catch (error) {
      this.#coordinator = null
      const failure = brokerError(
        error,
        `Offsets of group ${this.#parts.groupId} were not committed`
      )
      for (const { topic, partition } of positions) {
        const key = partitionKey(topic, partition)
        outcome.set(key, failure)
        if (isRetriableBrokerError(error)) again.set(key, 'NETWORK_EXCEPTION')
      }
    }
    return again
  }

  async #send(member: CommittingMember, positions: readonly ConsumerPosition[]) {
    const { network, groupId } = this.#parts
    this.#coordinator ??= await network.coordinator('group', groupId)
    return commitOffsets(network, this.#coordinator, groupId, member, positions)
  }

  #outcome(
    positions: readonly ConsumerPosition[],
    outcome: ReadonlyMap<string, ConnectError | null>,
    otherwise: ConnectError
  ): CommitOutcome {
    return positions.map(({ topic, partition }) => {
      const error = outcome.get(partitionKey(topic, partition))
      return { topic, partition, error: error === undefined ? otherwise : error }
    })
  }

  #refused(error: string): ConnectError {
    const { groupId } = this.#parts
    return new ConnectError(
      isRetriableName(error) ? 'KAFKA_UNAVAILABLE' : 'KAFKA_ERROR',
      `The coordinator of group ${groupId} refused: ${error}`,
      { groupId, kafkaError: error }
    )
  }
}
