import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { ConfigMap } from '../../src/config/config-def.ts'
import { KafkaOffsetStore } from '../../src/storage/kafka-offset-store.ts'
import { ConnectorOffsetStores } from '../../src/worker/connector-offset-stores.ts'
import { OffsetsOfConnectors } from '../../src/worker/offsets/connector-offsets.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { Placement, SCRIPTED_CLASS, ScriptedWorker } from '../support/scripted-worker.ts'
import { closing, storeOptions } from '../support/kafka-stores.ts'

const LIMIT_MS = 10_000
const ORDERS = { table: 'orders' }

async function start(t: TestContext, exactlyOnce: boolean, bootstrapServers = kafkaBootstrap()) {
  const options = storeOptions()
  const workerStore = closing(t, new KafkaOffsetStore(options))
  await workerStore.start()
  const stores = new ConnectorOffsetStores({
    clients: options.clients,
    clientProperties: as(options.client),
    offsetStore: workerStore,
    offsetTopics: {
      exactlyOnce,
      workerStore,
      workerClient: new Map([['bootstrap.servers', bootstrapServers]]),
      create: options.create
    },
    clock: options.clock
  })
  return { stores, workerStore, options }
}

const withTopic = (topic: string): ConfigMap =>
  new Map([
    ['connector.class', SCRIPTED_CLASS],
    ['offsets.storage.topic', topic]
  ])

const as = (client: ConfigMap) => ({
  producer: () => client,
  consumer: () => client,
  admin: () => client
})

describe('where the offsets of a connector are', () => {
  it("is the worker's store, also when the connector names the worker's topic", async (t) => {
    for (const exactlyOnce of [false, true]) {
      const { stores, workerStore } = await start(t, exactlyOnce)
      for (const config of [new Map<string, string>(), withTopic(workerStore.topic)]) {
        const lease = stores.lease('a', config)
        assert.equal(lease.store, workerStore)
        await lease.close()
      }
    }
  })

  it("is a topic of its own above the worker's, created like that", async (t) => {
    const { stores, workerStore, options } = await start(t, false)
    await workerStore.set('a', [{ partition: ORDERS, offset: { id: 1 } }], LIMIT_MS)
    const topic = uniqueName('own')
    const lease = stores.lease('a', withTopic(topic))
    await lease.start()
    assert.deepEqual(await lease.store.get('a', [ORDERS]), [{ id: 1 }])
    await lease.store.set('a', [{ partition: ORDERS, offset: { id: 2 } }], LIMIT_MS)
    await lease.close()
    const admin = options.clients.admin(options.client, 'look')
    t.after(() => admin.close())
    assert.equal((await admin.describeTopics([topic])).get(topic), options.create.partitions)
    assert.equal(await admin.topicSetting(topic, 'cleanup.policy'), 'compact')
    assert.deepEqual(await workerStore.get('a', [ORDERS]), [{ id: 2 }])
  })

  it('is not created by whoever only looks for what an earlier connector left', async (t) => {
    const { stores, options } = await start(t, false)
    const topic = uniqueName('own')
    const offsets = new OffsetsOfConnectors({
      plugins: new ScriptedWorker('w', new Placement()).plugins,
      clients: options.clients,
      clientProperties: as(options.client),
      offsetStores: stores,
      exactlyOnceGroup: null,
      resolve: (config) => Promise.resolve(config),
      clock: options.clock
    })
    assert.deepEqual(await offsets.offsetsLeft('a', withTopic(topic)), [])
    const admin = options.clients.admin(options.client, 'look')
    t.after(() => admin.close())
    assert.equal((await admin.describeTopics([topic])).size, 0)
    await offsets.writeOffsets('a', withTopic(topic), [{ partition: ORDERS, offset: { id: 3 } }])
    assert.equal((await offsets.offsetsLeft('a', withTopic(topic))).length, 1)
  })

  it('is read once for all who use it, and closed behind the last', async (t) => {
    const { stores } = await start(t, false)
    const topic = uniqueName('own')
    const [one, two] = [stores.lease('a', withTopic(topic)), stores.lease('a', withTopic(topic))]
    await Promise.all([one.start(), two.start()])
    assert.equal(one.store, two.store)
    await one.close()
    await one.close()
    await two.store.set('a', [{ partition: ORDERS, offset: { id: 1 } }], LIMIT_MS)
    await two.close()
    const three = stores.lease('a', withTopic(topic))
    assert.notEqual(three.store, one.store)
    await three.start()
    assert.deepEqual(await three.store.get('a', [ORDERS]), [{ id: 1 }])
    await three.close()
  })

  it("exactly once, is not the worker's topic when the connector writes to another cluster", async (t) => {
    const { stores, workerStore } = await start(t, true, 'elsewhere:9092')
    const lease = stores.transactionalLease('a', new Map())
    assert.notEqual(lease.store, workerStore)
    assert.equal(lease.store.topic, workerStore.topic)
    await lease.close()
  })

  it('says which topic cannot be used, and tries again for whoever asks next', async (t) => {
    const { stores, options } = await start(t, false)
    const topic = uniqueName('own')
    const admin = options.clients.admin(options.client, 'make')
    t.after(() => admin.close())
    const settings = new Map([['cleanup.policy', 'delete']])
    await admin.createTopic({ name: topic, partitions: 1, replicationFactor: 1, settings })
    const lease = stores.lease('a', withTopic(topic))
    await assert.rejects(lease.start(), /supplied via the 'offsets.storage.topic' property/)
    await lease.close()
    const next = stores.lease('a', withTopic(topic))
    assert.notEqual(next.store, lease.store)
    await assert.rejects(next.start(), /cleanup.policy=delete/)
    await next.close()
  })
})
