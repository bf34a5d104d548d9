import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Change, NewChange } from '../../src/storage/change-history.ts'
import { ChangeLogState } from '../../src/storage/change-log-state.ts'
import { KafkaChangeHistory } from '../../src/storage/kafka-change-history.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { recordingLog } from '../support/recording-log.ts'

const change = (connector: string | null, more: Partial<NewChange> = {}): NewChange => ({
  what: 'config',
  connector,
  by: { user: 'anna', address: '10.0.0.1', note: null },
  details: {},
  before: null,
  after: { name: connector ?? '', 'tasks.max': '2' },
  ...more
})

async function history(t: TestContext, topic: string, workerId: string) {
  const { log, lines } = recordingLog()
  const client = new Map([['bootstrap.servers', kafkaBootstrap()]])
  const store = new KafkaChangeHistory({
    clients: createKafkaClients(systemClock),
    client,
    clientId: `${topic}-${workerId}`,
    topic,
    create: { partitions: 1, replicationFactor: 1, settings: new Map() },
    clock: systemClock,
    log,
    workerId
  })
  t.after(() => store.stop())
  await store.start()
  return { store, lines }
}

describe('The history in a topic', () => {
  it('has what every worker entered, in order, and after a restart', async (t) => {
    const topic = uniqueName('history')
    const one = await history(t, topic, 'one:8083')
    const two = await history(t, topic, 'two:8083')
    await one.store.add(change('orders', { what: 'create' }))
    await two.store.add(change('lines', { details: { task: 3 }, before: { a: 'b' }, after: null }))
    await one.store.add(change(null, { what: 'logger', after: null }))
    await two.store.add(
      change('orders', { what: 'pause', by: { user: null, address: null, note: 'x' } })
    )
    const later = await history(t, topic, 'three:8083')
    for (const { store } of [one, two, later]) {
      const orders = await store.latest('orders', 10)
      assert.deepEqual(
        orders.map(({ what, workerId, by }) => [what, workerId, by.user]),
        [
          ['pause', 'two:8083', null],
          ['create', 'one:8083', 'anna']
        ]
      )
      assert.deepEqual(
        (await store.latest(null, 2)).map(({ what }) => what),
        ['pause', 'logger']
      )
      const [newest, oldest] = orders as [Change, Change]
      assert.ok(newest.id > oldest.id && newest.at >= oldest.at)
      assert.deepEqual(await store.find('orders', oldest.id), oldest)
      assert.equal(await store.find('lines', oldest.id), null)
      const [lines] = await store.latest('lines', 1)
      assert.deepEqual(
        [lines?.details, lines?.before, lines?.after],
        [{ task: 3 }, { a: 'b' }, null]
      )
    }
  })

  it('takes no harm from what others write to its topic', async (t) => {
    const topic = uniqueName('history')
    const { store, lines } = await history(t, topic, 'one:8083')
    const producer = createKafkaClients(systemClock).producer(
      new Map([['bootstrap.servers', kafkaBootstrap()]]),
      'stranger'
    )
    t.after(() => producer.close(5000))
    const record = (value: string) => ({
      topic,
      partition: 0,
      timestamp: null,
      key: Buffer.from('k'),
      value: Buffer.from(value),
      headers: []
    })
    for (const value of ['{broken', 'null', '[]', '{"what":"party","at":1,"workerId":"x"}', '7']) {
      await producer.send([record(value)])
    }
    const odd = {
      what: 'pause',
      at: 5,
      workerId: 'x',
      connector: 3,
      by: 'me',
      after: { a: 1, b: 'c' }
    }
    await producer.send([record(JSON.stringify(odd))])
    await store.add(change('orders'))
    const all = await store.latest(null, 10)
    assert.deepEqual(
      all.map(({ what }) => what),
      ['config', 'pause']
    )
    assert.deepEqual(all[1]?.after, { b: 'c' })
    assert.equal(lines.filter((line) => line.includes('none of its')).length, 5)
  })

  it('says what could not be entered, and fails nothing for it', async (t) => {
    const { store, lines } = await history(t, uniqueName('history'), 'one:8083')
    await store.stop()
    await store.add(change('orders'))
    assert.match(lines.join(), /"connector":"orders".*could not be entered in the history/)
  })
})

describe('The changes at hand', () => {
  it('I8: are the newest ones, however many there are', () => {
    const state = new ChangeLogState(1000)
    for (let id = 1; id <= 50; id++) {
      state.add({ ...change('a'), id, at: id, workerId: 'w' }, id === 50 ? 5000 : 100)
      const kept = state.latest(null, 99)
      assert.equal(kept[0]?.id, id)
      assert.ok(kept.length <= 10)
    }
    assert.deepEqual(
      state.latest('a', 99).map(({ id }) => id),
      [50]
    )
    assert.equal(state.find('a', 49), null)
  })
})
