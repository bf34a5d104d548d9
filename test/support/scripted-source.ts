import type { TestContext } from 'node:test'
import { type Clock, systemClock } from '../../src/clock.ts'
import { stringConverterPlugin } from '../../src/converters/plain/string.ts'
import { simpleHeaderConverterPlugin } from '../../src/converters/plain/simple-header.ts'
import type { SourceRecord } from '../../src/data/record.ts'
import { Schema } from '../../src/data/schema.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { loggers } from '../../src/log.ts'
import { type Plugin, Plugins } from '../../src/plugin/plugins.ts'
import type {
  SourceConnectorPlugin,
  SourceTask,
  SourceTaskContext
} from '../../src/plugin/source.ts'
import type { OffsetStore, StoredOffset } from '../../src/storage/offset-store.ts'
import { ConnectWorker } from '../../src/worker/connect-worker.ts'
import {
  ConnectorOffsetStores,
  type OffsetTopics
} from '../../src/worker/connector-offset-stores.ts'
import type { ConnectorClientProperties } from '../../src/worker/connector-client-properties.ts'
import type { SourceTaskGuard, TaskHandle } from '../../src/worker/contracts.ts'
import type { TargetState } from '../../src/storage/target-state.ts'
import { clonedTasks } from './cloned-tasks.ts'
import { kafkaBootstrap, uniqueName } from './environment.ts'
import { followTopic } from './topic-reader.ts'
import { taskKey } from '../../src/storage/task-id.ts'

/** An offset store in memory whose writes can be held back. */
export class HeldOffsetStore implements OffsetStore {
  readonly stored: StoredOffset[] = []
  hold: Promise<void> = Promise.resolve()
  async start(): Promise<void> {}
  async get(_: string, partitions: readonly object[]): Promise<null[]> {
    return partitions.map(() => null)
  }
  async all(): Promise<StoredOffset[]> {
    return this.stored
  }
  async set(_: string, offsets: readonly StoredOffset[]): Promise<void> {
    await this.hold
    this.stored.push(...offsets)
  }
  async stop(): Promise<void> {}
}

/** What a task's polls answer, by their number; a task that is started anew counts on. */
export type Script = (context: SourceTaskContext, poll: number) => Promise<SourceRecord[] | null>

/** A worker that runs one scripted task; everything but the script is real. */
export async function scripted(
  t: TestContext,
  script: Script,
  options: {
    graceMs?: number
    flushMs?: number
    config?: Record<string, string>
    create?: () => void
    start?: (context: SourceTaskContext) => Promise<void>
    stop?: () => Promise<void>
    commitRecord?: (record: SourceRecord) => void
    /** Beside those of the script. */
    plugins?: readonly Plugin[]
    handedOut?: () => 'complete' | 'partly' | 'torn'
    /** With one, the task runs exactly once. */
    guard?: SourceTaskGuard
    clientProperties?: Partial<ConnectorClientProperties>
    /** Above a store of its own for the worker. */
    offsetTopics?: OffsetTopics
    /** Of the group, for transactional ids. */
    groupId?: string
    /** Of the task; Kafka and the worker keep the computer's. */
    clock?: Clock
    /** Where the task lives; default: behind copies of its messages. */
    tasks?: typeof clonedTasks
  } = {}
) {
  const topic = uniqueName('worker-task')
  const follower = await followTopic(topic)
  const states: string[] = []
  const traces: (string | null)[] = []
  let polls = 0
  const plugin: SourceConnectorPlugin = {
    type: 'source',
    className: 'example.Source',
    taskClassName: 'example.SourceTask',
    version: '1',
    config: {},
    create: () => ({ taskConfigs: () => [new Map()], stop() {} }),
    createTask: (_, context): SourceTask => {
      const { commitRecord, handedOut } = options
      options.create?.()
      return {
        start: () => options.start?.(context),
        poll: () => script(context, polls++),
        stop: options.stop ?? (() => undefined),
        ...(commitRecord === undefined ? {} : { commitRecord }),
        ...(handedOut === undefined ? {} : { handedOut })
      }
    }
  }
  const store = new HeldOffsetStore()
  const clients = createKafkaClients(systemClock)
  const cluster = () => new Map([['bootstrap.servers', kafkaBootstrap()]])
  const clientProperties = {
    producer: cluster,
    consumer: cluster,
    admin: cluster,
    ...options.clientProperties
  }
  const plugins = new Plugins([
    plugin,
    stringConverterPlugin,
    simpleHeaderConverterPlugin,
    ...(options.plugins ?? [])
  ])
  const log = loggers.get('test')
  const worker = new ConnectWorker({
    plugins,
    clients,
    clientProperties,
    offsetStores: new ConnectorOffsetStores({
      clients,
      clientProperties,
      offsetStore: options.offsetTopics?.workerStore ?? store,
      offsetTopics: options.offsetTopics ?? null,
      clock: systemClock
    }),
    settings: {
      properties: new Map([
        ['key.converter', 'org.apache.kafka.connect.storage.StringConverter'],
        ['value.converter', 'org.apache.kafka.connect.storage.StringConverter']
      ]),
      taskShutdownGracefulTimeoutMs: options.graceMs ?? 3000,
      offsetFlushIntervalMs: options.flushMs ?? 50,
      offsetFlushTimeoutMs: 2000,
      topicCreationEnabled: true,
      groupId: options.groupId ?? null
    },
    resolve: (config) => Promise.resolve(config),
    openTask: (options.tasks ?? clonedTasks)({
      plugins,
      clients,
      clock: options.clock ?? systemClock,
      log
    }),
    clock: systemClock,
    log
  })
  const id = { connector: 'c', task: 0 }
  const connectorConfig = new Map([
    ['connector.class', 'example.Source'],
    ...Object.entries(options.config ?? {})
  ])
  t.after(async () => {
    await stop()
    await follower.stop()
  })
  let task: TaskHandle | null = null
  const start = (target: 'STARTED' | 'PAUSED' = 'STARTED') => {
    task = worker.task({
      id,
      config: new Map([['task.class', 'example.SourceTask']]),
      connectorConfig,
      guard: options.guard ?? null,
      events: {
        onState(state, trace) {
          states.push(`${taskKey(id)} ${state}`)
          traces.push(trace)
        },
        onValuesChanged() {},
        onTopicUsed() {}
      }
    })
    return task.start(target)
  }
  /** Stops the task, whether it runs or not. */
  const stop = async (): Promise<void> => {
    const stopped = task
    task = null
    stopped?.stop()
    await stopped?.ended(worker.gracefulTimeoutMs)
  }
  const setTargetState = (target: TargetState): void => task?.setTargetState(target)
  return { id, topic, follower, states, traces, store, start, stop, setTargetState }
}

export function record(topic: string, value: unknown, position: number): SourceRecord {
  return {
    topic,
    kafkaPartition: null,
    keySchema: null,
    key: null,
    valueSchema: Schema.STRING,
    value,
    timestamp: null,
    headers: [],
    sourcePartition: { stream: 'a' },
    sourceOffset: { position }
  }
}

/** A poll that brings nothing after a moment. */
export const idle = async (context: SourceTaskContext): Promise<null> => {
  await systemClock.sleep(20, context.stopping)
  return null
}
