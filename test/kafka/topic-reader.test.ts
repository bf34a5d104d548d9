import assert from 'node:assert/strict'
import { type TestContext, describe, it } from 'node:test'
import type { Admin } from 'kafkajs'
import { clientSettings } from '../../src/kafka/client-properties.ts'
import { KafkaRecordProducer } from '../../src/kafka/producer.ts'
import { TopicReader } from '../../src/kafka/topic-reader.ts'
import { uniqueName } from '../support/environment.ts'
import { recordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'
import { clientProperties, kafkaJs } from './support.ts'

const TIMEOUT_MS = 10_000

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
    clientSettings(clientProperties()),
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
})
