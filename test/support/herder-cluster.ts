import type { TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { asError } from '../../src/errors.ts'
import type { DistributedHerderOptions } from '../../src/herder/tick/cluster-parts.ts'
import { DistributedHerder } from '../../src/herder/tick/distributed-herder.ts'
import type { LeaderClient } from '../../src/herder/group/leader-requests.ts'
import { signatureAlgorithmHeader, signatureHeader } from '../../src/herder/group/session-key.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { Loggers } from '../../src/log.ts'
import { restartPolicy } from '../../src/settings/connector/connector-settings.ts'
import type { ClusterConfig } from '../../src/storage/cluster-config.ts'
import { KafkaConfigStore } from '../../src/storage/kafka-config-store.ts'
import { KafkaStatusStore } from '../../src/storage/kafka-status-store.ts'
import { leaderTransactionalId } from '../../src/worker/transactional-ids.ts'
import { kafkaBootstrap, uniqueName } from './environment.ts'
import { Placement, SCRIPTED_CLASS, ScriptedWorker } from './scripted-worker.ts'
import { until } from './until.ts'

export interface Member {
  readonly name: string
  readonly url: string
  readonly herder: DistributedHerder
  readonly worker: ScriptedWorker
  config(): ClusterConfig
}

/**
 * Herders of one group over the real broker; their workers only record. Requests to the leader go from herder
 * to herder.
 */
export class HerderCluster {
  readonly groupId = uniqueName('connect-group')
  readonly placement = new Placement()
  readonly members: Member[] = []
  readonly fatal: Error[] = []
  /** Statuses answered to task configurations that followers sent. */
  readonly delivered: number[] = []
  readonly #test: TestContext
  readonly #overrides: Partial<DistributedHerderOptions>

  constructor(test: TestContext, overrides: Partial<DistributedHerderOptions> = {}) {
    this.#test = test
    this.#overrides = overrides
  }

  /** `prepare` may break the member's config store. */
  async join(
    overrides: Partial<DistributedHerderOptions> = {},
    prepare: (configStore: KafkaConfigStore) => void = () => undefined
  ): Promise<Member> {
    const name = `w${this.members.length + 1}`
    const url = overrides.workerUrl ?? `http://${name}:8083/`
    const client = new Map([['bootstrap.servers', kafkaBootstrap()]])
    const loggers = new Loggers(process.env['SHOW_LOGS'] === undefined ? silent : undefined)
    const log = loggers.get(`herder.${name}`)
    const clients = createKafkaClients(systemClock, log)
    const store = (kind: string, partitions: number) => ({
      clients,
      client,
      clientId: `${this.groupId}-${name}-${kind}`,
      topic: `${this.groupId}-${kind}`,
      create: { partitions, replicationFactor: 1, settings: new Map<string, string>() },
      clock: systemClock,
      log
    })
    const exactlyOnce = overrides.exactlyOnceSource ?? this.#overrides.exactlyOnceSource === true
    const configStore = new KafkaConfigStore({
      ...store('configs', 1),
      ...(exactlyOnce
        ? {
            client: new Map([...client, ['isolation.level', 'read_committed']]),
            leaderTransactionalId: leaderTransactionalId(this.groupId)
          }
        : {})
    })
    prepare(configStore)
    const worker =
      overrides.worker instanceof ScriptedWorker
        ? overrides.worker
        : new ScriptedWorker(name, this.placement)
    const herder = new DistributedHerder({
      worker,
      offsets: worker,
      configStore,
      statusStore: new KafkaStatusStore(store('statuses', 2)),
      clients,
      client,
      groupId: this.groupId,
      clientId: `${this.groupId}-${name}`,
      workerUrl: url,
      workerId: `${name}:8083`,
      info: { version: '4.3.1', commit: 'unknown', kafkaClusterId: 'test' },
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 20_000,
      heartbeatIntervalMs: 200,
      connectProtocol: 'sessioned',
      scheduledRebalanceMaxDelayMs: 300,
      configTopic: `${this.groupId}-configs`,
      workerSyncTimeoutMs: 3000,
      workerUnsyncBackoffMs: 1000,
      sessionKeys,
      history: null,
      restartPolicy: (config) => restartPolicy(config, new Map()),
      topicTracking: { enabled: true, allowReset: true },
      taskShutdownGracefulTimeoutMs: 5000,
      previews: { show: () => Promise.reject(new Error('No preview here')) },
      validations: {
        infos: async (config) => ({
          name: SCRIPTED_CLASS,
          error_count: config.has('invalid') ? 2 : 0,
          groups: [],
          configs: config.has('invalid')
            ? [
                {
                  definition: null,
                  value: {
                    name: 'invalid',
                    value: null,
                    recommended_values: [],
                    errors: ['first error', 'second error'],
                    visible: true
                  }
                }
              ]
            : []
        })
      },
      leaderClient: this.deliver,
      clock: systemClock,
      log,
      loggers,
      onFatal: (error) => this.fatal.push(error),
      ...this.#overrides,
      ...overrides
    })
    const member = { name, url, herder, worker, config: () => configStore.snapshot() }
    this.members.push(member)
    this.#test.after(() => herder.stop())
    await herder.start()
    return member
  }

  /** The member that takes requests for leaders; waits until there is one. */
  async leader(): Promise<Member> {
    return until(async () => {
      for (const member of this.members) {
        try {
          await member.herder.changes.patchConnectorConfig('nobody', new Map())
        } catch (error) {
          if (asError(error).message === 'Connector nobody not found') return member
        }
      }
      return null
    }, 'the group has a leader')
  }

  async follower(): Promise<Member> {
    const leader = await this.leader()
    const other = this.members.find(
      (member) => member !== leader && !/shutting down/.test(member.herder.stage())
    )
    if (other === undefined) throw new Error('the group has one member only')
    return other
  }

  async create(name: string, settings: Record<string, string> = {}): Promise<void> {
    const { herder } = await this.leader()
    await herder.changes.putConnectorConfig(name, connectorConfig(name, settings), {
      initialState: null,
      allowReplace: true
    })
  }

  /** Waits until exactly this runs, each once, and never anything twice. */
  async runs(...expected: string[]): Promise<void> {
    const wanted = [...expected].sort().join(' ')
    await until(
      () => this.placement.all().join(' ') === wanted || null,
      `only ${wanted} run`,
      20_000
    ).catch((error: unknown) => {
      throw new Error(`running: ${this.placement.all().join(' ')}`, { cause: error })
    })
  }

  /** How members reach the leader. */
  readonly deliver: LeaderClient = async (url, body, headers, _signal, method = 'POST') => {
    const member = this.members.find((one) => url.startsWith(one.url))
    const connector = decodeURIComponent(url.split('/').at(-2) ?? '')
    const signature = headers[signatureHeader]
    const algorithm = headers[signatureAlgorithmHeader]
    const signed =
      signature === undefined || algorithm === undefined ? null : { signature, algorithm }
    const deliver = async (): Promise<void> => {
      if (method === 'PUT') {
        await member?.herder.fenceZombieSourceTasks(connector, signed)
        return
      }
      const configs = JSON.parse(Buffer.from(body).toString()) as Record<string, string>[]
      const maps = configs.map((config) => new Map(Object.entries(config)))
      await member?.herder.putTaskConfigs(connector, () => maps, body, signed)
    }
    try {
      await deliver()
      this.delivered.push(204)
      return { status: 204, body: '' }
    } catch (error) {
      const { status } = error as { status?: number }
      this.delivered.push(status ?? 500)
      return { status: status ?? 500, body: asError(error).message }
    }
  }
}

export function connectorConfig(
  name: string,
  settings: Record<string, string> = {}
): Map<string, string> {
  return new Map(Object.entries({ name, 'connector.class': SCRIPTED_CLASS, ...settings }))
}

/** What a worker file without `inter.worker.*` keys means. */
export const sessionKeys = {
  generationAlgorithm: 'HmacSHA256',
  sizeBits: null,
  ttlMs: 3_600_000,
  signatureAlgorithm: 'HmacSHA256',
  verificationAlgorithms: ['HmacSHA256']
}

const silent = { write: () => undefined }
