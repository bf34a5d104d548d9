import assert from 'node:assert/strict'
import { type TestContext, describe, it } from 'node:test'
import type { Admin } from 'kafkajs'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { readerSettings } from '../../../src/kafka/client/client-settings.ts'
import { KafkaRecordProducer } from '../../../src/kafka/producing/producer.ts'
import { TopicReader } from '../../../src/kafka/reading/topic-reader.ts'
import { kafkaBootstrap, uniqueName } from '../../support/environment.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { clientProperties, kafkaJs } from '../support.ts'

const TIMEOUT_MS = 10_000
const FETCH = 1
const LIST_OFFSETS = 2

async function startAdmin(t: TestContext): Promise<Admin> {
  const admin = kafkaJs().admin()
  await admin.connect()
  t.after(() => admin.disconnect())
  return admin
}

async function startReader(t: TestContext, topic: string) {
  const values: string[] = []
  const { log, lines } = recordingLog()
  const reader = new TopicReader(
    systemClock,
    readerSettings(clientProperties(), systemClock),
    uniqueName('reader'),
    topic,
    ({ value }) => values.push(String(value)),
    log
  )
  t.after(() => reader.stop())
  await reader.start(TIMEOUT_MS)
  return { reader, values, lines }
}

async function write(topic: string, values: readonly string[], settings = {}): Promise<void> {
  const producer = new KafkaRecordProducer(
    systemClock,
    clientProperties(settings),
    uniqueName('producer'),
    recordingLog().log
  )
  await producer.send(
    values.map((value) => ({
      topic,
      partition: 0,
      key: Buffer.from('key'),
      value: Buffer.from(value),
      timestamp: null,
      headers: []
    }))
  )
  await producer.close(1000)
}

describe('TopicReader', () => {
  it('begins at the earliest offset that is left', async (t) => {
    const topic = uniqueName('topic')
    const admin = await startAdmin(t)
    await admin.createTopics({ topics: [{ topic }] })
    await write(topic, ['1', '2', '3'])
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
    const { values } = await startReader(t, topic)
    assert.deepEqual(values, ['3'])
  })

  it('reads a topic that was made anew from its beginning', async (t) => {
    const topic = uniqueName('topic')
    const admin = await startAdmin(t)
    await admin.createTopics({ topics: [{ topic }] })
    await write(topic, ['1', '2', '3'])
    const { reader, values, lines } = await startReader(t, topic)
    await admin.deleteTopics({ topics: [topic] })
    await until(async () => !(await admin.listTopics()).includes(topic), 'the topic is gone')
    await admin.createTopics({ topics: [{ topic }] })
    await write(topic, ['4'])
    await until(() => values.includes('4'), 'the new record is told')
    await reader.readToEnd(TIMEOUT_MS)
    assert.deepEqual(values, ['1', '2', '3', '4'])
    assert.ok(lines.some((line) => line.includes('out of range')))
  })

  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd']) {
    it(`reads batches compressed with ${compression}`, async (t) => {
      const topic = uniqueName('topic')
      const expected = Array.from({ length: 200 }, (_, index) => `value ${index}`)
      await write(topic, expected, { 'compression.type': compression })
      const { values } = await startReader(t, topic)
      assert.deepEqual(values, expected)
    })
  }

  it('logs an outage once, however often it tries', async (t) => {
    const topic = uniqueName('topic')
    const admin = await startAdmin(t)
    await admin.createTopics({ topics: [{ topic }] })
    const { reader, lines } = await startReader(t, topic)
    await admin.deleteTopics({ topics: [topic] })
    await until(() => lines.length > 0, 'the outage is logged')
    await assert.rejects(reader.readToEnd(400), {
      code: 'KAFKA_UNAVAILABLE',
      message: /read topic/
    })
    assert.equal(lines.filter((line) => line.includes('was interrupted')).length, 1)
  })

  describe('a topic that takes long', () => {
    /** Each in a batch of its own: a fetch brings one. */
    async function longTopic(t: TestContext, records: number): Promise<string> {
      const topic = uniqueName('topic')
      await (await startAdmin(t)).createTopics({ topics: [{ topic }] })
      for (let at = 0; at < records; at++) await write(topic, ['x'.repeat(2000)])
      return topic
    }

    async function readerBehindProxy(t: TestContext, topic: string, clock: Clock) {
      const proxy = await startTcpProxy(kafkaBootstrap())
      t.after(() => proxy.close())
      let told = 0
      const reader = new TopicReader(
        clock,
        readerSettings(
          clientProperties({
            'bootstrap.servers': proxy.address,
            'max.partition.fetch.bytes': '1000'
          }),
          systemClock
        ),
        uniqueName('reader'),
        topic,
        () => (told += 1),
        recordingLog().log
      )
      t.after(() => reader.stop())
      let asked = 0
      /** Calls `work` with each fetch once the reader has asked where the topic begins and where it ends. */
      const onFetch = (work: () => void): void =>
        proxy.onRequest((apiKey) => {
          if (apiKey === LIST_OFFSETS) asked += 1
          if (apiKey === FETCH && asked >= 2) work()
        })
      return { proxy, reader, told: () => told, onFetch }
    }

    it('I8: is read to its end, however long that is, while something arrives', async (t) => {
      const clock = new ManualClock()
      const topic = await longTopic(t, 20)
      const { reader, told, onFetch } = await readerBehindProxy(t, topic, clock)
      onFetch(() => clock.advance(10_000))
      await reader.start(60_000)
      assert.ok(clock.monotonicMs() > 60_000, 'the whole took longer than the limit')
      assert.equal(told(), 20)
    })

    it('I8: is given up, naming the property, when nothing of it arrives any more', async (t) => {
      const clock = new ManualClock()
      const topic = await longTopic(t, 20)
      const { proxy, reader, onFetch } = await readerBehindProxy(t, topic, clock)
      const stalled = Promise.withResolvers<void>()
      let fetches = 0
      onFetch(() => {
        if (++fetches !== 8) return
        proxy.stall()
        stalled.resolve()
      })
      const started = reader.start(60_000)
      await stalled.promise
      await assert.rejects(clock.during(started), {
        code: 'KAFKA_UNAVAILABLE',
        message: /nothing of it arrived for 60000 ms \(default\.api\.timeout\.ms\)/
      })
    })
  })
})
