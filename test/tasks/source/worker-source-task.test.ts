import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import { avroConverterPlugin } from '../../../src/converters/avro/avro-converter.ts'
import { stringConverterPlugin } from '../../../src/converters/plain/string.ts'
import { DeferredOffset } from '../../../src/data/record.ts'
import { DataError, RetriableError } from '../../../src/errors.ts'
import { loggers } from '../../../src/log.ts'
import type { ConverterPlugin } from '../../../src/plugin/converter.ts'
import { kafkaJs } from '../../kafka/support.ts'
import { kafkaBootstrap } from '../../support/environment.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { idle, record, type Script, scripted } from '../../support/scripted-source.ts'
import { stubRegistry } from '../../support/stub-registry.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

loggers.setLevel('root', 'OFF', 0)

const PRODUCE = 0

async function setTopicSettings(
  t: TestContext,
  topic: string,
  settings: Record<string, string>
): Promise<void> {
  const admin = kafkaJs().admin()
  t.after(() => admin.disconnect())
  await admin.connect()
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  if (configEntries.length === 0) return
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: 2, name: topic, configEntries }]
  })
}

/** Writes a record without any task. */
async function write(t: TestContext, topic: string, value: string): Promise<void> {
  const producer = kafkaJs().producer()
  t.after(() => producer.disconnect())
  await producer.connect()
  await producer.send({ topic, messages: [{ value }] })
}

describe('a source task', () => {
  it('I1: writes its records in order and stores the last offset behind the acknowledgements', async (t) => {
    const run = await scripted(t, async (context, poll) =>
      poll < 3
        ? [record(run.topic, `r${poll}`, poll), record(run.topic, `s${poll}`, poll + 0.5)]
        : idle(context)
    )
    assert.equal(await run.start(), true)
    await until(() => run.follower.values.length === 6, '6 records arrived')
    assert.deepEqual(run.follower.values, ['r0', 's0', 'r1', 's1', 'r2', 's2'])
    await until(
      () => run.store.stored.at(-1)?.offset?.['position'] === 2.5,
      'the last offset is stored'
    )
    assert.deepEqual(run.states, ['c-0 RUNNING'])
  })

  it('stores what is left when it is stopped, and reports UNASSIGNED', async (t) => {
    const run = await scripted(
      t,
      async (context, poll) => (poll < 1 ? [record(run.topic, 'x', 7)] : idle(context)),
      { flushMs: 60_000 }
    )
    await run.start()
    await until(() => run.follower.values.length === 1, 'the record arrived')
    await run.stop()
    assert.deepEqual(run.store.stored, [{ partition: { stream: 'a' }, offset: { position: 7 } }])
    assert.deepEqual(run.states, ['c-0 RUNNING', 'c-0 UNASSIGNED'])
  })

  it('has an offset put into words when it is stored, and no other', async (t) => {
    const encoded: number[] = []
    const deferred = (position: number) =>
      new DeferredOffset(() => {
        encoded.push(position)
        return { position }
      })
    const run = await scripted(
      t,
      async (context, poll) =>
        poll > 2
          ? idle(context)
          : [0, 1].map((at) => ({
              ...record(run.topic, `r${poll}`, 0),
              sourceOffset: deferred(2 * poll + at)
            })),
      { flushMs: 60_000 }
    )
    await run.start()
    await until(() => run.follower.values.length === 6, 'the records arrived')
    await run.stop()
    assert.deepEqual(run.store.stored, [{ partition: { stream: 'a' }, offset: { position: 5 } }])
    assert.deepEqual(encoded, [5])
  })

  it('I9: is FAILED with its trace when its plugin throws, and stays so when it is stopped', async (t) => {
    const run = await scripted(t, async (context, poll) => {
      if (poll === 1) throw new DataError('row 7 is broken')
      return poll === 0 ? [record(run.topic, 'x', 1)] : idle(context)
    })
    await run.start()
    await until(() => run.states.includes('c-0 FAILED'), 'the task failed')
    assert.match(run.traces.at(-1) ?? '', /row 7 is broken/)
    await run.stop()
    assert.deepEqual(run.states, ['c-0 RUNNING', 'c-0 FAILED'])
    assert.equal(run.store.stored.at(-1)?.offset?.['position'], 1)
  })

  it('goes on when poll throws a retriable error', async (t) => {
    const run = await scripted(t, async (context, poll) => {
      if (poll === 0) throw new RetriableError('busy')
      return poll === 1 ? [record(run.topic, 'x', 1)] : idle(context)
    })
    await run.start()
    await until(() => run.follower.values.length === 1, 'the record arrived')
    assert.deepEqual(run.states, ['c-0 RUNNING'])
  })

  it('waits while paused, also before its plugin is started, and goes on when resumed', async (t) => {
    const clock = new ManualClock()
    let calls = 0
    const run = await scripted(
      t,
      async (context, poll) => {
        calls += 1
        return poll < 1 ? [record(run.topic, 'x', 1)] : idle(context)
      },
      { clock, start: async () => void (calls += 1) }
    )
    await run.start('PAUSED')
    await until(() => run.states.includes('c-0 PAUSED'), 'the task is paused')
    for (let minute = 0; minute < 10; minute++) await clock.pass(60_000)
    assert.equal(calls, 0)
    run.setTargetState('STARTED')
    await until(() => run.follower.values.length === 1, 'the record arrived')
    assert.deepEqual(run.states, ['c-0 PAUSED', 'c-0 RUNNING'])
  })

  it('I4: that does not end in time is given up without committing', async (t) => {
    const release = Promise.withResolvers<void>()
    t.after(() => release.resolve())
    const run = await scripted(
      t,
      async (_, poll) => {
        if (poll === 0) return [record(run.topic, 'x', 1)]
        await release.promise
        return null
      },
      { graceMs: 200, flushMs: 60_000 }
    )
    await run.start()
    await until(() => run.follower.values.length === 1, 'the record arrived')
    const before = performance.now()
    await run.stop()
    assert.ok(performance.now() - before < 2000)
    assert.deepEqual(run.store.stored, [])
  })

  it('I2: writes nothing after it was given up: no record, no offset, no status', async (t) => {
    const release = Promise.withResolvers<void>()
    const over = Promise.withResolvers<void>()
    const run = await scripted(
      t,
      async (_, poll) => {
        if (poll === 0) return [record(run.topic, 'first', 1)]
        await release.promise
        if (poll === 1) return [record(run.topic, 'late', 2)]
        throw new Error('too late to fail')
      },
      { graceMs: 100, flushMs: 60_000, stop: async () => over.resolve() }
    )
    await run.start()
    await until(() => run.follower.values.length === 1, 'the first record arrived')
    await run.stop()
    const states = [...run.states]
    release.resolve()
    // The loop has ended when the plugin is stopped; what it sent stands before what is written now.
    await over.promise
    await write(t, run.topic, 'afterwards')
    await until(() => run.follower.values.includes('afterwards'), 'what was written later arrived')
    assert.deepEqual(run.follower.values, ['first', 'afterwards'])
    assert.deepEqual(run.store.stored, [])
    assert.deepEqual(run.states, states)
  })

  it('stores a position its plugin decided before it hands out a record, and none after it was given up', async (t) => {
    const release = Promise.withResolvers<void>()
    const late = Promise.withResolvers<unknown>()
    const partition = { stream: 'a' }
    const run = await scripted(
      t,
      async (context, poll) => {
        if (poll === 0) {
          await context.storeOffsets([{ partition, offset: { position: 5 } }])
          assert.deepEqual(run.store.stored, [{ partition, offset: { position: 5 } }])
          return null
        }
        await release.promise
        await context
          .storeOffsets([{ partition, offset: { position: 6 } }])
          .then(late.reject, late.resolve)
        return null
      },
      { graceMs: 100 }
    )
    await run.start()
    await until(() => run.store.stored.length === 1, 'the position is stored')
    await run.stop()
    release.resolve()
    assert.match(String(await late.promise), /given up/)
    assert.equal(run.store.stored.length, 1)
  })

  it('skips a record that cannot be converted when errors are tolerated, and fails on it when not', async (t) => {
    const script =
      (topic: () => string): Script =>
      async (context, poll) =>
        poll > 0
          ? idle(context)
          : [
              record(topic(), 'a', 1),
              { ...record(topic(), 'b', 2), topic: 'not a topic name!' },
              record(topic(), 'c', 3)
            ]
    const strict = await scripted(
      t,
      script(() => strict.topic)
    )
    await strict.start()
    await until(() => strict.states.includes('c-0 FAILED'), 'the task failed')
    assert.match(strict.traces.at(-1) ?? '', /not a topic name!/)
    const tolerant = await scripted(
      t,
      script(() => tolerant.topic),
      { config: { 'errors.tolerance': 'all' } }
    )
    await tolerant.start()
    await until(() => tolerant.follower.values.includes('c'), 'the record behind arrived')
    await until(
      () => tolerant.store.stored.at(-1)?.offset?.['position'] === 3,
      'its offset is stored'
    )
  })

  for (const { whose, worker, topicSettings } of [
    { whose: 'its producer', worker: { 'max.request.size': '2000' }, topicSettings: {} },
    { whose: 'the topic', worker: {}, topicSettings: { 'max.message.bytes': '2000' } }
  ]) {
    it(`leaves out a record too large for ${whose} when errors are tolerated: the others go once, in order`, async (t) => {
      const proxy = await startTcpProxy(kafkaBootstrap())
      t.after(() => proxy.close())
      const held = Promise.withResolvers<void>()
      const run = await scripted(
        t,
        async (context, poll) => {
          if (poll > 5) return idle(context)
          // Five sends are under way, none is acknowledged.
          if (poll === 5) {
            await held.promise
            proxy.resume()
          }
          const records = [record(run.topic, `a${poll}`, poll), record(run.topic, `b${poll}`, poll)]
          if (poll === 3) records.splice(1, 0, record(run.topic, 'x'.repeat(3000), poll))
          return records
        },
        {
          config: { 'errors.tolerance': 'all' },
          clientProperties: {
            producer: () =>
              new Map(Object.entries({ 'bootstrap.servers': proxy.address, ...worker }))
          }
        }
      )
      await setTopicSettings(t, run.topic, topicSettings)
      let produced = false
      proxy.onRequest((apiKey) => {
        if (apiKey !== PRODUCE || produced) return
        produced = true
        proxy.holdAnswers()
        held.resolve()
      })
      await run.start()
      await until(() => run.follower.values.includes('b5'), 'the last record arrived')
      assert.deepEqual(
        run.follower.values,
        [0, 1, 2, 3, 4, 5].flatMap((poll) => [`a${poll}`, `b${poll}`])
      )
      await until(
        () => run.store.stored.at(-1)?.offset?.['position'] === 5,
        'the last offset is stored'
      )
      assert.match(run.traces.findLast((trace) => trace !== null) ?? '', /1 record was left out/)
    })
  }

  it('I8: does not convert more than buffer.memory while Kafka acknowledges nothing', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    let polls = 0
    const run = await scripted(
      t,
      async (context, poll) => {
        polls += 1
        if (poll > 100) return idle(context)
        return Array.from({ length: 10 }, () => record(run.topic, 'x'.repeat(500_000), poll))
      },
      {
        clientProperties: {
          producer: () =>
            new Map([
              ['bootstrap.servers', proxy.address],
              ['buffer.memory', '6000000']
            ])
        }
      }
    )
    proxy.onRequest((apiKey) => {
      if (apiKey === PRODUCE) proxy.holdAnswers()
    })
    const before = process.memoryUsage().arrayBuffers
    await run.start()
    await until(() => polls >= 2, 'the second poll is converted')
    // No event shows that a loop waits for room: a third poll would come within this time.
    await delay(500)
    // 6 MB are under way, and a seventh is converted already.
    assert.ok(polls <= 2, `${polls} polls of 5 MB`)
    assert.ok(process.memoryUsage().arrayBuffers - before < 30_000_000)
    proxy.cut()
    await run.stop()
  })

  it('I9: lets others have a turn while it converts a large poll', async (t) => {
    let turns = 0
    let converted = 0
    const text = stringConverterPlugin.create(new Map(), 'value')
    const slow: ConverterPlugin = {
      ...stringConverterPlugin,
      className: 'example.Slow',
      create: () => ({
        toConnectData: (...given) => text.toConnectData(...given),
        fromConnectData(...given) {
          converted += 1
          const endsAt = performance.now() + 1
          while (performance.now() < endsAt);
          return text.fromConnectData(...given)
        }
      })
    }
    const turn = (): void => {
      if (converted > 0 && converted < 200) turns += 1
      next = setImmediate(turn)
    }
    let next = setImmediate(turn)
    t.after(() => clearImmediate(next))
    const run = await scripted(
      t,
      async (context, poll) =>
        poll > 0 ? idle(context) : Array.from({ length: 200 }, () => record(run.topic, 'x', poll)),
      { plugins: [slow], config: { 'value.converter': slow.className } }
    )
    await run.start()
    await until(() => run.follower.values.length === 200, 'the records arrived')
    assert.ok(turns > 10, `${turns} turns`)
  })

  it('waits for a cluster that is away when it comes to a new topic, and says so', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const run = await scripted(
      t,
      async (context, poll) => (poll < 1 ? [record(run.topic, 'x', 1)] : idle(context)),
      {
        clientProperties: {
          admin: () =>
            new Map([
              ['bootstrap.servers', proxy.address],
              ['default.api.timeout.ms', '300']
            ])
        },
        config: {
          'topic.creation.default.partitions': '1',
          'topic.creation.default.replication.factor': '1'
        }
      }
    )
    proxy.cut()
    await run.start()
    await until(
      () => run.traces.some((trace) => trace?.includes('Task failed to create new topic')),
      'it says what it waits for'
    )
    proxy.resume()
    await until(() => run.follower.values.length === 1, 'the record arrived')
    assert.ok(!run.states.includes('c-0 FAILED'))
  })

  it('reports FAILED when it cannot be built', async (t) => {
    const run = await scripted(t, idle, { config: { 'value.converter': 'no.such.Converter' } })
    assert.equal(await run.start(), false)
    assert.deepEqual(run.states, ['c-0 FAILED'])
    assert.match(run.traces[0] ?? '', /no\.such\.Converter/)
  })
})

describe('what a source task converts with', () => {
  const text = stringConverterPlugin.create(new Map(), 'value')

  it('is closed when the task ends, each part once, whatever another throws', async (t) => {
    const closed: string[] = []
    const converter = (name: string): ConverterPlugin => ({
      ...stringConverterPlugin,
      className: `example.${name}`,
      create: () => ({
        fromConnectData: (...given) => text.fromConnectData(...given),
        toConnectData: (...given) => text.toConnectData(...given),
        close() {
          closed.push(name)
          if (name === 'Key') throw new Error('closed badly')
        }
      })
    })
    const run = await scripted(
      t,
      async (context, poll) => (poll < 1 ? [record(run.topic, 'x', 1)] : idle(context)),
      {
        plugins: [
          converter('Key'),
          converter('Value'),
          {
            type: 'transformation',
            className: 'example.Same',
            version: '1',
            config: {},
            create: () => ({
              apply: (given) => given,
              close: () => void closed.push('Same')
            })
          }
        ],
        config: {
          'key.converter': 'example.Key',
          'value.converter': 'example.Value',
          transforms: 'same',
          'transforms.same.type': 'example.Same'
        }
      }
    )
    await run.start()
    await until(() => run.follower.values.length === 1, 'the record arrived')
    assert.deepEqual(closed, [])
    await run.stop()
    assert.deepEqual(closed, ['Same', 'Key', 'Value'])
    assert.deepEqual(run.states, ['c-0 RUNNING', 'c-0 UNASSIGNED'])
  })

  it('I4: gives up on a registry that does not answer when the task is given up', async (t) => {
    const registry = await stubRegistry(t, () => 'silent')
    let ended = false
    const run = await scripted(t, async () => [record(run.topic, 'x', 1)], {
      graceMs: 100,
      stop: async () => void (ended = true),
      plugins: [avroConverterPlugin],
      config: {
        'value.converter': avroConverterPlugin.className,
        'value.converter.schema.registry.url': registry.url,
        'value.converter.http.read.timeout.ms': '600000'
      }
    })
    await run.start()
    await until(() => registry.requests.length === 1, 'the registry is asked')
    await run.stop()
    await until(() => ended, 'the task has ended')
    assert.equal(registry.requests.length, 1)
    assert.deepEqual(run.states, ['c-0 RUNNING', 'c-0 UNASSIGNED'])
  })
})
