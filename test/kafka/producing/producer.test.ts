import assert from 'node:assert/strict'
import { type TestContext, describe, it } from 'node:test'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { producerSettings } from '../../../src/kafka/producing/producer-settings.ts'
import { noCompression } from '../../../src/kafka/producing/compression.ts'
import { clientSettings, readerSettings } from '../../../src/kafka/client/client-settings.ts'
import { NetworkClient } from '../../../src/kafka/client/network-client.ts'
import { produce } from '../../../src/kafka/producing/produce-request.ts'
import { KafkaRecordProducer } from '../../../src/kafka/producing/producer.ts'
import { fetchRecords } from '../../../src/kafka/reading/fetch-request.ts'
import {
  type BatchHeader,
  readBatchHeader
} from '../../../src/kafka/reading/record-batch-reader.ts'
import { encodeBatch, recordBytes, stampBatch } from '../../../src/kafka/producing/record-batch.ts'
import { kafkaBootstrap, uniqueName } from '../../support/environment.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { clientProperties, createTopic, kafkaJs, readAll, record, valuesOf } from '../support.ts'

const TIMEOUT_MS = 15_000
const PRODUCE = 0
const METADATA = 3

function startProducer(
  t: TestContext,
  settings: Record<string, string> = {},
  options: ConstructorParameters<typeof KafkaRecordProducer>[4] = {},
  clock: Clock = systemClock
) {
  const { log, lines } = recordingLog()
  const producer = new KafkaRecordProducer(
    clock,
    clientProperties(settings),
    uniqueName('producer'),
    log,
    options
  )
  t.after(() => producer.close(0))
  return { producer, lines }
}

describe('KafkaRecordProducer: records', () => {
  it('writes keys, values, times and null values as given', async (t) => {
    const topic = await createTopic(t, 2)
    const { producer } = startProducer(t)
    await producer.send([
      { ...record(topic, 'v', 1), key: Buffer.from('k'), timestamp: 1_700_000_000_123 },
      { ...record(topic, '', 1), value: null, timestamp: 1_600_000_000_000 },
      { ...record(topic, '', 1), key: Buffer.alloc(0), timestamp: 1_700_000_000_000 - 2 ** 40 }
    ])
    const records = (await readAll(topic)).get(1) ?? []
    assert.deepEqual(
      records.map(({ key, value, timestamp }) => [
        key === null ? null : String(key),
        value === null ? null : String(value),
        timestamp
      ]),
      [
        ['k', 'v', 1_700_000_000_123],
        [null, null, 1_600_000_000_000],
        ['', '', 1_700_000_000_000 - 2 ** 40]
      ]
    )
  })

  it('writes headers that others can read', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = startProducer(t)
    await producer.send([
      {
        ...record(topic, 'v'),
        headers: [
          ['naïve', Buffer.from('1')],
          ['empty', Buffer.alloc(0)],
          ['none', null]
        ]
      }
    ])
    const consumer = kafkaJs().consumer({ groupId: uniqueName('group') })
    t.after(() => consumer.disconnect())
    await consumer.connect()
    // Not every broker knows a new topic at once.
    await until(async () => {
      await consumer.subscribe({ topic, fromBeginning: true })
      return true
    }, 'the consumer finds the topic')
    const headers = await new Promise<Record<string, unknown>>((resolve) => {
      void consumer.run({
        eachMessage: async ({ message }) => resolve({ ...message.headers })
      })
    })
    assert.deepEqual(
      Object.entries(headers).map(([name, value]) => [name, value === null ? null : String(value)]),
      [
        ['naïve', '1'],
        ['empty', ''],
        ['none', null]
      ]
    )
  })

  it('lets the broker create a topic nobody made', async (t) => {
    const topic = uniqueName('topic')
    const { producer } = startProducer(t)
    await Promise.all([
      producer.send([record(topic, '1', null)]),
      producer.send([record(topic, '2', null)])
    ])
    const all = [...(await readAll(topic)).values()].flat()
    assert.deepEqual(valuesOf(all).sort(), ['1', '2'])
  })

  it('keeps the order of sends that are under way together', async (t) => {
    const topic = await createTopic(t, 3)
    const { producer } = startProducer(t)
    const sends = Array.from({ length: 200 }, (_, index) =>
      producer.send([0, 1, 2].map((partition) => record(topic, String(index), partition)))
    )
    await Promise.all(sends)
    const expected = Array.from({ length: 200 }, (_, index) => String(index))
    const written = await readAll(topic)
    for (const partition of [0, 1, 2]) assert.deepEqual(valuesOf(written.get(partition)), expected)
  })

  it('splits what is too large for one batch of the topic', async (t) => {
    const topic = await createTopic(t, 1, { 'max.message.bytes': '20000' })
    const { producer } = startProducer(t)
    const values = Array.from({ length: 100 }, (_, index) => `${index}-${'x'.repeat(1000)}`)
    await Promise.all([
      producer.send(values.map((value) => record(topic, value))),
      producer.send([record(topic, 'last')])
    ])
    assert.deepEqual(valuesOf((await readAll(topic)).get(0)), [...values, 'last'])
  })

  for (const [type, low, high] of [
    ['gzip', '1', '9'],
    ['zstd', '-5', '19']
  ] as const) {
    it(`compresses as well as compression.${type}.level says`, () => {
      const text = Buffer.from(
        Array.from({ length: 5000 }, (_, at) => `${(at * 7919) % 1009} and ${at % 97};`).join('')
      )
      const sizes = [low, high].map(
        (level) =>
          producerSettings(
            clientProperties({ 'compression.type': type, [`compression.${type}.level`]: level }),
            systemClock
          ).compression.compress(text).length
      )
      assert.ok((sizes[0] ?? 0) > (sizes[1] ?? 0), sizes.join(' and '))
    })
  }

  it('takes partitions in turn, keys or not, with the RoundRobinPartitioner', async (t) => {
    const topic = await createTopic(t, 3)
    const { producer } = startProducer(t, {
      'partitioner.class': 'org.apache.kafka.clients.producer.RoundRobinPartitioner'
    })
    const keyed = (value: string) => ({ ...record(topic, value, null), key: Buffer.from('k') })
    await producer.send(['a', 'b', 'c', 'd'].map(keyed))
    const written = await readAll(topic)
    assert.deepEqual(
      [0, 1, 2].map((partition) => valuesOf(written.get(partition))),
      [['a', 'd'], ['b'], ['c']]
    )
  })

  it('writes without idempotence when told to', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = startProducer(t, { 'enable.idempotence': 'false' })
    const values = Array.from({ length: 20 }, (_, index) => String(index))
    await Promise.all(values.map((value) => producer.send([record(topic, value)])))
    assert.deepEqual(valuesOf((await readAll(topic)).get(0)), values)
  })
})

describe('KafkaRecordProducer: failures', () => {
  it('names topic and partition of a record that is too large, and takes nothing more', async (t) => {
    const topic = await createTopic(t, 1, { 'max.message.bytes': '1000' })
    const { producer } = startProducer(t)
    await producer.send([record(topic, 'fits')])
    const large = producer.send([record(topic, 'x'.repeat(5000))])
    const behind = producer.send([record(topic, 'behind')])
    await assert.rejects(large, (error: { code: string; message: string; facts: object }) => {
      assert.equal(error.code, 'KAFKA_ERROR')
      assert.match(error.message, new RegExp(`${topic}-0: a record of \\d+ bytes is larger`))
      assert.deepEqual(error.facts, { topic, partition: 0, kafkaError: 'MESSAGE_TOO_LARGE' })
      return true
    })
    await assert.rejects(behind)
    await assert.rejects(producer.send([record(topic, 'later')]), {
      code: 'KAFKA_ERROR',
      message: /^Not sent, because the producer ended with an earlier failure: /
    })
    assert.deepEqual(valuesOf((await readAll(topic)).get(0)), ['fits'])
  })

  it('refuses a record larger than max.request.size after what came before it', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = startProducer(t, { 'max.request.size': '5000' })
    const before = producer.send([record(topic, 'before')])
    await before
    await assert.rejects(producer.send([record(topic, 'x'.repeat(6000))]), {
      code: 'KAFKA_ERROR',
      message: /larger than 5000, the value of max\.request\.size/
    })
    assert.deepEqual(valuesOf((await readAll(topic)).get(0)), ['before'])
  })

  it('refuses a topic name Kafka does not allow', async (t) => {
    const { producer } = startProducer(t)
    await assert.rejects(producer.send([record('no good name!', 'v')]), {
      code: 'KAFKA_ERROR',
      message: /topic no good name!: INVALID_TOPIC_EXCEPTION/
    })
  })

  it('refuses a partition the topic does not have', async (t) => {
    const topic = await createTopic(t, 2)
    const { producer } = startProducer(t)
    await producer.send([record(topic, 'v', 1)])
    await assert.rejects(producer.send([record(topic, 'v', 2)]), {
      code: 'KAFKA_ERROR',
      message: `Topic ${topic} has no partition 2: it has 2 partitions`
    })
  })

  it('finds a partition that was added since', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = startProducer(t)
    await producer.send([record(topic, 'v')])
    const admin = kafkaJs().admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] })
    await producer.send([record(topic, 'w', 1)])
    assert.deepEqual(valuesOf((await readAll(topic)).get(1)), ['w'])
  })

  it('I8: gives up after delivery.timeout.ms', async (t) => {
    const clock = new ManualClock()
    const settings = { 'bootstrap.servers': '127.0.0.1:1', 'delivery.timeout.ms': '120000' }
    const { producer } = startProducer(t, settings, {}, clock)
    await assert.rejects(clock.during(producer.send([record('any', 'v')])), {
      code: 'KAFKA_UNAVAILABLE',
      message: /127\.0\.0\.1:1 did not acknowledge records within 120000 ms/
    })
    assert.equal(clock.monotonicMs(), 120_000)
  })

  it('I4: closing waits for what is under way, but not for ever', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = startProducer(t)
    const sent = producer.send([record(topic, 'v')])
    await producer.close(TIMEOUT_MS)
    await sent
    await assert.rejects(producer.send([record(topic, 'w')]), { code: 'WORKER_STOPPING' })

    const clock = new ManualClock()
    const nowhere = { 'bootstrap.servers': '127.0.0.1:1' }
    const { producer: stuck } = startProducer(t, nowhere, {}, clock)
    const never = assert.rejects(stuck.send([record(topic, 'v')]), { code: 'WORKER_STOPPING' })
    await clock.during(stuck.close(30_000))
    assert.equal(clock.monotonicMs(), 30_000)
    await never
  })
})

describe('KafkaRecordProducer: refused records are reported', () => {
  const values = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, at) => `value ${from + at}`)

  for (const { who, settings, topicSettings, bad, reason } of [
    {
      who: 'no request may hold',
      settings: { 'max.request.size': '2000' },
      topicSettings: {},
      bad: (topic: string) => record(topic, 'x'.repeat(3000)),
      reason: /max\.request\.size/
    },
    {
      who: 'the topic does not take',
      settings: {},
      topicSettings: { 'max.message.bytes': '2000' },
      bad: (topic: string) => record(topic, 'x'.repeat(3000)),
      reason: /max\.message\.bytes/
    },
    {
      who: 'a compacted topic does not take, for it has no key',
      settings: {},
      topicSettings: { 'cleanup.policy': 'compact' },
      bad: (topic: string) => record(topic, 'no key'),
      reason: /INVALID_RECORD|key/
    }
  ]) {
    it(`a record that ${who} is left out; the others keep their order and go once`, async (t) => {
      const topic = await createTopic(t, 1, topicSettings)
      const { producer } = startProducer(t, settings, { refused: 'report' })
      const good = (value: string) => ({ ...record(topic, value), key: Buffer.from(value) })
      await producer.send([good('first')])
      const culprits = [bad(topic), bad(topic)]
      const outcomes = await Promise.all([
        producer.send(values(0, 10).map(good)),
        producer.send([...values(10, 15).map(good), ...culprits, ...values(15, 20).map(good)]),
        producer.send(values(20, 30).map(good))
      ])
      assert.deepEqual(
        outcomes.map((refused) => refused.map((each) => each.record)),
        [[], culprits, []]
      )
      for (const each of outcomes[1]) assert.match(each.reason.message, reason)
      assert.deepEqual(await producer.send([good('last')]), [])
      assert.deepEqual(valuesOf((await readAll(topic)).get(0)), ['first', ...values(0, 30), 'last'])
    })
  }

  it('those of a topic name Kafka does not allow, and goes on with other topics', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = startProducer(t, {}, { refused: 'report' })
    const bad = record('no good name!', 'v')
    const [refused] = await producer.send([record(topic, 'a'), bad, record(topic, 'b')])
    assert.equal(refused?.record, bad)
    assert.match(refused?.reason.message ?? '', /INVALID_TOPIC_EXCEPTION/)
    assert.deepEqual(valuesOf((await readAll(topic)).get(0)), ['a', 'b'])
  })
})

describe('KafkaRecordProducer: brokers that do not answer', () => {
  it('sends the first batch of a partition alone: until it is acknowledged nothing may overtake it', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const topic = await createTopic(t, 2)
    const { producer } = startProducer(t, { 'bootstrap.servers': proxy.address })
    const requests: Buffer[] = []
    proxy.onRequest((apiKey, _, bytes) => {
      if (apiKey !== PRODUCE) return
      if (requests.length === 0) proxy.holdAnswers()
      requests.push(bytes)
    })
    const sends = [producer.send([record(topic, 'first')])]
    await until(() => requests.length === 1, 'it is sent')
    for (const at of [1, 2, 3]) sends.push(producer.send([record(topic, `behind ${at}`)]))
    sends.push(producer.send([record(topic, 'elsewhere', 1)]))
    await until(() => requests.length === 2, 'what can be sent is sent')
    assert.ok(requests[1]?.includes('elsewhere'))
    assert.ok(!requests[1]?.includes('behind'))
    proxy.resume()
    await Promise.all(sends)
    assert.deepEqual(valuesOf((await readAll(topic)).get(0)), [
      'first',
      'behind 1',
      'behind 2',
      'behind 3'
    ])
  })

  it('I8: says what its oldest send waits for, when it has for long', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const topic = await createTopic(t, 1)
    const clock = new ManualClock()
    const { producer, lines } = startProducer(
      t,
      { 'bootstrap.servers': proxy.address, 'request.timeout.ms': '200' },
      {},
      clock
    )
    await producer.send([record(topic, '0')])
    assert.equal(producer.standstill, null)
    proxy.stall()
    const sent = producer.send([record(topic, '1')])
    await until(() => lines.some((line) => line.includes('failed')), 'it fails')
    clock.advance(29_999)
    assert.equal(producer.standstill, null)
    clock.advance(1)
    assert.match(
      producer.standstill ?? '',
      /has not acknowledged records since \d{4}-.*: Sending to broker 1 at .* failed/
    )
    proxy.resume()
    await clock.during(sent)
    assert.equal(producer.standstill, null)
  })
})

describe('KafkaRecordProducer: broken connections', () => {
  it('keeps order and writes nothing twice while connections break again and again', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const topic = await createTopic(t, 2)
    const { producer } = startProducer(t, { 'bootstrap.servers': proxy.address })
    const breaking = setInterval(() => proxy.breakConnections(), 40)
    const inFlight = new Set<Promise<unknown>>()
    let total = 0
    // As many as it takes until enough connections have been broken, however fast they are sent.
    for (; total < 600 || proxy.accepted <= 5; total++) {
      const index = total
      while (inFlight.size >= 5) await Promise.race(inFlight)
      const records = [0, 1].flatMap((partition) =>
        Array.from({ length: 20 }, (_, at) => record(topic, `${index}.${at}`, partition))
      )
      const one: Promise<unknown> = producer.send(records).finally(() => inFlight.delete(one))
      inFlight.add(one)
    }
    await Promise.all(inFlight)
    clearInterval(breaking)
    const expected = Array.from({ length: total }, (_, index) =>
      Array.from({ length: 20 }, (_unused, at) => `${index}.${at}`)
    ).flat()
    const written = await readAll(topic)
    for (const partition of [0, 1]) assert.deepEqual(valuesOf(written.get(partition)), expected)
  })

  it('goes on after a broker that stopped answering', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const topic = await createTopic(t, 1)
    const { producer, lines } = startProducer(t, {
      'bootstrap.servers': proxy.address,
      'request.timeout.ms': '500'
    })
    await producer.send([record(topic, '0')])
    proxy.stall()
    const sends = ['1', '2', '3'].map((value) => producer.send([record(topic, value)]))
    await until(() => lines.some((line) => line.includes('trying again')), 'it waits')
    proxy.resume()
    await Promise.all(sends)
    assert.deepEqual(valuesOf((await readAll(topic)).get(0)), ['0', '1', '2', '3'])
    assert.equal(lines.filter((line) => line.includes('Sending to broker')).length, 1)
  })

  it('goes on when the topic was deleted and made anew', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = startProducer(t)
    await producer.send([record(topic, '1')])
    const admin = kafkaJs().admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    await admin.deleteTopics({ topics: [topic] })
    // Until the broker has heard of it, what it acknowledges goes with the old topic.
    await until(async () => !(await admin.listTopics()).includes(topic), 'the topic is gone')
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
    await Promise.all([producer.send([record(topic, '2')]), producer.send([record(topic, '3')])])
    assert.deepEqual(valuesOf((await readAll(topic)).get(0)), ['2', '3'])
  })

  it('ends, asking at a measured pace, when the topic was made anew with fewer partitions', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const topic = await createTopic(t, 3)
    const { producer } = startProducer(t, { 'bootstrap.servers': proxy.address })
    await producer.send([record(topic, '1', 2)])
    const admin = kafkaJs().admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    await admin.deleteTopics({ topics: [topic] })
    await until(async () => !(await admin.listTopics()).includes(topic), 'the topic is gone')
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
    let questions = 0
    proxy.onRequest((apiKey) => {
      if (apiKey === METADATA) questions += 1
    })
    await assert.rejects(producer.send([record(topic, '2', 2)]), {
      code: 'KAFKA_ERROR',
      message: /has no partition 2 any more: it has 1 partitions/
    })
    assert.ok(questions < 250, `${questions} questions`)
  })

  it('takes a new producer id when the broker refuses the old one, and keeps the order', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer, lines } = startProducer(t)
    await producer.send([record(topic, '1')])
    await fenceProducer(t, topic)
    const values = ['2', '3', '4', '5', '6', '7']
    await Promise.all(values.map((value) => producer.send([record(topic, value)])))
    assert.deepEqual(valuesOf((await readAll(topic)).get(0)), ['1', 'fence', ...values])
    assert.equal(lines.filter((line) => line.includes('taking a new producer id')).length, 1)
  })
})

/**
 * Writes with the id of the producer that wrote last, but a later epoch: the broker refuses the former from
 * then on.
 */
async function fenceProducer(t: TestContext, topic: string): Promise<void> {
  const network = new NetworkClient(clientSettings(clientProperties(), systemClock), 'fence')
  t.after(() => network.close())
  const leader = (await network.topics([topic])).get(topic)?.partitions[0]?.leader
  assert.ok(leader)
  const [fetched] = await fetchRecords(
    network,
    leader,
    [{ topic, partition: 0, offset: 0, leaderEpoch: -1, lastEpoch: -1 }],
    {
      ...readerSettings(clientProperties(), systemClock).fetch,
      readCommitted: false
    }
  )
  assert.ok(fetched)
  let last: BatchHeader | null = null
  for (let at = 0; ; at = last.end) {
    const header = readBatchHeader(fetched.records, at)
    if (header === null) break
    last = header
  }
  assert.ok(last)
  // Behind attributes, offsets, times and the producer id.
  const epoch = last.checked.readInt16BE(30)
  const fence = record(topic, 'fence')
  const batch = encodeBatch([fence], recordBytes(fence), noCompression, Date.now())
  stampBatch(batch, { producerId: last.producerId, epoch: epoch + 1, transactional: false }, 0)
  const { outcomes } = await produce(network, leader, [{ topic, partition: 0, batch }])
  assert.deepEqual([...outcomes.values()], [{ error: 'NONE', message: null }])
}
