import type { Clock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import { Backoff, after } from '../../wait.ts'
import { isRetriableName } from '../client/broker-errors.ts'
import type { ClientSettings } from '../client/client-settings.ts'
import type { NetworkClient, PartitionMetadata, TopicMetadata } from '../client/network-client.ts'
import type { TopicPartition } from '../contracts.ts'
import { Bell } from './bell.ts'
import type { Troubles } from './troubles.ts'

type WatchSettings = Pick<ClientSettings, 'backoff' | 'metadataMaxAgeMs'>

const TROUBLE = 'metadata'

/**
 * What the cluster says of some topics, or of all: asked for anew when it is `metadata.max.age.ms` old, when
 * other topics are watched, soon after somebody found that it is wrong, and again and again while there is a
 * topic that may be about to appear. Never rejects: it tries again, with growing pauses, for as long as it is
 * watched.
 */
export class TopicWatch {
  readonly #clock: Clock
  readonly #network: NetworkClient
  readonly #settings: WatchSettings
  readonly #createTopics: boolean
  readonly #troubles: Troubles
  readonly #onAnswer: (askedAtMs: number) => void
  readonly #closed = new AbortController()
  readonly #expired = new Bell()
  #names: ReadonlySet<string> | null = new Set()
  #topics: ReadonlyMap<string, TopicMetadata> = new Map()
  #isExpired = false
  #following: Promise<void> | null = null

  constructor(
    clock: Clock,
    network: NetworkClient,
    settings: WatchSettings,
    options: {
      readonly createTopics: boolean
      readonly troubles: Troubles /** Given when it was asked for (monotonic ms). */
      onAnswer(askedAtMs: number): void
    }
  ) {
    this.#clock = clock
    this.#network = network
    this.#settings = settings
    this.#createTopics = options.createTopics
    this.#troubles = options.troubles
    this.#onAnswer = (askedAtMs) => options.onAnswer(askedAtMs)
  }

  /** By the last answer. */
  get topics(): ReadonlyMap<string, TopicMetadata> {
    return this.#topics
  }

  partition({ topic, partition }: TopicPartition): PartitionMetadata | null {
    const partitions = this.#topics.get(topic)?.partitions ?? []
    const expected = partitions[partition]
    if (expected?.partition === partition) return expected
    return partitions.find((each) => each.partition === partition) ?? null
  }

  /** Which topics to know about from now on; null: all there are. */
  watch(names: ReadonlySet<string> | null): void {
    const isKnown =
      this.#names !== null && names !== null && [...names].every((name) => this.#topics.has(name))
    this.#names = names
    if (!isKnown || this.#following === null) this.expire()
    this.#following ??= this.#follow()
  }

  /** What is known is not right any more: it is asked for soon. */
  expire(): void {
    this.#isExpired = true
    this.#expired.ring()
  }

  /** Asks at once, beside the watch, for topics that need not be among those watched. */
  async ask(names: readonly string[] | null): Promise<ReadonlyMap<string, TopicMetadata>> {
    return this.#network.topics(names, this.#createTopics && names !== null)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    this.#expired.ring()
    await this.#following
  }

  async #follow(): Promise<void> {
    const backoff = new Backoff(this.#settings.backoff)
    const untilThere = new Backoff(this.#settings.backoff)
    const { signal } = this.#closed
    while (!signal.aborted) {
      this.#isExpired = false
      let pauseMs = this.#settings.backoff.firstMs
      const askedAtMs = this.#clock.monotonicMs()
      try {
        this.#topics = await this.ask(this.#names === null ? null : [...this.#names])
        backoff.reset()
        this.#troubles.clear(TROUBLE)
        if (!this.#closed.signal.aborted) this.#onAnswer(askedAtMs)
        if (this.#lacksTopics) {
          this.#isExpired = true
          pauseMs = untilThere.next()
        } else untilThere.reset()
      } catch (error) {
        this.#troubles.note(TROUBLE, `Nothing is known of the cluster: ${messageOf(error)}`)
        this.#isExpired = true
        pauseMs = backoff.next()
      }
      // Answers that are wrong at once must not be asked for as fast as they come.
      await this.#clock.sleep(pauseMs, signal)
      await this.#untilExpired()
    }
  }

  /** As Java's clients do, which ask again for a topic that is not there. */
  get #lacksTopics(): boolean {
    return [...(this.#names ?? [])].some((name) =>
      isRetriableName(this.#topics.get(name)?.error ?? 'NONE')
    )
  }

  async #untilExpired(): Promise<void> {
    const { rung } = this.#expired
    if (this.#isExpired || this.#closed.signal.aborted) return
    const cancel = after(this.#clock, this.#settings.metadataMaxAgeMs, () => this.expire())
    await rung
    cancel()
  }
}
