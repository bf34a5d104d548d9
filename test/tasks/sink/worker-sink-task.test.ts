import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import type { SinkRecord } from '../../../src/data/record.ts'
import { RetriableError } from '../../../src/errors.ts'
import { loggers } from '../../../src/log.ts'
import type { Revocation, SinkTask, SinkTaskContext } from '../../../src/plugin/sink.ts'
import { systemClock } from '../../../src/clock.ts'
import { kafka, scriptedSink } from '../../support/scripted-sink.ts'
import { until } from '../../support/until.ts'

loggers.setLevel('root', 'OFF', 0)

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => String(from + at))

/** A task that keeps what it is given, and can be told to do something else. */
function keeping(over: Partial<SinkTask> = {}) {
  const calls: string[] = []
  const values: string[] = []
  let context: SinkTaskContext | null = null
  const take = (records: readonly SinkRecord[]): void => {
    for (const { value } of records) values.push(String(value))
  }
  const named = (partitions: readonly { topic: string; partition: number }[]): string =>
    partitions
      .map(({ partition }) => partition)
      .sort((one, other) => one - other)
      .join()
  return {
    calls,
    values,
    take,
    get context(): SinkTaskContext {
      assert.ok(context !== null, 'the task was made')
      return context
    },
    script: (given: SinkTaskContext): SinkTask => {
      context = given
      return {
        start: () => void calls.push('start'),
        open: (partitions) => void calls.push(`open ${named(partitions)}`),
        put: (records) => {
          take(records)
          return Promise.resolve()
        },
        close: (partitions, lost) =>
          void calls.push(`close ${named(partitions)}${lost ? ' lost' : ''}`),
        stop: () => void calls.push('stop'),
        ...over
      }
    }
  }
}

describe('A sink task', () => {
  it('puts every record once, in the order of offsets, and commits at its end (I10)', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic()
    await write(name, numbers(0, 2000))
    const { group, start } = scriptedSink(t, { config: { topics: name } })
    const task = keeping()
    const sink = await start(task.script)
    await until(() => task.values.length >= 2000, 'all records are put')
    await write(name, numbers(2000, 2100))
    await until(() => task.values.length >= 2100, 'the new ones, too')
    await sink.stop()
    assert.deepEqual(task.values, numbers(0, 2100))
    assert.deepEqual(task.calls, ['start', 'open 0', 'close 0', 'stop'])
    assert.deepEqual(sink.topics, [name])
    assert.deepEqual(sink.states, ['RUNNING', 'UNASSIGNED'])
    assert.deepEqual(await committed(group), new Map([[`${name}/0`, 2100]]))
    // Another one goes on behind that.
    await write(name, ['2100'])
    const next = keeping()
    await start(next.script)
    await until(() => next.values.length > 0, 'the next task goes on')
    assert.deepEqual(next.values, ['2100'])
  })

  it('commits what preCommit answers, never more than was put, and reads again after it threw', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic()
    await write(name, numbers(0, 10))
    const { group, start } = scriptedSink(t, { config: { topics: name }, flushMs: 200 })
    let answer: (offset: bigint) => bigint = () => 4n
    const task = keeping({
      preCommit: (positions) =>
        positions.map((position) => ({ ...position, offset: answer(position.offset) }))
    })
    await start(task.script)
    await until(async () => (await committed(group)).get(`${name}/0`) === 4, 'four are committed')
    let asked = 0
    answer = (offset) => {
      asked++
      return offset + 1n
    }
    await until(() => asked >= 2, 'more than was put is answered')
    assert.equal((await committed(group)).get(`${name}/0`), 4)
    assert.equal(task.values.length, 10)
    answer = () => {
      throw new Error('the disk is full')
    }
    await until(() => task.values.length >= 16, 'it is read again from the commit')
    answer = (offset) => offset
    await until(async () => (await committed(group)).get(`${name}/0`) === 10, 'all are committed')
    assert.deepEqual(task.values.slice(0, 16), [...numbers(0, 10), ...numbers(4, 10)])
  })

  it('puts the same batch again, and nothing else meanwhile, until it is taken (I12)', async (t) => {
    const { topic, write } = kafka(t)
    const name = await topic()
    await write(name, numbers(0, 3))
    const { start } = scriptedSink(t, { config: { topics: name } })
    const batches: string[][] = []
    let isDown = true
    const task = keeping({
      put: async (records) => {
        if (records.length === 0) return
        batches.push(records.map(({ value }) => String(value)))
        if (!isDown) return
        task.context.timeout(50)
        throw new RetriableError('the database is down')
      }
    })
    const sink = await start(task.script)
    await until(() => batches.length >= 3, 'the batch was put again')
    await write(name, numbers(3, 6))
    const tried = batches.length
    await until(() => batches.length >= tried + 5, 'and again')
    assert.ok(batches.every((batch) => batch.join() === batches[0]?.join()))
    assert.match(sink.traces.at(-1) ?? '', /the database is down/)
    isDown = false
    await until(() => batches.at(-1)?.includes('5'), 'the rest follows')
    const done = batches.slice(batches.findLastIndex((batch) => batch.includes('0')))
    assert.deepEqual(done.flat(), numbers(0, 6))
    await until(() => sink.traces.at(-1) === null, 'the status is clean again')
    await until(() => {
      const progress = sink.task.progress()
      return progress?.type === 'sink' && progress.retries >= 7
    }, 'the progress tells of it')
  })

  it('I10: counts what a put wrote of some partitions before it failed, and puts the others again', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic(2)
    await write(name, numbers(0, 3), { partition: 0 })
    await write(name, numbers(3, 6), { partition: 1 })
    const { group, start } = scriptedSink(t, { config: { topics: name }, flushMs: 100 })
    let isLocked = true
    const task = keeping({
      put: async (records) => {
        const locked = records.filter(({ originalKafkaPartition: of }) => isLocked && of === 1)
        const rest = records.filter((record) => !locked.includes(record))
        task.take(rest)
        if (locked.length === 0) return
        task.context.written(
          rest.map(({ topic, originalKafkaPartition: partition }) => ({ topic, partition }))
        )
        task.context.timeout(50)
        throw new RetriableError('a table is locked')
      }
    })
    const sink = await start(task.script)
    await until(
      async () => (await committed(group)).get(`${name}/0`) === 3,
      'what was written is committed'
    )
    await until(() => /a table is locked/.test(sink.traces.at(-1) ?? ''), 'the rest waits')
    assert.deepEqual(task.values, numbers(0, 3))
    assert.equal((await committed(group)).get(`${name}/1`), undefined)
    isLocked = false
    await until(async () => (await committed(group)).get(`${name}/1`) === 3, 'and is written then')
    assert.deepEqual(task.values, numbers(0, 6))
  })

  it('calls put about once a second although there is nothing, and never two calls at a time', async (t) => {
    const { topic, write } = kafka(t)
    const name = await topic(3)
    const { start } = scriptedSink(t, {
      config: { topics: name, 'consumer.override.max.poll.records': '7' },
      flushMs: 20
    })
    let underWay = 0
    let empty = 0
    const slowly = async (): Promise<void> => {
      assert.equal(++underWay, 1, 'another call runs')
      await systemClock.sleep(5)
      underWay--
    }
    const task = keeping({
      open: slowly,
      flush: slowly,
      close: slowly,
      put: async (records) => {
        await slowly()
        if (records.length === 0) empty++
        task.take(records)
      }
    })
    const sink = await start(task.script)
    for (const partition of [0, 1, 2]) await write(name, numbers(0, 200), { partition })
    await until(() => task.values.length >= 600 && empty >= 2, 'all is put, and then nothing')
    await sink.stop()
    assert.deepEqual(sink.states, ['RUNNING', 'UNASSIGNED'])
  })

  it('has what it puts next prepared while a put waits for others, each record once and in order', async (t) => {
    const { topic, write } = kafka(t)
    const name = await topic()
    const { start } = scriptedSink(t, {
      config: { topics: name, 'consumer.override.max.poll.records': '50' }
    })
    const prepared: string[] = []
    const ready = Promise.withResolvers<void>()
    const task = keeping({
      prepare: (records) => {
        for (const { value } of records) prepared.push(String(value))
        if (prepared.length >= 40) ready.resolve()
      },
      put: async (records) => {
        task.take(records)
        // Nobody else would end this put.
        if (records.length > 0 && task.values.length <= 10) await ready.promise
      }
    })
    await write(name, numbers(0, 10))
    const sink = await start(task.script)
    await until(() => task.values.length === 10, 'the first ones are put')
    await write(name, numbers(10, 50))
    await until(() => task.values.length === 50, 'all is put')
    await sink.stop()
    assert.deepEqual(prepared.slice(0, 40), numbers(10, 50))
    assert.deepEqual(task.values, numbers(0, 50))
  })

  it('PAUSED: commits, puts nothing, stays in its group, and goes on where it was', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic()
    await write(name, numbers(0, 5))
    const { group, start } = scriptedSink(t, { config: { topics: name } })
    const task = keeping()
    const sink = await start(task.script)
    await until(() => task.values.length >= 5, 'the first are put')
    sink.task.setTargetState('PAUSED')
    await until(async () => (await committed(group)).get(`${name}/0`) === 5, 'they are committed')
    await until(() => sink.states.at(-1) === 'PAUSED', 'it says so')
    await write(name, numbers(5, 10))
    // Two polls pass at least, as the number of progress pushes cannot show.
    await systemClock.sleep(2500)
    assert.equal(task.values.length, 5)
    sink.task.setTargetState('STARTED')
    await until(() => task.values.length >= 10, 'the rest is put')
    assert.deepEqual(task.calls, ['start', 'open 0'])
    assert.equal(sink.states.at(-1), 'RUNNING')
  })

  it('does not start its plugin before it is resumed when it was started PAUSED', async (t) => {
    const { topic, write } = kafka(t)
    const name = await topic()
    await write(name, ['a'])
    const { start } = scriptedSink(t, { config: { topics: name } })
    const task = keeping()
    const sink = await start(task.script, 'PAUSED')
    assert.deepEqual(sink.states, ['PAUSED'])
    assert.deepEqual(task.calls, [])
    sink.task.setTargetState('STARTED')
    await until(() => task.values.length > 0, 'it runs')
    assert.deepEqual(sink.states, ['PAUSED', 'RUNNING'])
  })

  it('reads from where its plugin says, in open and later, and rests partitions that it pauses', async (t) => {
    const { topic, write } = kafka(t)
    const name = await topic(2)
    await write(name, numbers(0, 10))
    const { start } = scriptedSink(t, { config: { topics: name } })
    const task = keeping({
      open: () => task.context.offset([{ topic: name, partition: 0, offset: 7n }])
    })
    await start(task.script)
    await until(() => task.values.length >= 3, 'the last three are put')
    assert.deepEqual(task.values, numbers(7, 10))
    task.context.offset([{ topic: name, partition: 0, offset: 9n }])
    await until(() => task.values.length >= 4, 'the last one is put again')
    assert.equal(task.values.at(-1), '9')
    task.context.pause([{ topic: name, partition: 0 }])
    await write(name, numbers(10, 20))
    await write(name, ['other'], { partition: 1 })
    await until(() => task.values.includes('other'), 'the other partition goes on')
    task.context.resume([{ topic: name, partition: 0 }])
    await until(() => task.values.includes('19'), 'so does this one')
    assert.deepEqual(
      task.values.filter((value) => value !== 'other'),
      [...numbers(7, 10), '9', ...numbers(10, 20)]
    )
    assert.throws(() => task.context.pause([{ topic: name, partition: 9 }]), /not assigned/)
  })

  it('fails with what put throws, keeps what was put before, and leaves its group', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic()
    await write(name, numbers(0, 5))
    const { group, start } = scriptedSink(t, { config: { topics: name } })
    const task = keeping({
      put: async (records) => {
        if (records.some(({ value }) => value === 'bad')) throw new Error('no such table')
        task.take(records)
      }
    })
    const sink = await start(task.script)
    await until(() => task.values.length >= 5, 'the first are put')
    await write(name, ['bad'])
    await until(() => sink.states.includes('FAILED'), 'it fails')
    assert.match(sink.traces.at(-1) ?? '', /Exiting WorkerSinkTask due to unrecoverable exception/)
    assert.match(sink.traces.at(-1) ?? '', /no such table/)
    assert.equal((await committed(group)).get(`${name}/0`), 5)
    assert.deepEqual(task.calls, ['start', 'open 0', 'close 0', 'stop'])
  })

  it('I4: given up in the middle of a put it commits nothing, and sets its partitions free', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic()
    await write(name, numbers(0, 5))
    const { group, start } = scriptedSink(t, { config: { topics: name }, graceMs: 300 })
    const hanging = Promise.withResolvers<void>()
    const task = keeping({
      put: async (records) => {
        task.take(records)
        if (records.length > 0) await hanging.promise
      }
    })
    const sink = await start(task.script)
    await until(() => task.values.length > 0, 'the put hangs')
    const { revoking } = task.context
    await sink.stop()
    assert.equal(task.context.stopping.aborted, true)
    assert.equal(revoking.reason?.reason, 'lost')
    const next = keeping()
    const other = await start(next.script)
    await until(() => next.values.length >= 5, 'the next task has the partition')
    hanging.resolve()
    await until(() => task.calls.includes('stop'), 'the plugin is stopped when its put ends')
    assert.deepEqual(await committed(group), new Map())
    assert.deepEqual(sink.states, ['RUNNING', 'UNASSIGNED'])
    await other.stop()
    assert.equal((await committed(group)).get(`${name}/0`), 5)
  })
})

describe('Sink tasks of one group', () => {
  it('I11: share partitions out; what one had put is committed before the other reads on', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic(2)
    const { group, start } = scriptedSink(t, { config: { topics: name } })
    const one = keeping()
    const first = await start(one.script)
    await write(name, numbers(0, 50), { partition: 0 })
    await write(name, numbers(100, 150), { partition: 1 })
    await until(() => one.values.length >= 100, 'the first has all')
    const other = keeping()
    const second = await start(other.script)
    await until(() => other.calls.length >= 2, 'the second has a partition')
    await write(name, ['50'], { partition: 0 })
    await write(name, ['150'], { partition: 1 })
    await until(() => one.values.length + other.values.length >= 102, 'both read on')
    assert.equal(one.values.length, 101)
    assert.equal(other.values.length, 1)
    assert.deepEqual(one.calls.slice(0, 3), ['start', 'open 0,1', 'close 0,1'])
    await first.stop()
    await until(() => other.calls.at(-1) === 'open 0,1', 'the second has all')
    await second.stop()
    assert.deepEqual(
      await committed(group),
      new Map([
        [`${name}/0`, 51],
        [`${name}/1`, 51]
      ])
    )
  })

  for (const [what, isUndone] of [
    ['ends in time counts, and nobody puts its records again', false],
    ['is undone is put again by whoever has the partition then', true]
  ] as const) {
    it(`I11: a put that is told of a rebalance and ${what}`, async (t) => {
      const { topic, write, committed } = kafka(t)
      const name = await topic()
      const { group, start } = scriptedSink(t, { config: { topics: name } })
      const told: Revocation[] = []
      const written: string[] = []
      const takes = async (context: SinkTaskContext, records: readonly SinkRecord[]) => {
        if (records.length === 0) return
        if (told.length === 0) {
          const { revoking } = context
          started.resolve()
          if (!revoking.aborted) await once(revoking, 'abort')
          told.push(revoking.reason as Revocation)
          // As a database that rolls back what it was asked to do.
          if (isUndone) throw new Error('rolled back')
        }
        written.push(...records.map(({ value }) => String(value)))
      }
      const started = Promise.withResolvers<void>()
      const script = (context: SinkTaskContext): SinkTask => ({
        put: (records) => takes(context, records),
        stop: () => undefined
      })
      const sinks = [await start(script)]
      await write(name, numbers(0, 10))
      await started.promise
      sinks.push(await start(script))
      await until(() => written.length >= 10, 'the records are written')
      await Promise.all(sinks.map((sink) => sink.stop()))
      assert.deepEqual(written, numbers(0, 10))
      assert.equal(told[0]?.reason, 'rebalance')
      assert.deepEqual(told[0].partitions, [{ topic: name, partition: 0 }])
      assert.ok(told[0].withinMs > 0)
      assert.equal((await committed(group)).get(`${name}/0`), 10)
      assert.ok(sinks.every(({ states }) => !states.includes('FAILED')))
    })
  }

  it('I11: leave the group when a put takes longer than max.poll.interval.ms, and join it again', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic()
    const { group, start } = scriptedSink(t, {
      config: { topics: name, 'consumer.override.max.poll.interval.ms': '8000' }
    })
    let tries = 0
    const task = keeping({
      put: async (records) => {
        if (records.length === 0) return
        tries++
        if (tries === 1) {
          const { revoking } = task.context
          await once(revoking, 'abort')
          assert.equal(revoking.reason?.reason, 'overdue')
          throw new Error('the session was cut off')
        }
        task.take(records)
      }
    })
    const sink = await start(task.script)
    await write(name, numbers(0, 5))
    await until(() => task.values.length >= 5, 'they are put by the task that is back')
    assert.deepEqual(task.values, numbers(0, 5))
    assert.deepEqual(task.calls, ['start', 'open 0', 'close 0 lost', 'open 0'])
    assert.ok(sink.traces.some((trace) => trace?.includes('max.poll.interval.ms')))
    await sink.stop()
    assert.equal((await committed(group)).get(`${name}/0`), 5)
  })

  it('keep what they hold while a group of cooperative members shares out', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic(2)
    const { group, start } = scriptedSink(t, {
      config: {
        topics: name,
        'consumer.override.partition.assignment.strategy':
          'org.apache.kafka.clients.consumer.CooperativeStickyAssignor'
      }
    })
    const one = keeping()
    const first = await start(one.script)
    await until(() => one.calls.length >= 2, 'the first has both')
    const other = keeping()
    const second = await start(other.script)
    await until(() => other.calls.length >= 2, 'the second has one')
    await write(name, numbers(0, 5), { partition: 0 })
    await write(name, numbers(5, 10), { partition: 1 })
    await until(() => one.values.length + other.values.length >= 10, 'both write')
    assert.equal(one.calls.length, 3)
    assert.match(one.calls[2] ?? '', /^close [01]$/)
    assert.deepEqual([one.values.length, other.values.length], [5, 5])
    await Promise.all([first.stop(), second.stop()])
    assert.deepEqual([...(await committed(group)).values()], [5, 5])
  })
})
