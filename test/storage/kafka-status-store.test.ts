import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KafkaStatusStore } from '../../src/storage/kafka-status-store.ts'
import { MemoryStatusStore } from '../../src/storage/memory-status-store.ts'
import type { State, Status, StatusStore } from '../../src/storage/status-store.ts'
import { closing, rawTopic, storeOptions } from '../support/kafka-stores.ts'
import { recordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'

const status = (state: State, generation = 1, workerId = 'a:8083'): Status => ({
  state,
  trace: null,
  workerId,
  generation,
  version: null
})

const stateIs = (store: StatusStore, state: State | undefined) =>
  until(() => store.known.task('c', 0)?.state === state, `task 0 ${state}`, 10_000)

const stores: [string, () => StatusStore][] = [
  ['KafkaStatusStore', () => new KafkaStatusStore(storeOptions())],
  ['MemoryStatusStore', () => new MemoryStatusStore()]
]

for (const [name, open] of stores) {
  void describe(`${name}, as a status store`, () => {
    void it('shows what was put, and nothing any more after DESTROYED', async (t) => {
      const store = closing(t, open())
      await store.start()
      store.putConnector('c', status('RUNNING'))
      store.putTask('c', 1, status('PAUSED'))
      store.putTask('c', 0, { ...status('FAILED'), trace: 'because', version: '1.0' })
      store.putTopic({ topic: 't', connector: 'c', task: 0, discoveredAt: 5 })
      await store.flush(10_000)
      await stateIs(store, 'FAILED')
      await until(() => store.known.topics('c').length === 1, 'the topic is known')
      await until(() => store.known.connector('c')?.state === 'RUNNING', 'the connector RUNNING')
      assert.deepEqual([...store.known.tasks('c').keys()], [0, 1])
      assert.equal(store.known.task('c', 0)?.trace, 'because')
      assert.deepEqual(store.known.connectors(), ['c'])
      store.deleteTopic('c', 't')
      store.putTask('c', 1, status('DESTROYED'))
      store.putConnector('c', status('DESTROYED'))
      await until(() => store.known.topics('c').length === 0, 'the topic is forgotten')
      await until(() => store.known.connectors().length === 0, 'the connector is forgotten')
      await until(() => store.known.tasks('c').size === 0, 'the tasks are forgotten')
    })
  })
}

void describe('The status topic', () => {
  void it('I2: keeps what the owner says when its predecessor gives up late', async (t) => {
    const options = storeOptions()
    const owner = closing(t, new KafkaStatusStore(options))
    await owner.start()
    const raw = await rawTopic(t, options.topic)
    const late = (generation: number) =>
      JSON.stringify({ state: 'UNASSIGNED', trace: null, worker_id: 'old:8083', generation })
    const keys = ['status-connector-c', 'status-task-c-0']
    owner.putConnector('c', status('RUNNING', 2, 'new:8083'))
    owner.putTask('c', 0, status('RUNNING', 2, 'new:8083'))
    await owner.flush(10_000)
    await stateIs(owner, 'RUNNING')
    await raw.write(...keys.map((key) => ({ key, value: late(1) })))
    const lastOf = async (key: string): Promise<string | null | undefined> =>
      (await raw.read()).findLast((record) => record.key === key)?.value
    for (const key of keys) {
      await until(
        async () => {
          const records = (await raw.read()).filter((record) => record.key === key)
          return records.length === 3 && records[2]?.value?.includes('new:8083')
        },
        `${key} is said again`,
        10_000
      )
    }
    assert.equal(owner.known.connector('c')?.state, 'RUNNING')
    // One of a later generation has taken it over: that is left alone, and so is a late word once it was
    // given up here.
    await raw.write(...keys.map((key) => ({ key, value: late(3) })))
    await until(
      () => owner.known.connector('c')?.workerId === 'old:8083',
      'the connector is elsewhere'
    )
    await raw.write(...keys.map((key) => ({ key, value: late(1) })))
    await owner.flush(10_000)
    for (const key of keys) assert.match((await lastOf(key)) ?? '', /old:8083/)
  })

  void it('gets the last of many quick puts of a key last, and not necessarily the others', async (t) => {
    const options = storeOptions()
    const store = closing(t, new KafkaStatusStore(options))
    await store.start()
    for (let generation = 1; generation <= 50; generation++) {
      store.putTask('c', 0, status('RUNNING', generation))
      if (generation % 10 === 0) await store.flush(10_000)
    }
    const topic = await rawTopic(t, options.topic)
    const written = (await topic.read()).map(({ value }) => value ?? '')
    assert.equal(written.length < 50, true)
    assert.match(written.at(-1) ?? '', /"generation":50,/)
  })

  void it('takes a safe put only when nothing newer of another worker is known', async (t) => {
    const store = closing(t, new KafkaStatusStore(storeOptions()))
    await store.start()
    store.putTaskSafe('c', 0, status('RUNNING', 5, 'other'))
    await stateIs(store, 'RUNNING')
    store.putTaskSafe('c', 0, status('FAILED', 4, 'me'))
    await store.flush(10_000)
    store.putTaskSafe('c', 0, status('PAUSED', 5, 'me'))
    await stateIs(store, 'PAUSED')
    store.putTaskSafe('c', 0, status('STOPPED', 3, 'me'))
    await stateIs(store, 'STOPPED')
  })

  void it('loses no status to a neighbour that is too large to be written', async (t) => {
    const { log, lines } = recordingLog()
    const store = closing(t, new KafkaStatusStore(storeOptions(undefined, log)))
    await store.start()
    store.putTask('c', 0, status('RUNNING'))
    store.putTask('c', 1, { ...status('FAILED'), trace: 'x'.repeat(3_000_000) })
    store.putTask('c', 2, status('RUNNING'))
    await store.flush(30_000)
    await stateIs(store, 'RUNNING')
    await until(() => store.known.task('c', 2)?.state === 'RUNNING', 'task 2 RUNNING')
    assert.equal(store.known.task('c', 1), null)
    const complaints = lines.filter((line) => line.includes('A status update was not written'))
    assert.equal(complaints.length, 1)
    assert.match(complaints[0] ?? '', /status-task-c-1/)
  })
})
