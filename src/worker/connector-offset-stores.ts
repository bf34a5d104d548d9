import type { Clock } from '../clock.ts'
import type { ConfigMap } from '../config/config-def.ts'
import type { ClientProperties, KafkaClients, TopicLogOptions } from '../kafka/contracts.ts'
import type { ConnectorClientProperties } from './connector-client-properties.ts'
import type { OffsetReader } from '../plugin/source.ts'
import { sameBrokers } from '../settings/clients/client-settings.ts'
import { offsetsTopic } from '../settings/connector/connector-settings.ts'
import { offsetReaderProperties } from '../settings/worker/layered-properties.ts'
import { KafkaOffsetStore } from '../storage/kafka-offset-store.ts'
import { LayeredOffsetStore } from '../storage/layered-offset-store.ts'
import type { OffsetStore, TransactionalOffsetStore } from '../storage/offset-store.ts'

/** A store somebody uses: started on first use, closed when nobody uses it any more. */
export interface OffsetLease<S extends OffsetStore = OffsetStore> {
  readonly store: S
  /** Resolves when it can be read; may be called again and again. */
  start(): Promise<void>
  close(): Promise<void>
}

export function offsetReader(connector: string, { store, start }: OffsetLease): OffsetReader {
  return {
    async offsets(partitions) {
      await start()
      return store.get(connector, partitions)
    }
  }
}

/** How connectors come to topics of their own; only a distributed worker has them. */
export interface OffsetTopics {
  /** Source tasks run exactly once: then every connector's offsets are written in its tasks' transactions. */
  readonly exactlyOnce: boolean
  readonly workerStore: TransactionalOffsetStore
  /** Properties of the worker's own clients, which name the brokers its topics are at. */
  readonly workerClient: ClientProperties
  /** A connector's topic is created as the worker's is. */
  readonly create: TopicLogOptions['create']
}

interface ConnectorOffsetStoresOptions {
  readonly clients: KafkaClients
  readonly clientProperties: ConnectorClientProperties
  /** The worker's own; started and stopped by whoever made it. */
  readonly offsetStore: OffsetStore
  /** null: connectors have no offset topics of their own. */
  readonly offsetTopics: OffsetTopics | null
  readonly clock: Clock
}

interface Shared {
  readonly store: LayeredOffsetStore
  started: Promise<void> | null
  users: number
}

/**
 * Where the offsets of a connector are: in the worker's store, or in a topic of its own
 * (`offsets.storage.topic`) above it. Those who use the same topic with the same client settings share one
 * reader of it.
 */
export class ConnectorOffsetStores {
  readonly #clients: KafkaClients
  readonly #clientProperties: ConnectorClientProperties
  readonly #worker: OffsetStore
  readonly #topics: OffsetTopics | null
  readonly #clock: Clock
  readonly #shared = new Map<string, Shared>()

  constructor(options: ConnectorOffsetStoresOptions) {
    this.#clients = options.clients
    this.#clientProperties = options.clientProperties
    this.#worker = options.offsetStore
    this.#topics = options.offsetTopics
    this.#clock = options.clock
  }

  /** `config`: of the connector, with `${…}` resolved. */
  lease(connector: string, config: ConfigMap): OffsetLease {
    return this.#ofTopic(connector, config) ?? lasting(this.#worker)
  }

  /** Whether the topic that a connector's offsets are in is there. Nothing is created for the answer. */
  async exists(config: ConfigMap): Promise<boolean> {
    const topic = offsetsTopic(config)
    if (this.#topics === null || topic === null) return true
    const admin = this.#clients.admin(this.#clientProperties.admin(config), 'connector-offsets')
    try {
      return (await admin.describeTopics([topic])).has(topic)
    } finally {
      await admin.close()
    }
  }

  /** For a task that writes offsets in its transactions. */
  transactionalLease(connector: string, config: ConfigMap): OffsetLease<TransactionalOffsetStore> {
    if (this.#topics === null) throw new Error('This worker has no offset topics')
    return this.#ofTopic(connector, config) ?? lasting(this.#topics.workerStore)
  }

  /** null: the worker's store is the one. */
  #ofTopic(connector: string, config: ConfigMap): OffsetLease<LayeredOffsetStore> | null {
    const topics = this.#topics
    const given = offsetsTopic(config)
    if (topics === null || (given === null && !topics.exactlyOnce)) return null
    const topic = given ?? topics.workerStore.topic
    const writerClient = this.#clientProperties.producer(config)
    const own =
      topic !== topics.workerStore.topic || !sameBrokers(writerClient, topics.workerClient)
    if (!own) return null
    const client = offsetReaderProperties(
      this.#clientProperties.consumer(config),
      topics.exactlyOnce
    )
    const adminClient = this.#clientProperties.admin(config)
    const key = JSON.stringify([
      topic,
      ...[client, writerClient, adminClient].map((each) =>
        [...each].sort(([a], [b]) => (a < b ? -1 : 1))
      )
    ])
    let shared = this.#shared.get(key)
    if (shared === undefined) {
      const store = new KafkaOffsetStore({
        clients: this.#clients,
        client,
        writerClient,
        adminClient,
        clientId: `connector-consumer-${connector}`,
        clock: this.#clock,
        topic,
        create: topics.create,
        property: 'offsets.storage.topic'
      })
      shared = { store: new LayeredOffsetStore(store, this.#worker), started: null, users: 0 }
      this.#shared.set(key, shared)
    }
    return this.#leaseOf(key, shared)
  }

  #leaseOf(key: string, shared: Shared): OffsetLease<LayeredOffsetStore> {
    const forget = (): void => {
      if (this.#shared.get(key) === shared) this.#shared.delete(key)
    }
    let open = true
    shared.users++
    return {
      store: shared.store,
      start: () => {
        shared.started ??= shared.store.start()
        // A store that did not start cannot be used again: the next lease makes a new one.
        shared.started.catch(forget)
        return shared.started
      },
      close: async () => {
        if (!open) return
        open = false
        if (--shared.users > 0) return
        forget()
        await shared.store.stop()
      }
    }
  }
}

function lasting<S extends OffsetStore>(store: S): OffsetLease<S> {
  return { store, start: () => Promise.resolve(), close: () => Promise.resolve() }
}
