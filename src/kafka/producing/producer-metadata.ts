import type { Clock } from '../../clock.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import { Backoff, type BackoffSettings } from '../../wait.ts'
import { brokerError, isRetriableBrokerError, isRetriableName } from '../client/broker-errors.ts'
import { addresses } from '../client/client-settings.ts'
import type { BrokerNode, NetworkClient, TopicMetadata } from '../client/network-client.ts'
import type { SendingPolicy } from './sending-policy.ts'

/** How long a topic or leader may be missing before the log tells, and how often it does. */
const PATIENCE_MS = 10_000
const REMINDER_MS = 600_000

interface KnownTopic {
  /** Leader per partition; null while there is none. */
  readonly leaders: readonly (BrokerNode | null)[]
  readonly updatedAtMs: number
}

/**
 * How long to wait behind a question about topics: longer each time the same ones are asked about again, and
 * the shortest time when there is a new one among them. Many tables come with many new topics, one after the
 * other: none of them is to wait for those before it.
 */
export class QuestionPace {
  readonly #backoff: Backoff
  #asked: ReadonlySet<string> = new Set()

  constructor(backoff: BackoffSettings) {
    this.#backoff = new Backoff(backoff)
  }

  pauseAfter(topics: readonly string[]): number {
    if (!topics.every((topic) => this.#asked.has(topic))) this.#backoff.reset()
    this.#asked = new Set(topics)
    return this.#backoff.next()
  }
}

/**
 * Which broker leads which partition of the topics a producer writes to. A topic nobody knows is created by
 * the broker if both are set to; when it stays unknown for `max.block.ms` of answered questions, it is
 * refused. An unreachable cluster is waited for.
 */
export class ProducerMetadata {
  /** Why what is wanted is not known yet; null when it is. */
  trouble: string | null = null
  readonly #clock: Clock
  readonly #network: NetworkClient
  readonly #policy: Pick<SendingPolicy, 'settings' | 'log'>
  readonly #onChange: () => void
  readonly #onFatal: (error: ConnectError) => void
  readonly #onRefused: (error: ConnectError, topic: string) => void
  readonly #topics = new Map<string, KnownTopic>()
  readonly #unknownSince = new Map<string, number>()
  readonly #wanted = new Set<string>()
  /** Per topic that is waited for: since when, or (in future) when to say so again. */
  readonly #said = new Map<string, number>()
  readonly #stopped = new AbortController()
  #refreshing: Promise<void> | null = null

  constructor(
    clock: Clock,
    network: NetworkClient,
    policy: Pick<SendingPolicy, 'settings' | 'log'>,
    events: {
      onChange(): void
      /** The topic cannot be written to. */
      onRefused(error: ConnectError, topic: string): void
      onFatal(error: ConnectError): void
    }
  ) {
    this.#clock = clock
    this.#network = network
    this.#policy = policy
    this.#onChange = () => events.onChange()
    this.#onFatal = (error) => events.onFatal(error)
    this.#onRefused = (error, topic) => events.onRefused(error, topic)
  }

  /**
   * How many partitions the topic has; null while unknown. Refreshes what is older than `metadata.max.age.ms`
   * in the background.
   */
  partitions(topic: string): number | null {
    const known = this.#topics.get(topic)
    if (known === undefined) {
      this.want(topic)
      return null
    }
    const ageMs = this.#clock.monotonicMs() - known.updatedAtMs
    if (ageMs > this.#network.settings.metadataMaxAgeMs) this.want(topic)
    return known.leaders.length
  }

  leader(topic: string, partition: number): BrokerNode | null {
    return this.#topics.get(topic)?.leaders[partition] ?? null
  }

  /** Whether the topic was asked about after a moment of the monotonic clock. */
  isNewerThan(topic: string, momentMs: number): boolean {
    return (this.#topics.get(topic)?.updatedAtMs ?? -1) > momentMs
  }

  /** Asks the cluster about the topic, soon and until there is an answer. */
  want(topic: string): void {
    if (this.#stopped.signal.aborted) return
    this.#wanted.add(topic)
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null
      // Wanted after the last look at the set.
      const [next] = this.#wanted
      if (next !== undefined) this.want(next)
    })
  }

  /** Nothing waits for an answer any more: what is asked already is the last question. */
  rest(): void {
    this.#wanted.clear()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#wanted.clear()
    await this.#refreshing
  }

  async #refresh(): Promise<void> {
    const { backoff } = this.#network.settings
    const pace = new QuestionPace(backoff)
    let pauseMs = backoff.firstMs
    let outage = false
    while (this.#wanted.size > 0) {
      await this.#untilWorthAsking(pauseMs)
      if (this.#stopped.signal.aborted) return
      const names = [...this.#wanted]
      if (names.length === 0) break
      pauseMs = pace.pauseAfter(names)
      try {
        const found = await this.#network.topics(names, this.#policy.settings.createsTopics)
        for (const name of names) this.#learn(name, found.get(name))
        if (outage) this.#policy.log?.info('The Kafka cluster can be reached again')
        outage = false
        this.#onChange()
      } catch (error) {
        if (this.#stopped.signal.aborted) return
        const where = `Failed to read the topics' metadata at ${addresses(this.#network.settings)}`
        if (!isRetriableBrokerError(error)) {
          this.#wanted.clear()
          this.#onFatal(brokerError(error, where))
          return
        }
        this.trouble = `${where}: ${messageOf(error)}`
        if (!outage) this.#policy.log?.warn(`${where}, trying again: ${messageOf(error)}`)
        outage = true
      }
      if (this.#wanted.size > 0) await this.#clock.sleep(pauseMs, this.#stopped.signal)
    }
    this.trouble = null
  }

  /**
   * What was learned a moment ago has not changed yet: those who wait for a change would ask as fast as the
   * broker answers.
   */
  async #untilWorthAsking(pauseMs: number): Promise<void> {
    const now = this.#clock.monotonicMs()
    let waitMs = pauseMs
    for (const name of this.#wanted) {
      const learnedAtMs = this.#topics.get(name)?.updatedAtMs ?? Number.NEGATIVE_INFINITY
      waitMs = Math.min(waitMs, learnedAtMs + pauseMs - now)
    }
    if (waitMs > 0) await this.#clock.sleep(waitMs, this.#stopped.signal)
  }

  #learn(name: string, found: TopicMetadata | undefined): void {
    const error = found?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION'
    if (found !== undefined && error === 'NONE') {
      const leaders = found.partitions.map(({ leader }) => leader)
      this.#topics.set(name, { leaders, updatedAtMs: this.#clock.monotonicMs() })
      this.#unknownSince.delete(name)
      if (leaders.includes(null)) {
        this.#waitsFor(name, `partition ${name}-${leaders.indexOf(null)} has no leader`)
      } else this.#learned(name)
      return
    }
    if (!isRetriableName(error)) {
      this.#wanted.delete(name)
      this.#refuse(name, error, `Kafka refuses topic ${name}: ${error}`)
      return
    }
    if (error !== 'UNKNOWN_TOPIC_OR_PARTITION') {
      this.#waitsFor(name, `topic ${name} answers ${error}`)
      return
    }
    const { maxBlockMs } = this.#policy.settings
    const now = this.#clock.monotonicMs()
    const since = this.#unknownSince.get(name) ?? now
    this.#unknownSince.set(name, since)
    if (now - since < maxBlockMs) {
      this.#waitsFor(name, `topic ${name} does not exist, and the broker has not created it`)
      return
    }
    this.#wanted.delete(name)
    this.#refuse(
      name,
      error,
      `Topic ${name} does not exist, and the broker did not create it within ${maxBlockMs} ms`
    )
  }

  #refuse(topic: string, kafkaError: string, message: string): void {
    this.#onRefused(new ConnectError('KAFKA_ERROR', message, { topic, kafkaError }), topic)
  }

  #learned(topic: string): void {
    this.#wanted.delete(topic)
    this.#said.delete(topic)
  }

  /**
   * I8: asked about for as long as it takes, but not in silence. Moments of it are usual: topics and leaders
   * come about while one waits.
   */
  #waitsFor(topic: string, what: string): void {
    this.trouble = what
    const now = this.#clock.monotonicMs()
    const sinceMs = this.#said.get(topic) ?? now
    this.#said.set(topic, sinceMs)
    if (now - sinceMs < PATIENCE_MS) return
    this.#said.set(topic, now + REMINDER_MS - PATIENCE_MS)
    this.#policy.log?.warn(`Records wait, because ${what}`)
  }
}
