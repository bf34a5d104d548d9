import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { encodedOffset } from '../../../src/data/record.ts'
import { ConnectError, DataError } from '../../../src/errors.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import { loggers } from '../../../src/log.ts'
import type { SourceTaskContext, TransactionContext } from '../../../src/plugin/source.ts'
import { KafkaOffsetStore } from '../../../src/storage/kafka-offset-store.ts'
import type { SourceTaskGuard } from '../../../src/worker/contracts.ts'
import { followAs } from '../../support/committed-reader.ts'
import { kafkaBootstrap, uniqueName } from '../../support/environment.ts'
import { closing, storeOptions } from '../../support/kafka-stores.ts'
import { idle, record, type Script, scripted } from '../../support/scripted-source.ts'
import { kafkaJs } from '../../kafka/support.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

loggers.setLevel('root', 'OFF', 0)

const PRODUCE = 0
const END_TXN = 26
const willing: SourceTaskGuard = { before: async () => undefined, after: async () => undefined }
/** A value no converter can make bytes of. */
const BROKEN = {
  toString(): string {
    throw new DataError('a broken value')
  }
}
const PARTITION = { stream: 'a' }

/** A task that runs exactly once, with its offsets in a topic of its own worker. */
async function exactlyOnce(
  t: TestContext,
  script: Script,
  options: Parameters<typeof scripted>[2] & { bootstrap?: string; offsetsTopic?: string } = {}
) {
  const offsets = storeOptions(options.offsetsTopic)
  const committed = new Map([...offsets.client, ['isolation.level', 'read_committed']])
  const store = closing(t, new KafkaOffsetStore({ ...offsets, client: committed }))
  await store.start()
  const bootstrap = options.bootstrap ?? kafkaBootstrap()
  const properties = (): Map<string, string> =>
    new Map([
      ['bootstrap.servers', bootstrap],
      ...Object.entries(options.config ?? {}).flatMap(([key, value]): [string, string][] =>
        key.startsWith('producer.override.')
          ? [[key.slice('producer.override.'.length), value]]
          : []
      )
    ])
  const run = await scripted(t, script, {
    guard: willing,
    groupId: uniqueName('group'),
    ...options,
    clientProperties: {
      producer: properties,
      consumer: () => committed,
      admin: () => offsets.client
    },
    offsetTopics: {
      exactlyOnce: true,
      workerStore: store,
      workerClient: new Map([['bootstrap.servers', bootstrap]]),
      create: offsets.create
    }
  })
  const seen = await followAs(t, 'read_committed', run.topic)
  const all = await followAs(t, 'read_uncommitted', run.topic)
  const position = async (): Promise<unknown> =>
    (await store.get('c', [PARTITION]))[0]?.['position'] ?? null
  return { ...run, seen, all, store, position, offsetsTopic: offsets.topic }
}

const arrived = (seen: { values: string[] }, count: number): Promise<unknown> =>
  until(() => seen.values.length >= count, `${count} committed records arrived`)

/** Everything any reader sees, committed or not. */
const written = (run: { all: { values: string[] } }, count: number) =>
  until(() => run.all.values.length >= count, `${count} records were written`)

async function endOffset(t: TestContext, topic: string): Promise<number> {
  const admin = kafkaJs().admin()
  t.after(() => admin.disconnect())
  await admin.connect()
  return Number((await admin.fetchTopicOffsets(topic))[0]?.high)
}

describe('a source task that runs exactly once', () => {
  it('I6: commits the records of a poll and their offset together', async (t) => {
    const run = await exactlyOnce(t, async (context, poll) =>
      poll < 3
        ? [record(run.topic, `a${poll}`, poll), record(run.topic, `b${poll}`, poll + 0.5)]
        : idle(context)
    )
    await run.start()
    await arrived(run.seen, 6)
    assert.deepEqual(run.seen.values, ['a0', 'b0', 'a1', 'b1', 'a2', 'b2'])
    assert.equal(await run.position(), 2.5)
    assert.deepEqual(run.states, ['c-0 RUNNING'])
  })

  it('I1: shows neither records nor offset of a poll that failed on its way', async (t) => {
    const run = await exactlyOnce(t, async (context, poll) => {
      if (poll === 0) return [record(run.topic, 'kept', 1)]
      if (poll > 1) return idle(context)
      return [
        ...Array.from({ length: 1500 }, (_, n) => record(run.topic, 'lost', 2 + n)),
        record(run.topic, BROKEN, 2000)
      ]
    })
    await run.start()
    await until(() => run.states.includes('c-0 FAILED'), 'the task failed')
    await written(run, 1001)
    await run.seen.readToEnd()
    assert.deepEqual(run.seen.values, ['kept'])
    assert.equal(await run.position(), 1)
  })

  it('stores the offset of dropped records, and commits nothing when there is nothing', async (t) => {
    const told: unknown[] = []
    let polls = 0
    const run = await exactlyOnce(
      t,
      async (context, poll) => {
        polls += 1
        return poll === 0
          ? [record(run.topic, BROKEN, 1), record(run.topic, 'b', 2), record(run.topic, BROKEN, 3)]
          : idle(context)
      },
      {
        config: { 'errors.tolerance': 'all' },
        commitRecord: ({ sourceOffset }) => told.push(encodedOffset(sourceOffset)?.['position'])
      }
    )
    await run.start()
    await arrived(run.seen, 1)
    await until(() => told.length === 3, 'the plugin was told of all three')
    assert.deepEqual([run.seen.values, told], [['b'], [1, 2, 3]])
    assert.equal(await run.position(), 3)
    await until(() => polls >= 10, 'polls that bring nothing')
    await run.stop()
    // One record and the mark of its transaction: the polls that brought nothing left nothing.
    assert.equal(await endOffset(t, run.topic), 2)
  })

  it('ends a transaction every so often when the boundary is an interval, also while its plugin waits', async (t) => {
    const release = Promise.withResolvers<void>()
    t.after(() => release.resolve())
    const run = await exactlyOnce(
      t,
      async (context, poll) => {
        if (poll < 3) return [record(run.topic, `r${poll}`, poll)]
        await Promise.race([release.promise, idle(context)])
        return null
      },
      {
        config: {
          'transaction.boundary': 'interval',
          'transaction.boundary.interval.ms': '1500'
        }
      }
    )
    await run.start()
    await written(run, 3)
    assert.deepEqual(run.seen.values, [])
    await arrived(run.seen, 3)
    assert.equal(await run.position(), 2)
  })

  it('commits what is open when it is paused and when it is stopped', async (t) => {
    let more = false
    const run = await exactlyOnce(
      t,
      async (context, poll) => {
        if (poll === 0) return [record(run.topic, 'before the pause', 1)]
        if (!more) return idle(context)
        more = false
        return [record(run.topic, 'before the stop', 2)]
      },
      {
        config: { 'transaction.boundary': 'interval', 'transaction.boundary.interval.ms': '60000' }
      }
    )
    await run.start()
    await written(run, 1)
    run.setTargetState('PAUSED')
    await arrived(run.seen, 1)
    run.setTargetState('STARTED')
    more = true
    await written(run, 2)
    await run.stop()
    await run.seen.readToEnd()
    assert.deepEqual(run.seen.values, ['before the pause', 'before the stop'])
    assert.equal(await run.position(), 2)
    assert.equal(run.states.at(-1), 'c-0 UNASSIGNED')
  })

  it('lets the connector say where transactions end: behind a batch, behind a record, and which are dropped', async (t) => {
    const asked = (context: SourceTaskContext): TransactionContext => {
      assert.ok(context.transaction)
      return context.transaction
    }
    const run = await exactlyOnce(
      t,
      async (context, poll) => {
        if (poll === 0) {
          const batch = ['a', 'b', 'c', 'd'].map((value, n) => record(run.topic, value, n))
          asked(context).commitTransaction(batch[1])
          asked(context).abortTransaction(batch[2])
          return batch
        }
        if (poll === 1) return [record(run.topic, 'e', 5)]
        if (poll === 2) {
          asked(context).commitTransaction()
          return null
        }
        if (poll === 3) return [record(run.topic, 'f', 6)]
        if (poll === 4) {
          asked(context).abortTransaction()
          return [record(run.topic, 'g', 7)]
        }
        if (poll === 5) return [record(run.topic, 'left open', 8)]
        return idle(context)
      },
      { config: { 'transaction.boundary': 'connector' } }
    )
    await run.start()
    await arrived(run.seen, 4)
    await written(run, 8)
    await until(
      async () => (await run.store.all('c'))[0]?.offset?.['position'] === 7,
      'the offset of the aborted batch'
    ).catch(() => undefined)
    await run.stop()
    await run.seen.readToEnd()
    assert.deepEqual(run.seen.values, ['a', 'b', 'd', 'e'])
    assert.equal(await run.position(), 7)
  })

  it('fails when the connector wants a transaction both committed and aborted', async (t) => {
    const run = await exactlyOnce(
      t,
      async (context) => {
        context.transaction?.commitTransaction()
        context.transaction?.abortTransaction()
        return [record(run.topic, 'x', 1)]
      },
      { config: { 'transaction.boundary': 'connector' } }
    )
    await run.start()
    await until(() => run.states.includes('c-0 FAILED'), 'the task failed')
    assert.match(run.traces.at(-1) ?? '', /both commit and abort of same transaction/)
  })

  it('keeps a transaction open while what was polled is not complete, also through a pause', async (t) => {
    let state: 'complete' | 'partly' = 'complete'
    let goOn = false
    let polls = 0
    const run = await exactlyOnce(
      t,
      async (context, poll) => {
        polls += 1
        if (poll === 0) {
          state = 'partly'
          return [record(run.topic, 'a', 0), record(run.topic, 'b', 0)]
        }
        if (!goOn) return idle(context)
        if (state === 'complete') return idle(context)
        state = 'complete'
        return [record(run.topic, 'c', 1)]
      },
      { handedOut: () => state }
    )
    await run.start()
    await written(run, 2)
    run.setTargetState('PAUSED')
    const before = polls
    await until(() => polls >= before + 5, 'the loop came to where it would pause')
    assert.deepEqual([run.seen.values, run.states], [[], ['c-0 RUNNING']])
    goOn = true
    await arrived(run.seen, 3)
    assert.equal(await run.position(), 1)
    await until(() => run.states.includes('c-0 PAUSED'), 'it is paused once the poll was complete')
  })

  it('I6: throws away what would be read again, and starts anew from the committed offsets', async (t) => {
    const starts: unknown[] = []
    let state: 'complete' | 'partly' | 'torn' = 'complete'
    let step = 0
    const run = await exactlyOnce(
      t,
      async (context) => {
        state = 'complete'
        switch (step++) {
          case 0:
            return [record(run.topic, 'a', 1)]
          case 1:
            state = 'partly'
            return [record(run.topic, 'b', 1)]
          case 2:
            state = 'torn'
            return null
          case 3:
            return [record(run.topic, 'b', 2), record(run.topic, 'c', 2)]
          default:
            return idle(context)
        }
      },
      {
        handedOut: () => state,
        start: async (context) => {
          starts.push((await context.offsets.offsets([PARTITION]))[0]?.['position'] ?? null)
        }
      }
    )
    await run.start()
    await arrived(run.seen, 3)
    assert.deepEqual(
      [run.seen.values, starts],
      [
        ['a', 'b', 'c'],
        [null, 1]
      ]
    )
    assert.equal(await run.position(), 2)
    assert.deepEqual(new Set(run.states), new Set(['c-0 RUNNING']))
  })

  it('stores positions its plugin decided before there is a record', async (t) => {
    const run = await exactlyOnce(
      t,
      async (context, poll) => (poll === 0 ? [record(run.topic, 'x', 9)] : idle(context)),
      {
        start: async (context) => {
          await context.storeOffsets([{ partition: PARTITION, offset: { position: 5 } }])
          assert.deepEqual(await context.offsets.offsets([PARTITION]), [{ position: 5 }])
        }
      }
    )
    await run.start()
    await arrived(run.seen, 1)
    assert.equal(await run.position(), 9)
  })

  it('may not write to the topic of its own offsets', async (t) => {
    const run = await exactlyOnce(t, async () => [
      { ...record(run.topic, 'x', 1), topic: run.offsetsTopic }
    ])
    await run.start()
    await until(() => run.states.includes('c-0 FAILED'), 'the task failed')
    assert.match(
      run.traces.at(-1) ?? '',
      /may not produce to their own offsets topics when exactly-once support is enabled/
    )
  })

  it('does not start when its cluster does not let it, before or after it took its epoch', async (t) => {
    const refused = async (): Promise<void> => {
      throw new ConnectError('REBALANCE_IN_PROGRESS', 'a newer generation exists')
    }
    for (const guard of [
      { ...willing, before: refused },
      { ...willing, after: refused }
    ]) {
      let started = 0
      const run = await exactlyOnce(t, idle, { guard, start: async () => void started++ })
      await run.start()
      await until(() => run.states.includes('c-0 FAILED'), 'the task failed')
      assert.match(run.traces.at(-1) ?? '', /a newer generation exists/)
      assert.equal(started, 0)
    }
  })

  it('I2: writes nothing more once its producer was fenced, and says so', async (t) => {
    const groupId = uniqueName('group')
    let more = false
    const run = await exactlyOnce(
      t,
      async (context, poll) => {
        if (poll === 0) return [record(run.topic, 'mine', 1)]
        return more ? [record(run.topic, 'zombie', 2)] : idle(context)
      },
      { groupId }
    )
    await run.start()
    await arrived(run.seen, 1)
    const client = new Map([['bootstrap.servers', kafkaBootstrap()]])
    await createKafkaClients(systemClock).fenceProducers(
      client,
      'fence',
      [`${groupId}-c-0`],
      15_000
    )
    more = true
    await until(() => run.states.includes('c-0 FAILED'), 'the task failed')
    assert.match(
      run.traces.at(-1) ?? '',
      /The task c-0 was unable to finish writing records to Kafka before its producer transaction expired\./
    )
    await run.seen.readToEnd()
    assert.deepEqual(run.seen.values, ['mine'])
    assert.equal(await run.position(), 1)
  })

  it('I6: starts anew from the committed offsets when a commit was never answered, though it counted', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const starts: unknown[] = []
    let next = 0
    let stops = 0
    const run = await exactlyOnce(
      t,
      async (context) => {
        if (next >= 5) return idle(context)
        if (next === 2) proxy.loseAnswer(END_TXN, 'cut')
        return [record(run.topic, `r${next}`, next++)]
      },
      {
        bootstrap: proxy.address,
        config: { 'producer.override.transaction.timeout.ms': '2000' },
        start: async (context) => {
          const [offset] = await context.offsets.offsets([PARTITION])
          starts.push(offset?.['position'] ?? null)
          next = offset === null || offset === undefined ? 0 : Number(offset['position']) + 1
        },
        stop: async () => void stops++
      }
    )
    await run.start()
    await until(() => stops === 1, 'the plugin is stopped, to be started anew')
    proxy.resume()
    await arrived(run.seen, 5)
    assert.deepEqual(run.seen.values, ['r0', 'r1', 'r2', 'r3', 'r4'])
    assert.deepEqual(starts, [null, 2])
    assert.ok(!run.states.includes('c-0 FAILED'))
  })

  it('I8: does not convert more than buffer.memory while Kafka acknowledges nothing', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const seen = new Set<unknown>()
    let polls = 0
    const run = await exactlyOnce(
      t,
      async (context, poll) => {
        polls += 1
        if (poll > 100) return idle(context)
        return Array.from({ length: 10 }, () => record(run.topic, 'x'.repeat(500_000), poll))
      },
      {
        graceMs: 200,
        bootstrap: proxy.address,
        config: {
          'producer.override.buffer.memory': '6000000',
          'transaction.boundary': 'interval',
          'transaction.boundary.interval.ms': '60000'
        }
      }
    )
    proxy.onRequest((apiKey) => {
      if (apiKey === PRODUCE) proxy.holdAnswers()
      seen.add(apiKey)
    })
    await run.start()
    await until(() => polls >= 2 && seen.has(PRODUCE), 'the second poll is converted')
    // No event shows that a loop waits for room: a third poll would come within this time.
    await delay(500)
    assert.ok(polls <= 2, `${polls} polls of 5 MB`)
    proxy.cut()
    await run.stop()
  })

  it('I4: is given up in time when Kafka does not answer its last commit', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const run = await exactlyOnce(
      t,
      async (context, poll) => (poll === 0 ? [record(run.topic, 'x', 1)] : idle(context)),
      {
        bootstrap: proxy.address,
        graceMs: 500,
        config: { 'transaction.boundary': 'interval', 'transaction.boundary.interval.ms': '60000' }
      }
    )
    await run.start()
    await written(run, 1)
    proxy.stall()
    const before = performance.now()
    await run.stop()
    assert.ok(performance.now() - before < 5000)
    assert.equal(run.states.at(-1), 'c-0 UNASSIGNED')
    proxy.resume()
  })
})
