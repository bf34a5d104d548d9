import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SinkRecord } from '../../../src/data/record.ts'
import { Schema } from '../../../src/data/schema.ts'
import { DataError, RetriableError } from '../../../src/errors.ts'
import type { ConsumedRecord } from '../../../src/kafka/contracts.ts'
import { loggers } from '../../../src/log.ts'
import type { SinkTask, SinkTaskContext } from '../../../src/plugin/sink.ts'
import type { Plugin } from '../../../src/plugin/plugins.ts'
import { uniqueName } from '../../support/environment.ts'
import { kafka, scriptedSink } from '../../support/scripted-sink.ts'
import { until } from '../../support/until.ts'

loggers.setLevel('root', 'OFF', 0)

const JSON_VALUES = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false'
}
const BYTE_KEYS = { 'key.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter' }
const tolerant = (letters: string): Record<string, string> => ({
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.name': letters,
  'errors.deadletterqueue.topic.replication.factor': '1',
  'errors.deadletterqueue.context.headers.enable': 'true'
})
const headersOf = ({ headers }: ConsumedRecord): [string, string][] =>
  headers.map(({ key, value }) => [key, String(value)])

/** A task that takes everything but what `refuse` names an error for, which it reports. */
function reporting(refuse: (record: SinkRecord) => Error | null = () => null) {
  const taken: unknown[] = []
  return {
    taken,
    script: (context: SinkTaskContext): SinkTask => ({
      put: async (records) => {
        for (const record of records) {
          const error = refuse(record)
          if (error === null) taken.push(record.value)
          else await context.errantRecords?.report(record, error)
        }
      },
      stop: () => undefined
    })
  }
}

describe('A record that cannot be converted', () => {
  it('goes to the dead letter queue as it was, with what went wrong behind its headers, and the others on', async (t) => {
    const { topic, write, read, committed, admin } = kafka(t)
    const [name, letters] = [await topic(), uniqueName('letters')]
    await write(name, ['{"id":1}', 'no JSON', '{"id":2}'], {
      key: Buffer.from([0xff, 0]),
      timestamp: 1_700_000_000_123,
      headers: [
        ['h', Buffer.from('x')],
        ['h', null]
      ]
    })
    const { connector, group, start } = scriptedSink(t, {
      config: { topics: name, ...JSON_VALUES, ...tolerant(letters), ...BYTE_KEYS }
    })
    const task = reporting()
    const sink = await start(task.script)
    await until(() => task.taken.length >= 2, 'the others are put')
    const [letter] = await read(letters, 1)
    assert.ok(letter !== undefined)
    assert.equal(String(letter.value), 'no JSON')
    assert.deepEqual(letter.key, Buffer.from([0xff, 0]))
    assert.equal(letter.timestamp, 1_700_000_000_123)
    const headers = headersOf(letter)
    const trace = headers.pop()
    assert.deepEqual(headers.slice(0, 9), [
      ['h', 'x'],
      ['h', 'null'],
      ['__connect.errors.topic', name],
      ['__connect.errors.partition', '0'],
      ['__connect.errors.offset', '1'],
      ['__connect.errors.connector.name', connector],
      ['__connect.errors.task.id', '0'],
      ['__connect.errors.stage', 'VALUE_CONVERTER'],
      ['__connect.errors.class.name', 'org.apache.kafka.connect.json.JsonConverter']
    ])
    assert.deepEqual(headers[9], [
      '__connect.errors.exception.class.name',
      'org.apache.kafka.connect.errors.DataException'
    ])
    assert.equal(headers[10]?.[0], '__connect.errors.exception.message')
    assert.equal(trace?.[0], '__connect.errors.exception.stacktrace')
    assert.deepEqual(await admin.describeTopics([letters]), new Map([[letters, 1]]))
    await until(() => {
      const progress = sink.task.progress()
      return progress?.type === 'sink' && progress.deadLetters.get('VALUE_CONVERTER') === 1
    }, 'the progress counts it')
    await sink.stop()
    assert.equal((await committed(group)).get(`${name}/0`), 3)
    assert.match(sink.traces.join(), /1 record was left out/)
  })

  it('I10: is no letter yet when it was only read ahead, and the task ends before its turn', async (t) => {
    const { topic, write, read } = kafka(t)
    const [name, letters] = [await topic(), uniqueName('letters')]
    await write(name, ['{"id":1}'])
    const { start } = scriptedSink(t, {
      config: { topics: name, ...JSON_VALUES, ...tolerant(letters) }
    })
    const holding = Promise.withResolvers<void>()
    let isHeld = false
    const first = await start(() => ({
      put: (records) => {
        if (records.length === 0) return Promise.resolve()
        isHeld = true
        return holding.promise
      },
      stop: () => undefined
    }))
    await until(() => isHeld, 'a batch is being put')
    await write(name, ['no JSON'])
    await until(() => {
      const progress = first.task.progress()
      return progress?.type === 'sink' && progress.skipped === 1
    }, 'the next one was read ahead')
    const ended = first.stop()
    holding.resolve()
    await ended
    const task = reporting()
    const second = await start(task.script)
    await write(name, ['{"id":2}', 'no JSON either'])
    const letter = await read(letters, 2)
    await second.stop()
    assert.deepEqual(
      letter.map(({ value }) => String(value)),
      ['no JSON', 'no JSON either']
    )
  })

  it('fails the task when nothing is tolerated, and is not committed', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic()
    await write(name, ['{"id":1}', 'no JSON'])
    const { group, start } = scriptedSink(t, { config: { topics: name, ...JSON_VALUES } })
    const task = reporting()
    const sink = await start(task.script)
    await until(() => sink.states.includes('FAILED'), 'it fails')
    assert.match(sink.traces.at(-1) ?? '', /Tolerance exceeded in error handler/)
    assert.match(sink.traces.at(-1) ?? '', new RegExp(`topic ${name}, partition 0, offset 1`))
    assert.ok(((await committed(group)).get(`${name}/0`) ?? 0) <= 1)
  })

  it('I14: is not at fault for what is away: it waits, and is put then', async (t) => {
    const { topic, write } = kafka(t)
    const [name, letters] = [await topic(), uniqueName('letters')]
    let isDown = true
    let asked = 0
    const asking: Plugin = {
      type: 'transformation',
      className: 'example.Asking',
      version: '1',
      config: {},
      create: () => ({
        apply: (record) => {
          asked++
          if (isDown) throw new RetriableError('the registry is down', { outage: true })
          return record
        }
      })
    }
    await write(name, ['a', 'b'])
    const { start } = scriptedSink(t, {
      config: {
        topics: name,
        ...tolerant(letters),
        transforms: 'ask',
        'transforms.ask.type': 'example.Asking'
      },
      plugins: [asking]
    })
    const task = reporting()
    const sink = await start(task.script)
    await until(() => asked >= 2, 'it is tried again')
    await until(
      () => sink.traces.some((trace) => trace?.includes('registry is down')),
      'it says so'
    )
    isDown = false
    await until(() => task.taken.length >= 2, 'they are put')
    assert.deepEqual(task.taken, ['a', 'b'])
    const progress = sink.task.progress()
    assert.ok(progress?.type === 'sink')
    assert.deepEqual([progress.skipped, progress.deadLetters.size], [0, 0])
  })
})

describe('A record that a plugin reports', () => {
  it('goes to the dead letter queue as it was before any transformation', async (t) => {
    const { topic, write, read } = kafka(t)
    const [name, letters] = [await topic(), uniqueName('letters')]
    await write(name, ['bad', 'good'])
    const { start } = scriptedSink(t, {
      config: {
        topics: name,
        ...tolerant(letters),
        transforms: 'route',
        'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
        'transforms.route.regex': '.*',
        'transforms.route.replacement': 'elsewhere'
      }
    })
    const task = reporting(({ value, topic: routed }) =>
      value === 'bad' ? new DataError(`too long for ${routed}`) : null
    )
    await start(task.script)
    const [letter] = await read(letters, 1)
    assert.ok(letter !== undefined)
    const headers = new Map(headersOf(letter))
    assert.equal(String(letter.value), 'bad')
    assert.equal(headers.get('__connect.errors.topic'), name)
    assert.equal(headers.get('__connect.errors.stage'), 'TASK_PUT')
    assert.equal(
      headers.get('__connect.errors.class.name'),
      'org.apache.kafka.connect.sink.SinkTask'
    )
    assert.equal(headers.get('__connect.errors.exception.message'), 'too long for elsewhere')
    await until(() => task.taken.length > 0, 'the other one is put')
  })

  it('is converted when the plugin made it itself', async (t) => {
    const { topic, write, read } = kafka(t)
    const [name, letters] = [await topic(), uniqueName('letters')]
    await write(name, ['one'])
    const { start } = scriptedSink(t, { config: { topics: name, ...tolerant(letters) } })
    await start((context) => ({
      put: async ([record]) => {
        if (record === undefined) return
        const made = { ...record, originalBytes: null, valueSchema: Schema.STRING, value: 'two' }
        await context.errantRecords?.report(made, new Error('no'))
      },
      stop: () => undefined
    }))
    const [letter] = await read(letters, 1)
    assert.equal(String(letter?.value), 'two')
  })

  it('fails the task when nothing is tolerated, although the plugin takes no notice', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic()
    await write(name, ['bad'])
    const { group, start } = scriptedSink(t, {
      config: { topics: name, 'errors.log.enable': 'true' }
    })
    const sink = await start((context) => ({
      put: async (records) => {
        for (const record of records) {
          await context.errantRecords?.report(record, new Error('no')).catch(() => undefined)
        }
      },
      stop: () => undefined
    }))
    await until(() => sink.states.includes('FAILED'), 'it fails')
    assert.match(sink.traces.at(-1) ?? '', /Tolerance exceeded in error handler/)
    await sink.stop()
    assert.deepEqual(await committed(group), new Map())
  })

  it('has nobody to go to when there is neither a queue nor a log of errors', async (t) => {
    const { topic, write } = kafka(t)
    const name = await topic()
    await write(name, ['a'])
    const { start } = scriptedSink(t, { config: { topics: name, 'errors.tolerance': 'all' } })
    const seen: unknown[] = []
    await start((context) => ({
      put: async (records) => {
        if (records.length > 0) seen.push(context.errantRecords)
      },
      stop: () => undefined
    }))
    await until(() => seen.length > 0, 'it is put')
    assert.deepEqual(seen, [null])
  })
})

describe('A dead letter queue that takes no records', () => {
  for (const how of ['converted', 'written'] as const) {
    it(`loses none that cannot be ${how}: the batch waits and is not committed (I10)`, async (t) => {
      const { topic, write, read, committed, alter, admin } = kafka(t)
      const [name, letters] = [await topic(), uniqueName('letters')]
      await admin.createTopic({
        name: letters,
        partitions: 1,
        replicationFactor: 1,
        settings: new Map([['max.message.bytes', '100']])
      })
      const bad = `bad ${'x'.repeat(1000)}`
      await write(name, [how === 'converted' ? bad : JSON.stringify(bad), '"good"'])
      const { group, start } = scriptedSink(t, {
        config: { topics: name, ...JSON_VALUES, ...tolerant(letters) },
        flushMs: 100
      })
      const task = reporting(({ value }) =>
        how === 'written' && value === bad ? new DataError('too long') : null
      )
      const sink = await start(task.script)
      await until(() => sink.traces.some((trace) => trace?.includes(letters)), 'it says so')
      assert.deepEqual(await committed(group), new Map())
      await alter(letters, 'max.message.bytes', '100000')
      const [letter] = await read(letters, 1)
      assert.match(String(letter?.value), /bad xxx/)
      await until(() => task.taken.includes('good'), 'the batch goes on')
      await until(async () => (await committed(group)).get(`${name}/0`) === 2, 'and is committed')
      await until(() => !(sink.traces.at(-1) ?? '').includes('does not take'), 'all is well again')
    })
  }

  it('fails the task when it cannot be created', async (t) => {
    const { topic } = kafka(t)
    const [name, letters] = [await topic(), uniqueName('letters')]
    const { start } = scriptedSink(t, {
      config: {
        topics: name,
        ...tolerant(letters),
        'errors.deadletterqueue.topic.replication.factor': '3'
      }
    })
    const sink = await start(reporting().script)
    await until(() => sink.states.includes('FAILED'), 'it fails')
    assert.match(
      sink.traces.at(-1) ?? '',
      new RegExp(`Could not initialize dead letter queue with topic=${letters}`)
    )
  })
})
