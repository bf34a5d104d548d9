import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import type { ConsumerPosition } from '../../../src/kafka/contracts.ts'
import { KafkaConsumerGroups } from '../../../src/kafka/group/consumer-groups.ts'
import { KafkaRecordProducer } from '../../../src/kafka/producing/producer.ts'
import { kafkaBootstrap, uniqueName } from '../../support/environment.ts'
import { startJavaConsumer } from '../../support/java-consumer.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { clientProperties, createTopic, kafkaJs, record } from '../support.ts'

const OFFSET_COMMIT = 8
const OFFSET_FETCH = 9

function startGroups(t: TestContext, settings: Record<string, string> = {}): KafkaConsumerGroups {
  const groups = new KafkaConsumerGroups(
    systemClock,
    clientProperties({ 'default.api.timeout.ms': '60000', ...settings }),
    uniqueName('groups')
  )
  t.after(() => groups.close())
  return groups
}

async function startProxy(t: TestContext) {
  const proxy = await startTcpProxy(kafkaBootstrap())
  t.after(() => proxy.close())
  return proxy
}

/** Values `0`, `1`, … of a partition, a second apart from `fromMs` on. */
async function write(t: TestContext, topic: string, partition: number, count: number, fromMs = 0) {
  const { log } = recordingLog()
  const producer = new KafkaRecordProducer(systemClock, clientProperties(), 'writer', log, {
    refused: 'fail'
  })
  t.after(() => producer.close(1000))
  await producer.send(
    Array.from({ length: count }, (_, at) => ({
      ...record(topic, String(at), partition),
      timestamp: fromMs + at * 1000
    }))
  )
}

const inOrder = (positions: readonly ConsumerPosition[]): ConsumerPosition[] =>
  positions.toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition)

describe('KafkaConsumerGroups', () => {
  it('changes, reads and deletes the offsets of an empty group, then the group', async (t) => {
    const groups = startGroups(t)
    const [group, topic] = [uniqueName('group'), await createTopic(t, 3)]
    assert.deepEqual(await groups.committed(group), [])
    const positions = [
      { topic, partition: 0, offset: 7 },
      { topic, partition: 2, offset: 2 ** 40, leaderEpoch: 3, metadata: 'why' }
    ]
    await groups.alter(group, positions)
    assert.deepEqual(inOrder(await groups.committed(group)), positions)
    await groups.alter(group, [{ topic, partition: 0, offset: 0 }])
    await groups.deleteOffsets(group, [{ topic, partition: 2 }])
    assert.deepEqual(await groups.committed(group), [{ topic, partition: 0, offset: 0 }])
    assert.equal(await groups.deleteGroup(group), true)
    assert.equal(await groups.deleteGroup(group), false)
    assert.deepEqual(await groups.committed(group), [])
    assert.deepEqual(await groups.members(group), [])
  })

  it('tells by name what Kafka refuses while a consumer of Java is in the group', async (t) => {
    const groups = startGroups(t)
    const group = uniqueName('group')
    const [topic, other] = [await createTopic(t, 1), await createTopic(t, 1)]
    await write(t, topic, 0, 5)
    await groups.alter(group, [{ topic: other, partition: 0, offset: 1 }])
    const consumer = startJavaConsumer(t, { group, topic })
    const committed = async () => (await groups.committed(group)).find((p) => p.topic === topic)
    await until(async () => (await committed())?.offset === 5, 'it has committed what it read')
    const members = await groups.members(group)
    assert.deepEqual(
      members.map(({ name, isOurs }) => [name.replace(/-\d\S*/, ''), isOurs]),
      [['console-consumer at 127.0.0.1', false]]
    )
    const at = { topic, partition: 0 }
    await assert.rejects(groups.alter(group, [{ ...at, offset: 3 }]), {
      code: 'KAFKA_ERROR',
      facts: { ...at, kafkaError: 'UNKNOWN_MEMBER_ID' },
      message: new RegExp(
        `^Failed to change offsets of consumer group ${group} at ${kafkaBootstrap()}, topic ${topic}, partition 0: UNKNOWN_MEMBER_ID$`
      )
    })
    await assert.rejects(groups.deleteOffsets(group, [at]), {
      facts: { ...at, kafkaError: 'GROUP_SUBSCRIBED_TO_TOPIC' }
    })
    await assert.rejects(groups.deleteGroup(group), { facts: { kafkaError: 'NON_EMPTY_GROUP' } })
    // What nobody in it reads may be deleted.
    await groups.deleteOffsets(group, [{ topic: other, partition: 0 }])
    await consumer.stop()
    assert.deepEqual(await groups.members(group), [])
    await groups.alter(group, [{ ...at, offset: 3 }])
    const again = startJavaConsumer(t, { group, topic })
    await until(() => again.lines.length >= 2, 'it reads on from where it was put')
    assert.deepEqual(
      [consumer.lines, again.lines],
      [
        ['0', '1', '2', '3', '4'],
        ['3', '4']
      ]
    )
  })

  it('knows the members of a group of the newer protocol', async (t) => {
    const groups = startGroups(t)
    const [group, topic] = [uniqueName('group'), await createTopic(t, 1)]
    const properties = { 'group.protocol': 'consumer' }
    const consumer = startJavaConsumer(t, { group, topic, properties })
    await until(async () => (await groups.members(group)).length === 1, 'it is a member')
    await consumer.stop()
    await until(async () => (await groups.members(group)).length === 0, 'it has left')
  })

  it('does not wait for topics and groups that are not there', async (t) => {
    const groups = startGroups(t, { 'default.api.timeout.ms': '2147483647' })
    const [group, topic, known] = [uniqueName('group'), uniqueName('none'), await createTopic(t, 1)]
    const at = { topic, partition: 0 }
    const facts = { ...at, kafkaError: 'UNKNOWN_TOPIC_OR_PARTITION' }
    await assert.rejects(groups.deleteOffsets(group, [{ ...at, topic: known }]), {
      facts: { kafkaError: 'GROUP_ID_NOT_FOUND' }
    })
    await assert.rejects(groups.alter(group, [{ ...at, offset: 1 }]), {
      code: 'KAFKA_ERROR',
      facts
    })
    await groups.alter(group, [{ topic: known, partition: 0, offset: 1 }])
    await assert.rejects(groups.deleteOffsets(group, [at]), { code: 'KAFKA_ERROR', facts })
    await assert.rejects(groups.offsetsAt([at], 'latest'), { code: 'KAFKA_ERROR', facts })
    await assert.rejects(groups.offsetsAt([{ topic: known, partition: 1 }], 'latest'), {
      code: 'KAFKA_ERROR',
      facts: { topic: known, partition: 1, kafkaError: 'UNKNOWN_TOPIC_OR_PARTITION' }
    })
  })

  it('finds the first offset, the next, and that of an instant, for partitions of several topics', async (t) => {
    const groups = startGroups(t)
    const [one, two] = [await createTopic(t, 2), await createTopic(t, 1)]
    await write(t, one, 1, 3, 1_700_000_000_000)
    await write(t, two, 0, 2, 1_700_000_100_000)
    const asked = [
      { topic: two, partition: 0 },
      { topic: one, partition: 1 },
      { topic: one, partition: 0 }
    ]
    const found = async (at: 'earliest' | 'latest' | number) => {
      const answer = await groups.offsetsAt(asked, at)
      assert.deepEqual(
        answer.map(({ topic, partition }) => ({ topic, partition })),
        asked
      )
      return answer.map(({ offset }) => offset)
    }
    assert.deepEqual(await found('earliest'), [0, 0, 0])
    assert.deepEqual(await found('latest'), [2, 3, 0])
    assert.deepEqual(await found(1_700_000_001_000), [0, 1, null])
    assert.deepEqual(await found(1_700_000_001_001), [0, 2, null])
    assert.deepEqual(await found(1_700_000_100_001), [1, null, null])
  })

  it('lists all topics, those Kafka keeps for itself among them', async (t) => {
    const groups = startGroups(t)
    const topic = await createTopic(t, 1)
    await groups.alter(uniqueName('group'), [{ topic, partition: 0, offset: 1 }])
    const topics = new Map((await groups.topics()).map((each) => [each.name, each.isInternal]))
    assert.equal(topics.get(topic), false)
    assert.equal(topics.get('__consumer_offsets'), true)
  })

  it('waits for the end of a transaction that commits offsets', async (t) => {
    const groups = startGroups(t)
    const [group, topic] = [uniqueName('group'), await createTopic(t, 1)]
    await groups.alter(group, [{ topic, partition: 0, offset: 1 }])
    const producer = kafkaJs().producer({ transactionalId: uniqueName('tx'), idempotent: true })
    t.after(() => producer.disconnect())
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.sendOffsets({
      consumerGroupId: group,
      topics: [{ topic, partitions: [{ partition: 0, offset: '9' }] }]
    })
    const proxy = await startProxy(t)
    let asked = 0
    proxy.onRequest((apiKey) => void (asked += apiKey === OFFSET_FETCH ? 1 : 0))
    const settings = { 'bootstrap.servers': proxy.address }
    const committed = startGroups(t, settings).committed(group)
    await until(() => asked >= 2, 'it asks again')
    await transaction.commit()
    assert.deepEqual(await committed, [{ topic, partition: 0, offset: 9 }])
    assert.deepEqual(await groups.committed(group), [{ topic, partition: 0, offset: 9 }])
  })

  it('tries again when an answer is lost, and gives up when its time is over or it is closed', async (t) => {
    const proxy = await startProxy(t)
    const settings = { 'bootstrap.servers': proxy.address, 'request.timeout.ms': '500' }
    const groups = startGroups(t, settings)
    const [group, topic] = [uniqueName('group'), await createTopic(t, 1)]
    proxy.loseAnswer(OFFSET_COMMIT)
    await groups.alter(group, [{ topic, partition: 0, offset: 4 }])
    assert.deepEqual(await groups.committed(group), [{ topic, partition: 0, offset: 4 }])
    proxy.stall()
    const hasty = startGroups(t, { ...settings, 'default.api.timeout.ms': '1500' })
    await assert.rejects(hasty.committed(group), {
      code: 'KAFKA_UNAVAILABLE',
      message: new RegExp(
        `^Failed to read the offsets of consumer group ${group} at ${proxy.address}`
      )
    })
    const waiting = assert.rejects(groups.deleteGroup(group), { code: 'WORKER_STOPPING' })
    await groups.close()
    await waiting
  })
})
