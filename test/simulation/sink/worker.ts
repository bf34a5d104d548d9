import { builtinPlugins } from '../../../src/builtin-plugins.ts'
import { jdbcSinkPlugin } from '../../../src/connectors/jdbc/sink/sink-plugins.ts'
import { JdbcSinkTask } from '../../../src/connectors/jdbc/sink/sink-task.ts'
import { jdbcSinkConfig } from '../../../src/connectors/jdbc/settings/sink-config.ts'
import { jsonConverterPlugin } from '../../../src/converters/json/json-converter.ts'
import type { SinkRecord } from '../../../src/data/record.ts'
import { RetriableError } from '../../../src/errors.ts'
import type { GroupConsumerOptions, KafkaClients } from '../../../src/kafka/contracts.ts'
import type { Logger } from '../../../src/log.ts'
import type { ConverterPlugin } from '../../../src/plugin/converter.ts'
import { Plugins } from '../../../src/plugin/plugins.ts'
import type { SinkConnectorPlugin } from '../../../src/plugin/sink.ts'
import type { SinkTaskStart } from '../../../src/tasks/port.ts'
import { buildSinkTask } from '../../../src/tasks/sink/build-sink-task.ts'
import type { WorkerSinkTask } from '../../../src/tasks/sink/worker-sink-task.ts'
import type { Random } from '../../support/random.ts'
import { type Broker, TOPIC } from './broker.ts'
import type { ModelServer } from './database.ts'
import { ModelConsumer } from './group-consumer.ts'
import type { Judge, Put } from './judge.ts'
import { BrokerLink, ModelGroups, ModelProducer, type Weather } from './links.ts'
import type { Plan } from './plan.ts'
import type { Process } from './timeline.ts'
import { simulated } from './dialect.ts'
import type { DatabaseWeather, SessionUser } from './session-user.ts'

const CLASS = 'simulated.Sink'
const LETTERS = 'letters'
const CONVERTER = 'simulated.Converter'

/** Everything there is outside of the processes, and what happens to it. */
export interface World {
  readonly plan: Plan
  readonly random: Random
  readonly broker: Broker
  readonly server: ModelServer
  readonly judge: Judge
  readonly kafkaWeather: Weather
  readonly databaseWeather: DatabaseWeather
}

const running = new Map<string, SimulatedTask>()

/** The JDBC sink itself, on the clock of its process, and watched. */
const plugin: SinkConnectorPlugin = {
  ...jdbcSinkPlugin,
  className: CLASS,
  taskClassName: `${CLASS}Task`,
  createTask(config, context) {
    const owner = running.get(config.get('connection.url') ?? '')
    if (owner === undefined) throw new Error('this task is not one of the simulation')
    const task = new JdbcSinkTask(jdbcSinkConfig, config, context, owner.process)
    const put = task.put.bind(task)
    task.put = (records) => {
      owner.onPut(records)
      return put(records).finally(() => owner.onPutEnd())
    }
    return task
  }
}

/** JSON behind a registry that is away at times, where its task has one. */
const converter: ConverterPlugin = {
  ...jsonConverterPlugin,
  className: CONVERTER,
  create(config, use) {
    const owner = running.get(config.get('task') ?? '')
    const json = jsonConverterPlugin.create(config, use)
    if (owner === undefined) return json
    return {
      fromConnectData: (...parameters) => json.fromConnectData(...parameters),
      toConnectData: async (...parameters) => {
        if (await owner.missesRegistry()) {
          throw new RetriableError('the registry is away', { outage: true })
        }
        return json.toConnectData(...parameters)
      }
    }
  }
}

const plugins = new Plugins([plugin, converter, ...builtinPlugins()])

/** One task of ours in a process of the simulation: everything is real but Kafka and the database. */
export class SimulatedTask implements SessionUser {
  readonly name: string
  readonly process: Process
  readonly server: ModelServer
  readonly random: Random
  readonly weather: DatabaseWeather
  readonly #world: World
  readonly #task: WorkerSinkTask
  #consumer: ModelConsumer | null = null
  records: readonly SinkRecord[] = []
  #isPausedSaid = false
  /** Its worker waits for it no more. */
  isGivenUp = false
  hasEnded = false
  failure: string | null = null

  constructor(world: World, process: Process, name: string, number: number, onEnd: () => void) {
    const { plan, random, server, databaseWeather } = world
    this.#world = world
    this.name = name
    this.process = process
    this.server = server
    this.random = random
    this.weather = databaseWeather
    const link = new BrokerLink(process, random, world.broker, world.kafkaWeather)
    const isCooperative =
      plan.assignors === 'both' ? random.chance(0.5) : plan.assignors === 'cooperative'
    const clients = {
      groupConsumer: (options: GroupConsumerOptions) => {
        this.#consumer = new ModelConsumer(process, random, link, options, isCooperative)
        return this.#consumer
      },
      producer: () => new ModelProducer(link),
      consumerGroups: () => new ModelGroups(link),
      admin: () => ({
        describeTopics: () => Promise.resolve(new Map([[LETTERS, 1]])),
        close: () => Promise.resolve()
      })
    } as unknown as KafkaClients
    const log = logOf(this)
    const url = `jdbc:simulated:${name}`
    running.set(url, this)
    simulated.users.set(name, this)
    this.#task = buildSinkTask(
      startOf(plan, url, number),
      { plugins, clients, clock: process, log },
      {
        ask: () => Promise.reject(new Error('a sink asks for nothing')),
        tell: (message) => {
          if (message.kind !== 'state') return
          const { state, trace } = message
          process.timeline.tell(() => `${name} is ${state}: ${trace?.split('\n')[0] ?? ''}`)
          if (state === 'FAILED') this.failure = trace
          if (state !== 'FAILED') this.#isPausedSaid = state === 'PAUSED'
        }
      }
    )
    void this.#task.run().then(() => {
      this.hasEnded = true
      process.timeline.tell(() => `${name} has ended`)
      onEnd()
    })
  }

  get memberId(): string | null {
    return this.#consumer?.memberId ?? null
  }

  isBad(row: Readonly<Record<string, unknown>>): boolean {
    return Number(row['v']) < 0
  }

  onPut(records: readonly SinkRecord[]): void {
    this.records = records
    if (this.#isPausedSaid && records.length > 0) {
      this.#world.judge.fault(`${this.name} is PAUSED, and puts ${records.length} records`)
    }
  }

  /** What is committed now are positions, of what the task holds. */
  onPutEnd(): void {
    this.records = []
  }

  /** A question to the registry takes its time now and then. */
  async missesRegistry(): Promise<boolean> {
    const { registryAway } = this.#world.kafkaWeather
    if (registryAway === 0 || !this.random.chance(0.3)) return false
    await this.process.sleep(this.random.next() * 20)
    return this.random.chance(registryAway)
  }

  mark(): Put {
    return { task: this.name, records: this.records }
  }

  /** I11. */
  onCommitSent(): void {
    const held = new Set(this.#consumer?.assignment.map(({ partition }) => partition))
    const foreign = this.records.find(({ originalKafkaPartition: of }) => !held.has(of))
    if (foreign !== undefined) {
      const { originalKafkaPartition: partition } = foreign
      this.#world.judge.fault(`I11: ${this.name} commits records of ${partition}, which it lost`)
    }
    if (this.records.length > 0 && this.#consumer?.isOverdue === true) {
      this.#world.judge.fault(`I11: ${this.name} commits though its session must be over`)
    }
    if (this.isGivenUp) this.#world.judge.fault(`I11: ${this.name} commits though it was given up`)
  }

  stop(): void {
    this.#task.stop()
  }

  setPaused(isPaused: boolean): void {
    this.#task.setTargetState(isPaused ? 'PAUSED' : 'STARTED')
  }

  giveUp(): void {
    this.isGivenUp = true
    this.#task.stop()
    this.#task.cancel()
  }

  forget(): void {
    running.delete(`jdbc:simulated:${this.name}`)
    simulated.users.delete(this.name)
  }
}

function startOf(plan: Plan, url: string, task: number): SinkTaskStart {
  const config = new Map(
    Object.entries({
      name: 'simulated',
      'connector.class': CLASS,
      topics: TOPIC,
      'connection.url': url,
      'key.converter': CONVERTER,
      'value.converter': CONVERTER,
      'value.converter.task': url,
      transforms: 'drop',
      'transforms.drop.type': 'org.apache.kafka.connect.transforms.Filter',
      'transforms.drop.predicate': 'dropped',
      predicates: 'dropped',
      'predicates.dropped.type': 'org.apache.kafka.connect.transforms.predicates.HasHeaderKey',
      'predicates.dropped.name': 'dropped',
      ...plan.config
    })
  )
  return {
    type: 'sink',
    id: { connector: 'simulated', task },
    connectorClass: CLASS,
    config,
    connectorConfig: config,
    workerConfig: new Map(),
    target: 'STARTED',
    errors: {
      retryTimeoutMs: 0,
      retryDelayMaxMs: 1000,
      tolerance: plan.hasDeadLetters ? 'all' : 'none',
      logErrors: false,
      logMessages: false,
      exhausted: 'skip'
    },
    offsetFlushIntervalMs: plan.flushMs,
    offsetFlushTimeoutMs: 400,
    secrets: [],
    consumer: new Map([
      ['bootstrap.servers', 'model:9092'],
      ['group.id', 'connect-simulated'],
      ['auto.offset.reset', 'earliest']
    ]),
    subscription: { kind: 'topics', topics: [TOPIC] },
    spreads: false,
    maxPollRecords: null,
    deadLetters: plan.hasDeadLetters
      ? {
          topic: LETTERS,
          replicationFactor: 1,
          contextHeaders: false,
          producer: new Map(),
          admin: new Map()
        }
      : null
  }
}

/** Lines of a task are part of its story, when somebody reads that. */
function logOf({ name, process }: SimulatedTask): Logger {
  const line =
    (level: string) =>
    (message: string, facts: { error?: unknown } = {}): void => {
      const { error } = facts
      const why = error instanceof Error ? `: ${error.message}` : ''
      process.timeline.tell(() => `${name} ${level}: ${message}${why}`)
    }
  const log: Logger = {
    name,
    error: line('error'),
    warn: line('warn'),
    info: line('info'),
    debug: () => undefined,
    trace: () => undefined,
    with: () => log
  }
  return log
}
