import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { ConnectError } from '../../../src/errors.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import { leaderTransactionalId } from '../../../src/worker/transactional-ids.ts'
import { kafkaBootstrap } from '../../support/environment.ts'
import { connectorConfig, HerderCluster } from '../../support/herder-cluster.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'

const client = new Map([['bootstrap.servers', kafkaBootstrap()]])

/** Everything the members' workers were asked, in their order. */
const calls = (cluster: HerderCluster): string[] =>
  cluster.members.flatMap(({ worker }) => worker.calls)
const fences = (cluster: HerderCluster): string[] =>
  calls(cluster).filter((call) => call.startsWith('fence'))

async function exactlyOnceCluster(t: ConstructorParameters<typeof HerderCluster>[0], size: number) {
  const cluster = new HerderCluster(t, { exactlyOnceSource: true })
  await Promise.all(Array.from({ length: size }, () => cluster.join()))
  return cluster
}

describe('a group whose sources run exactly once', () => {
  it('fences the tasks of the generation before, once, before any of the next takes its epoch', async (t) => {
    const cluster = await exactlyOnceCluster(t, 2)
    await cluster.create('a', { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1')
    const leader = await cluster.leader()
    assert.deepEqual(fences(cluster), [], 'nobody ran before')
    assert.equal(leader.config().taskCountRecord('a'), 2)
    assert.equal(leader.config().pendingFencing('a'), false)
    await cluster.create('a', { 'tasks.max': '3' })
    await cluster.runs('a', 'a-0', 'a-1', 'a-2')
    assert.deepEqual(fences(cluster), ['fence 2 of a'])
    assert.deepEqual(
      leader.worker.calls.filter((call) => call.startsWith('fence')),
      ['fence 2 of a'],
      'the leader does it'
    )
    assert.equal(leader.config().taskCountRecord('a'), 3)
    const { calls: asked } = leader.worker
    const epochs = asked.flatMap((call, at) => (call.startsWith('init a-') ? [at] : []))
    const later = epochs.filter((at) => at > asked.indexOf('fence 2 of a'))
    assert.ok(later.length > 0, 'its own task of the new generation came after')
  })

  it('asks the leader, signed, for a task that starts elsewhere', async (t) => {
    const cluster = await exactlyOnceCluster(t, 2)
    for (const name of ['a', 'b', 'c']) await cluster.create(name, { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1', 'b', 'b-0', 'b-1', 'c', 'c-0', 'c-1')
    const follower = await cluster.follower()
    await until(
      () => follower.worker.calls.some((call) => call.startsWith('init')),
      'it has a task'
    )
    assert.ok(cluster.delivered.includes(204))
    await assert.rejects(
      (await cluster.leader()).herder.fenceZombieSourceTasks('a', null),
      { status: 400 },
      'a request without signature is refused'
    )
  })

  it('leaves one task that follows one alone: it fences its predecessor by itself', async (t) => {
    const cluster = await exactlyOnceCluster(t, 1)
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    await cluster.create('a', { payload: 'other' })
    const [{ worker }] = cluster.members as [(typeof cluster.members)[0]]
    await until(
      () => worker.calls.filter((call) => call === 'init a-0').length === 2,
      'it started anew'
    )
    assert.deepEqual(fences(cluster), [])
  })

  it('does not start a task whose generation is over', async (t) => {
    const cluster = await exactlyOnceCluster(t, 1)
    const [member] = cluster.members as [(typeof cluster.members)[0]]
    await cluster.create('a', { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1')
    const { guard } = member.worker
    assert.ok(guard !== null)
    await guard.after(new AbortController().signal)
    await cluster.create('a', { 'tasks.max': '3' })
    await cluster.runs('a', 'a-0', 'a-1', 'a-2')
    await assert.rejects(
      guard.after(new AbortController().signal),
      /has already generated a new set of task configs/
    )
    await member.herder.changes.stopConnector('a')
    await cluster.runs('a')
    const last = member.worker.guard
    await assert.rejects(last?.after(new AbortController().signal) ?? Promise.resolve(), /already/)
  })

  it('fences before it writes the offsets an operator gives', async (t) => {
    const cluster = await exactlyOnceCluster(t, 1)
    const [{ herder, worker }] = cluster.members as [(typeof cluster.members)[0]]
    await cluster.create('a', { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1')
    await herder.changes.stopConnector('a')
    await cluster.runs('a')
    const offset = { partition: { table: 't' }, offset: { id: 1 } }
    await herder.changes.modifyOffsets('a', [offset])
    assert.deepEqual(fences(cluster), ['fence 2 of a'])
    assert.deepEqual(await herder.cluster.offsets('a'), [offset])
    // Nothing has run since.
    await herder.changes.modifyOffsets('a', null)
    assert.deepEqual(fences(cluster), ['fence 2 of a'])
    await herder.changes.resumeConnector('a')
    await cluster.runs('a', 'a-0', 'a-1')
    worker.calls.length = 0
    await herder.startFrom.move(
      'a',
      { start: { id: 7 } },
      { user: null, address: null, note: null }
    )
    await cluster.runs('a', 'a-0', 'a-1')
    assert.ok(worker.calls.indexOf('fence 2 of a') >= 0)
    assert.ok(worker.calls.indexOf('fence 2 of a') < worker.calls.indexOf('offsets a'))
  })

  it('I3: takes the config topic back when somebody else claimed it, and says so meanwhile', async (t) => {
    const cluster = await exactlyOnceCluster(t, 1)
    const { herder } = await cluster.leader()
    await cluster.create('a')
    // Behind this the leader writes nothing of its own, by which it would notice before it is asked.
    await cluster.runs('a', 'a-0')
    const zombie = createKafkaClients(systemClock, recordingLog().log).transactionalProducer(
      client,
      'zombie',
      leaderTransactionalId(cluster.groupId)
    )
    t.after(() => zombie.close(0))
    await zombie.initialize()
    const put = () =>
      herder.changes.putConnectorConfig('b', connectorConfig('b'), {
        initialState: null,
        allowReplace: true
      })
    await assert.rejects(put(), (error: unknown) => {
      assert.ok(error instanceof ConnectError)
      assert.equal(error.status, 500)
      assert.match(
        error.message,
        /^Failed to write to config topic; this may be due to a transient/
      )
      return true
    })
    await put()
    await cluster.runs('a', 'a-0', 'b', 'b-0')
    await assert.rejects(
      zombie.send([
        {
          topic: `${cluster.groupId}-configs`,
          partition: 0,
          key: Buffer.from('connector-a'),
          value: null,
          timestamp: null,
          headers: []
        }
      ]),
      { code: 'PRODUCER_FENCED' }
    )
    assert.deepEqual(cluster.fatal, [])
  })
})
