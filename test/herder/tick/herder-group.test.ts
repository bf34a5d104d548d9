import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { ConnectError } from '../../../src/errors.ts'
import type { DistributedHerderOptions } from '../../../src/herder/tick/cluster-parts.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import { RequestTargetError } from '../../../src/herder/herder.ts'
import {
  connectorConfig,
  HerderCluster,
  type Member,
  sessionKeys
} from '../../support/herder-cluster.ts'
import { kafkaBootstrap } from '../../support/environment.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'

const everything = ['a', 'a-0', 'a-1', 'b', 'b-0', 'b-1']

async function clusterOfTwo(
  t: ConstructorParameters<typeof HerderCluster>[0],
  overrides: Partial<DistributedHerderOptions> = {}
): Promise<HerderCluster> {
  const cluster = new HerderCluster(t, overrides)
  await Promise.all([cluster.join(), cluster.join()])
  await cluster.create('a', { 'tasks.max': '2' })
  await cluster.create('b', { 'tasks.max': '2' })
  await cluster.runs(...everything)
  return cluster
}

async function evenlySpread(cluster: HerderCluster, names: readonly string[]): Promise<void> {
  await until(
    () => {
      const sizes = names.map((name) => cluster.placement.on(name).length)
      return Math.max(...sizes) - Math.min(...sizes) <= 1 || null
    },
    `work is even on ${names.join(', ')}`
  )
}

function assertForwards(work: Promise<unknown>, to: Member): Promise<void> {
  return assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof RequestTargetError, String(error))
    assert.equal(error.url, to.url)
    return true
  })
}

for (const connectProtocol of ['sessioned', 'compatible', 'eager'] as const) {
  describe(`a group of two herders, ${connectProtocol}`, () => {
    it('runs every connector and task exactly once, spread evenly', async (t) => {
      const cluster = await clusterOfTwo(t, { connectProtocol })
      await evenlySpread(cluster, ['w1', 'w2'])
      await cluster.runs(...everything)
      assert.deepEqual(cluster.placement.conflicts, [])
      assert.deepEqual(cluster.fatal, [])
      // A follower generated task configurations and the leader took them; signed from version 2 on.
      assert.ok(cluster.delivered.includes(204))
    })

    it('shares its work with a third that joins', async (t) => {
      const cluster = await clusterOfTwo(t, { connectProtocol })
      await cluster.join()
      await cluster.create('c', { 'tasks.max': '3' })
      await until(() => cluster.placement.on('w3').length >= 2, 'the newcomer has work')
      await cluster.runs(...everything, 'c', 'c-0', 'c-1', 'c-2')
      await evenlySpread(cluster, ['w1', 'w2', 'w3'])
      assert.deepEqual(cluster.placement.conflicts, [])
    })

    it('takes over the work of one that leaves, and a leader that leaves is replaced', async (t) => {
      const cluster = await clusterOfTwo(t, { connectProtocol })
      const leader = await cluster.leader()
      await leader.herder.stop()
      const other = cluster.members.find((member) => member !== leader)
      await until(
        () => other !== undefined && cluster.placement.on(other.name).length === 6,
        'fail-over'
      )
      await cluster.create('c')
      await cluster.runs(...everything, 'c', 'c-0')
      assert.deepEqual(cluster.placement.conflicts, [])
    })

    it('carries changes, target states and deletions to whoever runs the work', async (t) => {
      const cluster = await clusterOfTwo(t, { connectProtocol })
      const follower = await cluster.follower()
      const leader = await cluster.leader()
      for (const name of ['a', 'b']) {
        await leader.herder.changes.patchConnectorConfig(name, new Map([['payload', 'new']]))
      }
      await until(() => {
        const seen = cluster.members.flatMap(({ worker }) =>
          worker
            .runningTasks()
            .map(({ connector, task }) => worker.taskConfigsSeen.get(`${connector}-${task}`))
        )
        return seen.length === 4 && seen.every((config) => config?.get('payload') === 'new')
      }, 'every task runs with the new configuration')
      await follower.herder.changes.pauseConnector('a')
      await follower.herder.changes.pauseConnector('b')
      const states = () =>
        ['a', 'b'].flatMap((name) => {
          const { connector, tasks } = follower.herder.cluster.connectorStatus(name)
          return [connector.state, ...tasks.map(({ state }) => state)]
        })
      await until(() => states().every((state) => state === 'PAUSED'), 'everything is PAUSED')
      await follower.herder.changes.resumeConnector('a')
      await follower.herder.changes.resumeConnector('b')
      await until(() => states().every((state) => state === 'RUNNING'), 'everything is RUNNING')
      await leader.herder.changes.stopConnector('a')
      await cluster.runs('a', 'b', 'b-0', 'b-1')
      await leader.herder.changes.deleteConnector('b')
      await cluster.runs('a')
      assert.deepEqual(cluster.placement.conflicts, [])
    })
  })
}

describe('requests to the wrong member of a group', () => {
  it('name the leader, or the owner when the leader was asked', async (t) => {
    const cluster = await clusterOfTwo(t)
    const leader = await cluster.leader()
    const follower = await cluster.follower()
    const { herder } = follower
    const requests = [
      herder.changes.putConnectorConfig('c', connectorConfig('c'), {
        initialState: null,
        allowReplace: true
      }),
      herder.changes.patchConnectorConfig('a', new Map()),
      herder.changes.deleteConnector('a'),
      herder.changes.stopConnector('a'),
      herder.changes.modifyOffsets('a', null),
      herder.changes.restartConnectorAndTasks('a', { onlyFailed: false, includeTasks: true })
    ]
    await Promise.all(requests.map((work) => assertForwards(work, leader)))
    const theirs =
      ['a', 'b'].find((name) => cluster.placement.on(follower.name).includes(name)) ?? ''
    await assertForwards(leader.herder.changes.restartConnector(theirs), follower)
    await herder.changes.restartConnector(theirs)
    const [task] = follower.worker.runningTasks()
    assert.ok(task !== undefined)
    await assertForwards(leader.herder.changes.restartTask(task.connector, task.task), follower)
    await herder.changes.restartTask(task.connector, task.task)
    const [leadersTask] = leader.worker.runningTasks()
    assert.ok(leadersTask !== undefined)
    await assertForwards(
      herder.changes.restartTask(leadersTask.connector, leadersTask.task),
      leader
    )
    await cluster.runs(...everything)
  })

  it('restart with flags reaches every member', async (t) => {
    const cluster = await clusterOfTwo(t)
    const leader = await cluster.leader()
    await until(
      () => leader.herder.cluster.connectorStatus('a').tasks.length === 2,
      'tasks have a status'
    )
    for (const { worker } of cluster.members) worker.calls.length = 0
    await leader.herder.changes.restartConnectorAndTasks('a', {
      onlyFailed: false,
      includeTasks: true
    })
    const starts = () =>
      cluster.members
        .flatMap(({ worker }) => worker.calls)
        .filter((call) => call.startsWith('start'))
        .sort()
    await until(() => starts().length >= 3, 'everything was restarted')
    assert.deepEqual(starts(), ['start a STARTED', 'start a-0', 'start a-1'])
    await cluster.runs(...everything)
  })

  it('are refused when they are not signed with the session key', async (t) => {
    const cluster = await clusterOfTwo(t)
    const { herder } = await cluster.leader()
    const body = Buffer.from('[]')
    // I8: what nobody is known to have sent is not parsed.
    const unread = () => assert.fail('read before its signature was checked')
    const refused = async (
      signature: { signature: string; algorithm: string } | null,
      status: number
    ) =>
      assert.rejects(herder.putTaskConfigs('a', unread, body, signature), (error: unknown) => {
        assert.ok(error instanceof ConnectError)
        assert.equal(error.status, status)
        return true
      })
    await refused(null, 400)
    await refused({ signature: 'AAAA', algorithm: 'HmacMD5' }, 400)
    await refused({ signature: 'AAAA', algorithm: 'HmacSHA256' }, 403)
    await assert.rejects(herder.fenceZombieSourceTasks('a', null), { status: 400 })
  })

  it('change loggers everywhere', async (t) => {
    const cluster = new HerderCluster(t)
    const [first, second] = await Promise.all([cluster.join(), cluster.join()])
    await first.herder.setClusterLoggerLevel('org.example', ' debug')
    for (const { herder } of [first, second]) {
      await until(
        () => herder.loggerLevels.logger('org.example')?.level === 'DEBUG',
        'the level is set'
      )
    }
  })
})

describe('a herder that loses its place', () => {
  it('I2: stops all work before it joins again', async (t) => {
    const cluster = new HerderCluster(t)
    let loseIt: (() => void) | null = null
    const clients = createKafkaClients(systemClock, recordingLog().log)
    const { herder, worker } = await cluster.join({
      clients: {
        ...clients,
        groupMembership: (options) => {
          loseIt = () => options.onRebalance('coordinator-lost')
          return clients.groupMembership(options)
        }
      }
    })
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    await until(() => herder.cluster.taskStatus('a', 0).state === 'RUNNING', 'the task runs')
    worker.calls.length = 0
    assert.ok(loseIt !== null)
    const lose: () => void = loseIt
    lose()
    await until(() => worker.calls.length >= 4, 'it stopped and started')
    assert.deepEqual(worker.calls.slice(0, 2).sort(), ['stop a', 'stop a-0'])
    assert.deepEqual(worker.calls.slice(2).sort(), ['start a STARTED', 'start a-0'])
    await cluster.runs('a', 'a-0')
    // Late words of what was taken away are not written.
    await herder.changes.stopConnector('a')
    await cluster.runs('a')
    await until(
      () => herder.cluster.connectorStatus('a').tasks.length === 0,
      'the status of the task is gone'
    )
    worker.says.task({ connector: 'a', task: 0 }, 'RUNNING', null, null)
    await herder.healthCheck()
    assert.deepEqual(herder.cluster.connectorStatus('a').tasks, [])
  })

  it('I2: gives up its work when it cannot follow the config topic, and comes back when it can', async (t) => {
    const cluster = new HerderCluster(t, {
      sessionKeys: { ...sessionKeys, ttlMs: 700 },
      scheduledRebalanceMaxDelayMs: 500
    })
    let broken = false
    const unreachable = async () => {
      throw new ConnectError('KAFKA_UNAVAILABLE', 'scripted: the config topic cannot be read')
    }
    const member = await cluster.join({}, (store) => {
      const refresh = store.refresh.bind(store)
      const putSessionKey = store.putSessionKey.bind(store)
      store.refresh = (timeoutMs) => (broken ? unreachable() : refresh(timeoutMs))
      store.putSessionKey = (key) => (broken ? unreachable() : putSessionKey(key))
    })
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    broken = true
    await cluster.runs()
    await until(
      () => /backoff|reading to the end of the config topic/.test(member.herder.stage()),
      'the worker says what it waits for'
    )
    broken = false
    await cluster.runs('a', 'a-0')
    assert.deepEqual(cluster.placement.conflicts, [])
    assert.deepEqual(cluster.fatal, [])
  })

  it('writes task configurations anew when compaction left an incomplete set behind', async (t) => {
    const cluster = new HerderCluster(t)
    const member = await cluster.join()
    await cluster.create('a', { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1')
    const client = new Map([['bootstrap.servers', kafkaBootstrap()]])
    const producer = createKafkaClients(systemClock, recordingLog().log).producer(client, 'damage')
    // A commit that counts a third task nobody has written.
    await producer.send([
      {
        topic: `${cluster.groupId}-configs`,
        partition: 0,
        key: Buffer.from('commit-a'),
        value: Buffer.from('{"tasks":3}'),
        timestamp: null,
        headers: []
      }
    ])
    await producer.close(1000)
    await until(() => member.config().taskConfigs('a').length === 2, 'the set is whole again')
    assert.deepEqual(member.config().inconsistentConnectors(), [])
    await cluster.runs('a', 'a-0', 'a-1')
  })
})
