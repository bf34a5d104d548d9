import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KafkaOffsetStore } from '../../src/storage/kafka-offset-store.ts'
import { LayeredOffsetStore } from '../../src/storage/layered-offset-store.ts'
import type { KafkaStoreOptions } from '../../src/storage/kafka-store-options.ts'
import type { StoredOffset } from '../../src/storage/offset-store.ts'
import { uniqueName } from '../support/environment.ts'
import { closing, rawTopic, storeOptions } from '../support/kafka-stores.ts'
import { until } from '../support/until.ts'

const ORDERS = { protocol: '1', table: 'APP.ORDERS' }
const LIMIT_MS = 10_000

void describe('The offset topic', () => {
  void it('keeps offsets for the next worker, by the meaning of their partition', async (t) => {
    const options = storeOptions()
    const first = closing(t, new KafkaOffsetStore(options))
    await first.start()
    assert.deepEqual(await first.get('a', [ORDERS]), [null])
    await first.set(
      'a',
      [
        { partition: ORDERS, offset: { incrementing: 9007199254740993n } },
        { partition: { query: 'query' }, offset: { incrementing: 2 } }
      ],
      LIMIT_MS
    )
    const second = closing(t, new KafkaOffsetStore(options))
    await second.start()
    const reordered = { table: 'APP.ORDERS', protocol: '1' }
    assert.deepEqual(await second.get('a', [reordered, { query: 'x' }]), [
      { incrementing: 9007199254740993n },
      null
    ])
    assert.equal((await second.all('a')).length, 2)
    assert.deepEqual(await second.all('b'), [])
    await second.set('a', [{ partition: reordered, offset: null }], LIMIT_MS)
    assert.deepEqual(await first.all('a'), [
      { partition: { query: 'query' }, offset: { incrementing: 2 } }
    ])
  })

  void it('replaces what another worker wrote under its own bytes, and outlives garbage', async (t) => {
    const name = uniqueName('store')
    const topic = await rawTopic(t, name)
    const theirs = '["a",{"table":"APP.ORDERS","protocol":"1"}]'
    await topic.write(
      { key: theirs, value: '{"incrementing":1}' },
      { key: 'kcat was here', value: 'x' },
      { key: '["a",{"table":"broken"}]', value: '{"incremen' }
    )
    const store = closing(t, new KafkaOffsetStore(storeOptions(name)))
    await store.start()
    assert.deepEqual(await store.get('a', [ORDERS, { table: 'broken' }]), [
      { incrementing: 1 },
      null
    ])
    await store.set('a', [{ partition: ORDERS, offset: { incrementing: 2 } }], LIMIT_MS)
    assert.deepEqual((await topic.read()).at(-1), { key: theirs, value: '{"incrementing":2}' })
  })

  void it('stores thousands of partitions at once', async (t) => {
    const store = closing(t, new KafkaOffsetStore(storeOptions()))
    await store.start()
    const offsets = Array.from({ length: 2500 }, (_, id) => ({
      partition: { protocol: '1', table: `t${id}` },
      offset: { incrementing: id }
    }))
    await store.set('a', offsets, LIMIT_MS)
    assert.equal((await store.all('a')).length, 2500)
  })
})

void describe("A connector's own offset topic above the worker's", () => {
  void it('wins reads, copies writes down and deletes from the bottom up', async (t) => {
    const own = closing(t, new KafkaOffsetStore(storeOptions()))
    const worker = closing(t, new KafkaOffsetStore(storeOptions()))
    await worker.start()
    const store = new LayeredOffsetStore(own, worker)
    await store.start()
    const old = { table: 'old' }
    await worker.set('a', [{ partition: old, offset: { id: 1 } }], LIMIT_MS)
    await worker.set('a', [{ partition: ORDERS, offset: { id: 1 } }], LIMIT_MS)
    await own.set('a', [{ partition: ORDERS, offset: { id: 2 } }], LIMIT_MS)
    assert.deepEqual(await store.get('a', [ORDERS, old]), [{ id: 2 }, { id: 1 }])
    assert.equal((await store.all('a')).length, 2)
    await store.set('a', [{ partition: ORDERS, offset: { id: 3 } }], LIMIT_MS)
    await store.set('a', [{ partition: old, offset: null }], LIMIT_MS)
    assert.deepEqual(await worker.get('a', [ORDERS, old]), [{ id: 3 }, null])
    assert.deepEqual(await store.all('a'), [{ partition: ORDERS, offset: { id: 3 } }])
  })

  void it('is written in transactions of somebody else, and copied down when they are committed', async (t) => {
    const readOptions = (options: KafkaStoreOptions): KafkaStoreOptions => ({
      ...options,
      client: new Map([...options.client, ['isolation.level', 'read_committed']])
    })
    const options = storeOptions()
    const own = closing(t, new KafkaOffsetStore(readOptions(options)))
    const worker = closing(t, new KafkaOffsetStore(storeOptions()))
    await worker.start()
    const store = new LayeredOffsetStore(own, worker)
    await store.start()
    const id = uniqueName('transactional')
    const producer = options.clients.transactionalProducer(options.client, id, id)
    t.after(() => producer.close(0))
    await producer.initialize()
    const write = async (offsets: StoredOffset[]): Promise<void> => {
      await producer.send(await store.transactionRecords('a', offsets, LIMIT_MS))
    }
    const stored = [{ partition: ORDERS, offset: { id: 1 } }]
    await write(stored)
    await producer.abort()
    assert.deepEqual(await store.get('a', [ORDERS]), [null])
    await write(stored)
    await producer.commit()
    assert.deepEqual(await worker.get('a', [ORDERS]), [null])
    store.onCommitted('a', stored)
    assert.deepEqual(await store.get('a', [ORDERS]), [{ id: 1 }])
    await until(async () => (await worker.all('a')).length === 1, 'the offset was copied')
    // A deletion is below before the transaction begins: the old offset must not shine through.
    await write([{ partition: ORDERS, offset: null }])
    assert.deepEqual(await worker.get('a', [ORDERS]), [null])
    await producer.commit()
    assert.deepEqual(await store.all('a'), [])
  })
})
