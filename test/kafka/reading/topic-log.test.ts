import assert from 'node:assert/strict'
import { type TestContext, describe, it } from 'node:test'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { KafkaAdmin } from '../../../src/kafka/admin/admin.ts'
import type { LogRecord, TopicLogOptions } from '../../../src/kafka/contracts.ts'
import { KafkaTopicLog } from '../../../src/kafka/reading/topic-log.ts'
import { kafkaBootstrap, uniqueName } from '../../support/environment.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { clientProperties, kafkaJs, logOptions } from '../support.ts'

const TIMEOUT_MS = 10_000

/** A started log and what it was told, as `key=value`. */
async function startLog(
  t: TestContext,
  options: Partial<TopicLogOptions> = {},
  clock: Clock = systemClock
) {
  const records: LogRecord[] = []
  const log = new KafkaTopicLog(
    clock,
    logOptions({ onRecord: (record) => records.push(record), ...options }),
    recordingLog().log
  )
  t.after(() => log.stop())
  await log.start()
  return { log, records, told: () => records.map(textOf) }
}

const textOf = ({ key, value }: LogRecord): string => `${key}=${value}`
const bytes = (text: string): Buffer => Buffer.from(text)

async function createTopic(
  t: TestContext,
  partitions: number,
  settings: Record<string, string>
): Promise<string> {
  const name = uniqueName('log')
  const admin = new KafkaAdmin(systemClock, clientProperties(), uniqueName('admin'))
  t.after(() => admin.close())
  await admin.createTopic({
    name,
    partitions,
    replicationFactor: 1,
    settings: new Map(Object.entries(settings))
  })
  return name
}

describe('KafkaTopicLog: the topic', () => {
  it('creates it compacted, with the settings given', async (t) => {
    const topic = uniqueName('log')
    await startLog(t, {
      topic,
      create: {
        partitions: 4,
        replicationFactor: 1,
        settings: new Map([['min.insync.replicas', '1']])
      }
    })
    const admin = new KafkaAdmin(systemClock, clientProperties(), uniqueName('admin'))
    t.after(() => admin.close())
    assert.equal(await admin.topicSetting(topic, 'cleanup.policy'), 'compact')
    assert.equal(await admin.topicSetting(topic, 'segment.bytes'), '52428800')
    assert.equal(await admin.topicSetting(topic, 'segment.ms'), '14400000')
    assert.equal((await admin.describeTopics([topic])).get(topic), 4)
  })

  it('keeps the sizes of segments that were asked for', async (t) => {
    const topic = uniqueName('log')
    const settings = new Map([['segment.bytes', '104857600']])
    await startLog(t, { topic, create: { partitions: 1, replicationFactor: 1, settings } })
    const admin = new KafkaAdmin(systemClock, clientProperties(), uniqueName('admin'))
    t.after(() => admin.close())
    assert.equal(await admin.topicSetting(topic, 'segment.bytes'), '104857600')
  })

  for (const policy of ['delete', 'compact,delete']) {
    it(`refuses an existing one with cleanup.policy=${policy}`, async (t) => {
      const topic = await createTopic(t, 1, { 'cleanup.policy': policy })
      await assert.rejects(startLog(t, { topic }), {
        code: 'TOPIC_UNSUITABLE',
        message: `Topic '${topic}' supplied via the 'config.storage.topic' property is required to have 'cleanup.policy=compact' to guarantee consistency and durability of connector configurations, but found the topic currently has 'cleanup.policy=${policy}'. Continuing would likely result in eventually losing connector configurations and problems restarting this Connect cluster in the future. Change the 'config.storage.topic' property in the Connect worker configurations to use a topic with 'cleanup.policy=compact'.`
      })
    })
  }

  it('refuses an existing one with more than one partition where only one is allowed', async (t) => {
    const topic = await createTopic(t, 2, { 'cleanup.policy': 'compact' })
    await assert.rejects(startLog(t, { topic, singlePartition: true }), {
      code: 'TOPIC_UNSUITABLE',
      message: `Topic '${topic}' supplied via the 'config.storage.topic' property is required to have a single partition in order to guarantee consistency of connector configurations, but found 2 partitions.`
    })
  })

  it('says why it cannot be created', async (t) => {
    await assert.rejects(
      startLog(t, { create: { partitions: 1, replicationFactor: 7, settings: new Map() } }),
      { code: 'TOPIC_UNSUITABLE', message: /replication factor 7: INVALID_REPLICATION_FACTOR/ }
    )
  })

  it('I8: names the bootstrap servers when no broker answers in time', async (t) => {
    const clock = new ManualClock()
    const client = clientProperties({ 'bootstrap.servers': '127.0.0.1:1' })
    await assert.rejects(clock.during(startLog(t, { client }, clock)), {
      code: 'KAFKA_UNAVAILABLE',
      message: /127\.0\.0\.1:1/
    })
  })

  it('gives up starting when the signal says so', async () => {
    const client = clientProperties({ 'bootstrap.servers': '127.0.0.1:1' })
    const log = new KafkaTopicLog(systemClock, logOptions({ client }), recordingLog().log)
    const giveUp = new AbortController()
    const started = assert.rejects(log.start(giveUp.signal), { code: 'WORKER_STOPPING' })
    await settle()
    giveUp.abort()
    await started
  })
})

describe('KafkaTopicLog: reading and writing', () => {
  it('reads from the beginning, then follows; null values are told', async (t) => {
    const topic = uniqueName('log')
    const first = await startLog(t, { topic, singlePartition: true })
    await first.log.send(bytes('a'), bytes('1'), TIMEOUT_MS)
    await first.log.send(bytes('a'), null, TIMEOUT_MS)
    const second = await startLog(t, { topic })
    assert.deepEqual(second.told(), ['a=1', 'a=null'])
    assert.deepEqual(
      second.records.map(({ partition, offset }) => [partition, offset]),
      [
        [0, 0n],
        [0, 1n]
      ]
    )
    await first.log.send(bytes('b'), bytes('2'), TIMEOUT_MS)
    await until(() => second.told().includes('b=2'), 'the record is told without asking')
  })

  it('has told everything written before when readToEnd resolves', async (t) => {
    const topic = uniqueName('log')
    const create = { partitions: 3, replicationFactor: 1, settings: new Map<string, string>() }
    const writer = await startLog(t, { topic, create })
    const reader = await startLog(t, { topic, create })
    const keys = Array.from({ length: 300 }, (_, index) => `key-${index}`)
    await Promise.all(keys.map((key) => writer.log.send(bytes(key), bytes('v'), TIMEOUT_MS)))
    await reader.log.readToEnd(TIMEOUT_MS)
    assert.deepEqual(reader.told().sort(), keys.map((key) => `${key}=v`).sort())
    assert.equal(new Set(reader.records.map(({ partition }) => partition)).size, 3)
  })

  it('writes several records in order', async (t) => {
    const { log, told } = await startLog(t)
    const records = Array.from({ length: 50 }, (_, index) => ({
      key: bytes('task'),
      value: bytes(String(index))
    }))
    await log.sendAll(records, TIMEOUT_MS)
    await log.readToEnd(TIMEOUT_MS)
    assert.deepEqual(
      told(),
      records.map(({ value }) => `task=${value}`)
    )
  })

  it('writes more than fits into one batch, still in order', async (t) => {
    const { log, records } = await startLog(t)
    const value = Buffer.alloc(2000, 'x')
    const keys = Array.from({ length: 800 }, (_, index) => `task-${index}`)
    await log.sendAll(
      keys.map((key) => ({ key: bytes(key), value })),
      TIMEOUT_MS
    )
    await log.readToEnd(TIMEOUT_MS)
    assert.deepEqual(
      records.map(({ key }) => String(key)),
      keys
    )
  })

  it('reads partitions that were added later', async (t) => {
    const topic = uniqueName('log')
    const { log } = await startLog(t, { topic })
    const admin = kafkaJs().admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] })
    const other = await startLog(t, { topic })
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await other.log.send(bytes(key), bytes('v'), TIMEOUT_MS)
    }
    await log.readToEnd(TIMEOUT_MS)
  })

  it('puts a key where Java producers put it', async (t) => {
    const topic = uniqueName('log')
    const create = { partitions: 5, replicationFactor: 1, settings: new Map<string, string>() }
    const { log, records } = await startLog(t, { topic, create })
    await log.send(bytes('foobar'), bytes('v'), TIMEOUT_MS)
    await log.readToEnd(TIMEOUT_MS)
    assert.equal(records[0]?.partition, (-790332482 & 0x7fffffff) % 5)
  })

  it('refuses a record that is too large, and goes on', async (t) => {
    const { log, told } = await startLog(t)
    const big = log.send(bytes('big'), Buffer.alloc(2_000_000), TIMEOUT_MS)
    const small = log.send(bytes('small'), bytes('1'), TIMEOUT_MS)
    await assert.rejects(big, { code: 'KAFKA_ERROR', message: /log-.*-0/ })
    await small
    await log.readToEnd(TIMEOUT_MS)
    assert.deepEqual(told(), ['small=1'])
  })

  it('leaves out aborted transactions when isolation.level is read_committed', async (t) => {
    const topic = uniqueName('log')
    const committed = await startLog(t, {
      topic,
      client: clientProperties({ 'isolation.level': 'read_committed' })
    })
    const uncommitted = await startLog(t, { topic })
    const producer = kafkaJs().producer({
      transactionalId: uniqueName('txn'),
      idempotent: true,
      maxInFlightRequests: 1
    })
    await producer.connect()
    t.after(() => producer.disconnect())
    for (const [value, commit] of [
      ['1', true],
      ['2', false],
      ['3', true]
    ] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ key: 'a', value }] })
      await (commit ? transaction.commit() : transaction.abort())
    }
    await committed.log.send(bytes('b'), bytes('4'), TIMEOUT_MS)
    await committed.log.readToEnd(TIMEOUT_MS)
    await uncommitted.log.readToEnd(TIMEOUT_MS)
    assert.deepEqual(committed.told(), ['a=1', 'a=3', 'b=4'])
    assert.deepEqual(uncommitted.told(), ['a=1', 'a=2', 'a=3', 'b=4'])
  })
})

describe('KafkaTopicLog: broken connections', () => {
  async function startThroughProxy(t: TestContext, clock: Clock = systemClock) {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const client = clientProperties({ 'bootstrap.servers': proxy.address })
    return { proxy, ...(await startLog(t, { client }, clock)) }
  }

  it('follows the topic again after an outage', async (t) => {
    const { proxy, log, told } = await startThroughProxy(t)
    await log.send(bytes('a'), bytes('1'), TIMEOUT_MS)
    proxy.cut()
    const accepted = proxy.accepted
    const sent = log.send(bytes('a'), bytes('2'), TIMEOUT_MS)
    await until(() => proxy.accepted > accepted, 'it tries to connect again')
    proxy.resume()
    await sent
    await log.readToEnd(TIMEOUT_MS)
    assert.deepEqual(told(), ['a=1', 'a=2'])
  })

  it('I8: writing and reading to the end give up in time while no broker answers', async (t) => {
    const clock = new ManualClock()
    const { proxy, log } = await startThroughProxy(t, clock)
    for (const state of ['cut', 'stall'] as const) {
      proxy[state]()
      const startedMs = clock.monotonicMs()
      const gaveUp = Promise.all([
        assert.rejects(log.send(bytes('a'), bytes('1'), TIMEOUT_MS), {
          code: 'KAFKA_UNAVAILABLE',
          message: /within 10000 ms/
        }),
        assert.rejects(log.readToEnd(TIMEOUT_MS), { code: 'KAFKA_UNAVAILABLE' })
      ])
      await clock.during(gaveUp)
      assert.equal(clock.monotonicMs() - startedMs, TIMEOUT_MS)
      proxy.resume()
    }
  })
})
