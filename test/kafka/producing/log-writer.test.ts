import assert from 'node:assert/strict'
import { type TestContext, describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { KafkaAdmin } from '../../../src/kafka/admin/admin.ts'
import { clientSettings } from '../../../src/kafka/client/client-settings.ts'
import { NetworkClient } from '../../../src/kafka/client/network-client.ts'
import { LogWriter } from '../../../src/kafka/producing/log-writer.ts'
import { kafkaBootstrap, uniqueName } from '../../support/environment.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { clientProperties, createTopic, readAll, valuesOf } from '../support.ts'

const TIMEOUT_MS = 15_000
const PRODUCE = 0
const METADATA = 3

const entry = (value: string | Buffer, key = 'k') => ({
  key: Buffer.from(key),
  value: Buffer.from(value)
})

/** A writer behind a proxy, to a topic of its own. */
async function startWriter(t: TestContext, topicSettings: Record<string, string> = {}) {
  const proxy = await startTcpProxy(kafkaBootstrap())
  t.after(() => proxy.close())
  const topic = await createTopic(t, 1, topicSettings)
  const settings = clientSettings(
    clientProperties({ 'bootstrap.servers': proxy.address }),
    systemClock
  )
  const writer = new LogWriter(systemClock, settings, uniqueName('writer'), topic)
  t.after(() => writer.stop())
  return { proxy, topic, writer }
}

const written = async (topic: string) => valuesOf((await readAll(topic)).get(0))

describe('LogWriter', () => {
  it('I8: what was not acknowledged in time is not tried again, and others go on', async (t) => {
    const { proxy, topic, writer } = await startWriter(t)
    proxy.cut()
    const late = writer.write([entry('late 0'), entry('late 1')], 200)
    const patient = writer.write([entry('0')], TIMEOUT_MS)
    await assert.rejects(late, { code: 'KAFKA_UNAVAILABLE', message: /within 200 ms/ })
    proxy.resume()
    await Promise.all([patient, writer.write([entry('1')], TIMEOUT_MS)])
    assert.deepEqual(await written(topic), ['0', '1'])
  })

  it('takes out of a batch that comes back what nobody waits for any more', async (t) => {
    const { proxy, topic, writer } = await startWriter(t)
    await writer.write([entry('0')], TIMEOUT_MS)
    const bytesSent: number[] = []
    proxy.onRequest((apiKey, _, bytes) => {
      if (apiKey === PRODUCE) bytesSent.push(bytes.length)
    })
    proxy.stall()
    const patient = [writer.write([entry('1')], TIMEOUT_MS)]
    const late = writer.write([entry('x'.repeat(2000))], 200)
    patient.push(writer.write([entry('2')], TIMEOUT_MS))
    await assert.rejects(late, { code: 'KAFKA_UNAVAILABLE' })
    proxy.cut()
    proxy.resume()
    await Promise.all(patient)
    assert.deepEqual(await written(topic), ['0', '1', '2'])
    assert.ok(bytesSent.every((bytes) => bytes < 2000))
  })

  it('rejects what the topic does not take, nothing behind it is written, and others go on', async (t) => {
    const { topic, writer } = await startWriter(t, { 'max.message.bytes': '2000' })
    const big = 'x'.repeat(3000)
    const writes = [
      writer.write([entry('0')], TIMEOUT_MS),
      writer.write([entry('1'), entry(big), entry('behind')], TIMEOUT_MS),
      writer.write([entry('2'), entry('3')], TIMEOUT_MS)
    ]
    await assert.rejects(writes[1] as Promise<void>, {
      code: 'KAFKA_ERROR',
      message: new RegExp(`${topic}-0: .*max.message.bytes`)
    })
    await Promise.all([writes[0], writes[2]])
    assert.deepEqual(await written(topic), ['0', '1', '2', '3'])
  })

  it('keeps the order while connections break again and again', async (t) => {
    const { proxy, topic, writer } = await startWriter(t)
    const writes: Promise<void>[] = []
    let requests = 0
    proxy.onRequest((apiKey) => {
      if (apiKey === PRODUCE && ++requests % 3 === 0) proxy.breakConnections()
    })
    for (let at = 0; at < 200; at++) {
      writes.push(writer.write([entry(String(at))], TIMEOUT_MS))
      if (at % 10 === 9) await writes.at(-10)
    }
    await Promise.all(writes)
    const values = (await written(topic)).map(Number)
    // Whatever is there twice came again together with all behind it.
    const lastTimes = [...new Set(values.toReversed())].toReversed()
    assert.deepEqual(
      lastTimes,
      Array.from({ length: 200 }, (_, at) => at)
    )
  })

  it('waits within its limit for a topic that does not exist, and makes none', async (t) => {
    const topic = uniqueName('missing')
    const settings = clientSettings(clientProperties(), systemClock)
    const writer = new LogWriter(systemClock, settings, uniqueName('writer'), topic)
    t.after(() => writer.stop())
    await assert.rejects(writer.write([entry('v')], 300), { code: 'KAFKA_UNAVAILABLE' })
    const admin = new KafkaAdmin(systemClock, clientProperties(), uniqueName('admin'))
    t.after(() => admin.close())
    assert.equal((await admin.describeTopics([topic])).size, 0)
  })

  it('asks about its topic only while a write waits for it', async (t) => {
    const clock = new ManualClock()
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const settings = clientSettings(clientProperties({ 'bootstrap.servers': proxy.address }), clock)
    const clientId = uniqueName('writer')
    const writer = new LogWriter(clock, settings, clientId, uniqueName('missing'))
    t.after(() => writer.stop())
    let questions = 0
    proxy.onRequest((apiKey, asking) => {
      if (apiKey === METADATA && asking === clientId) questions++
    })
    const late = assert.rejects(writer.write([entry('v')], TIMEOUT_MS), {
      code: 'KAFKA_UNAVAILABLE'
    })
    await until(() => questions > 0, 'it asks')
    await clock.during(late)
    const before = questions
    const network = new NetworkClient(settings, uniqueName('other'))
    t.after(() => network.close())
    for (let minute = 0; minute < 5; minute++) {
      // Whatever was asked before has its answer now.
      await network.clusterId()
      await clock.pass(60_000)
    }
    assert.equal(questions, before)
  })

  it('rejects what is under way when it is stopped', async (t) => {
    const { proxy, writer } = await startWriter(t)
    let requests = 0
    proxy.onRequest((apiKey) => {
      if (apiKey === PRODUCE) requests++
    })
    proxy.holdAnswers()
    const closed = { code: 'WORKER_STOPPING' }
    const writes = [writer.write([entry('0')], TIMEOUT_MS), writer.write([entry('1')], TIMEOUT_MS)]
    const outcomes = writes.map((each) => assert.rejects(each, closed))
    await until(() => proxy.accepted > 0, 'it asks')
    await writer.stop()
    await Promise.all(outcomes)
    await assert.rejects(writer.write([entry('2')], TIMEOUT_MS), closed)
    assert.equal(requests, 0)
  })
})
