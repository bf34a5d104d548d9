import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtinPlugins } from '../../../src/builtin-plugins.ts'
import { systemClock } from '../../../src/clock.ts'
import type { SourceRecord } from '../../../src/data/record.ts'
import { Schema } from '../../../src/data/schema.ts'
import { Struct } from '../../../src/data/struct.ts'
import { DataError, RetriableError } from '../../../src/errors.ts'
import { type Plugin, Plugins } from '../../../src/plugin/plugins.ts'
import { RecordConversion } from '../../../src/tasks/pipeline/record-conversion.ts'
import { RetryWithTolerance } from '../../../src/tasks/pipeline/retry-with-tolerance.ts'
import { loggers } from '../../../src/log.ts'
import { record } from '../../support/scripted-source.ts'

loggers.setLevel('root', 'OFF', 0)

const worker = new Map([
  ['key.converter', 'org.apache.kafka.connect.storage.StringConverter'],
  ['value.converter', 'org.apache.kafka.connect.json.JsonConverter'],
  ['value.converter.schemas.enable', 'false']
])

function conversion(
  connector: Record<string, string>,
  options: { plugins?: readonly Plugin[]; tolerance?: 'none' | 'all' } = {}
): RecordConversion {
  return new RecordConversion({
    connector: new Map(Object.entries(connector)),
    worker,
    plugins: new Plugins([...builtinPlugins(), ...(options.plugins ?? [])]),
    errors: new RetryWithTolerance({
      policy: {
        retryTimeoutMs: 1000,
        retryDelayMaxMs: 1,
        tolerance: options.tolerance ?? 'none',
        logErrors: false,
        logMessages: false,
        exhausted: 'fail'
      },
      task: 'c-0',
      log: loggers.get('test'),
      stopping: new AbortController().signal,
      clock: systemClock
    })
  })
}

const schema = Schema.struct([
  { name: 'id', schema: Schema.INT32 },
  { name: 'name', schema: Schema.STRING }
])
const row = (id: number): SourceRecord => ({
  ...record('rows', new Struct(schema, [id, `n${id}`]), id),
  valueSchema: schema,
  headers: [{ key: 'h', schema: Schema.STRING, value: 'x' }]
})

describe('The conversion of the records of a task', () => {
  it('answers at once, with transformations and headers too', () => {
    const converted = conversion({
      transforms: 'in,out',
      'transforms.in.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
      'transforms.in.topic.field': 'topic',
      'transforms.out.type': 'org.apache.kafka.connect.transforms.ReplaceField$Value',
      'transforms.out.exclude': 'name'
    }).convert(row(7))
    assert.ok(!(converted instanceof Promise))
    assert.equal(Buffer.from(converted?.value ?? []).toString(), '{"id":7,"topic":"rows"}')
    assert.deepEqual(
      converted?.headers.map(([name, bytes]) => [name, Buffer.from(bytes ?? []).toString()]),
      [['h', 'x']]
    )
  })

  it('tries only the stage again that failed', async () => {
    const applied: string[] = []
    const transformation = (className: string, failures: number): Plugin => ({
      type: 'transformation',
      className,
      version: '1',
      config: {},
      create: () => ({
        apply(given) {
          applied.push(className)
          if (applied.filter((name) => name === className).length <= failures) {
            throw new RetriableError('not yet')
          }
          return given
        }
      })
    })
    const converting = conversion(
      {
        transforms: 'a,b',
        'transforms.a.type': 'io.example.First',
        'transforms.b.type': 'io.example.Second'
      },
      { plugins: [transformation('io.example.First', 0), transformation('io.example.Second', 2)] }
    )
    assert.notEqual(await converting.convert(row(1)), null)
    assert.deepEqual(applied, [
      'io.example.First',
      'io.example.Second',
      'io.example.Second',
      'io.example.Second'
    ])
  })

  it('takes a transformation in plain JavaScript that answers a promise, or nothing', async () => {
    const answering = (className: string, answer: (given: SourceRecord) => unknown): Plugin => ({
      type: 'transformation',
      className,
      version: '1',
      config: {},
      create: () => ({ apply: answer as never })
    })
    const plugins = [
      answering('io.example.Later', async (given) => ({ ...given, topic: 'later' })),
      answering('io.example.Nothing', () => undefined)
    ]
    const later = conversion(
      { transforms: 'x', 'transforms.x.type': 'io.example.Later' },
      { plugins }
    )
    assert.equal((await later.convert(row(1)))?.topic, 'later')
    const nothing = conversion(
      { transforms: 'x', 'transforms.x.type': 'io.example.Nothing' },
      { plugins }
    )
    assert.equal(await nothing.convert(row(1)), null)
  })

  it('I5: names the record whose value a converter refuses, or leaves it out when that is tolerated', async () => {
    const broken = { ...row(3), value: 'no struct' }
    await assert.rejects(
      async () => conversion({}).convert(broken),
      (error: Error) => {
        assert.ok(error.cause instanceof DataError)
        assert.match(error.cause.message, /topic rows, source partition .* source offset/)
        return true
      }
    )
    assert.equal(await conversion({}, { tolerance: 'all' }).convert(broken), null)
  })
})
