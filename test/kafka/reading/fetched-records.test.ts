import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import type { ConsumedRecord, ProducerRecord } from '../../../src/kafka/contracts.ts'
import { noCompression } from '../../../src/kafka/producing/compression.ts'
import { KafkaRecordProducer } from '../../../src/kafka/producing/producer.ts'
import { encodeBatch, recordBytes, stampBatch } from '../../../src/kafka/producing/record-batch.ts'
import { KafkaTransactionalProducer } from '../../../src/kafka/producing/transactional-producer.ts'
import { FetchedRecords } from '../../../src/kafka/reading/fetched-records.ts'
import { uniqueName } from '../../support/environment.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'
import { startConsumer } from '../group/consumers.ts'
import { clientProperties, createTopic, record } from '../support.ts'

async function startTransactions(t: TestContext): Promise<KafkaTransactionalProducer> {
  const producer = new KafkaTransactionalProducer(
    systemClock,
    clientProperties(),
    uniqueName('producer'),
    uniqueName('transactional'),
    recordingLog().log
  )
  t.after(() => producer.close(0))
  await producer.initialize()
  return producer
}

/** A plain producer; each send is a batch of its own. */
function startPlain(t: TestContext, settings: Record<string, string> = {}): KafkaRecordProducer {
  const producer = new KafkaRecordProducer(
    systemClock,
    clientProperties(settings),
    uniqueName('producer'),
    recordingLog().log
  )
  t.after(() => producer.close(1000))
  return producer
}

/** All a new group reads of a topic, by how it fetches. */
async function readAs(
  t: TestContext,
  topic: string,
  count: number,
  settings: Record<string, string>
): Promise<readonly ConsumedRecord[]> {
  const { consumer, poll, records } = startConsumer(t, uniqueName('group'), [topic], settings)
  await until(async () => (await poll()) && records.length >= count, `${count} records are read`)
  // A record too many would lie behind, or between the others.
  await until(async () => {
    await poll(100)
    return consumer.progress.every(({ position, end }) => position !== null && position === end)
  }, 'it is at the end')
  return records
}

describe('Records of transactions', () => {
  /**
   * Two producers, interleaved with a third that writes without transactions; of both there are aborted
   * transactions before, between and behind committed ones, and each spans several batches.
   */
  async function writeInterleaved(t: TestContext, topic: string): Promise<string[]> {
    const [one, two] = [await startTransactions(t), await startTransactions(t)]
    const plain = startPlain(t)
    const send = async (producer: KafkaTransactionalProducer, ...values: readonly string[]) => {
      for (const value of values) await producer.send([record(topic, value)])
    }
    await send(one, 'one aborted 1')
    await send(two, 'two aborted 1')
    await plain.send([record(topic, 'plain 1')])
    await send(one, 'one aborted 2')
    await one.abort()
    await send(one, 'one aborted 3')
    await send(two, 'two aborted 2')
    await one.abort()
    await send(one, 'one committed 1')
    await plain.send([record(topic, 'plain 2')])
    await send(one, 'one committed 2')
    await one.commit()
    await send(two, 'two aborted 3')
    await two.abort()
    await send(two, 'two committed 1')
    await send(one, 'one aborted 4')
    await two.commit()
    await one.abort()
    await plain.send([record(topic, 'plain 3')])
    return [
      'plain 1',
      'one committed 1',
      'plain 2',
      'one committed 2',
      'two committed 1',
      'plain 3'
    ]
  }

  for (const [how, bytes] of [
    ['in one answer', '1048576'],
    ['a batch in each answer, so that transactions begin, span and end over their borders', '1'],
    ['a few batches in each answer', '300']
  ] as const) {
    it(`are read once they are committed, never when they are aborted: ${how}`, async (t) => {
      const topic = await createTopic(t, 1)
      const expected = await writeInterleaved(t, topic)
      const records = await readAs(t, topic, expected.length, {
        'max.partition.fetch.bytes': bytes
      })
      assert.deepEqual(
        records.map(({ value }) => String(value)),
        expected
      )
    })
  }

  it('are all read by who reads uncommitted ones', async (t) => {
    const topic = await createTopic(t, 1)
    await writeInterleaved(t, topic)
    const records = await readAs(t, topic, 13, { 'isolation.level': 'read_uncommitted' })
    assert.equal(records.length, 13)
  })

  it('wait for the end of an older transaction', async (t) => {
    const topic = await createTopic(t, 1)
    const open = await startTransactions(t)
    await open.send([record(topic, 'open')])
    await startPlain(t).send([record(topic, 'plain')])
    const { poll, values } = startConsumer(t, uniqueName('group'), [topic])
    await until(async () => (await poll()).length === 0, 'nothing is handed out')
    assert.deepEqual(values(), [])
    await open.commit()
    await until(async () => (await poll()) && values().length === 2, 'both are')
    assert.deepEqual(values(), ['open', 'plain'])
  })
})

describe('Batches', () => {
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    it(`compressed with ${compression} are unpacked, small ones and large ones`, async (t) => {
      const topic = await createTopic(t, 1)
      const producer = startPlain(t, { 'compression.type': compression })
      const values = [
        'short',
        ...Array.from({ length: 50 }, () => randomBytes(3000).toString('hex')),
        'x'.repeat(500_000)
      ]
      await producer.send(values.map((value) => record(topic, value)))
      const records = await readAs(t, topic, values.length, {})
      assert.deepEqual(
        records.map(({ value }) => String(value)),
        values
      )
    })
  }

  it('keep keys, headers, times and nulls as they were written', async (t) => {
    const topic = await createTopic(t, 1)
    const written: ProducerRecord = {
      topic,
      partition: 0,
      key: Buffer.from('key'),
      value: null,
      timestamp: 1_600_000_000_123,
      headers: [
        ['a', Buffer.from('1')],
        ['ü', null],
        ['a', Buffer.alloc(0)]
      ]
    }
    // So far apart that the difference needs more than 32 bits.
    await startPlain(t).send([written, { ...written, key: null, timestamp: 5, headers: [] }])
    const [first, second] = await readAs(t, topic, 2, {})
    assert.deepEqual(first, {
      topic,
      partition: 0,
      offset: 0,
      leaderEpoch: 0,
      timestamp: 1_600_000_000_123,
      timestampType: 'CreateTime',
      key: Buffer.from('key'),
      value: null,
      headers: [
        { key: 'a', value: Buffer.from('1') },
        { key: 'ü', value: null },
        { key: 'a', value: Buffer.alloc(0) }
      ]
    })
    assert.deepEqual([second?.key, second?.timestamp, second?.headers], [null, 5, []])
  })

  it('have the time of the broker where the topic says so', async (t) => {
    const topic = await createTopic(t, 1, { 'message.timestamp.type': 'LogAppendTime' })
    const before = Date.now()
    await startPlain(t).send([{ ...record(topic, 'value'), timestamp: 5 }])
    const [read] = await readAs(t, topic, 1, {})
    assert.equal(read?.timestampType, 'LogAppendTime')
    assert.ok((read.timestamp ?? 0) >= before - 1000)
  })

  it('that are not as they were written are an error that names the place, unless nobody wants to know', async () => {
    const written = record('orders', 'value', 3)
    const batch = encodeBatch([written], recordBytes(written), noCompression, 1000)
    stampBatch(batch, null, -1)
    batch[batch.length - 3] = 0x21
    const fetched = { topic: 'orders', partition: 3, records: batch, aborted: null }
    assert.throws(() => new FetchedRecords(fetched, 0, true).prepare(), {
      code: 'KAFKA_ERROR',
      message: /orders-3 .*offset 0.*checksum/
    })
    const unchecked = new FetchedRecords(fetched, 0, false)
    assert.equal(unchecked.prepare(), true)
    const records: ConsumedRecord[] = []
    unchecked.take(10, 1000, records)
    assert.equal(records.length, 1)
    assert.equal(unchecked.position, 1)
  })
})
