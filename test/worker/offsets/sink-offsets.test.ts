import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { ConfigError, ConnectError } from '../../../src/errors.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import { Plugins } from '../../../src/plugin/plugins.ts'
import type { SinkConnectorPlugin } from '../../../src/plugin/sink.ts'
import { EffectWarnings } from '../../../src/settings/clients/effect-warnings.ts'
import { LayeredClientProperties } from '../../../src/worker/connector-client-properties.ts'
import { ConnectorOffsetStores } from '../../../src/worker/connector-offset-stores.ts'
import { OffsetsOfConnectors } from '../../../src/worker/offsets/connector-offsets.ts'
import { groupMember } from '../../support/group-member.ts'
import { kafkaBootstrap, uniqueName } from '../../support/environment.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { HeldOffsetStore } from '../../support/scripted-source.ts'

const inert = (): never => {
  throw new Error('this plugin only has offsets')
}

/** A sink of a topic with two partitions, of which partition 0 has a record of each time given. */
async function sink(
  t: TestContext,
  options: {
    times?: readonly number[]
    plugin?: Partial<SinkConnectorPlugin>
    worker?: Record<string, string>
    config?: Record<string, string>
  } = {}
) {
  const { log } = recordingLog()
  const clients = createKafkaClients(systemClock, log)
  const client = new Map([['bootstrap.servers', kafkaBootstrap()]])
  const [name, topic] = [uniqueName('sink'), uniqueName('sunk')]
  const admin = clients.admin(client, 'test')
  t.after(() => admin.close())
  await admin.createTopic({ name: topic, partitions: 2, replicationFactor: 1, settings: new Map() })
  const producer = clients.producer(client, 'test')
  await producer.send(
    (options.times ?? []).map((timestamp) => ({
      topic,
      partition: 0,
      key: null,
      value: Buffer.from('x'),
      timestamp,
      headers: []
    }))
  )
  await producer.close(10_000)
  const worker = new Map([...client, ...Object.entries(options.worker ?? {})])
  const policy = { name: 'All', allows: () => true }
  const clientProperties = new LayeredClientProperties(worker, policy, new EffectWarnings(log))
  const store = new HeldOffsetStore()
  const offsets = new OffsetsOfConnectors({
    plugins: new Plugins([
      {
        type: 'sink',
        className: 'example.Sink',
        taskClassName: 'example.SinkTask',
        version: '1',
        config: {},
        create: inert,
        createTask: inert,
        ...options.plugin
      }
    ]),
    clients,
    clientProperties,
    offsetStores: new ConnectorOffsetStores({
      clients,
      clientProperties,
      offsetStore: store,
      offsetTopics: null,
      clock: systemClock
    }),
    exactlyOnceGroup: null,
    resolve: (config) => Promise.resolve(config),
    clock: systemClock
  })
  const config = new Map(
    Object.entries({ name, 'connector.class': 'example.Sink', topics: topic, ...options.config })
  )
  const groups = clients.consumerGroups(client, 'test')
  t.after(() => groups.close())
  const at = (partition: number, offset: number | null) => ({
    partition: { kafka_topic: topic, kafka_partition: partition },
    offset: offset === null ? null : { kafka_offset: offset }
  })
  const plan = (given: unknown) => offsets.planStart(name, config, { given })
  return { name, topic, config, offsets, groups, store, at, plan }
}

describe('the offsets of a sink', () => {
  it('are those of its group: told, altered, removed, and deleted with the group', async (t) => {
    const { name, config, offsets, groups, at } = await sink(t)
    assert.deepEqual(await offsets.offsets(name, config), [])
    assert.equal(await offsets.modifyOffsets(name, config, [at(1, 5), at(0, 3)]), false)
    assert.deepEqual(await offsets.offsets(name, config), [at(0, 3), at(1, 5)])
    await offsets.modifyOffsets(name, config, [at(1, null), at(0, 4)])
    assert.deepEqual(await offsets.offsets(name, config), [at(0, 4)])
    await offsets.modifyOffsets(name, config, [at(0, null)])
    assert.deepEqual(await offsets.offsetsLeft(name, config), [])
    assert.equal(await groups.deleteGroup(`connect-${name}`), false, 'nothing is left of it')
    await offsets.modifyOffsets(name, config, [at(0, 1)])
    await offsets.modifyOffsets(name, config, null)
    await offsets.modifyOffsets(name, config, null)
    assert.equal(await groups.deleteGroup(`connect-${name}`), false)
  })

  it('are in the group the connector names, else the worker, else in connect-<name>', async (t) => {
    const [ofWorker, ofConnector] = [uniqueName('group'), uniqueName('group')]
    const worker = { 'consumer.group.id': ofWorker }
    const own = { 'consumer.override.group.id': ofConnector }
    for (const [group, options] of [
      [ofWorker, { worker }],
      [ofConnector, { worker, config: own }]
    ] as const) {
      const { name, config, offsets, groups, at } = await sink(t, options)
      await offsets.modifyOffsets(name, config, [at(0, 7)])
      assert.deepEqual(
        (await groups.committed(group)).map(({ offset }) => offset),
        [7]
      )
    }
  })

  it('change once the connector agrees, which is told of a reset as of null offsets', async (t) => {
    const told: unknown[] = []
    const plugin: Partial<SinkConnectorPlugin> = {
      alterOffsets: (_, changes) => {
        told.push(changes)
        if (changes.some(({ offset }) => offset?.['kafka_offset'] === 13)) {
          throw new ConfigError('13 is no offset of mine')
        }
        return true
      }
    }
    const { name, config, offsets, at, topic } = await sink(t, { plugin })
    const texts = { kafka_topic: topic, kafka_partition: '0' }
    const written = { partition: texts, offset: { kafka_offset: '2' } }
    assert.equal(await offsets.modifyOffsets(name, config, [written]), true)
    await assert.rejects(offsets.modifyOffsets(name, config, [at(0, 13)]), {
      status: 400,
      message: '13 is no offset of mine'
    })
    assert.deepEqual(await offsets.offsets(name, config), [at(0, 2)])
    await offsets.modifyOffsets(name, config, null)
    assert.deepEqual(told, [[at(0, 2)], [at(0, 13)], [at(0, null)]])
  })

  it('I15: are not told to the connector when they are written back as they were read', async (t) => {
    const told: unknown[] = []
    const plugin: Partial<SinkConnectorPlugin> = {
      alterOffsets: (_, changes) => told.push(changes) > 0
    }
    const { name, config, offsets, at } = await sink(t, { plugin })
    await offsets.modifyOffsets(name, config, [at(0, 3), at(1, 5)])
    const read = await offsets.offsets(name, config)
    assert.equal(await offsets.modifyOffsets(name, config, read), true)
    await offsets.modifyOffsets(name, config, [at(0, 3), at(1, 6)])
    assert.deepEqual(told, [[at(0, 3), at(1, 5)], [], [at(1, 6)]])
    assert.deepEqual(await offsets.offsets(name, config), [at(0, 3), at(1, 6)])
  })

  it('do not change while the group has members, in the words of the JVM worker', async (t) => {
    const { name, config, offsets, at, topic } = await sink(t, { times: [1, 2] })
    await offsets.modifyOffsets(name, config, [at(0, 1)])
    assert.equal(await offsets.inTheWay(name, config), null)
    await groupMember(t, `connect-${name}`, topic)
    assert.match(
      String(await offsets.inTheWay(name, config)),
      new RegExp(`^Consumer group connect-${name} has members .*: kafkajs at 127.0.0.1$`)
    )
    const refused = (verb: string) => (error: unknown) => {
      assert.ok(error instanceof ConnectError)
      assert.equal(error.status, 500)
      assert.equal(
        error.message,
        `Failed to ${verb} consumer group offsets for connector ${name} either because its tasks haven't stopped completely yet or the connector was resumed before the request to ${verb} its offsets could be successfully completed. If the connector is in a stopped state, this operation can be safely retried. If it doesn't eventually succeed, the Connect cluster may need to be restarted to get rid of the zombie sink tasks.`
      )
      return true
    }
    await assert.rejects(offsets.modifyOffsets(name, config, [at(0, 2)]), refused('alter'))
    await assert.rejects(offsets.modifyOffsets(name, config, [at(0, null)]), refused('alter'))
    await assert.rejects(offsets.modifyOffsets(name, config, null), refused('reset'))
    assert.deepEqual(await offsets.offsets(name, config), [at(0, 1)])
  })

  it('of a move may be written again, and those of a creation that nobody knows any more are not', async (t) => {
    const { name, config, offsets, at, store } = await sink(t)
    const move = [at(0, 9), at(1, null)]
    await offsets.writeOffsets(name, config, move)
    await offsets.writeOffsets(name, config, move)
    assert.deepEqual(await offsets.offsets(name, config), [at(0, 9)])
    await offsets.writeOffsets(name, new Map(), [at(0, 1)])
    assert.deepEqual(await offsets.offsets(name, config), [at(0, 9)])
    assert.deepEqual(store.stored, [])
    await offsets.writeOffsets(name, config, [at(0, null)])
    await offsets.writeOffsets(name, config, [at(0, null)])
    assert.deepEqual(await offsets.offsets(name, config), [])
  })
})

describe('the start of a sink', () => {
  const [SOME_TIME, LATER] = [Date.UTC(2026, 10, 1), Date.UTC(2026, 10, 2)]

  it('is found for all its partitions, or for those named', async (t) => {
    const { plan, at, topic } = await sink(t, { times: [SOME_TIME, SOME_TIME, LATER] })
    assert.deepEqual(await plan('latest'), [at(0, 3), at(1, 0)])
    assert.deepEqual(await plan('earliest'), [at(0, 0), at(1, 0)])
    assert.deepEqual(await plan('2026-11-01T12:00:00Z'), [at(0, 2), at(1, 0)])
    assert.deepEqual(await plan('2026-11-03T00:00:00Z'), [at(0, 3), at(1, 0)])
    const ofPartition = { topics: { [topic]: { partitions: { 0: 1 } } } }
    assert.deepEqual(await plan(ofPartition), [at(0, 1)])
    assert.deepEqual(await plan({ topics: { [topic]: '-PT0S' } }), [at(0, 3), at(1, 0)])
  })

  it('is refused where there is nothing to read, with what there is', async (t) => {
    const { plan, topic } = await sink(t, { times: [SOME_TIME] })
    const rejects = (given: unknown, message: RegExp) =>
      assert.rejects(plan(given), { name: 'ConfigError', message })
    await rejects({ offset: 1 }, new RegExp(`^Partition ${topic}-1: .*offsets 0 to 0, not at 1`))
    await rejects({ topics: { other: 'latest' } }, new RegExp(`no topic other.*reads ${topic}`))
    await rejects({ topics: { [topic]: { partitions: { 2: 0 } } } }, /partitions 0 to 1, and no 2/)
    const absent = await sink(t, { config: { topics: uniqueName('absent') } })
    await assert.rejects(absent.plan('latest'), /None of the topics of the connector is there/)
    const unmatched = await sink(t, { config: { topics: '', 'topics.regex': 'no-such-.*' } })
    await assert.rejects(unmatched.plan('latest'), /No topic matches topics.regex=no-such-/)
  })

  it('is that of the topics a pattern matches, internal ones left out', async (t) => {
    const { plan, topic, at } = await sink(t, { times: [LATER] })
    assert.equal((await plan('latest')).length, 2)
    const pattern = `(${topic}|__consumer_.*)`
    const other = await sink(t, { config: { topics: '', 'topics.regex': pattern } })
    assert.deepEqual(await other.plan('latest'), [at(0, 1), at(1, 0)])
  })

  it('is shown before it is moved: from where to where, and how many records that is', async (t) => {
    const { name, config, offsets, at, topic } = await sink(t, { times: [1, 2, 3, 4] })
    const seen = async (partition: number, offset: number | null) => {
      const [shown] = await offsets.previewStart(name, config, [at(partition, offset)])
      const { name: of, from, to, effect, rows, first, last } = shown ?? assert.fail()
      return [of, from, to, effect, rows, first, last]
    }
    const offset = (number: number) => ({ kafka_offset: number })
    assert.deepEqual(
      await seen(0, 3),
      [`${topic}-0`, null, offset(3), 'skipped', 3, offset(0), offset(2)],
      'without an offset it starts with the first record'
    )
    await offsets.writeOffsets(name, config, [at(0, 3), at(1, 50)])
    assert.deepEqual(await seen(0, 1), [
      `${topic}-0`,
      offset(3),
      offset(1),
      'sent again',
      2,
      offset(1),
      offset(2)
    ])
    assert.deepEqual(await seen(0, null), [
      `${topic}-0`,
      offset(3),
      null,
      'sent again',
      3,
      offset(0),
      offset(2)
    ])
    assert.deepEqual(
      await seen(1, 0),
      [`${topic}-1`, offset(50), offset(0), 'none', 0, null, null],
      'an offset the partition does not have is none'
    )
    const [unknown] = await offsets.previewStart(
      name,
      new Map([...config, ['consumer.override.auto.offset.reset', 'none']]),
      [at(0, null)]
    )
    assert.deepEqual(
      [unknown?.rows, unknown?.problem],
      [null, 'Not counted: auto.offset.reset decides where it starts']
    )
  })

  it('goes back to what was committed before', async (t) => {
    const { name, config, offsets, at } = await sink(t)
    const restored = [at(0, 12), at(1, null)] as const
    const plan = await offsets.planStart(name, config, { restored })
    assert.deepEqual(plan, restored)
  })
})
