import {
  type Connection,
  ConnectionPool,
  apiVersionsV2,
  findCoordinatorV1,
  findCoordinatorV2,
  findCoordinatorV3,
  findCoordinatorV4,
  metadataV4,
  metadataV5,
  metadataV6,
  metadataV7,
  metadataV8,
  metadataV9,
  metadataV10,
  metadataV11,
  metadataV12
} from '@platformatic/kafka'
import { ConnectError } from '../../errors.ts'
import { errorName, responseOf } from './broker-errors.ts'
import { type ClientSettings, addresses, platformaticOptions } from './client-settings.ts'
import type { BrokerAddress } from '../../settings/clients/client-settings.ts'

export interface PartitionMetadata {
  readonly partition: number
  /** null while the partition has no leader. */
  readonly leader: BrokerNode | null
  /** Grows with each change of the leader; -1 from brokers that do not tell. */
  readonly leaderEpoch: number
  /** Where its replicas are, as far as brokers have a rack. */
  readonly racks: ReadonlySet<string>
}

export interface TopicMetadata {
  readonly name: string
  /** `NONE`, or Kafka's name of what is wrong with the topic. */
  readonly error: string
  /** Of this topic alone, even among those that had its name before; null: the broker does not tell. */
  readonly id: string | null
  /** Kafka keeps it for itself. */
  readonly isInternal: boolean
  /** In order of partition number. */
  readonly partitions: readonly PartitionMetadata[]
}

export interface BrokerNode extends BrokerAddress {
  readonly nodeId: number
}

interface Api<Arguments extends unknown[], Response> {
  readonly key: number
  readonly version: number
  async(connection: Connection, ...parameters: Arguments): Promise<Response>
}

/** The versions of one request that this client can speak, oldest first. */
export type ApiVersions<Arguments extends unknown[], Response> = readonly Api<Arguments, Response>[]

type MetadataArguments = [topics: string[] | null, allowAutoTopicCreation?: boolean]
interface MetadataResponse {
  readonly clusterId?: string | null | undefined
  readonly brokers: readonly (BrokerNode & { readonly rack?: string | null | undefined })[]
  readonly topics: readonly {
    readonly errorCode: number
    readonly name?: string | null | undefined
    readonly topicId?: string
    readonly isInternal: boolean
    readonly partitions: readonly {
      partitionIndex: number
      leaderId: number
      leaderEpoch?: number
      replicaNodes: number[]
    }[]
  }[]
}

const metadataApi: ApiVersions<MetadataArguments, MetadataResponse> = [
  metadataV4.api,
  metadataV5.api,
  metadataV6.api,
  metadataV7.api,
  metadataV8.api,
  metadataV9.api,
  metadataV10.api,
  metadataV11.api,
  metadataV12.api
]

interface CoordinatorResponse {
  readonly coordinators: readonly {
    nodeId: number
    host: string
    port: number
    errorCode: number
  }[]
}
const findCoordinatorApi: ApiVersions<[keyType: number, keys: string[]], CoordinatorResponse> = [
  findCoordinatorV1.api,
  findCoordinatorV2.api,
  findCoordinatorV3.api,
  findCoordinatorV4.api
]

/** As Kafka writes an id that is none. */
const NO_ID = /^[0-]*$/

const coordinatorTypes = { group: 0, transaction: 1 } as const

type SupportedVersions = ReadonlyMap<number, { readonly min: number; readonly max: number }>

/**
 * Connections to the brokers of one cluster: one per broker, opened on first use. Each call is one request in
 * the newest version both sides speak, limited by `request.timeout.ms`; nothing is retried here. A broker
 * answers the requests of one connection one after the other, so what may wait long (fetch, join) has a
 * client of its own.
 */
export class NetworkClient {
  readonly settings: ClientSettings
  readonly #connections: ConnectionPool
  readonly #versions = new WeakMap<Connection, Promise<SupportedVersions>>()
  /** Brokers that did not answer when they were asked last, longest ago first. */
  readonly #silent = new Set<string>()
  readonly #place = Math.random()
  #brokers: readonly BrokerAddress[]
  #closed = false

  constructor(settings: ClientSettings, clientId: string) {
    this.settings = settings
    this.#brokers = settings.bootstrapServers
    this.#connections = new ConnectionPool(clientId, platformaticOptions(settings))
    this.#connections.on('connecting', ({ connection }) => {
      // The call that waits for the connection or a response gets the error; an emitter without a listener
      // would throw it.
      connection.on('error', () => undefined)
      // Closing a closed connection clears its timer for authenticating again.
      connection.once('close', () => void connection.close())
    })
  }

  /** One request to one broker. Rejects with the library's error (see broker-errors.ts). */
  async call<Arguments extends unknown[], Response>(
    broker: BrokerAddress,
    versions: ApiVersions<Arguments, Response>,
    ...parameters: Arguments
  ): Promise<Response> {
    const { connection, supported } = await this.connect(broker)
    return this.#api(versions, supported).async(connection, ...parameters)
  }

  /** As `call`; a response that carries error codes is returned instead of thrown. */
  async callForResponse<Arguments extends unknown[], Response>(
    broker: BrokerAddress,
    versions: ApiVersions<Arguments, Response>,
    ...parameters: Arguments
  ): Promise<Response> {
    try {
      return await this.call(broker, versions, ...parameters)
    } catch (error) {
      const response = responseOf(error)
      if (response === null) throw error
      return response as Response
    }
  }

  /** As `callForResponse`, to whichever broker answers: only for what may reach several of them. */
  callAny<Arguments extends unknown[], Response>(
    versions: ApiVersions<Arguments, Response>,
    ...parameters: Arguments
  ): Promise<Response> {
    return this.#askAny((broker) => this.callForResponse(broker, versions, ...parameters))
  }

  /** A ready connection and the request versions its broker speaks. */
  async connect(
    broker: BrokerAddress
  ): Promise<{ connection: Connection; supported: SupportedVersions }> {
    if (this.#closed) {
      throw new ConnectError('WORKER_STOPPING', `The connection to ${broker.host} was closed`)
    }
    const connection = await this.#connections.get({ host: broker.host, port: broker.port })
    let supported = this.#versions.get(connection)
    if (supported === undefined) {
      supported = supportedVersions(connection)
      this.#versions.set(connection, supported)
    }
    return { connection, supported: await supported }
  }

  /** The state of topics, null: of all; an unknown one has an error and no partitions. */
  async topics(
    names: readonly string[] | null,
    allowAutoTopicCreation = false
  ): Promise<ReadonlyMap<string, TopicMetadata>> {
    const wanted = names === null ? null : [...names]
    const response = await this.callAny(metadataApi, wanted, allowAutoTopicCreation)
    const nodes = new Map(response.brokers.map((broker) => [broker.nodeId, broker]))
    if (response.brokers.length > 0) this.#brokers = this.#inOwnOrder(response.brokers)
    return new Map(
      response.topics.map((topic) => [
        topic.name ?? '',
        {
          name: topic.name ?? '',
          error: errorName(topic.errorCode),
          id: topic.topicId === undefined || NO_ID.test(topic.topicId) ? null : topic.topicId,
          isInternal: topic.isInternal,
          partitions: topic.partitions
            .map(({ partitionIndex, leaderId, leaderEpoch = -1, replicaNodes }) => ({
              partition: partitionIndex,
              leader: nodes.get(leaderId) ?? null,
              leaderEpoch,
              racks: new Set(replicaNodes.flatMap((id) => nodes.get(id)?.rack ?? []))
            }))
            .sort((a, b) => a.partition - b.partition)
        }
      ])
    )
  }

  async clusterId(): Promise<string> {
    const { clusterId } = await this.callAny(metadataApi, [], false)
    return clusterId ?? ''
  }

  /**
   * The broker that coordinates a group, or the transactions of a transactional id. Rejects with the broker's
   * error while there is none.
   */
  async coordinator(of: keyof typeof coordinatorTypes, id: string): Promise<BrokerNode> {
    const response = await this.#askAny((broker) =>
      this.call(broker, findCoordinatorApi, coordinatorTypes[of], [id])
    )
    const found = response.coordinators[0]
    if (found === undefined) {
      throw new ConnectError('KAFKA_UNAVAILABLE', `There is no coordinator for ${of} ${id}`)
    }
    return { nodeId: found.nodeId, host: found.host, port: found.port }
  }

  /** Clients begin with different brokers: not all of them ask the first one. */
  #inOwnOrder(brokers: readonly BrokerNode[]): BrokerNode[] {
    const start = Math.floor(this.#place * brokers.length)
    return [...brokers.slice(start), ...brokers.slice(0, start)]
  }

  /** Drops the connection to a broker; requests under way there reject. */
  disconnect({ host, port }: BrokerAddress): void {
    this.#connections.getEstablishedConnection({ host, port })?.socket?.destroy()
  }

  /** Requests under way reject. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const connections = [...this.#connections]
    const closed = this.#connections.close()
    // A connection closes when all was sent; one that is being opened, or stalled, never would.
    for (const [, connection] of connections) connection.socket?.destroy()
    await closed
  }

  #api<Arguments extends unknown[], Response>(
    versions: ApiVersions<Arguments, Response>,
    supported: SupportedVersions
  ): Api<Arguments, Response> {
    const range = supported.get(versions[0]?.key ?? -1)
    const api = versions.findLast(
      ({ version }) => range !== undefined && version >= range.min && version <= range.max
    )
    if (api !== undefined) return api
    throw new ConnectError(
      'KAFKA_ERROR',
      `The broker speaks no common version of request ${versions[0]?.key}; Kafka 2.1 or later is needed`
    )
  }

  /**
   * Asks one broker after the other until one gives an answer, be it a refusal. One that did not answer is
   * asked last from then on.
   */
  async #askAny<T>(ask: (broker: BrokerAddress) => Promise<T>): Promise<T> {
    const errors: unknown[] = []
    for (const [key, broker] of this.#candidates()) {
      try {
        const answer = await ask(broker)
        this.#silent.delete(key)
        return answer
      } catch (error) {
        if (this.#closed || responseOf(error) !== null) throw error
        this.#silent.delete(key)
        this.#silent.add(key)
        errors.push(error)
      }
    }
    if (errors.length === 1) throw errors[0]
    throw new AggregateError(errors, `No broker of ${addresses(this.settings)} answers`)
  }

  /**
   * Those of the last metadata, then the bootstrap servers; behind them, longest ago first, those that did
   * not answer.
   */
  #candidates(): Map<string, BrokerAddress> {
    const all = new Map(
      [...this.#brokers, ...this.settings.bootstrapServers].map((broker) => [
        `${broker.host}:${broker.port}`,
        broker
      ])
    )
    for (const key of this.#silent) {
      const broker = all.get(key)
      if (broker === undefined || !all.delete(key)) this.#silent.delete(key)
      else all.set(key, broker)
    }
    return all
  }
}

async function supportedVersions(connection: Connection): Promise<SupportedVersions> {
  const { apiKeys } = await apiVersionsV2.api.async(connection, '', '')
  return new Map(
    apiKeys.map(({ apiKey, minVersion, maxVersion }) => [
      apiKey,
      { min: minVersion, max: maxVersion }
    ])
  )
}
