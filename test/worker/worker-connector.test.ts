import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ConfigError } from '../../src/errors.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { systemClock } from '../../src/clock.ts'
import { Plugins } from '../../src/plugin/plugins.ts'
import type { SourceConnector, SourceConnectorContext } from '../../src/plugin/source.ts'
import type { StoredConfig } from '../../src/storage/cluster-config.ts'
import { ConnectorOffsetStores } from '../../src/worker/connector-offset-stores.ts'
import type { ConnectorHandle, TaskHandle } from '../../src/worker/contracts.ts'
import { ConnectWorker } from '../../src/worker/connect-worker.ts'
import { HeldOffsetStore } from '../support/scripted-source.ts'
import { clonedTasks } from '../support/cloned-tasks.ts'
import { recordingLog } from '../support/recording-log.ts'

type Start = (context: SourceConnectorContext) => Promise<void> | void

/** A worker with one class of connector: each start takes the next step of the script, later ones succeed. */
function scripted(
  t: TestContext,
  starts: Start[],
  options: {
    create?: () => SourceConnector
    taskConfigs?: () => Promise<Map<string, string>[]>
    stop?: () => Promise<void> | void
    resolve?: (config: StoredConfig) => Promise<StoredConfig>
  } = {}
) {
  const told: string[] = []
  const create = (_: unknown, context: SourceConnectorContext): SourceConnector => ({
    start: () => starts.shift()?.(context),
    taskConfigs: () => options.taskConfigs?.() ?? [],
    stop: () => options.stop?.()
  })
  const clients = createKafkaClients(systemClock, recordingLog().log)
  const nothing = () => new Map<string, string>()
  const clientProperties = { producer: nothing, consumer: nothing, admin: nothing }
  const log = recordingLog().log
  const plugins = new Plugins([
    {
      type: 'source',
      className: 'example.Source',
      taskClassName: 'example.SourceTask',
      version: '1',
      config: {},
      create: options.create ?? create,
      createTask: () => ({ poll: async () => null, stop() {} })
    }
  ])
  const worker = new ConnectWorker({
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
      properties: new Map(),
      taskShutdownGracefulTimeoutMs: 1000,
      offsetFlushIntervalMs: 1000,
      offsetFlushTimeoutMs: 1000,
      topicCreationEnabled: false,
      groupId: null
    },
    resolve: options.resolve ?? ((config) => Promise.resolve(config)),
    openTask: clonedTasks({ plugins, clients, clock: systemClock, log }),
    clock: systemClock,
    log
  })
  const config = new Map([['connector.class', 'example.Source']])
  const connector = (): ConnectorHandle => {
    const made = worker.connector('c', config, {
      onState: (state, trace) =>
        told.push(trace === null ? state : `${state} ${/Error: (.*)/.exec(trace)?.[1]}`),
      onTaskReconfiguration() {},
      onValuesChanged() {}
    })
    t.after(() => made.stop())
    return made
  }
  const task = (): TaskHandle =>
    worker.task({
      id: { connector: 'c', task: 0 },
      config: new Map(),
      connectorConfig: config,
      guard: null,
      events: {
        onState: (state) => told.push(`task ${state}`),
        onTopicUsed() {},
        onValuesChanged() {}
      }
    })
  return { connector, task, told }
}

const boom = (): never => {
  throw new Error('boom')
}

describe('a connector', () => {
  it('that its plugin cannot make is FAILED, and there is nothing to stop', async (t) => {
    let stops = 0
    const { connector, told } = scripted(t, [], {
      create: () => {
        throw new ConfigError('no such table')
      },
      stop: () => void stops++
    })
    const c = connector()
    await assert.rejects(c.start('STARTED'), /no such table/)
    await c.stop()
    assert.deepEqual([told, stops], [['FAILED no such table', 'UNASSIGNED'], 0])
  })

  it('that failed can be stopped, and started again after that', async (t) => {
    const { connector, told } = scripted(t, [boom])
    const c = connector()
    await assert.rejects(c.start('STARTED'), /boom/)
    await assert.rejects(c.setTargetState('PAUSED'), /since it has failed/)
    await assert.rejects(c.setTargetState('STARTED'), /since it has failed/)
    await c.setTargetState('STOPPED')
    await c.setTargetState('STARTED')
    assert.deepEqual(told, ['FAILED boom', 'STOPPED', 'RUNNING'])
  })

  it('that fails to stop is STOPPED when it was to stop, and FAILED when it was to pause', async (t) => {
    const { connector, told } = scripted(t, [], { stop: boom })
    const [c, d] = [connector(), connector()]
    await c.start('STARTED')
    await c.setTargetState('STOPPED')
    await d.start('STARTED')
    await d.setTargetState('PAUSED')
    assert.deepEqual(told, ['RUNNING', 'STOPPED', 'RUNNING', 'FAILED boom'])
  })

  it('that raises an error while it starts is FAILED, and stays so', async (t) => {
    const { connector, told } = scripted(t, [({ raiseError }) => raiseError(new Error('raised'))])
    const c = connector()
    await assert.rejects(c.start('STARTED'), /raised/)
    assert.deepEqual(told, ['FAILED raised'])
    await assert.rejects(c.taskConfigs(), /not started/)
  })

  for (const [what, end] of [
    ['fails', (_: ConnectorHandle, fail: () => void) => fail()],
    ['is paused', (c: ConnectorHandle) => c.setTargetState('PAUSED')]
  ] as const) {
    it(`that ${what} while it is asked for its task configurations has not told any`, async (t) => {
      const late = Promise.withResolvers<Map<string, string>[]>()
      let fail = (): void => undefined
      const start: Start = ({ raiseError }) => {
        fail = () => raiseError(new Error('raised'))
      }
      const { connector } = scripted(t, [start], { taskConfigs: () => late.promise })
      const c = connector()
      await c.start('STARTED')
      const asked = assert.rejects(c.taskConfigs(), /not started/)
      await end(c, fail)
      late.resolve([new Map([['tables', '']])])
      await asked
    })
  }

  it('tells its first failure, and that it is UNASSIGNED when it is taken away', async (t) => {
    const raised = Promise.withResolvers<void>()
    const { connector, told } = scripted(t, [
      ({ raiseError }) => {
        setImmediate(() => {
          raiseError(new Error('first'))
          raiseError(new Error('second'))
          raised.resolve()
        })
      }
    ])
    const c = connector()
    await c.start('STARTED')
    await raised.promise
    await c.stop()
    assert.deepEqual(told, ['RUNNING', 'FAILED first', 'UNASSIGNED'])
  })

  for (const outcome of ['resolve', 'reject'] as const) {
    it(`I2: whose start was given up says nothing when it ends (${outcome})`, async (t) => {
      const late = Promise.withResolvers<void>()
      const begun = Promise.withResolvers<void>()
      const start: Start = () => {
        begun.resolve()
        return late.promise
      }
      const { connector, told } = scripted(t, [start])
      const c = connector()
      const first = c.start('STARTED')
      first.catch(() => undefined)
      await begun.promise
      await c.stop()
      const next = connector()
      await next.start('STARTED')
      assert.deepEqual(told, ['UNASSIGNED', 'RUNNING'])
      if (outcome === 'resolve') late.resolve()
      else late.reject(new Error('late'))
      await Promise.allSettled([first])
      assert.deepEqual(told, ['UNASSIGNED', 'RUNNING'])
      assert.equal((await next.taskConfigs()).length, 0)
    })
  }

  it('I2: stopped while its references are looked up never comes, nor does such a task', async (t) => {
    const values = Promise.withResolvers<void>()
    let asked = 0
    const { connector, task, told } = scripted(t, [], {
      resolve: async (given) => {
        if (asked++ < 2) await values.promise
        return given
      }
    })
    const [first, firstTask, next] = [connector(), task(), connector()]
    const started = first.start('STARTED')
    const taskStarted = firstTask.start('STARTED')
    started.catch(() => undefined)
    firstTask.stop()
    await Promise.all([first.stop(), firstTask.ended(1000)])
    await next.start('STARTED')
    values.resolve()
    await assert.rejects(started, /taken away/)
    assert.equal(await taskStarted, false)
    assert.deepEqual(told, ['UNASSIGNED', 'task UNASSIGNED', 'RUNNING'])
    assert.deepEqual([first.made, next.made, firstTask.progress()], [false, true, null])
  })
})
