import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { systemClock } from '../../src/clock.ts'
import { Plugins } from '../../src/plugin/plugins.ts'
import type { SourceConnector, SourceConnectorContext } from '../../src/plugin/source.ts'
import type { StoredConfig } from '../../src/storage/cluster-config.ts'
import { ConnectWorker } from '../../src/worker/connect-worker.ts'
import { HeldOffsetStore } from '../support/scripted-source.ts'
import { recordingLog } from '../support/recording-log.ts'

type Start = (context: SourceConnectorContext) => Promise<void> | void

/** A worker with one class of connector: each start takes the next step of the script, later ones succeed. */
function scripted(
  t: TestContext,
  starts: Start[],
  options: {
    stop?: () => Promise<void> | void
    resolve?: (config: StoredConfig) => Promise<StoredConfig>
  } = {}
) {
  const told: string[] = []
  const create = (): SourceConnector => ({
    start: (_, context) => starts.shift()?.(context),
    taskConfigs: () => [],
    stop: () => options.stop?.()
  })
  const worker = new ConnectWorker({
    plugins: new Plugins([
      {
        type: 'source',
        className: 'example.Source',
        taskClassName: 'example.SourceTask',
        version: '1',
        config: {},
        create,
        createTask: () => ({ start() {}, poll: async () => null, stop() {} })
      }
    ]),
    clients: createKafkaClients(systemClock, recordingLog().log),
    offsetStore: new HeldOffsetStore(),
    settings: {
      properties: new Map(),
      taskShutdownGracefulTimeoutMs: 1000,
      offsetFlushIntervalMs: 1000,
      offsetFlushTimeoutMs: 1000,
      topicCreationEnabled: false,
      groupId: null
    },
    resolve: options.resolve ?? ((config) => Promise.resolve(config)),
    producerProperties: () => new Map(),
    adminProperties: () => new Map(),
    topicCreationRules: () => null,
    clock: systemClock,
    log: recordingLog().log
  })
  worker.setEvents({
    onConnectorState: (_, state, trace) =>
      told.push(trace === null ? state : `${state} ${/Error: (.*)/.exec(trace)?.[1]}`),
    onTaskState: (_, state) => told.push(`task ${state}`),
    onTaskReconfiguration() {},
    onValuesChanged() {},
    onTopicUsed() {}
  })
  t.after(() => worker.stop())
  const config = new Map([['connector.class', 'example.Source']])
  return { worker, told, config }
}

const boom = (): never => {
  throw new Error('boom')
}

describe('a connector', () => {
  it('that failed can be stopped, and started again after that', async (t) => {
    const { worker, told, config } = scripted(t, [boom])
    await assert.rejects(worker.startConnector('c', config, 'STARTED'), /boom/)
    await assert.rejects(worker.setTargetState('c', 'PAUSED'), /since it has failed/)
    await assert.rejects(worker.setTargetState('c', 'STARTED'), /since it has failed/)
    await worker.setTargetState('c', 'STOPPED')
    await worker.setTargetState('c', 'STARTED')
    assert.deepEqual(told, ['FAILED boom', 'STOPPED', 'RUNNING'])
  })

  it('that fails to stop is STOPPED when it was to stop, and FAILED when it was to pause', async (t) => {
    const { worker, told, config } = scripted(t, [], { stop: boom })
    await worker.startConnector('c', config, 'STARTED')
    await worker.setTargetState('c', 'STOPPED')
    await worker.startConnector('d', config, 'STARTED')
    await worker.setTargetState('d', 'PAUSED')
    assert.deepEqual(told, ['RUNNING', 'STOPPED', 'RUNNING', 'FAILED boom'])
  })

  it('that raises an error while it starts is FAILED, and stays so', async (t) => {
    const { worker, told, config } = scripted(t, [
      ({ raiseError }) => raiseError(new Error('raised'))
    ])
    await assert.rejects(worker.startConnector('c', config, 'STARTED'), /raised/)
    assert.deepEqual(told, ['FAILED raised'])
    await assert.rejects(worker.taskConfigs('c'), /not started/)
  })

  it('tells its first failure, and that it is UNASSIGNED when it is taken away', async (t) => {
    const { worker, told, config } = scripted(t, [
      ({ raiseError }) => {
        setTimeout(() => {
          raiseError(new Error('first'))
          raiseError(new Error('second'))
        })
      }
    ])
    await worker.startConnector('c', config, 'STARTED')
    await new Promise((resolve) => setTimeout(resolve, 5))
    await worker.stopConnector('c')
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
      const { worker, told, config } = scripted(t, [start])
      const first = worker.startConnector('c', config, 'STARTED')
      first.catch(() => undefined)
      await begun.promise
      await worker.stopConnector('c')
      await worker.startConnector('c', config, 'STARTED')
      assert.deepEqual(told, ['UNASSIGNED', 'RUNNING'])
      if (outcome === 'resolve') late.resolve()
      else late.reject(new Error('late'))
      await Promise.allSettled([first])
      assert.deepEqual(told, ['UNASSIGNED', 'RUNNING'])
      assert.equal((await worker.taskConfigs('c')).length, 0)
    })
  }

  it('I2: stopped while its references are looked up never comes, nor does such a task', async (t) => {
    const values = Promise.withResolvers<void>()
    let asked = 0
    const { worker, told, config } = scripted(t, [], {
      resolve: async (given) => {
        if (asked++ < 2) await values.promise
        return given
      }
    })
    const id = { connector: 'c', task: 0 }
    const connector = worker.startConnector('c', config, 'STARTED')
    const task = worker.startTask(id, new Map(), config, 'STARTED')
    connector.catch(() => undefined)
    await Promise.all([worker.stopConnector('c'), worker.stopTasks([id])])
    await worker.startConnector('c', config, 'STARTED')
    values.resolve()
    await assert.rejects(connector, /taken away/)
    assert.equal(await task, false)
    assert.deepEqual(told, ['UNASSIGNED', 'task UNASSIGNED', 'RUNNING'])
    assert.deepEqual([worker.runningConnectors(), worker.runningTasks()], [['c'], []])
  })
})
