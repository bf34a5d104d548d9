import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ConnectError } from '../../../src/errors.ts'
import { SomebodyInTheWay } from '../../../src/herder/moves/in-the-way.ts'
import type { MoveAuthor } from '../../../src/herder/start-from.ts'
import type { StoredConfig } from '../../../src/storage/cluster-config.ts'
import type { TargetState } from '../../../src/storage/target-state.ts'
import type { KafkaConfigStore } from '../../../src/storage/kafka-config-store.ts'
import type { StoredOffset } from '../../../src/storage/offset-store.ts'
import type { MovePhase } from '../../../src/storage/start-from-record.ts'
import { connectorConfig, HerderCluster, type Member } from '../../support/herder-cluster.ts'
import { ScriptedWorker } from '../../support/scripted-worker.ts'
import { until } from '../../support/until.ts'

const by: MoveAuthor = { user: null, address: '127.0.0.1', note: null }
const partition = { table: 't' }

/** A worker whose writing of offsets can be held up, or fail, and which says what ran meanwhile. */
class HeldWorker extends ScriptedWorker {
  readonly ranWhileWriting: string[] = []
  held: Promise<void> = Promise.resolve()
  failures = 0
  /** Who keeps offsets from being stored, one answer after the other. */
  inTheWayOf: readonly (string | Error | null)[] = []

  override async inTheWay(): Promise<string | null> {
    const [who = null, ...later] = this.inTheWayOf
    this.inTheWayOf = later
    if (who instanceof Error) throw who
    return who
  }

  override async writeOffsets(
    name: string,
    config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<void> {
    this.ranWhileWriting.push(...this.placement.all().filter((what) => what.startsWith(`${name}-`)))
    await this.held
    if (this.failures > 0) {
      this.failures -= 1
      throw new ConnectError('KAFKA_UNAVAILABLE', 'no broker today')
    }
    await super.writeOffsets(name, config, changes)
  }
}

async function member(cluster: HerderCluster): Promise<Member & { worker: HeldWorker }> {
  const name = `w${cluster.members.length + 1}`
  const worker = new HeldWorker(name, cluster.placement)
  return { ...(await cluster.join({ worker })), worker }
}

/** One member, connector `a` with two tasks, and the member's config store. */
async function alone(t: TestContext, cluster = new HerderCluster(t)) {
  let store: KafkaConfigStore | undefined
  const worker = new HeldWorker('w1', cluster.placement)
  const { herder, config } = await cluster.join({ worker }, (made) => {
    store = made
  })
  if (store === undefined) throw new Error('the member has no config store')
  await cluster.create('a', { 'tasks.max': '2' })
  await cluster.runs('a', 'a-0', 'a-1')
  await worker.writeOffsets('a', new Map(), [{ partition, offset: { id: 1 } }])
  worker.calls.length = 0
  worker.ranWhileWriting.length = 0
  const offset = async () => (await worker.offsets('a'))[0]?.offset
  return { cluster, herder, worker, store, config, offset }
}

for (const connectProtocol of ['sessioned', 'compatible', 'eager'] as const) {
  describe(`moving a connector of a group, ${connectProtocol}`, () => {
    it('I2: stores the new position when no member runs a task any more, and starts them again', async (t) => {
      const cluster = new HerderCluster(t, { connectProtocol })
      const workers = [(await member(cluster)).worker, (await member(cluster)).worker]
      await cluster.create('a', { 'tasks.max': '4' })
      await cluster.runs('a', 'a-0', 'a-1', 'a-2', 'a-3')
      const leader = await cluster.leader()
      const moved = await leader.herder.startFrom.move('a', { start: { id: 5 } }, by)
      assert.deepEqual([moved.problem, moved.state, moved.targetState], [null, 'DONE', 'STARTED'])
      assert.deepEqual(moved.offsets, [{ partition, old: null, new: { id: 5 } }])
      assert.deepEqual(
        workers.flatMap(({ ranWhileWriting }) => ranWhileWriting),
        []
      )
      await cluster.runs('a', 'a-0', 'a-1', 'a-2', 'a-3')
      const follower = await cluster.follower()
      await until(
        async () => (await follower.herder.startFrom.history('a'))[0]?.state === 'DONE',
        'everybody knows of it'
      )
      assert.deepEqual(cluster.placement.conflicts, [])
      assert.deepEqual(cluster.fatal, [])
    })
  })
}

describe('a move that another leader began', () => {
  const begun = (phase: MovePhase) => ({
    running: {
      kind: 'move' as const,
      id: 'm',
      at: '2026-11-28T00:00:00.000Z',
      by,
      request: 'x',
      targetState: 'STARTED' as TargetState,
      phase,
      offsets: [{ partition, old: { id: 1 }, offset: { id: 5 } }]
    },
    history: []
  })

  it('is dropped when it had not begun: the old position stands', async (t) => {
    const { herder, store, worker, offset } = await alone(t)
    await store.putStartFrom('a', begun('requested'))
    const move = await until(async () => {
      const [last] = await herder.startFrom.history('a')
      return last?.state === 'RUNNING' ? null : last
    }, 'the move has ended')
    assert.deepEqual(
      [move.state, move.problem],
      ['FAILED', 'The worker that was asked ended before it began']
    )
    assert.deepEqual([await offset(), worker.calls], [{ id: 1 }, []])
  })

  for (const phase of ['requested', 'writing', 'written'] as const) {
    it(`is finished from ${phase} on when the connector was stopped for it`, async (t) => {
      const { cluster, herder, store, worker, config, offset } = await alone(t)
      await herder.changes.stopConnector('a')
      await cluster.runs('a')
      await store.putStartFrom('a', begun(phase))
      await cluster.runs('a', 'a-0', 'a-1')
      await until(
        async () => (await herder.startFrom.history('a'))[0]?.state === 'DONE',
        'the move is done'
      )
      assert.equal(config().targetState('a'), 'STARTED')
      const expected = phase === 'written' ? { id: 1 } : { id: 5 }
      assert.deepEqual([await offset(), worker.ranWhileWriting], [expected, []])
    })
  }

  it('writes everything again when somebody started the connector in the middle', async (t) => {
    const { cluster, herder, store, worker, offset } = await alone(t)
    await store.putStartFrom('a', begun('writing'))
    await until(
      async () => (await herder.startFrom.history('a'))[0]?.state === 'DONE',
      'the move is done'
    )
    await cluster.runs('a', 'a-0', 'a-1')
    assert.deepEqual([await offset(), worker.ranWhileWriting], [{ id: 5 }, []])
  })

  it('goes on when the leader dies in the middle of writing', { timeout: 180_000 }, async (t) => {
    const cluster = new HerderCluster(t)
    const members = [await member(cluster), await member(cluster)]
    await cluster.create('a', { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1')
    const leading = await cluster.leader()
    const leader = members.find(({ name }) => name === leading.name)
    const other = members.find(({ name }) => name !== leading.name)
    assert.ok(leader !== undefined && other !== undefined)
    const hold = Promise.withResolvers<void>()
    leader.worker.held = hold.promise
    const asked = leader.herder.startFrom.move('a', { start: { id: 5 } }, by)
    await until(() => leader.config().startFrom('a')?.running?.phase === 'writing', 'it writes')
    await leader.herder.stop()
    hold.resolve()
    await asked
    await cluster.runs('a', 'a-0', 'a-1')
    assert.deepEqual(await other.worker.offsets('a'), [{ partition, offset: { id: 5 } }])
    assert.deepEqual((await other.herder.startFrom.history('a'))[0]?.state, 'DONE')
    assert.deepEqual(cluster.placement.conflicts, [])
  })
})

describe('while a connector is moved', () => {
  it('refuses what would get in the way, and drops the move when the connector is deleted', async (t) => {
    const { cluster, herder, worker, config } = await alone(t)
    const hold = Promise.withResolvers<void>()
    worker.held = hold.promise
    const asked = herder.startFrom.move('a', { start: { id: 5 } }, by)
    await until(() => config().startFrom('a')?.running?.phase === 'writing', 'it is written')
    const offsets = [{ partition, offset: { id: 9 } }]
    const replace = { initialState: null, allowReplace: true }
    const refused = [
      () => herder.changes.pauseConnector('a'),
      () => herder.changes.resumeConnector('a'),
      () => herder.changes.stopConnector('a'),
      () => herder.changes.putConnectorConfig('a', connectorConfig('a'), replace),
      () => herder.changes.patchConnectorConfig('a', new Map([['payload', 'x']])),
      () => herder.changes.modifyOffsets('a', offsets),
      () => herder.startFrom.move('a', 'undo', by)
    ]
    for (const request of refused) {
      await assert.rejects(request(), { status: 409, code: 'OPERATION_UNDER_WAY' })
    }
    assert.equal((await herder.startFrom.history('a'))[0]?.state, 'RUNNING')
    await herder.changes.deleteConnector('a')
    hold.resolve()
    await assert.rejects(asked, { status: 404 })
    await cluster.runs()
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    assert.deepEqual(await herder.startFrom.history('a'), [])
  })

  it('tries again until the new position is stored', async (t) => {
    const { herder, worker, offset } = await alone(t)
    worker.failures = 2
    const moved = await herder.startFrom.move('a', { start: { id: 5 } }, by)
    assert.deepEqual([moved.state, await offset()], ['DONE', { id: 5 }])
  })

  it('I8: waits for who keeps the position from being stored, and is given up when he stays', async (t) => {
    const { cluster, herder, worker, offset } = await alone(t)
    worker.inTheWayOf = ['Somebody is there', 'Somebody is there']
    assert.equal((await herder.startFrom.move('a', { start: { id: 5 } }, by)).state, 'DONE')
    await cluster.runs('a', 'a-0', 'a-1')

    const stays = new SomebodyInTheWay('a', 'Somebody is there')
    worker.inTheWayOf = [stays]
    const early = await herder.startFrom.move('a', { start: { id: 6 } }, by)
    assert.deepEqual([early.state, early.problem], ['FAILED', stays.message])
    await cluster.runs('a', 'a-0', 'a-1')
    // He came when the connector was halted already.
    worker.inTheWayOf = [null, stays]
    const late = await herder.startFrom.move('a', { start: { id: 7 } }, by)
    assert.deepEqual([late.state, late.problem], ['FAILED', stays.message])
    await cluster.runs('a', 'a-0', 'a-1')
    assert.deepEqual(await offset(), { id: 5 })
  })

  it('changes nothing when the connector refuses the start, or cannot say one', async (t) => {
    const { herder, worker, config } = await alone(t)
    await assert.rejects(herder.startFrom.move('a', { start: {} }, by), /the start has no id/)
    await assert.rejects(herder.startFrom.move('a', 'undo', by), /never moved: nothing to undo/)
    await assert.rejects(herder.startFrom.move('b', 'undo', by), { status: 404 })
    assert.deepEqual([worker.calls, config().startFrom('a')], [[], null])
    await herder.changes.pauseConnector('a')
  })

  it('goes back to the position before, and there again', async (t) => {
    const { herder, offset } = await alone(t)
    await herder.startFrom.move('a', { start: { id: 5 } }, by)
    await herder.startFrom.move('a', 'undo', by)
    assert.deepEqual(await offset(), { id: 1 })
    await herder.startFrom.move('a', 'undo', by)
    assert.deepEqual(await offset(), { id: 5 })
  })
})
