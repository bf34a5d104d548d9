import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ConnectError } from '../../../src/errors.ts'
import type { PutOptions } from '../../../src/herder/herder.ts'
import type { KafkaConfigStore } from '../../../src/storage/kafka-config-store.ts'
import { connectorConfig, HerderCluster } from '../../support/herder-cluster.ts'
import { ScriptedWorker } from '../../support/scripted-worker.ts'
import { until } from '../../support/until.ts'

const t = { table: 't' }
const other = { table: 'other' }
const create: PutOptions = { initialState: null, allowReplace: false }

/** A cluster of one whose worker has offsets stored under the name `a`, and its config store. */
async function alone(test: TestContext) {
  const cluster = new HerderCluster(test)
  const worker = new ScriptedWorker('w1', cluster.placement)
  let store: KafkaConfigStore | undefined
  const { herder, config } = await cluster.join({ worker }, (made) => {
    store = made
  })
  if (store === undefined) throw new Error('the member has no config store')
  await cluster.leader()
  await worker.writeOffsets('a', new Map(), [
    { partition: t, offset: { id: 1 } },
    { partition: other, offset: { id: 2 } }
  ])
  worker.calls.length = 0
  return { cluster, herder, worker, config, store }
}

describe('a connector that is created where another one of its name was', () => {
  it('goes on from what is stored, and says so', async (test) => {
    const { herder, worker } = await alone(test)
    const { keptOffsets, created } = await herder.changes.putConnectorConfig(
      'a',
      connectorConfig('a'),
      create
    )
    assert.deepEqual([created, keptOffsets], [true, 2])
    assert.equal((await worker.offsets('a')).length, 2)
  })

  it('begins at the offsets it is given: they are stored before it starts, others are forgotten', async (test) => {
    const { cluster, herder, worker } = await alone(test)
    const outcome = await herder.changes.putConnectorConfig('a', connectorConfig('a'), {
      ...create,
      initialState: 'PAUSED',
      initialOffsets: { offsets: [{ partition: t, offset: { id: 5 } }], others: 'reset' }
    })
    assert.equal(
      outcome.offsetsStatus,
      'The offsets for this connector have been altered successfully'
    )
    assert.deepEqual(await worker.offsets('a'), [{ partition: t, offset: { id: 5 } }])
    await until(() => cluster.placement.all().includes('a'), 'it is there')
    assert.deepEqual(worker.calls.slice(0, 2), ['offsets a', 'start a PAUSED'])
    const [move] = await herder.startFrom.history('a')
    assert.deepEqual(
      [move?.state, move?.request, move?.offsets],
      [
        'DONE',
        { create: 'initial_offsets' },
        [
          { partition: other, old: { id: 2 }, new: null },
          { partition: t, old: { id: 1 }, new: { id: 5 } }
        ]
      ]
    )
    await assert.rejects(
      herder.startFrom.move('a', 'undo', { user: null, address: null, note: null }),
      /never moved/
    )
  })

  it('begins from nothing when it is told to', async (test) => {
    const { herder, worker } = await alone(test)
    const options: PutOptions = { ...create, initialOffsets: { offsets: null, others: 'reset' } }
    const { offsetsStatus } = await herder.changes.putConnectorConfig(
      'a',
      connectorConfig('a'),
      options
    )
    assert.equal(offsetsStatus, 'The offsets for this connector have been reset successfully')
    assert.deepEqual(await worker.offsets('a'), [])
    await assert.rejects(herder.changes.putConnectorConfig('a', connectorConfig('a'), options), {
      status: 409,
      message: 'Connector a already exists'
    })
  })

  it('is written once, also when the end of that can be noted only later', async (test) => {
    const { herder, store, worker, config } = await alone(test)
    const putStartFrom = store.putStartFrom.bind(store)
    let refused = 0
    const records: unknown[] = []
    store.putStartFrom = async (name, state) => {
      if (state?.running !== null) records.push(state?.running.config)
      const isEnd = state?.running === null && store.snapshot().contains(name)
      if (isEnd && refused++ === 0) throw new ConnectError('KAFKA_UNAVAILABLE', 'no broker today')
      await putStartFrom(name, state)
    }
    const { created } = await herder.changes.putConnectorConfig('a', connectorConfig('a'), {
      ...create,
      initialOffsets: { offsets: [{ partition: t, offset: { id: 5 } }], others: 'reset' }
    })
    assert.deepEqual([created, refused], [true, 2])
    // Whoever takes it up knows where the offsets belong; the history does not keep it.
    const put = Object.fromEntries(connectorConfig('a'))
    assert.deepEqual(records, [put, put])
    assert.equal(config().startFrom('a')?.history[0]?.config, undefined)
    assert.equal((await herder.startFrom.history('a'))[0]?.state, 'DONE')
    assert.deepEqual(await worker.offsets('a'), [{ partition: t, offset: { id: 5 } }])
  })

  it('is not created by a worker that takes a creation up: its offsets are whole, and it can be created again', async (test) => {
    const { cluster, herder, worker, config, store } = await alone(test)
    // As whoever began it wrote it down: the configuration says where the offsets belong.
    const put = connectorConfig('a')
    let written: ReadonlyMap<string, string> | undefined
    const writeOffsets = worker.writeOffsets.bind(worker)
    worker.writeOffsets = async (name, wanted, changes) => {
      written = wanted
      await writeOffsets(name, wanted, changes)
    }
    await store.putStartFrom('a', {
      running: {
        kind: 'create',
        id: 'm',
        at: '2026-11-28T00:00:00.000Z',
        by: { user: null, address: null, note: null },
        request: { create: 'initial_offsets' },
        targetState: 'STARTED',
        phase: 'writing',
        offsets: [{ partition: t, old: { id: 1 }, offset: { id: 5 } }],
        config: Object.fromEntries(put)
      },
      history: []
    })
    await until(() => config().startFrom('a') === null, 'the creation is over')
    assert.deepEqual(await worker.offsets('a'), [{ partition: t, offset: { id: 5 } }])
    assert.deepEqual(written, put)
    assert.deepEqual(herder.cluster.connectors(), [])
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
  })
})

describe('a connector that is deleted', () => {
  it('leaves its offsets, or takes them along once its tasks have ended', async (test) => {
    const { cluster, herder, worker, config } = await alone(test)
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    await herder.changes.deleteConnector('a')
    await cluster.runs()
    assert.equal((await worker.offsets('a')).length, 2)

    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    worker.calls.length = 0
    await herder.changes.deleteConnector('a', 'delete')
    await cluster.runs()
    assert.deepEqual(await worker.offsets('a'), [])
    const at = (call: string) => worker.calls.indexOf(call)
    assert.ok(at('stop a-0') >= 0 && at('stop a-0') < at('offsets a'), worker.calls.join())
    assert.deepEqual([herder.cluster.connectors(), config().startFrom('a')], [[], null])
    await assert.rejects(herder.changes.deleteConnector('a', 'delete'), { status: 404 })
  })
})

describe('the first start that a connector is given', () => {
  it('is written when the stored offsets say that there was none, and no task runs', async (test) => {
    const { cluster, herder, worker, config } = await alone(test)
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    worker.calls.length = 0
    const info = await herder.changes.patchConnectorConfig('a', new Map([['start', '1']]))
    assert.equal(info.config.get('start'), '1')
    await cluster.runs('a', 'a-0')
    assert.deepEqual((await worker.offsets('a'))[0]?.offset, { id: 1, seen: true })
    const order = ['stop a-0', 'offsets a', 'start a-0'].map((call) => worker.calls.indexOf(call))
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
      worker.calls.join()
    )
    assert.equal(config().targetState('a'), 'STARTED')

    // Another change is one write.
    worker.calls.length = 0
    await herder.changes.patchConnectorConfig('a', new Map([['start', '2']]))
    assert.deepEqual(
      worker.calls.filter((call) => call.startsWith('offsets')),
      []
    )
  })
})
