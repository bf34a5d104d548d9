import { ConnectError } from '../../errors.ts'
import type { TopicMetadata } from '../client/network-client.ts'
import type { GroupConsumerOptions } from '../contracts.ts'

type Topics = ReadonlyMap<string, TopicMetadata>

/** Answers after which a topic cannot be read before somebody changes something. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION'
])

/**
 * Which topics a member subscribes to and, while it leads, how many partitions the topics of the group have:
 * what of this changes asks for another round.
 */
export class SubscriptionWatch {
  readonly #subscription: GroupConsumerOptions['subscription']
  readonly #excludeInternal: boolean
  /** As the last join had them. */
  #joined: readonly string[] = []
  /** Partitions by topic, as the leader shared them out; null: another member leads. */
  #shared: ReadonlyMap<string, number> | null = null

  constructor(subscription: GroupConsumerOptions['subscription'], excludeInternal: boolean) {
    this.#subscription = subscription
    this.#excludeInternal = excludeInternal
  }

  /** What to know of the cluster for a join; null: all topics. */
  get wanted(): readonly string[] | null {
    return this.#subscription.kind === 'pattern' ? null : this.#subscription.topics
  }

  /** What to watch between joins: those it reads, too, and those it shares out. */
  watched(assigned: Iterable<string>): ReadonlySet<string> | null {
    const { wanted } = this
    if (wanted === null) return null
    return new Set([...wanted, ...assigned, ...(this.#shared?.keys() ?? [])])
  }

  /** A join begins: the topics it is for. */
  join(topics: Topics): readonly string[] {
    this.#shared = null
    this.#joined = this.#matching(topics)
    return this.#joined
  }

  /** This member leads and shares out these topics. */
  lead(topics: Topics): void {
    this.#shared = new Map([...topics].map(([name, topic]) => [name, partitionCount(topic)]))
  }

  /** Why the group should share out anew; null: nothing has changed. */
  changeIn(topics: Topics): string | null {
    if (this.#matching(topics).join() !== this.#joined.join()) {
      return 'the topics that match the subscription have changed'
    }
    for (const [topic, partitions] of this.#shared ?? []) {
      const known = topics.get(topic)
      const now = known === undefined ? 0 : partitionCount(known)
      if (now !== partitions) return `topic ${topic} has ${now} partitions instead of ${partitions}`
    }
    return null
  }

  /** What keeps the member from a topic it names. */
  problemIn(topics: Topics): ConnectError | null {
    for (const topic of this.wanted ?? []) {
      const error = topics.get(topic)?.error ?? 'NONE'
      if (!FORBIDDEN.has(error)) continue
      return new ConnectError('KAFKA_ERROR', `The broker refused topic ${topic}: ${error}`, {
        topic,
        kafkaError: error
      })
    }
    return null
  }

  #matching(topics: Topics): readonly string[] {
    const subscription = this.#subscription
    if (subscription.kind === 'topics') return subscription.topics
    return [...topics.values()]
      .filter(({ isInternal }) => !(isInternal && this.#excludeInternal))
      .map(({ name }) => name)
      .filter((name) => subscription.matches(name))
      .sort()
  }
}

/** 0: the topic is not there, or not to be seen. */
function partitionCount({ error, partitions }: TopicMetadata): number {
  return error === 'NONE' ? partitions.length : 0
}
