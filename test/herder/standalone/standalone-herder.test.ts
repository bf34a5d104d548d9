import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { StandaloneHerder } from '../../../src/herder/standalone/standalone-herder.ts'
import { Loggers } from '../../../src/log.ts'
import { restartPolicy } from '../../../src/settings/connector/connector-settings.ts'
import { MemoryChangeHistory } from '../../../src/storage/memory-change-history.ts'
import { MemoryConfigStore } from '../../../src/storage/memory-config-store.ts'
import { MemoryStatusStore } from '../../../src/storage/memory-status-store.ts'
import { connectorConfig } from '../../support/herder-cluster.ts'
import { Placement, SCRIPTED_CLASS, ScriptedWorker } from '../../support/scripted-worker.ts'
import { until } from '../../support/until.ts'

const create = { initialState: null, allowReplace: false } as const
const replace = { initialState: null, allowReplace: true } as const

async function startHerder(t: TestContext, properties: ReadonlyMap<string, string> = new Map()) {
  const placement = new Placement()
  const history = new MemoryChangeHistory('w:8083', systemClock)
  const worker = new ScriptedWorker('w', placement)
  const loggers = new Loggers({ write: () => undefined })
  const herder = new StandaloneHerder({
    worker,
    offsets: worker,
    configStore: new MemoryConfigStore(),
    statusStore: new MemoryStatusStore(),
    workerId: 'w:8083',
    info: { version: '4.3.1', commit: 'unknown', kafkaClusterId: 'test' },
    previews: { show: () => Promise.reject(new Error('No preview here')) },
    validations: {
      infos: async () => ({ name: SCRIPTED_CLASS, error_count: 0, groups: [], configs: [] })
    },
    history,
    restartPolicy: (config) => restartPolicy(config, properties),
    topicTracking: { enabled: true, allowReset: true },
    taskShutdownGracefulTimeoutMs: 5000,
    clock: systemClock,
    log: loggers.get('herder'),
    loggers
  })
  t.after(() => herder.stop())
  await herder.start()
  return { herder, worker, placement, history }
}

describe('a standalone herder', () => {
  it('answers a creation when the tasks are there', async (t) => {
    const { herder, placement } = await startHerder(t)
    assert.equal(herder.ready(), false)
    const { created, info } = await herder.changes.putConnectorConfig(
      'a',
      connectorConfig('a', { 'tasks.max': '2' }),
      create
    )
    herder.markReady()
    assert.equal(herder.ready(), true)
    assert.equal(created, true)
    assert.deepEqual(info.tasks, [
      { connector: 'a', task: 0 },
      { connector: 'a', task: 1 }
    ])
    assert.deepEqual(placement.all(), ['a', 'a-0', 'a-1'])
    assert.deepEqual(herder.cluster.taskStatus('a', 1), {
      id: 1,
      state: 'RUNNING',
      workerId: 'w:8083',
      trace: null,
      version: '1.2.3'
    })
    await assert.rejects(herder.changes.putConnectorConfig('a', connectorConfig('a'), create), {
      status: 409,
      message: 'Connector a already exists'
    })
    await herder.healthCheck()
  })

  it('replaces the tasks when the configuration changes, and asks the connector once each time', async (t) => {
    const { herder, worker, placement } = await startHerder(t)
    await herder.changes.putConnectorConfig('a', connectorConfig('a', { 'tasks.max': '3' }), create)
    const { created, info } = await herder.changes.putConnectorConfig(
      'a',
      connectorConfig('a', { payload: 'x' }),
      replace
    )
    assert.deepEqual([created, info.tasks.length], [false, 1])
    assert.deepEqual(placement.all(), ['a', 'a-0'])
    assert.equal(worker.taskConfigsSeen.get('a-0')?.get('payload'), 'x')
    assert.deepEqual(
      herder.cluster.connectorStatus('a').tasks.map(({ id }) => id),
      [0]
    )
    const patched = await herder.changes.patchConnectorConfig('a', new Map([['payload', null]]))
    assert.deepEqual([...patched.config.keys()], ['name', 'connector.class'])
    assert.deepEqual(placement.conflicts, [])
  })

  it('pauses, resumes, stops, resumes and deletes', async (t) => {
    const { herder, placement } = await startHerder(t)
    await herder.changes.putConnectorConfig('a', connectorConfig('a'), create)
    const state = () => herder.cluster.connectorStatus('a').connector.state
    await herder.changes.pauseConnector('a')
    await until(() => state() === 'PAUSED', 'PAUSED')
    await herder.changes.resumeConnector('a')
    await until(() => state() === 'RUNNING', 'RUNNING')
    await herder.changes.stopConnector('a')
    await until(() => state() === 'STOPPED', 'STOPPED')
    assert.deepEqual(placement.all(), ['a'])
    assert.deepEqual(herder.cluster.connectorStatus('a').tasks, [])
    const offsets = [{ partition: { table: 't' }, offset: { id: 1 } }]
    assert.match(
      await herder.changes.modifyOffsets('a', offsets),
      /^The Connect framework-managed offsets/
    )
    await herder.changes.resumeConnector('a')
    await until(() => placement.all().length === 2, 'the task is back')
    await assert.rejects(herder.changes.modifyOffsets('a', null), { status: 400 })
    await herder.changes.deleteConnector('a')
    assert.deepEqual(placement.all(), [])
    assert.throws(() => herder.cluster.connectorStatus('a'), {
      message: 'No status found for connector a'
    })
  })

  it('restarts connector, task, or all that failed', async (t) => {
    const { herder, worker } = await startHerder(t)
    await herder.changes.putConnectorConfig('a', connectorConfig('a', { 'tasks.max': '2' }), create)
    const since = () => worker.calls.splice(0).sort()
    since()
    await herder.changes.restartConnector('a')
    assert.deepEqual(since(), ['start a STARTED', 'stop a'])
    await herder.changes.restartTask('a', 1)
    assert.deepEqual(since(), ['start a-1', 'stop a-1'])
    worker.says.task({ connector: 'a', task: 0 }, 'FAILED', 'boom', null)
    const plan = await herder.changes.restartConnectorAndTasks('a', {
      onlyFailed: true,
      includeTasks: true
    })
    assert.deepEqual(
      plan.tasks.map(({ state }) => state),
      ['RESTARTING', 'RUNNING']
    )
    await until(() => herder.cluster.taskStatus('a', 0).state === 'RUNNING', 'the task runs')
    assert.deepEqual(since(), ['start a-0', 'stop a-0'])
  })

  it('starts tasks as soon as a connector can tell its task configurations', async (t) => {
    const { herder, placement } = await startHerder(t)
    const broken = connectorConfig('a', { 'fail.configs': '' })
    await assert.rejects(
      herder.changes.putConnectorConfig('a', broken, create),
      /no task configs today/
    )
    await herder.changes.patchConnectorConfig('a', new Map([['fail.configs', null]]))
    await until(() => placement.all().includes('a-0'), 'the task runs')
    await assert.rejects(
      herder.changes.putConnectorConfig('b', connectorConfig('b', { 'fail.start': '' }), create),
      { status: 500, message: 'Failed to start connector: b' }
    )
    assert.equal(herder.cluster.connectorStatus('b').connector.state, 'FAILED')
  })

  it('uses the texts of standalone mode', async (t) => {
    const { herder } = await startHerder(t)
    await herder.changes.putConnectorConfig('a', connectorConfig('a'), create)
    const cases: [() => Promise<unknown>, number, string][] = [
      [() => herder.changes.stopConnector('x'), 500, 'No connector `x` configured'],
      [() => herder.changes.restartConnector('x'), 404, 'Connector x not found'],
      [() => herder.changes.restartTask('x', 0), 404, 'Connector x not found'],
      [() => herder.changes.restartTask('a', 5), 404, 'Task a-5 not found'],
      [() => herder.changes.deleteConnector('x'), 404, 'Connector x not found'],
      [() => herder.changes.pauseConnector('x'), 404, 'Unknown connector x'],
      [
        () =>
          herder.changes.restartConnectorAndTasks('x', { onlyFailed: false, includeTasks: true }),
        404,
        'Status for connector x not found'
      ],
      [
        () => herder.putTaskConfigs(),
        500,
        'Kafka Connect in standalone mode does not support externally setting task configurations.'
      ],
      [
        () => herder.fenceZombieSourceTasks(),
        500,
        'Kafka Connect in standalone mode does not support exactly-once source connectors.'
      ]
    ]
    for (const [work, status, message] of cases) await assert.rejects(work(), { status, message })
  })

  it('stops for good, once', async (t) => {
    const { herder, worker, placement } = await startHerder(t)
    await herder.changes.putConnectorConfig('a', connectorConfig('a'), create)
    await Promise.all([herder.stop(), herder.stop()])
    assert.deepEqual(placement.all(), [])
    assert.deepEqual([worker.runningConnectors(), worker.runningTasks()], [[], []])
    await assert.rejects(herder.changes.deleteConnector('a'), {
      message: 'Worker is shutting down'
    })
  })
})

describe('a standalone herder that moves a connector', () => {
  const by = { user: null, address: null, note: null }

  it('ends its tasks, stores the new position and brings back the state from before', async (t) => {
    const { herder, worker, placement } = await startHerder(t)
    await herder.changes.putConnectorConfig('a', connectorConfig('a', { 'tasks.max': '2' }), create)
    worker.calls.length = 0
    const moved = await herder.startFrom.move('a', { start: { id: 5 } }, by)
    assert.deepEqual([moved.state, moved.targetState], ['DONE', 'STARTED'])
    await until(() => placement.all().length === 3, 'the tasks are back')
    const order = ['stop a-0', 'offsets a', 'start a-0'].map((call) => worker.calls.indexOf(call))
    assert.ok((order[0] ?? 3) < (order[1] ?? -1) && (order[1] ?? 3) < (order[2] ?? -1))
    await herder.changes.pauseConnector('a')
    const paused = await herder.startFrom.move('a', { start: { id: null } }, by)
    assert.deepEqual([paused.state, paused.targetState], ['DONE', 'PAUSED'])
    await until(() => herder.cluster.connectorStatus('a').connector.state === 'PAUSED', 'PAUSED')
    assert.deepEqual(await worker.offsets('a'), [])
    await herder.startFrom.move('a', 'undo', by)
    assert.deepEqual(await worker.offsets('a'), [{ partition: { table: 't' }, offset: { id: 5 } }])
    assert.equal((await herder.startFrom.history('a')).length, 3)
  })

  it('deletes a connector with its offsets, and creates it behind others', async (t) => {
    const { herder, worker, placement } = await startHerder(t)
    await herder.changes.putConnectorConfig('a', connectorConfig('a'), create)
    const offsets = [{ partition: { table: 't' }, offset: { id: 7 } }]
    await herder.startFrom.move('a', { start: { id: 5 } }, by)
    await herder.changes.deleteConnector('a', 'delete')
    assert.deepEqual([placement.all(), await worker.offsets('a')], [[], []])
    assert.throws(() => herder.cluster.connectorStatus('a'), { status: 404 })
    const initialOffsets = { offsets, others: 'reset' } as const
    const { info } = await herder.changes.putConnectorConfig('a', connectorConfig('a'), {
      ...create,
      initialOffsets
    })
    assert.deepEqual(info.tasks, [{ connector: 'a', task: 0 }])
    assert.deepEqual(await worker.offsets('a'), offsets)
  })
})

describe('a standalone herder with restarts by policy', () => {
  const policy = new Map([
    ['auto.restart.max.restarts', '2'],
    ['auto.restart.backoff.ms', '1']
  ])
  const task = { connector: 'a', task: 0 }
  const away = { kind: 'passing', message: 'it is away' } as const
  const fail = (worker: ScriptedWorker): void =>
    worker.says.task(task, 'FAILED', 'Error: away\n    at x', '1.2.3', away)

  it('starts a failed task again, says so, and gives up; an operator begins anew', async (t) => {
    const { herder, worker, placement, history } = await startHerder(t, policy)
    await herder.changes.putConnectorConfig('a', connectorConfig('a'), create)
    const status = () => herder.cluster.taskStatus('a', 0)
    for (const times of ['once', '2 times']) {
      fail(worker)
      assert.match(
        status().trace ?? '',
        /^Error: away\n {4}at x\nRestart \d of 2 by policy at .* \(failure of kind passing\)$/
      )
      await until(() => status().state === 'RUNNING', `RUNNING, restarted ${times}`)
      assert.match(
        status().trace ?? '',
        new RegExp(`^Restarted by policy ${times}, the last time at .*, because of: it is away$`)
      )
    }
    fail(worker)
    assert.equal(status().state, 'FAILED')
    assert.match(status().trace ?? '', /\nGiven up by policy: it has failed behind restart 2 of 2/)
    assert.equal(worker.calls.filter((call) => call === 'start a-0').length, 3)
    assert.deepEqual(
      (await history.latest('a', 9)).map(({ what, by, details }) => [what, by.note, details]),
      [2, 1].map((restarts) => [
        'restart',
        'auto.restart',
        { task: 0, restarts, because: 'it is away' }
      ])
    )
    await herder.changes.restartTask('a', 0)
    await until(() => status().state === 'RUNNING', 'RUNNING again')
    assert.equal(status().trace, null)
    fail(worker)
    assert.match(status().trace ?? '', /\nRestart 1 of 2 by policy/)
    assert.deepEqual(placement.conflicts, [])
  })

  it('starts a failed connector again, and what it copes with stands beside', async (t) => {
    const { herder, worker } = await startHerder(t, policy)
    await herder.changes.putConnectorConfig('a', connectorConfig('a'), create)
    const status = () => herder.cluster.connectorStatus('a').connector
    worker.says.connector('a', 'FAILED', 'Error: away', '1.2.3', away)
    await until(() => status().state === 'RUNNING', 'RUNNING again')
    worker.says.connector('a', 'RUNNING', 'a table is left out', '1.2.3')
    assert.match(status().trace ?? '', /^a table is left out; Restarted by policy once/)
  })

  it('leaves what others stop alone', async (t) => {
    const { herder, worker, placement } = await startHerder(
      t,
      new Map([...policy, ['auto.restart.backoff.ms', '50']])
    )
    await herder.changes.putConnectorConfig('a', connectorConfig('a'), create)
    fail(worker)
    await herder.changes.deleteConnector('a', 'keep')
    await herder.changes.putConnectorConfig('b', connectorConfig('b'), create)
    worker.says.task({ connector: 'b', task: 0 }, 'FAILED', 'Error: away', null, away)
    await until(() => worker.calls.includes('stop b-0'), 'b is restarted')
    assert.deepEqual(
      placement.all().filter((what) => what.startsWith('a')),
      []
    )
  })
})
