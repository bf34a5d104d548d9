import type { TestContext } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { systemClock } from '../../src/clock.ts'
import { builtinPlugins } from '../../src/builtin-plugins.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { ConsumedRecord, ProducerRecord } from '../../src/kafka/contracts.ts'
import { loggers } from '../../src/log.ts'
import { type Plugin, Plugins } from '../../src/plugin/plugins.ts'
import type { SinkConnectorPlugin, SinkTask, SinkTaskContext } from '../../src/plugin/sink.ts'
import {
  adminProperties,
  consumerProperties,
  producerProperties
} from '../../src/settings/worker/layered-properties.ts'
import type { TargetState } from '../../src/storage/target-state.ts'
import { ConnectWorker } from '../../src/worker/connect-worker.ts'
import { ConnectorOffsetStores } from '../../src/worker/connector-offset-stores.ts'
import type { TaskHandle } from '../../src/worker/contracts.ts'
import { clonedTasks } from './cloned-tasks.ts'
import { kafkaBootstrap, uniqueName } from './environment.ts'
import { HeldOffsetStore } from './scripted-source.ts'
import { until } from './until.ts'

/** What a task does; `put` at least. Each task of the connector has a script of its own. */
type SinkScript = (context: SinkTaskContext) => SinkTask

interface ScriptedSink {
  readonly task: TaskHandle
  readonly states: string[]
  readonly traces: (string | null)[]
  readonly topics: string[]
  stop(): Promise<void>
}

/** What Kafka numbers topics with, among all that has settings. */
const TOPIC_RESOURCE = 2
const cluster = new Map([['bootstrap.servers', kafkaBootstrap()]])

/** Clients of the cluster, closed with the test. */
export function kafka(t: TestContext) {
  const clients = createKafkaClients(systemClock)
  const producer = clients.producer(producerProperties(cluster, new Map()), uniqueName('writer'))
  const admin = clients.admin(cluster, uniqueName('admin'))
  const client = { clientId: uniqueName('groups'), brokers: [kafkaBootstrap()] }
  const groups = new Kafka({ ...client, logLevel: logLevel.NOTHING }).admin()
  t.after(async () => {
    await producer.close(1000)
    await admin.close()
    await groups.disconnect()
  })
  return {
    admin,
    groups,
    topic: async (partitions = 1): Promise<string> => {
      const name = uniqueName('sink')
      await admin.createTopic({ name, partitions, replicationFactor: 1, settings: new Map() })
      return name
    },
    /** Texts to one partition, in order; null: a tombstone. */
    write: async (
      topic: string,
      values: readonly (string | null)[],
      more: Partial<ProducerRecord> = {}
    ): Promise<void> => {
      await producer.send(
        values.map((value) => ({
          topic,
          partition: 0,
          key: null,
          value: value === null ? null : Buffer.from(value),
          timestamp: null,
          headers: [],
          ...more
        }))
      )
    },
    /** Gives a topic another setting. */
    alter: async (topic: string, key: string, value: string): Promise<void> => {
      const resources = [
        { type: TOPIC_RESOURCE, name: topic, configEntries: [{ name: key, value }] }
      ]
      await groups.alterConfigs({ validateOnly: false, resources })
    },
    /** The first `count` records of a topic. */
    read: async (topic: string, count: number): Promise<readonly ConsumedRecord[]> => {
      const consumer = clients.groupConsumer({
        client: consumerProperties(cluster, new Map([['name', uniqueName('reader')]])),
        clientId: uniqueName('reader'),
        subscription: { kind: 'topics', topics: [topic] },
        bufferBytes: 1_000_000,
        onAssigned: () => Promise.resolve(),
        onRevoked: () => Promise.resolve(),
        onLost: () => Promise.resolve(),
        onRevoking: () => undefined
      })
      const found: ConsumedRecord[] = []
      await until(async () => {
        found.push(...(await consumer.poll({ records: 1000, bytes: 1_000_000 }, 1000)))
        return found.length >= count
      }, `${count} records are in ${topic}`)
      await consumer.close('all is read', 5000)
      return found
    },
    /** What the group has committed, by topic and partition, as another client reads it. */
    committed: async (groupId: string): Promise<ReadonlyMap<string, number>> => {
      const topics = await groups.fetchOffsets({ groupId })
      return new Map(
        topics.flatMap(({ topic, partitions }) =>
          partitions
            .filter(({ offset }) => Number(offset) >= 0)
            .map(({ partition, offset }) => [`${topic}/${partition}`, Number(offset)] as const)
        )
      )
    }
  }
}

/** A worker that runs scripted sink tasks of one connector; everything but the script is real. */
export function scriptedSink(
  t: TestContext,
  options: {
    readonly config: Readonly<Record<string, string>>
    readonly flushMs?: number
    readonly graceMs?: number
    readonly plugins?: readonly Plugin[]
  }
) {
  const connector = uniqueName('sink')
  const clients = createKafkaClients(systemClock)
  const worker = new Map([...cluster, ['key.converter', STRINGS], ['value.converter', STRINGS]])
  const clientProperties = {
    producer: (config: ReadonlyMap<string, string>) => producerProperties(worker, config),
    consumer: (config: ReadonlyMap<string, string>) => consumerProperties(worker, config),
    admin: (config: ReadonlyMap<string, string>) => adminProperties(worker, config)
  }
  const log = loggers.get('test')
  const connectorConfig = new Map([
    ['name', connector],
    ['connector.class', 'example.Sink'],
    ['consumer.override.fetch.max.wait.ms', '100'],
    ...Object.entries(options.config)
  ])
  let tasks = 0
  const started: ScriptedSink[] = []
  t.after(() => Promise.all(started.map((each) => each.stop())))

  const start = async (
    script: SinkScript,
    target: TargetState = 'STARTED'
  ): Promise<ScriptedSink> => {
    const plugin: SinkConnectorPlugin = {
      type: 'sink',
      className: 'example.Sink',
      taskClassName: 'example.SinkTask',
      version: '1',
      config: {},
      create: () => ({ taskConfigs: () => [new Map()], stop() {} }),
      createTask: (_, context) => script(context)
    }
    const plugins = new Plugins([plugin, ...builtinPlugins(), ...(options.plugins ?? [])])
    const connectWorker = new ConnectWorker({
      plugins,
      clients,
      clientProperties,
      offsetStores: new ConnectorOffsetStores({
        clients,
        clientProperties,
        offsetStore: new HeldOffsetStore(),
        offsetTopics: null,
        clock: systemClock
      }),
      settings: {
        properties: worker,
        taskShutdownGracefulTimeoutMs: options.graceMs ?? 60_000,
        offsetFlushIntervalMs: options.flushMs ?? 60_000,
        offsetFlushTimeoutMs: 5000,
        topicCreationEnabled: true,
        groupId: null
      },
      resolve: (config) => Promise.resolve(config),
      openTask: clonedTasks({ plugins, clients, clock: systemClock, log }),
      clock: systemClock,
      log
    })
    const states: string[] = []
    const traces: (string | null)[] = []
    const topics: string[] = []
    const task = connectWorker.task({
      id: { connector, task: tasks++ },
      config: new Map([['task.class', 'example.SinkTask']]),
      connectorConfig,
      guard: null,
      events: {
        onState(state, trace) {
          states.push(state)
          traces.push(trace)
        },
        onValuesChanged() {},
        onTopicUsed: (topic) => void topics.push(topic)
      }
    })
    let stopped: Promise<void> | null = null
    const stop = (): Promise<void> => {
      task.stop()
      stopped ??= task.ended(connectWorker.gracefulTimeoutMs)
      return stopped
    }
    const sink = { task, states, traces, topics, stop }
    started.push(sink)
    await task.start(target)
    return sink
  }
  return { connector, group: `connect-${connector}`, start }
}

const STRINGS = 'org.apache.kafka.connect.storage.StringConverter'
