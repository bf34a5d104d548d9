import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer } from 'node:net'
import { type TestContext, describe, it } from 'node:test'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { KafkaAdmin } from '../../../src/kafka/admin/admin.ts'
import { kafkaBootstrap, uniqueName } from '../../support/environment.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { clientProperties } from '../support.ts'

const METADATA = 3

function startAdmin(
  t: TestContext,
  settings: Record<string, string> = {},
  clock: Clock = systemClock
): KafkaAdmin {
  const admin = new KafkaAdmin(clock, clientProperties(settings), uniqueName('admin'))
  t.after(() => admin.close())
  return admin
}

describe('KafkaAdmin', () => {
  it('tells the cluster id', async (t) => {
    assert.match(await startAdmin(t).clusterId(), /^\S+$/)
  })

  it('creates a topic once and tells its partitions and settings', async (t) => {
    const admin = startAdmin(t)
    const name = uniqueName('topic')
    const topic = {
      name,
      partitions: 3,
      replicationFactor: 1,
      settings: new Map([['cleanup.policy', 'compact']])
    }
    assert.equal(await admin.createTopic(topic), true)
    assert.equal(await admin.createTopic(topic), false)
    assert.deepEqual(
      await admin.describeTopics([name, uniqueName('missing')]),
      new Map([[name, 3]])
    )
    assert.equal(await admin.topicSetting(name, 'cleanup.policy'), 'compact')
    assert.equal(await admin.topicSetting(name, 'no.such.setting'), null)
  })

  it('leaves partitions and replication to the broker when they are -1', async (t) => {
    const admin = startAdmin(t)
    const name = uniqueName('topic')
    await admin.createTopic({ name, partitions: -1, replicationFactor: -1, settings: new Map() })
    assert.equal((await admin.describeTopics([name])).has(name), true)
  })

  it('tells Kafka’s reason when a topic cannot be created', async (t) => {
    const name = uniqueName('topic')
    await assert.rejects(
      startAdmin(t).createTopic({
        name,
        partitions: 1,
        replicationFactor: 9,
        settings: new Map()
      }),
      (error: { code: string; message: string; facts: object }) => {
        assert.equal(error.code, 'KAFKA_ERROR')
        assert.match(error.message, new RegExp(`create topic ${name} at .*: INVALID_REPLICATION`))
        assert.deepEqual(error.facts, { kafkaError: 'INVALID_REPLICATION_FACTOR' })
        return true
      }
    )
  })

  it('asks about the topics it is asked about, not about all there are', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const admin = startAdmin(t, { 'bootstrap.servers': proxy.address })
    const name = uniqueName('topic')
    const questions: boolean[] = []
    proxy.onRequest((apiKey, _, bytes) => {
      if (apiKey === METADATA) questions.push(bytes.includes(name))
    })
    assert.deepEqual(await admin.describeTopics([name]), new Map())
    assert.deepEqual(questions, [true])
  })

  it('finds its brokers by an IPv6 address', async (t) => {
    const target = kafkaBootstrap()
    const server = createServer((client) => {
      const broker = connect(Number(target.slice(target.lastIndexOf(':') + 1)), '127.0.0.1')
      for (const [from, to] of [
        [client, broker],
        [broker, client]
      ] as const) {
        from.on('error', () => to.destroy())
        from.pipe(to)
      }
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '::1', resolve)
    })
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const admin = startAdmin(t, { 'bootstrap.servers': `[::1]:${port}` })
    t.after(() => admin.close())
    const name = uniqueName('topic')
    const topic = { name, partitions: 1, replicationFactor: 1, settings: new Map() }
    assert.equal(await admin.createTopic(topic), true)
  })

  it('I8: names the bootstrap servers when no broker answers in time', async (t) => {
    const clock = new ManualClock()
    const settings = { 'bootstrap.servers': '127.0.0.1:1', 'default.api.timeout.ms': '60000' }
    await assert.rejects(clock.during(startAdmin(t, settings, clock).clusterId()), {
      code: 'KAFKA_UNAVAILABLE',
      message: /describe the cluster at 127\.0\.0\.1:1/
    })
    assert.ok(clock.monotonicMs() <= 60_000)
  })

  it('goes on after its connection broke', async (t) => {
    const proxy = await startTcpProxy(clientProperties().get('bootstrap.servers') ?? '')
    t.after(() => proxy.close())
    const admin = startAdmin(t, { 'bootstrap.servers': proxy.address })
    const clusterId = await admin.clusterId()
    proxy.breakConnections()
    assert.equal(await admin.clusterId(), clusterId)
  })

  it('I8: gives up on a broker that stopped answering', async (t) => {
    const proxy = await startTcpProxy(clientProperties().get('bootstrap.servers') ?? '')
    t.after(() => proxy.close())
    const clock = new ManualClock()
    const settings = { 'bootstrap.servers': proxy.address, 'default.api.timeout.ms': '60000' }
    const admin = startAdmin(t, settings, clock)
    await admin.clusterId()
    proxy.stall()
    await assert.rejects(clock.during(admin.clusterId()), {
      code: 'KAFKA_UNAVAILABLE',
      message: /within 60000 ms/
    })
    assert.equal(clock.monotonicMs(), 60_000)
  })
})
