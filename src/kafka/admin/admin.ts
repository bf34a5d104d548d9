import { type Admin, Kafka, logLevel } from 'kafkajs'
import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import { settledWithin } from '../../wait.ts'
import { apiCall } from '../client/api-call.ts'
import { refusal } from '../client/broker-errors.ts'
import { type ClientSettings, addresses, clientSettings } from '../client/client-settings.ts'
import type { ClientProperties, ClusterAdmin, TopicToCreate } from '../contracts.ts'
import { kafkaJsConfig } from './kafkajs-config.ts'
import { hideNegativeTimeoutWarnings } from './kafkajs-warnings.ts'
import { NetworkClient } from '../client/network-client.ts'

const TOPIC_RESOURCE = 2
/** Answers that say "you may not look", as opposed to "something is wrong". */
const notReadable: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_VERSION'
])

/**
 * Topics and settings of one cluster. Connects on first use. Each call tries again until
 * `default.api.timeout.ms` is over, then rejects with a ConnectError that names the bootstrap servers.
 */
export class KafkaAdmin implements ClusterAdmin {
  readonly #clock: Clock
  readonly #settings: ClientSettings
  readonly #clientId: string
  readonly #network: NetworkClient
  /** Which bootstrap server the next connection begins with: not always the same, for it may hang. */
  #seed = Math.floor(Math.random() * 1000)
  #connected: Promise<Admin> | null = null
  readonly #closed = new AbortController()

  constructor(clock: Clock, client: ClientProperties, clientId: string) {
    this.#clock = clock
    hideNegativeTimeoutWarnings()
    this.#settings = clientSettings(client, clock, 'admin')
    this.#clientId = clientId
    this.#network = new NetworkClient(this.#settings, clientId)
  }

  async clusterId(): Promise<string> {
    return this.#call('describe the cluster', () => this.#network.clusterId())
  }

  async describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#call(`describe topics ${names.join(', ')}`, async () => {
      const counts = new Map<string, number>()
      for (const { name, error, partitions } of (await this.#network.topics(names)).values()) {
        if (error === 'UNKNOWN_TOPIC_OR_PARTITION') continue
        // A partition without a leader is one, too.
        if (error !== 'NONE' && error !== 'LEADER_NOT_AVAILABLE') {
          throw refusal(error, `Failed to describe topic ${name} at ${addresses(this.#settings)}`)
        }
        counts.set(name, partitions.length)
      }
      return counts
    })
  }

  async createTopic(topic: TopicToCreate): Promise<boolean> {
    const { name, partitions, replicationFactor, settings } = topic
    return this.#callKafkaJs(`create topic ${name}`, (admin) =>
      admin.createTopics({
        waitForLeaders: false,
        timeout: this.#settings.requestTimeoutMs,
        topics: [
          {
            topic: name,
            numPartitions: partitions,
            replicationFactor,
            configEntries: [...settings].map(([entry, value]) => ({ name: entry, value }))
          }
        ]
      })
    )
  }

  async topicSetting(topic: string, name: string): Promise<string | null> {
    try {
      const { resources } = await this.#callKafkaJs(`read ${name} of topic ${topic}`, (admin) =>
        admin.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: TOPIC_RESOURCE, name: topic, configNames: [name] }]
        })
      )
      const entries = resources[0]?.configEntries ?? []
      return entries.find((entry) => entry.configName === name)?.configValue ?? null
    } catch (error) {
      const reason = error instanceof ConnectError ? error.facts['kafkaError'] : undefined
      if (typeof reason === 'string' && notReadable.has(reason)) return null
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all([this.#network.close(), this.#disconnect()])
  }

  #callKafkaJs<T>(doing: string, operation: (admin: Admin) => Promise<T>): Promise<T> {
    return this.#call(doing, async () => {
      this.#connected ??= this.#connect()
      return operation(await this.#connected)
    })
  }

  async #call<T>(doing: string, operation: () => Promise<T>): Promise<T> {
    const what = `Failed to ${doing} at ${addresses(this.#settings)}`
    // A client that failed once may hold dead connections: the next attempt gets a new one.
    const call = { what, onFailure: () => this.#disconnect() }
    return apiCall(this.#clock, this.#settings, call, this.#closed.signal, operation)
  }

  async #connect(): Promise<Admin> {
    const { bootstrapServers } = this.#settings
    const start = this.#seed++ % bootstrapServers.length
    const rotated = [...bootstrapServers.slice(start), ...bootstrapServers.slice(0, start)]
    const settings = { ...this.#settings, bootstrapServers: rotated }
    const kafka = new Kafka({
      ...kafkaJsConfig(settings, this.#clientId, 0),
      logLevel: logLevel.NOTHING
    })
    const admin = kafka.admin()
    await admin.connect()
    return admin
  }

  async #disconnect(): Promise<void> {
    const connected = this.#connected
    this.#connected = null
    if (connected === null) return
    const disconnected = connected.then(
      (admin) => admin.disconnect(),
      () => undefined // never connected; whoever asked for it got this error
    )
    // The library waits for requests under way, which a stalled broker would make last.
    await settledWithin(this.#clock, disconnected, 1000)
  }
}
