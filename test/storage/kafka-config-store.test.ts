import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { messageOf } from '../../src/errors.ts'
import { KafkaConfigStore } from '../../src/storage/kafka-config-store.ts'
import { configStoreSuite, recordingListener } from '../support/config-store-suite.ts'
import { uniqueName } from '../support/environment.ts'
import { closing, rawTopic, storeOptions } from '../support/kafka-stores.ts'
import { recordingLog } from '../support/recording-log.ts'

configStoreSuite('KafkaConfigStore', (t) => closing(t, new KafkaConfigStore(storeOptions())))

const transactional = (options = storeOptions()) => ({
  ...options,
  client: new Map([...options.client, ['isolation.level', 'read_committed']]),
  leaderTransactionalId: `connect-cluster-${options.topic}`
})

configStoreSuite('KafkaConfigStore whose leader writes in transactions', (t) =>
  closing(t, new KafkaConfigStore(transactional()))
)

void describe('The config topic of a leader that writes in transactions', () => {
  void it('I3: takes nothing from a leader that another one replaced, until it claims it again', async (t) => {
    const options = transactional()
    const [old, next] = [new KafkaConfigStore(options), new KafkaConfigStore(options)]
    for (const store of [old, next]) {
      closing(t, store)
      await store.start(recordingListener())
    }
    const put = (store: KafkaConfigStore, name: string) =>
      store.putConnectorConfig(name, new Map([['name', name]]), null)
    assert.equal(old.mayLead, false)
    await assert.rejects(put(old, 'early'), /Failed to write to config topic; this may be due to/)
    await old.claimLeadership()
    await put(old, 'a')
    await next.claimLeadership()
    assert.equal(old.mayLead, true, 'it does not know yet')
    await assert.rejects(put(old, 'zombie'), { retriable: true, status: 500 })
    assert.equal(old.mayLead, false)
    await put(next, 'b')
    // Any worker may still write these.
    await old.putTargetState('b', 'PAUSED')
    await old.refresh(10_000)
    assert.deepEqual(old.snapshot().connectors(), ['a', 'b'])
    assert.equal(old.snapshot().targetState('b'), 'PAUSED')
    await old.claimLeadership()
    await put(old, 'c')
    await next.refresh(10_000)
    assert.deepEqual(next.snapshot().connectors(), ['a', 'b', 'c'])
    assert.equal(next.snapshot().offset, old.snapshot().offset)
  })
})

void describe('The config topic', () => {
  void it('holds the records of a JVM worker in its order', async (t) => {
    const options = storeOptions()
    const store = closing(t, new KafkaConfigStore(options))
    await store.start(recordingListener())
    await store.putConnectorConfig('a', new Map([['name', 'a']]), 'STOPPED')
    await store.putTaskConfigs('a', [new Map([['x', '0']]), new Map([['x', '1']])])
    await store.putTaskConfigs('a', [])
    await store.putTargetState('a', 'STARTED')
    await store.removeConnectorConfig('a')
    const topic = await rawTopic(t, options.topic)
    assert.deepEqual(
      (await topic.read()).map(({ key, value }) => `${key} ${value}`),
      [
        'target-state-a {"state":"PAUSED","state.v2":"STOPPED"}',
        'connector-a {"properties":{"name":"a"}}',
        'task-a-0 {"properties":{"x":"0"}}',
        'task-a-1 {"properties":{"x":"1"}}',
        'commit-a {"tasks":2}',
        'commit-a {"tasks":0}',
        'target-state-a {"state":"STARTED","state.v2":"STARTED"}',
        'connector-a null',
        'target-state-a null'
      ]
    )
    assert.equal(store.snapshot().offset, 9n)
  })

  void it('tells a worker that starts nothing of old restarts and levels', async (t) => {
    const options = storeOptions()
    const first = closing(t, new KafkaConfigStore(options))
    await first.start(recordingListener())
    await first.putConnectorConfig('a', new Map([['name', 'a']]), null)
    await first.putRestartRequest({ connector: 'a', onlyFailed: false, includeTasks: true })
    await first.putLoggerLevel('root', 'DEBUG')
    const listener = recordingListener()
    const second = closing(t, new KafkaConfigStore(options))
    await second.start(listener)
    assert.deepEqual(second.snapshot().connectors(), ['a'])
    await first.putTaskConfigs('a', [])
    await second.refresh(10_000)
    assert.equal(second.snapshot().offset, first.snapshot().offset)
    assert.deepEqual(listener.heard, ['tasks a'])
  })

  void it('F14: outlives garbage that somebody wrote into it', async (t) => {
    const topicName = uniqueName('store')
    const topic = await rawTopic(t, topicName)
    await topic.write(
      { key: 'who knows', value: '{}' },
      { key: 'commit-lost', value: '{"tasks":1}' },
      { key: 'connector-__proto__', value: '{"properties":{"connector.class":"../../x"}}' },
      { key: 'connector-b', value: '{"properties":' }
    )
    const { log, lines } = recordingLog()
    const store = closing(t, new KafkaConfigStore(storeOptions(topicName, log)))
    await store.start(recordingListener())
    assert.deepEqual(store.snapshot().connectors(), ['__proto__'])
    assert.equal(store.snapshot().offset, 3n)
    assert.equal(lines.filter((line) => line.includes('"ERROR"')).length, 2)
    await store.putConnectorConfig('c', new Map(), null)
    assert.equal(store.snapshot().contains('c'), true)
  })

  void it('takes task configurations that are too large for one batch together, but none too large alone', async (t) => {
    const store = closing(t, new KafkaConfigStore(storeOptions()))
    await store.start(recordingListener())
    await store.putConnectorConfig('a', new Map(), null)
    const large = Array.from({ length: 8 }, (_, id) => new Map([['x', `${id}`.repeat(300_000)]]))
    await store.putTaskConfigs('a', large)
    assert.deepEqual(store.snapshot().taskConfigs('a'), large)
    await assert.rejects(store.putTaskConfigs('a', [new Map([['x', 'y'.repeat(2_000_000)]])]), {
      message: 'Error writing task configurations to Kafka',
      retriable: false
    })
    assert.equal(store.snapshot().taskCount('a'), 8)
  })

  void it('says how large a task configuration is that the topic does not take, and what helps', async (t) => {
    const options = storeOptions()
    const store = closing(t, new KafkaConfigStore(options))
    await store.start(recordingListener())
    await store.putConnectorConfig('a', new Map([['name', 'a']]), null)
    const configs = [new Map([['tables', 'x'.repeat(1_200_000)]])]
    await assert.rejects(store.putTaskConfigs('a', configs), (error: Error) => {
      assert.match(
        messageOf(error),
        new RegExp(
          `connector a has 12000\\d\\d bytes.*${options.topic}.*max\\.message\\.bytes.*tasks\\.max`
        )
      )
      return true
    })
  })

  void it('refuses a topic with more than one partition', async (t) => {
    const options = storeOptions()
    const admin = options.clients.admin(options.client, 'test')
    const { topic, create } = options
    const settings = new Map([['cleanup.policy', 'compact']])
    await admin.createTopic({ ...create, name: topic, settings })
    await admin.close()
    const store = closing(t, new KafkaConfigStore(options))
    await assert.rejects(
      store.start(recordingListener()),
      /supplied via the 'config.storage.topic' property is required to have a single partition .* found 3 partitions/
    )
  })

  void it('I8: names the failed write when the topic is closed, in bounded time', async () => {
    const store = new KafkaConfigStore(storeOptions())
    await store.start(recordingListener())
    await store.stop()
    await assert.rejects(store.putConnectorConfig('a', new Map(), null), {
      message: 'Error writing connector configuration to Kafka'
    })
    await assert.rejects(store.putTargetState('a', 'PAUSED'), {
      message: 'Error writing target state to Kafka'
    })
    await assert.rejects(store.refresh(1000), {
      message: 'Error trying to read to end of config log',
      retriable: true
    })
  })
})
