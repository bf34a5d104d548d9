import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../../src/errors.ts'
import { connectorConfig, HerderCluster } from '../../support/herder-cluster.ts'
import { SCRIPTED_CLASS } from '../../support/scripted-worker.ts'
import { until } from '../../support/until.ts'

async function rejectsWith(work: Promise<unknown>, status: number, message: string): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof ConnectError, String(error))
    assert.deepEqual([error.status, error.message], [status, message])
    return true
  })
}

const put = { initialState: null, allowReplace: true } as const

describe('one herder', () => {
  it('runs a connector and its tasks, and tells their statuses', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder } = await cluster.join()
    const created = await herder.changes.putConnectorConfig(
      'a',
      connectorConfig('a', { 'tasks.max': '2' }),
      put
    )
    assert.equal(created.created, true)
    assert.deepEqual(
      { ...created.info, config: Object.fromEntries(created.info.config) },
      {
        name: 'a',
        config: { name: 'a', 'connector.class': SCRIPTED_CLASS, 'tasks.max': '2' },
        tasks: [],
        type: 'source'
      }
    )
    await cluster.runs('a', 'a-0', 'a-1')
    const status = await until(() => {
      const now = herder.cluster.connectorStatus('a')
      return now.tasks.length === 2 && now.tasks.every(({ state }) => state === 'RUNNING')
        ? now
        : null
    }, 'both tasks are RUNNING')
    const running = { state: 'RUNNING', workerId: 'w1:8083', trace: null, version: '1.2.3' }
    assert.deepEqual(status, {
      name: 'a',
      connector: running,
      tasks: [
        { id: 0, ...running },
        { id: 1, ...running }
      ],
      type: 'source'
    })
    assert.deepEqual(herder.cluster.taskStatus('a', 1), { id: 1, ...running })
    const infos = await herder.cluster.taskInfos('a')
    assert.deepEqual(
      infos.map(({ id, config }) => [id.task, config.get('number')]),
      [
        [0, '0'],
        [1, '1']
      ]
    )
    assert.deepEqual((await herder.cluster.connectorInfo('a')).tasks.length, 2)
    assert.deepEqual(herder.cluster.connectors(), ['a'])
    assert.equal(herder.ready(), true)
    await herder.healthCheck()
  })

  it('answers with the statuses and texts that clients know', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder } = await cluster.join()
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    const a = connectorConfig('a')
    await rejectsWith(
      herder.changes.putConnectorConfig('a', a, { ...put, allowReplace: false }),
      409,
      'Connector a already exists'
    )
    await rejectsWith(
      herder.changes.putConnectorConfig('b', connectorConfig('b', { invalid: '' }), put),
      400,
      'Connector configuration is invalid and contains the following 2 error(s):\nfirst error\nsecond error\nYou can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`'
    )
    await assert.rejects(
      herder.changes.putConnectorConfig('b', connectorConfig('b', { invalid: '' }), put),
      { facts: { secretsHidden: true } }
    )
    const unknown: [() => Promise<unknown>, string][] = [
      [() => herder.cluster.connectorInfo('x'), 'Connector x not found'],
      [() => herder.cluster.connectorConfig('x'), 'Connector x not found'],
      [() => herder.cluster.taskInfos('x'), 'Connector x not found'],
      [() => herder.changes.patchConnectorConfig('x', a), 'Connector x not found'],
      [() => herder.changes.deleteConnector('x'), 'Connector x not found'],
      [() => herder.cluster.offsets('x'), 'Connector x not found'],
      [() => herder.changes.modifyOffsets('x', null), 'Connector x not found'],
      [() => herder.changes.pauseConnector('x'), 'Unknown connector x'],
      [() => herder.changes.resumeConnector('x'), 'Unknown connector x'],
      [() => herder.changes.stopConnector('x'), 'Unknown connector x'],
      [() => herder.changes.restartConnector('x'), 'Unknown connector: x'],
      [() => herder.changes.restartTask('x', 0), 'Unknown connector: x'],
      [
        () =>
          herder.changes.restartConnectorAndTasks('x', { onlyFailed: false, includeTasks: true }),
        'Unknown connector: x'
      ],
      [() => herder.changes.restartTask('a', 7), 'Unknown task: a-7']
    ]
    for (const [work, text] of unknown) await rejectsWith(work(), 404, text)
    assert.throws(
      () => herder.cluster.connectorStatus('x'),
      /^NotFoundError: No status found for connector x$/
    )
    assert.throws(() => herder.cluster.taskStatus('a', 9), /No status found for task a-9/)
    assert.throws(() => herder.pluginCatalog.pluginConfig('Nope'), /Unknown plugin Nope\./)
    await rejectsWith(
      herder.pluginCatalog.validate('Other', connectorConfig('a')),
      400,
      `Included connector type ${SCRIPTED_CLASS} does not match request type Other`
    )
    assert.deepEqual(herder.pluginCatalog.plugins(true), [
      { class: SCRIPTED_CLASS, type: 'source', version: '1.2.3' }
    ])
    assert.deepEqual(herder.info, {
      version: '4.3.1',
      commit: 'unknown',
      kafkaClusterId: 'test'
    })
    assert.match(
      herder.stage(),
      /^The (worker is currently|last operation the worker completed was) .*Z\.$/
    )
  })

  it('restarts connector and tasks when a change of configuration reaches the tasks', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder, worker } = await cluster.join()
    await cluster.create('a', { payload: 'old' })
    await cluster.runs('a', 'a-0')
    await herder.changes.patchConnectorConfig('a', new Map([['payload', 'new']]))
    await until(
      () => worker.taskConfigsSeen.get('a-0')?.get('payload') === 'new',
      'the task is new'
    )
    await cluster.runs('a', 'a-0')
    // A patch removes what it says null for; more tasks appear.
    const patch = new Map([
      ['payload', null],
      ['tasks.max', '3']
    ])
    const info = await herder.changes.patchConnectorConfig('a', patch)
    assert.deepEqual([...info.config.keys()], ['name', 'connector.class', 'tasks.max'])
    await cluster.runs('a', 'a-0', 'a-1', 'a-2')
    await herder.changes.patchConnectorConfig('a', new Map([['tasks.max', '1']]))
    await cluster.runs('a', 'a-0')
    await until(
      () => herder.cluster.connectorStatus('a').tasks.length === 1,
      'statuses of old tasks are gone'
    )
    assert.deepEqual(cluster.placement.conflicts, [])
  })

  it('restarts the tasks when only a setting of the framework changed', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder, worker } = await cluster.join()
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    const starts = () => worker.calls.filter((call) => call === 'start a-0').length
    await herder.changes.patchConnectorConfig('a', new Map([['errors.tolerance', 'all']]))
    await until(() => starts() === 2, 'the task was restarted')
  })

  it('pauses, resumes and stops', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder, worker } = await cluster.join()
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    const state = () => herder.cluster.connectorStatus('a').connector.state
    await herder.changes.pauseConnector('a')
    await until(
      () => state() === 'PAUSED' && herder.cluster.taskStatus('a', 0).state === 'PAUSED',
      'PAUSED'
    )
    await herder.changes.resumeConnector('a')
    await until(
      () => state() === 'RUNNING' && herder.cluster.taskStatus('a', 0).state === 'RUNNING',
      'RUNNING'
    )
    await herder.changes.stopConnector('a')
    await until(() => state() === 'STOPPED', 'STOPPED')
    await cluster.runs('a')
    await until(
      () => herder.cluster.connectorStatus('a').tasks.length === 0,
      'no task has a status'
    )
    // Known, and assigned to nobody: not a 404.
    await assert.rejects(herder.changes.restartTask('a', 0), {
      message: 'Cannot restart task since it is not assigned to this member',
      url: null
    })
    await herder.changes.resumeConnector('a')
    await cluster.runs('a', 'a-0')
    assert.ok(worker.calls.includes('target a STOPPED'))
  })

  it('creates a connector in its initial state', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder, worker } = await cluster.join()
    await herder.changes.putConnectorConfig('s', connectorConfig('s'), {
      initialState: 'STOPPED',
      allowReplace: false
    })
    await herder.changes.putConnectorConfig('p', connectorConfig('p'), {
      initialState: 'PAUSED',
      allowReplace: false
    })
    await cluster.runs('p', 's')
    assert.ok(worker.calls.includes('start s STOPPED'))
    assert.ok(worker.calls.includes('start p PAUSED'))
    await until(() => herder.cluster.connectorStatus('s').connector.state === 'STOPPED', 'STOPPED')
    assert.deepEqual(await herder.cluster.taskInfos('s'), [])
  })

  it('deletes a connector, its statuses and its topics', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder, worker } = await cluster.join()
    await cluster.create('a', { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1')
    worker.says.topicUsed({ connector: 'a', task: 0 }, 'orders')
    await until(() => herder.cluster.activeTopics('a').includes('orders'), 'the topic is active')
    await herder.changes.deleteConnector('a')
    assert.deepEqual(herder.cluster.connectors(), [])
    await cluster.runs()
    await until(() => {
      try {
        return herder.cluster.connectorStatus('a') === null
      } catch (error) {
        return error instanceof ConnectError && error.status === 404
      }
    }, 'the status is gone')
    await until(() => herder.cluster.activeTopics('a').length === 0, 'its topics are forgotten')
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    assert.deepEqual(cluster.placement.conflicts, [])
  })

  it('restarts what it is asked to restart', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder, worker } = await cluster.join()
    await cluster.create('a', { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1')
    await until(
      () => herder.cluster.connectorStatus('a').tasks.length === 2,
      'the tasks have statuses'
    )
    const since = () => worker.calls.splice(0).sort()
    since()
    await herder.changes.restartConnector('a')
    assert.deepEqual(since(), ['start a STARTED', 'stop a'])
    await herder.changes.restartTask('a', 1)
    assert.deepEqual(since(), ['start a-1', 'stop a-1'])
    const all = { onlyFailed: false, includeTasks: true }
    const plan = await herder.changes.restartConnectorAndTasks('a', all)
    assert.deepEqual(
      [plan.connector.state, ...plan.tasks.map(({ state }) => state)],
      ['RESTARTING', 'RESTARTING', 'RESTARTING']
    )
    const everything = [
      'start a STARTED',
      'start a-0',
      'start a-1',
      'stop a',
      'stop a-0',
      'stop a-1'
    ]
    await until(() => worker.calls.length === 6, 'everything was restarted')
    assert.deepEqual(since(), everything)
    await until(
      () => herder.cluster.connectorStatus('a').tasks.every(({ state }) => state === 'RUNNING'),
      'everything runs again'
    )
    worker.says.task({ connector: 'a', task: 1 }, 'FAILED', 'boom', '1.2.3')
    await until(() => herder.cluster.taskStatus('a', 1).trace === 'boom', 'task 1 is FAILED')
    const failed = await herder.changes.restartConnectorAndTasks('a', {
      onlyFailed: true,
      includeTasks: true
    })
    assert.deepEqual(
      [failed.connector.state, ...failed.tasks.map(({ state }) => state)],
      ['RUNNING', 'RUNNING', 'RESTARTING']
    )
    await until(() => herder.cluster.taskStatus('a', 1).state === 'RUNNING', 'task 1 runs again')
    assert.deepEqual(since(), ['start a-1', 'stop a-1'])
  })

  it('starts what has failed again by policy, on the member that has it', async (t) => {
    const away = { kind: 'passing', message: 'it is away' } as const
    const cluster = new HerderCluster(t)
    const members = [await cluster.join(), await cluster.join()]
    await cluster.create('a', {
      'tasks.max': '4',
      'auto.restart.max.restarts': '1',
      'auto.restart.backoff.ms': '1'
    })
    await cluster.runs('a', 'a-0', 'a-1', 'a-2', 'a-3')
    for (const { worker, name } of members) {
      const on = cluster.placement.on(name).find((what) => what.startsWith('a-'))
      const task = Number(on?.slice('a-'.length))
      const id = { connector: 'a', task }
      const status = () => members[0]?.herder.cluster.taskStatus('a', task)
      worker.calls.length = 0
      worker.says.task(id, 'FAILED', 'Error: away', '1.2.3', away)
      await until(() => status()?.trace?.startsWith('Restarted by policy once') === true, 'said')
      assert.deepEqual([status()?.state, worker.calls], ['RUNNING', [`stop ${on}`, `start ${on}`]])
      worker.says.task(id, 'FAILED', 'Error: away', '1.2.3', away)
      await until(() => status()?.trace?.includes('Given up by policy') === true, 'given up')
    }
    assert.deepEqual(cluster.placement.conflicts, [])
  })

  it('I9: a connector that fails or is slow to start holds up nobody', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder } = await cluster.join()
    await cluster.create('bad', { 'fail.start': '' })
    await cluster.create('slow', { 'slow.start.ms': '1500' })
    await cluster.create('taskless', { 'fail.task': '' })
    await cluster.create('good')
    await cluster.runs('bad', 'good', 'good-0', 'slow', 'taskless')
    await until(() => herder.cluster.connectorStatus('bad').connector.state === 'FAILED', 'FAILED')
    await until(
      () => herder.cluster.taskStatus('taskless', 0).state === 'FAILED',
      'the task is FAILED'
    )
    await rejectsWith(herder.changes.restartConnector('bad'), 500, 'Failed to start connector: bad')
    await rejectsWith(
      herder.changes.restartTask('taskless', 0),
      500,
      'Failed to start task: taskless-0'
    )
    await cluster.runs('bad', 'good', 'good-0', 'slow', 'slow-0', 'taskless')
  })

  it('tries again, and says so, when a connector cannot tell its task configurations', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder } = await cluster.join()
    await cluster.create('a', { 'fail.configs': '' })
    const status = await until(() => {
      const { connector } = herder.cluster.connectorStatus('a')
      return connector.trace === null ? null : connector
    }, 'the status says what is wrong')
    assert.equal(status.state, 'RUNNING')
    assert.match(status.trace ?? '', /no task configs today/)
    await herder.changes.patchConnectorConfig('a', new Map([['fail.configs', null]]))
    await cluster.runs('a', 'a-0')
    await until(
      () => herder.cluster.connectorStatus('a').connector.trace === null,
      'no trace is left'
    )
  })

  it('alters and resets the offsets of stopped connectors only', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder } = await cluster.join()
    await cluster.create('a')
    await cluster.create('b', { 'manages.offsets': 'true' })
    await cluster.runs('a', 'a-0', 'b', 'b-0')
    const offsets = [{ partition: { table: 'orders' }, offset: { id: 42 } }]
    await rejectsWith(
      herder.changes.modifyOffsets('a', offsets),
      400,
      "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/a/stop' endpoint"
    )
    await rejectsWith(
      herder.changes.modifyOffsets('a', []),
      400,
      'Partitions / offsets need to be provided for an alter offsets request'
    )
    await herder.changes.stopConnector('a')
    await herder.changes.stopConnector('b')
    assert.equal(
      await herder.changes.modifyOffsets('a', offsets),
      'The Connect framework-managed offsets for this connector have been altered successfully. However, if this connector manages offsets externally, they will need to be manually altered in the system that the connector uses.'
    )
    assert.deepEqual(await herder.cluster.offsets('a'), offsets)
    assert.equal(
      await herder.changes.modifyOffsets('a', null),
      'The Connect framework-managed offsets for this connector have been reset successfully. However, if this connector manages offsets externally, they will need to be manually reset in the system that the connector uses.'
    )
    assert.deepEqual(await herder.cluster.offsets('a'), [])
    assert.equal(
      await herder.changes.modifyOffsets('b', offsets),
      'The offsets for this connector have been altered successfully'
    )
    const nested = [{ partition: { table: ['x'] }, offset: null }]
    await assert.rejects(
      herder.changes.modifyOffsets('a', nested),
      /only contain primitive types.*table/
    )
  })

  it('obeys switches for topic tracking', async (t) => {
    const off = new HerderCluster(t, { topicTracking: { enabled: false, allowReset: true } })
    const { herder } = await off.join()
    assert.throws(() => herder.cluster.activeTopics('a'), {
      status: 403,
      message: 'Topic tracking is disabled.'
    })
    const noReset = new HerderCluster(t, { topicTracking: { enabled: true, allowReset: false } })
    const second = await noReset.join()
    assert.deepEqual(second.herder.cluster.activeTopics('unknown'), [])
    await rejectsWith(
      second.herder.cluster.resetActiveTopics('a'),
      403,
      'Topic tracking reset is disabled.'
    )
  })

  it('stops for good: work given up, statuses UNASSIGNED, waiting requests refused; twice is once', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder, worker } = await cluster.join()
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    await Promise.all([herder.stop(), herder.stop()])
    assert.deepEqual(cluster.placement.all(), [])
    assert.deepEqual([worker.runningConnectors(), worker.runningTasks()], [[], []])
    assert.equal(herder.cluster.connectorStatus('a').connector.state, 'UNASSIGNED')
    await rejectsWith(herder.changes.deleteConnector('a'), 500, 'Worker is shutting down')
    assert.deepEqual(cluster.fatal, [])
  })
})
