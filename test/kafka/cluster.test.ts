import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { after, before, describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import type { Broker } from '../../scripts/kafka-broker.ts'
import { Admin } from '@platformatic/kafka'
import { KafkaAdmin } from '../../src/kafka/admin/admin.ts'
import { clientSettings } from '../../src/kafka/client/client-settings.ts'
import { NetworkClient } from '../../src/kafka/client/network-client.ts'
import { KafkaRecordProducer } from '../../src/kafka/producing/producer.ts'
import { KafkaTransactionalProducer } from '../../src/kafka/producing/transactional-producer.ts'
import { uniqueName } from '../support/environment.ts'
import { freeze, thaw } from '../support/frozen-process.ts'
import { startCluster } from '../support/kafka-cluster.ts'
import { recordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'
import { startConsumer } from './group/consumers.ts'
import { clientProperties, readAll, record, valuesOf } from './support.ts'

const REQUEST_TIMEOUT_MS = 3000

/** Where the client library tells of each request it sends. */
const REQUESTS = 'tracing:plt:kafka:connections:api:start'

/** The ports of the brokers that requests go to, as they go. */
function portsAsked(t: TestContext): number[] {
  const ports: number[] = []
  const onRequest = (message: unknown): void => {
    const { port } = (message as { connection: { port?: number } }).connection
    if (port !== undefined) ports.push(port)
  }
  subscribe(REQUESTS, onRequest)
  t.after(() => unsubscribe(REQUESTS, onRequest))
  return ports
}

describe('brokers of a cluster that go and come', () => {
  let brokers: readonly [Broker, ...Broker[]]
  const cleanups: (() => unknown)[] = []
  before(async () => {
    brokers = await startCluster(
      { after: (cleanup) => void cleanups.push(cleanup as () => unknown) },
      3
    )
  })
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup()
  })

  const settings = (more: Record<string, string> = {}) => ({
    'bootstrap.servers': brokers.map(({ bootstrap }) => bootstrap).join(','),
    'request.timeout.ms': String(REQUEST_TIMEOUT_MS),
    ...more
  })
  const nodeOf = (nodeId: number): Broker => brokers[nodeId - 1] as Broker

  let back: Promise<void> = Promise.resolve()
  /**
   * A crash. The test goes on while the broker starts again, and so does the next crash not before it is
   * back.
   */
  async function crash(t: TestContext, broker: Broker): Promise<void> {
    await back
    await broker.kill()
    back = broker.restart()
    t.after(() => back)
  }

  async function topicOn(t: TestContext, more: Record<string, string> = {}): Promise<string> {
    const name = uniqueName('topic')
    const admin = new KafkaAdmin(systemClock, clientProperties(settings()), uniqueName('admin'))
    t.after(() => admin.close())
    await admin.createTopic({
      name,
      partitions: 1,
      replicationFactor: 3,
      settings: new Map(Object.entries(more))
    })
    return name
  }

  async function leaderOf(t: TestContext, topic: string): Promise<number> {
    const network = new NetworkClient(
      clientSettings(clientProperties(settings()), systemClock),
      'leader'
    )
    t.after(() => network.close())
    return until(
      async () => (await network.topics([topic])).get(topic)?.partitions[0]?.leader?.nodeId,
      'the partition has a leader'
    )
  }

  it('asks a broker that hangs once, not first each time', async (t) => {
    const topic = await topicOn(t)
    const network = new NetworkClient(
      clientSettings(clientProperties(settings()), systemClock),
      'asks'
    )
    t.after(() => network.close())
    await network.topics([topic])
    const asked = portsAsked(t)
    // One of them is the first of the list.
    for (const broker of brokers) {
      t.after(() => thaw(broker))
      await freeze(broker)
      asked.length = 0
      for (let question = 0; question < 4; question++) await network.topics([topic])
      thaw(broker)
      const inVain = asked.filter((port) => broker.bootstrap.endsWith(`:${port}`)).length
      assert.ok(inVain <= 1, `${inVain} of four questions waited for it`)
      assert.ok(asked.length >= 4)
    }
  })

  function producerOf(t: TestContext, standstillMs = 500) {
    const producer = new KafkaRecordProducer(
      systemClock,
      clientProperties(settings()),
      uniqueName('producer'),
      recordingLog().log,
      { standstillMs }
    )
    t.after(() => producer.close(0))
    return producer
  }

  const textsOf = async (topic: string, more: Record<string, string> = {}): Promise<string[]> =>
    valuesOf((await readAll(topic, settings(more))).get(0))

  it('waits while there are not enough replicas, says so, and keeps the order', async (t) => {
    const topic = await topicOn(t, { 'min.insync.replicas': '3' })
    const producer = producerOf(t)
    await producer.send([record(topic, 'first')])
    const missing = nodeOf(3)
    await missing.kill()
    const values = Array.from({ length: 50 }, (_, at) => `value ${at}`)
    const sends = values.map((value) => producer.send([record(topic, value)]))
    await until(() => producer.standstill?.includes('NOT_ENOUGH_REPLICAS') === true, 'it says so')
    await missing.restart()
    await Promise.all(sends)
    assert.equal(producer.standstill, null)
    assert.deepEqual(await textsOf(topic), ['first', ...values])
  })

  it('writes each record once and in order while leaders die and come back', async (t) => {
    const topic = await topicOn(t, { 'min.insync.replicas': '1' })
    const producer = producerOf(t)
    const values: string[] = []
    const inFlight = new Set<Promise<unknown>>()
    for (let death = 0; death < 2; death++) {
      for (let at = 0; at < 200; at++) {
        while (inFlight.size >= 5) await Promise.race(inFlight)
        const value = `${death}.${at}`
        values.push(value)
        const one: Promise<unknown> = producer
          .send([record(topic, value)])
          .finally(() => inFlight.delete(one))
        inFlight.add(one)
        if (at !== 100) continue
        const leader = await leaderOf(t, topic)
        // The first is the controller, without which nobody takes over.
        const dying = nodeOf(leader === 1 ? 2 : leader)
        await crash(t, dying)
      }
    }
    await Promise.all(inFlight)
    await until(async () => (await textsOf(topic)).length === values.length, 'all can be read')
    assert.deepEqual(await textsOf(topic), values)
  })

  it('goes at the pace of a quota, each record once and in order', async (t) => {
    const topic = await topicOn(t)
    const clientId = uniqueName('throttled')
    const admin = new Admin({ clientId: 'quotas', bootstrapBrokers: [nodeOf(1).bootstrap] })
    t.after(() => admin.close())
    await admin.alterClientQuotas({
      entries: [
        {
          entities: [{ entityType: 'client-id', entityName: clientId }],
          ops: [{ key: 'producer_byte_rate', value: 100_000, remove: false }]
        }
      ]
    })
    const producer = new KafkaRecordProducer(
      systemClock,
      clientProperties(settings()),
      clientId,
      recordingLog().log
    )
    t.after(() => producer.close(0))
    const values = Array.from({ length: 6 }, (_, at) => String(at).repeat(300_000))
    await Promise.all(values.map((value) => producer.send([record(topic, value)])))
    assert.deepEqual(await textsOf(topic), values)
  })

  it('commits each transaction once while brokers die and come back', async (t) => {
    const topic = await topicOn(t)
    const producer = new KafkaTransactionalProducer(
      systemClock,
      clientProperties(settings()),
      uniqueName('producer'),
      uniqueName('transactions'),
      recordingLog().log
    )
    t.after(() => producer.close(0))
    await producer.initialize()
    const values: string[] = []
    for (let transaction = 0; transaction < 40; transaction++) {
      if (transaction === 10 || transaction === 25) {
        const dying = nodeOf(transaction === 10 ? 2 : 3)
        await crash(t, dying)
      }
      const sends = [0, 1, 2].map((at) => {
        values.push(`${transaction}.${at}`)
        return producer.send([record(topic, `${transaction}.${at}`)])
      })
      await Promise.all(sends)
      await producer.commit()
    }
    const committed = await textsOf(topic, { 'isolation.level': 'read_committed' })
    assert.deepEqual(committed, values)
  })

  it('lets a consumer read on, each record once, and commit while leaders and coordinators die and come back', async (t) => {
    const topic = await topicOn(t)
    const producer = producerOf(t)
    const one = startConsumer(
      t,
      uniqueName('group'),
      [topic],
      settings({ 'session.timeout.ms': '120000' })
    )
    const values: string[] = []
    for (let piece = 0; piece < 6; piece++) {
      // Whoever leads the partition, or coordinates: the controller is broker 1.
      if (piece === 2 || piece === 4) await crash(t, nodeOf(piece === 2 ? 2 : 3))
      const next = Array.from({ length: 20 }, (_, at) => `${piece}.${at}`)
      values.push(...next)
      await producer.send(next.map((value) => record(topic, value)))
      await until(async () => {
        await one.poll(100)
        return one.records.length >= values.length
      }, `piece ${piece} is read`)
      const position = { topic, partition: 0, offset: values.length }
      const [outcome] = await one.consumer.commit([position], 60_000)
      assert.equal(outcome?.error, null)
    }
    assert.deepEqual(one.values(), values)
    assert.deepEqual(one.told, [`assigned ${topic}-0`])
  })
})
