import assert from 'node:assert/strict'
import { type TestContext, describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { decodeSubscription } from '../../../src/kafka/group/consumer-protocol.ts'
import { KafkaRecordProducer } from '../../../src/kafka/producing/producer.ts'
import { kafkaBootstrap, uniqueName } from '../../support/environment.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { clientProperties, createTopic, kafkaJs, record } from '../support.ts'
import { names, startConsumer, type TestConsumer } from './consumers.ts'

function startProducer(t: TestContext): KafkaRecordProducer {
  const producer = new KafkaRecordProducer(
    systemClock,
    clientProperties(),
    uniqueName('producer'),
    recordingLog().log
  )
  t.after(() => producer.close(1000))
  return producer
}

/** Writes a value to each of the partitions it is for. */
async function write(
  t: TestContext,
  topic: string,
  values: readonly (readonly [partition: number, value: string])[]
): Promise<void> {
  await startProducer(t).send(values.map(([partition, value]) => record(topic, value, partition)))
}

const KAFKA = 'org.apache.kafka.clients.consumer'
const FETCH = 1
/** In a request: the first partition of a topic stands behind the topic's name and an array's length. */
const fetchOffset = (bytes: Buffer, topic: string): number =>
  Number(bytes.readBigInt64BE(bytes.indexOf(topic) + topic.length + 1 + 4 + 4))
const OFFSET_COMMIT = 8
/** Brokers take no shorter ones. */
const SHORTEST_SESSION_MS = 6000

const numbers = (count: number, first = 0): (readonly [number, string])[] =>
  Array.from({ length: count }, (_, index) => [0, String(first + index)])

/** Polls until the condition holds. */
const pollUntil = (one: TestConsumer, condition: () => boolean, what: string): Promise<unknown> =>
  until(async () => {
    await one.poll(100)
    return condition()
  }, what)

async function addPartitions(t: TestContext, topic: string, count: number): Promise<void> {
  const admin = kafkaJs().admin()
  await admin.connect()
  t.after(() => admin.disconnect())
  await admin.createPartitions({ topicPartitions: [{ topic, count }] })
}

/** A proxy in front of the broker for one consumer. */
async function startProxy(t: TestContext) {
  const proxy = await startTcpProxy(kafkaBootstrap())
  t.after(() => proxy.close())
  return { proxy, settings: { 'bootstrap.servers': proxy.address } }
}

describe('A consumer by itself', () => {
  it('reads every partition from its beginning, commits, and leaves; the next one goes on from there', async (t) => {
    const topic = await createTopic(t, 2)
    const group = uniqueName('group')
    await write(t, topic, [
      [0, 'a'],
      [1, 'b'],
      [0, 'c']
    ])
    const first = startConsumer(t, group, [topic])
    await pollUntil(first, () => first.records.length === 3, 'all is read')
    assert.deepEqual(first.told, [`assigned ${topic}-0,${topic}-1`])
    assert.deepEqual(first.values().toSorted(), ['a', 'b', 'c'])
    const outcome = await first.consumer.commit(
      [
        { topic, partition: 0, offset: 2, metadata: 'mine' },
        { topic, partition: 1, offset: 0 }
      ],
      10_000
    )
    assert.deepEqual(
      outcome.map(({ error }) => error),
      [null, null]
    )
    await first.consumer.close('enough', 10_000)
    assert.equal(first.told.at(-1), `revoked ${topic}-0,${topic}-1`)

    const second = startConsumer(t, group, [topic])
    await pollUntil(second, () => second.records.length === 1, 'it goes on')
    assert.deepEqual(second.values(), ['b'])
    assert.deepEqual(
      second.consumer.progress.map(({ partition, position, committed, end }) => [
        partition,
        position,
        committed,
        end
      ]),
      [
        [0, 2, 2, 2],
        [1, 1, 0, 1]
      ]
    )
  })

  it('hands out no more than it is asked for, in order, and nothing twice', async (t) => {
    const topic = await createTopic(t, 1)
    await write(t, topic, numbers(1000))
    const { consumer, values, records } = startConsumer(t, uniqueName('group'), [topic])
    while (records.length < 1000) {
      const polled = await consumer.poll({ records: 7, bytes: 1_000_000 }, 500)
      assert.ok(polled.length <= 7)
      records.push(...polled)
    }
    assert.deepEqual(
      values(),
      numbers(1000).map(([, value]) => value)
    )
  })

  it('reads from where it was sought while it was being assigned, whatever was committed', async (t) => {
    const topic = await createTopic(t, 1)
    await write(t, topic, numbers(5))
    const one: TestConsumer = startConsumer(
      t,
      uniqueName('group'),
      [topic],
      {},
      {
        onAssigned: async () => one.consumer.seek([{ topic, partition: 0, offset: 3 }])
      }
    )
    await pollUntil(one, () => one.records.length === 2, 'what lies behind is read')
    assert.deepEqual(one.values(), ['3', '4'])
  })

  it('throws the answer of a fetch away that was under way when it was sought', async (t) => {
    const topic = await createTopic(t, 1)
    await write(t, topic, numbers(10))
    const { proxy, settings } = await startProxy(t)
    const one = startConsumer(t, uniqueName('group'), [topic], settings)
    await pollUntil(one, () => one.records.length === 10, 'it reads')
    let isHeld = false
    proxy.onRequest((apiKey, _, bytes) => {
      if (apiKey !== FETCH || fetchOffset(bytes, topic) !== 0) return
      isHeld = true
      proxy.holdAnswers()
    })
    one.consumer.seek([{ topic, partition: 0, offset: 0 }])
    await until(() => isHeld, 'a fetch from the beginning is under way')
    one.consumer.seek([{ topic, partition: 0, offset: 8 }])
    proxy.resume()
    await pollUntil(one, () => one.records.length >= 12, 'it reads from there')
    assert.deepEqual(one.values().slice(10), ['8', '9'])
  })

  it('does not wait for a fetch that waits for records when it is sought', async (t) => {
    const topic = await createTopic(t, 1)
    await write(t, topic, numbers(1))
    const one = startConsumer(t, uniqueName('group'), [topic], {
      'fetch.max.wait.ms': '600000',
      'request.timeout.ms': '900000'
    })
    await pollUntil(one, () => one.records.length === 1, 'it reads')
    one.consumer.seek([{ topic, partition: 0, offset: 0 }])
    await pollUntil(one, () => one.records.length === 2, 'it reads again')
    assert.deepEqual(
      one.lines.filter((line) => line.includes('cannot be read')),
      []
    )
  })

  it('fetches nothing more once it is being closed, and says nothing of it', async (t) => {
    const topic = await createTopic(t, 1)
    const { proxy, settings } = await startProxy(t)
    const positions = [{ topic, partition: 0, offset: 0 }]
    const one: TestConsumer = startConsumer(t, uniqueName('group'), [topic], settings, {
      onRevoked: async () => {
        proxy.cut()
        await one.consumer.commit(positions, 1000)
      }
    })
    await pollUntil(one, () => one.consumer.progress[0]?.end === 0, 'it reads')
    await one.consumer.close('enough', 1000)
    assert.deepEqual(
      one.lines.filter((line) => line.includes('cannot be read')),
      []
    )
  })

  it('hands out nothing of a paused partition until it is resumed, and all of the others', async (t) => {
    const topic = await createTopic(t, 2)
    const one = startConsumer(t, uniqueName('group'), [topic])
    await pollUntil(one, () => one.told.length > 0, 'it is assigned')
    one.consumer.pause([{ topic, partition: 0 }])
    await write(t, topic, [
      [0, 'paused'],
      [1, 'read']
    ])
    await pollUntil(one, () => one.records.length > 0, 'the other is read')
    assert.deepEqual(one.values(), ['read'])
    one.consumer.resume([{ topic, partition: 0 }])
    await pollUntil(one, () => one.records.length > 1, 'it is resumed')
    assert.deepEqual(one.values(), ['read', 'paused'])
    assert.throws(() => one.consumer.pause([{ topic, partition: 2 }]), /-2 is not assigned/)
  })

  it('reads on behind what retention removed, and from the beginning of a topic made anew', async (t) => {
    const topic = await createTopic(t, 1)
    const group = uniqueName('group')
    await write(t, topic, numbers(10))
    const admin = kafkaJs().admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '2' }] })
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '6' }] })
    const one = startConsumer(t, group, [topic])
    await pollUntil(one, () => one.records.length === 4, 'what is left is read')
    assert.deepEqual(one.values(), ['6', '7', '8', '9'])
    one.consumer.seek([{ topic, partition: 0, offset: 1_000_000 }])
    await pollUntil(one, () => one.records.length === 8, 'it begins anew')
  })

  it('fails where there is no position and none is to be made up, and names the partition', async (t) => {
    const topic = await createTopic(t, 1)
    const settings = { 'auto.offset.reset': 'none' }
    const one = startConsumer(t, uniqueName('group'), [topic], settings)
    let failure: unknown = null
    await until(async () => {
      failure = await one.poll(100).then(
        () => null,
        (error: unknown) => error
      )
      return failure !== null
    }, 'it fails')
    assert.match(String(failure), new RegExp(`${topic}-0.*auto.offset.reset is none`))
    // Sought, it goes on.
    await write(t, topic, numbers(1))
    one.consumer.seek([{ topic, partition: 0, offset: 0 }])
    await pollUntil(one, () => one.records.length === 1, 'it reads')
  })

  it('reads from an instant ago where that is the reset', async (t) => {
    const topic = await createTopic(t, 2)
    const old = { ...record(topic, 'old'), timestamp: Date.now() - 3_600_000 }
    const producer = startProducer(t)
    await producer.send([old, { ...record(topic, 'young'), timestamp: Date.now() - 60_000 }])
    // Of partition 1 every record is too old: it begins at its end.
    await producer.send([{ ...old, partition: 1 }])
    const one = startConsumer(t, uniqueName('group'), [topic], {
      'auto.offset.reset': 'by_duration:PT30M'
    })
    await pollUntil(
      one,
      () =>
        one.records.length > 0 &&
        one.consumer.progress.every(({ position, end }) => position === end),
      'all is read'
    )
    assert.deepEqual(one.values(), ['young'])
  })

  it('goes on after an outage, and says meanwhile what it waits for', async (t) => {
    const topic = await createTopic(t, 1)
    const { proxy, settings } = await startProxy(t)
    const one = startConsumer(t, uniqueName('group'), [topic], settings)
    await pollUntil(one, () => one.told.length > 0, 'it is assigned')
    proxy.cut()
    await pollUntil(one, () => one.consumer.standstill !== null, 'it says what it waits for')
    await write(t, topic, numbers(1))
    proxy.resume()
    await pollUntil(one, () => one.records.length === 1, 'it reads')
    await until(() => one.consumer.standstill === null, 'all is well')
  })

  it('reads a topic that is made after it began, long before its metadata are old', async (t) => {
    const topic = uniqueName('later')
    const settings = { 'allow.auto.create.topics': 'false' }
    const one = startConsumer(t, uniqueName('group'), [topic], settings)
    for (let polls = 0; polls < 4; polls++) await one.poll(500)
    assert.deepEqual(one.told, [])
    const admin = kafkaJs().admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false })
    await write(t, topic, [[0, 'a']])
    await pollUntil(one, () => one.values().length > 0, 'it is read')
    assert.deepEqual(one.values(), ['a'])
  })

  it('ends a poll early when it is woken', async (t) => {
    const one = startConsumer(t, uniqueName('group'), [await createTopic(t, 1)])
    await pollUntil(one, () => one.told.length > 0, 'it is assigned')
    const polling = one.poll(600_000)
    one.consumer.wakeup()
    assert.deepEqual(await polling, [])
  })
})

describe('Consumers of a group', () => {
  it('share partitions, hand over with the offsets committed at the last moment, and take over from who leaves', async (t) => {
    const topic = await createTopic(t, 4)
    const group = uniqueName('group')
    const all = Array.from({ length: 400 }, (_, index) => [index % 4, String(index)] as const)
    await write(t, topic, all)
    // Commits what it read when it is asked to give up, as a sink does.
    const start = (): TestConsumer => {
      const one: TestConsumer = startConsumer(
        t,
        group,
        [topic],
        {},
        {
          onRevoked: async (partitions) => {
            one.told.push(`revoked ${names(partitions)}`)
            const positions = one.consumer.progress.flatMap(({ position, ...each }) =>
              position === null
                ? []
                : [{ topic: each.topic, partition: each.partition, offset: position }]
            )
            const outcome = await one.consumer.commit(positions, 10_000)
            assert.ok(outcome.every(({ error }) => error === null))
          }
        }
      )
      return one
    }
    const first = start()
    await pollUntil(first, () => first.records.length === 400, 'the first reads all')
    const second = start()
    const stops = [first.follow(), second.follow()]
    await until(() => second.told.length > 0, 'the second is given some')
    await until(() => first.told.length >= 4, 'the first has others')
    assert.deepEqual(first.told.slice(0, 3), [
      `assigned ${topic}-0,${topic}-1,${topic}-2,${topic}-3`,
      'revoking rebalance',
      `revoked ${topic}-0,${topic}-1,${topic}-2,${topic}-3`
    ])
    await write(
      t,
      topic,
      all.map(([partition, value]) => [partition, `more ${value}`])
    )
    await until(() => first.records.length + second.records.length === 800, 'both read')
    await stops[0]?.()
    await first.consumer.close('enough', 10_000)
    await until(
      () => names(second.consumer.assignment).split(',').length === 4,
      'the second has all'
    )
    await write(t, topic, [[0, 'last']])
    await until(() => second.values().includes('last'), 'the second reads on')
    await stops[1]?.()
    const values = [...first.values(), ...second.values()]
    assert.equal(new Set(values).size, values.length)
    assert.equal(values.length, 801)
  })

  it('spread the only partitions of many topics, and keep what they have', async (t) => {
    const topics = await Promise.all([1, 2, 3, 4].map(() => createTopic(t, 1)))
    const group = uniqueName('group')
    const spread = () => startConsumer(t, group, topics, {}, { spreads: true })
    const first = spread()
    await pollUntil(first, () => first.consumer.assignment.length === 4, 'the first has all')
    const second = spread()
    const stops = [first.follow(), second.follow()]
    await until(
      () => second.consumer.assignment.length === 2 && first.consumer.assignment.length === 2,
      'each has half'
    )
    for (const stop of stops) await stop()
    const given = first.told.filter((each) => each.startsWith('revoked'))
    assert.equal(given.flatMap((each) => each.split(',')).length, 2, 'it gave two back, no more')
  })

  it('share out by range where somebody of the group knows nothing else', async (t) => {
    const topics = await Promise.all([1, 2].map(() => createTopic(t, 1)))
    const group = uniqueName('group')
    const range = { 'partition.assignment.strategy': `${KAFKA}.RangeAssignor` }
    const first = startConsumer(t, group, topics, range)
    await pollUntil(first, () => first.consumer.assignment.length === 2, 'the first has all')
    const second = startConsumer(t, group, topics, {}, { spreads: true })
    const stops = [first.follow(), second.follow()]
    await until(
      () => first.consumer.assignment.length + second.consumer.assignment.length === 2,
      'the group has shared out'
    )
    await until(() => second.lines.some((line) => line.includes('by range')), 'it says so')
    const admin = kafkaJs().admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    await until(async () => {
      const { groups } = await admin.describeGroups([group])
      return groups[0]?.members.length === 2 && groups[0].protocol === 'range'
    }, 'both are members')
    for (const stop of stops) await stop()
  })

  it('tell since which round they held what they gave back', async (t) => {
    const topic = await createTopic(t, 2)
    const group = uniqueName('group')
    const strategy = 'org.apache.kafka.clients.consumer.StickyAssignor'
    const settings = { 'partition.assignment.strategy': strategy }
    const first = startConsumer(t, group, [topic], settings)
    await pollUntil(first, () => first.told.length > 0, 'the first is assigned')
    const admin = kafkaJs().admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    const generations = async () => {
      const { groups } = await admin.describeGroups([group])
      const members = groups[0]?.state === 'Stable' ? groups[0].members : []
      return members.map(({ memberMetadata }) => decodeSubscription(memberMetadata).generation)
    }
    assert.deepEqual(await generations(), [null])
    const second = startConsumer(t, group, [topic], settings)
    const stops = [first.follow(), second.follow()]
    const told = await until(async () => {
      const both = await generations()
      return both.length === 2 ? both : null
    }, 'the group has shared out anew')
    for (const stop of stops) await stop()
    assert.ok(told.some((generation) => generation !== null))
  })

  it('get partitions that are added to a topic', async (t) => {
    const topic = await createTopic(t, 1)
    const one = startConsumer(t, uniqueName('group'), [topic], { 'metadata.max.age.ms': '500' })
    await pollUntil(one, () => one.told.length === 1, 'it is assigned')
    await addPartitions(t, topic, 3)
    await pollUntil(one, () => one.consumer.assignment.length === 3, 'it has the new ones')
    await write(t, topic, [[2, 'there']])
    await pollUntil(one, () => one.values().includes('there'), 'they are read')
  })

  it('get topics that appear for their pattern, and lose those that go', async (t) => {
    const prefix = uniqueName('pattern')
    const admin = kafkaJs().admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    await admin.createTopics({ topics: [{ topic: `${prefix}-a` }] })
    const one = startConsumer(t, uniqueName('group'), (topic) => topic.startsWith(prefix), {
      'metadata.max.age.ms': '500'
    })
    await pollUntil(
      one,
      () => names(one.consumer.assignment) === `${prefix}-a-0`,
      'it has the first'
    )
    await admin.createTopics({ topics: [{ topic: `${prefix}-b` }] })
    await pollUntil(one, () => one.consumer.assignment.length === 2, 'it has both')
    await admin.deleteTopics({ topics: [`${prefix}-a`] })
    await pollUntil(one, () => names(one.consumer.assignment) === `${prefix}-b-0`, 'one is gone')
  })

  it('lose their place when they do not poll for too long, are told so at once, and join anew', async (t) => {
    const topic = await createTopic(t, 1)
    await write(t, topic, numbers(1))
    const group = uniqueName('group')
    const one = startConsumer(t, group, [topic], { 'max.poll.interval.ms': '1000' })
    await pollUntil(one, () => one.records.length === 1, 'it reads')
    await until(() => one.told.includes('revoking overdue'), 'it is overdue')
    assert.deepEqual(one.consumer.assignment, [])
    const outcome = await one.consumer.commit([{ topic, partition: 0, offset: 1 }], 1000)
    assert.match(String(outcome[0]?.error), /is not assigned/)
    const admin = kafkaJs().admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    await until(
      async () => (await admin.describeGroups([group])).groups[0]?.members.length === 0,
      'the group knows'
    )
    await pollUntil(one, () => one.records.length === 2, 'it reads again what was not committed')
    assert.deepEqual(one.told.slice(1), [
      'revoking overdue',
      `lost ${topic}-0`,
      `assigned ${topic}-0`
    ])
  })

  it('I11: hold nothing any more once their session may be over', async (t) => {
    const topic = await createTopic(t, 1)
    const { proxy, settings } = await startProxy(t)
    const one = startConsumer(t, uniqueName('group'), [topic], {
      ...settings,
      'session.timeout.ms': String(SHORTEST_SESSION_MS)
    })
    await pollUntil(one, () => one.told.length > 0, 'it is assigned')
    proxy.stall()
    await until(() => one.told.includes('revoking lost'), 'it knows')
    assert.deepEqual(one.consumer.assignment, [])
    proxy.resume()
    await pollUntil(one, () => one.told.length === 4, 'it is a member again')
    assert.deepEqual(one.told.slice(2), [`lost ${topic}-0`, `assigned ${topic}-0`])
  })
})

describe('A commit', () => {
  /** Every commit of one consumer that reaches the broker: under which generation. */
  async function startSpied(t: TestContext, group: string, topic: string) {
    const { proxy, settings } = await startProxy(t)
    const generations: number[] = []
    proxy.onRequest((apiKey, clientId, bytes) => {
      if (apiKey !== OFFSET_COMMIT) return
      // Behind the header with its client id and tagged fields: the group's id as a compact string.
      const groupAt = 14 + clientId.length + 1
      generations.push(bytes.readInt32BE(groupAt + 1 + group.length))
    })
    const one = startConsumer(t, group, [topic], settings)
    // It asks for nothing else then, so that a commit is a chunk of its own.
    await pollUntil(one, () => one.consumer.progress[0]?.end === 0, 'it reads')
    return { one, proxy, generations }
  }

  it('I17: is repeated while the broker is away, under the same generation alone', async (t) => {
    const topic = await createTopic(t, 1)
    const { one, proxy, generations } = await startSpied(t, uniqueName('group'), topic)
    proxy.loseAnswer(OFFSET_COMMIT)
    const outcome = await one.consumer.commit([{ topic, partition: 0, offset: 0 }], 30_000)
    assert.deepEqual(outcome, [{ topic, partition: 0, error: null }])
    assert.ok(generations.length >= 2)
    assert.equal(new Set(generations).size, 1)
  })

  it('I17: is refused to a member whose place was given away, and never said again as another', async (t) => {
    const topic = await createTopic(t, 1)
    const group = uniqueName('group')
    const { one, generations } = await startSpied(t, group, topic)
    await removeMembers(t, group)
    const outcome = await one.consumer.commit([{ topic, partition: 0, offset: 0 }], 10_000)
    assert.equal(outcome[0]?.error?.facts['kafkaError'], 'UNKNOWN_MEMBER_ID')
    assert.ok(one.told.includes('revoking lost'))
    await pollUntil(
      one,
      () => one.told.includes(`lost ${topic}-0`) && one.consumer.progress[0]?.end === 0,
      'it is a member again'
    )
    assert.equal(generations.length, 1)
    const again = await one.consumer.commit([{ topic, partition: 0, offset: 0 }], 10_000)
    assert.equal(again[0]?.error, null)
    assert.equal(new Set(generations).size, 2)
  })

  it('of what the broker refuses names the error, partition by partition', async (t) => {
    const topic = await createTopic(t, 2)
    const one = startConsumer(t, uniqueName('group'), [topic])
    await pollUntil(one, () => one.told.length === 1, 'it is assigned')
    const metadata = 'x'.repeat(5000)
    const outcome = await one.consumer.commit(
      [
        { topic, partition: 0, offset: 0, metadata },
        { topic, partition: 1, offset: 0 },
        { topic: 'other', partition: 0, offset: 0 }
      ],
      10_000
    )
    assert.deepEqual(
      outcome.map(({ error }) => error?.facts['kafkaError'] ?? error?.message ?? null),
      ['OFFSET_METADATA_TOO_LARGE', null, outcome[2]?.error?.message]
    )
    assert.match(String(outcome[2]?.error), /other-0 is not assigned/)
  })
})

/** Removes all members as an operator would, behind their backs. */
async function removeMembers(t: TestContext, group: string): Promise<void> {
  const { NetworkClient } = await import('../../../src/kafka/client/network-client.ts')
  const { clientSettings } = await import('../../../src/kafka/client/client-settings.ts')
  const { leaveGroupApi } = await import('../../../src/kafka/group/group-requests.ts')
  const admin = kafkaJs().admin()
  await admin.connect()
  t.after(() => admin.disconnect())
  const { groups } = await admin.describeGroups([group])
  const network = new NetworkClient(clientSettings(clientProperties(), systemClock), 'operator')
  const coordinator = await network.coordinator('group', group)
  for (const { memberId } of groups[0]?.members ?? []) {
    await network.call(coordinator, leaveGroupApi, group, [
      { memberId, groupInstanceId: null, reason: 'removed' }
    ])
  }
  await network.close()
}
