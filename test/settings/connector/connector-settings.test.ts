import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  errorPolicy,
  offsetsTopic,
  reloadsValues,
  spreadsPartitions,
  taskLimit,
  transactionBoundary
} from '../../../src/settings/connector/connector-settings.ts'
import {
  predicateSettings,
  transformationSettings
} from '../../../src/settings/connector/transformation-settings.ts'
import { converterSettings } from '../../../src/settings/worker/converter-settings.ts'

const config = (settings: Record<string, string> = {}) => new Map(Object.entries(settings))

describe('what a connector configuration means', () => {
  it('are the defaults where it says nothing', () => {
    assert.deepEqual(taskLimit(config()), { max: 1, enforced: true })
    assert.equal(reloadsValues(config()), true)
    assert.equal(offsetsTopic(config()), null)
    assert.deepEqual(errorPolicy(config(), config()), {
      retryTimeoutMs: 0,
      retryDelayMaxMs: 60_000,
      tolerance: 'none',
      logErrors: false,
      logMessages: false,
      exhausted: 'skip'
    })
    assert.deepEqual(transactionBoundary(config(), 5), { kind: 'poll' })
  })

  it('is read by the rules of Kafka’s texts: blanks around it do not count, nor does case where Kafka has none', () => {
    const given = config({
      'tasks.max': ' 4 ',
      'tasks.max.enforce': 'FALSE',
      'errors.tolerance': ' all',
      'errors.log.enable': 'True',
      'transaction.boundary': 'Interval'
    })
    assert.deepEqual(taskLimit(given), { max: 4, enforced: false })
    assert.equal(errorPolicy(given, config()).tolerance, 'all')
    assert.equal(errorPolicy(given, config()).logErrors, true)
    assert.deepEqual(transactionBoundary(given, 60_000), { kind: 'interval', intervalMs: 60_000 })
  })

  it('says what becomes of a record out of time: the connector, else the worker', () => {
    const fail = config({ 'errors.retry.exhausted': 'fail' })
    const skip = config({ 'errors.retry.exhausted': 'skip' })
    assert.equal(errorPolicy(config(), fail).exhausted, 'fail')
    assert.equal(errorPolicy(skip, fail).exhausted, 'skip')
  })

  it('says how partitions are shared out: the connector, else the worker', () => {
    const spread = config({ 'sink.assignment': 'spread' })
    const jvm = config({ 'sink.assignment': 'jvm' })
    assert.equal(spreadsPartitions(config(), config()), false)
    assert.equal(spreadsPartitions(config(), spread), true)
    assert.equal(spreadsPartitions(jvm, spread), false)
    assert.equal(spreadsPartitions(spread, config()), true)
  })

  it('ends a transaction after each poll when the interval is nothing', () => {
    const boundary = (settings: Record<string, string>) =>
      transactionBoundary(config({ 'transaction.boundary': 'interval', ...settings }), 0)
    assert.deepEqual(boundary({}), { kind: 'poll' })
    assert.deepEqual(boundary({ 'transaction.boundary.interval.ms': '7' }), {
      kind: 'interval',
      intervalMs: 7
    })
  })

  for (const [read, key, text, problem] of [
    [taskLimit, 'tasks.max', '0', 'Value must be at least 1'],
    [taskLimit, 'tasks.max', 'many', 'Not a number of type INT'],
    [reloadsValues, 'config.action.reload', 'maybe', 'String must be one of: none, restart']
  ] as const) {
    it(`fails with the complaint of validation for ${key}=${text}`, () => {
      const message = `Invalid value ${text} for configuration ${key}: ${problem}`
      assert.throws(() => read(config({ [key]: text })), { code: 'CONFIG_INVALID', message })
    })
  }
})

describe('transformations and predicates of a connector configuration', () => {
  const given = config({
    transforms: 'first,  second',
    'transforms.first.type': ' example.First ',
    'transforms.first.field': 'id',
    'transforms.first.predicate': 'some',
    'transforms.first.negate': 'TRUE',
    'transforms.second.type': 'example.Second',
    predicates: 'some',
    'predicates.some.type': 'example.Some',
    'predicates.some.pattern': 'x.*'
  })

  it('are in the order of their names, each with its own settings', () => {
    const [first, second] = transformationSettings(given)
    assert.deepEqual(
      [first?.className, first?.predicate, first?.negate, first?.own.get('field')],
      ['example.First', 'some', true, 'id']
    )
    assert.deepEqual(
      [second?.className, second?.predicate, second?.negate],
      ['example.Second', null, false]
    )
    const [some] = predicateSettings(given)
    assert.deepEqual([some?.alias, some?.className], ['some', 'example.Some'])
    assert.equal(some?.own.get('pattern'), 'x.*')
  })

  it('name the setting in full that is missing', () => {
    assert.throws(() => transformationSettings(config({ transforms: 'x' })), {
      message: 'Missing required configuration "transforms.x.type" which has no default value.'
    })
  })
})

describe('converters of a connector', () => {
  const worker = config({
    'key.converter': 'example.Worker',
    'key.converter.a': 'worker',
    'value.converter': 'example.Worker'
  })

  it('are its own or the worker’s, class and settings, never a mixture', () => {
    const own = config({ 'key.converter': 'example.Own', 'value.converter.b': 'connector' })
    const { key, value, header } = converterSettings(own, worker)
    assert.deepEqual([key.className, [...key.own]], ['example.Own', []])
    assert.deepEqual([value.className, [...value.own]], ['example.Worker', []])
    assert.equal(header.className, 'org.apache.kafka.connect.storage.SimpleHeaderConverter')
    assert.deepEqual([...converterSettings(config(), worker).key.own], [['a', 'worker']])
  })

  it('name the setting that is missing or blank', () => {
    for (const [key, value] of [
      ['value.converter', undefined],
      ['key.converter', ' ']
    ] as const) {
      const settings = new Map(worker)
      if (value === undefined) settings.delete(key)
      else settings.set(key, value)
      assert.throws(() => converterSettings(config(), settings), {
        message: `Missing required configuration "${key}" which has no default value.`
      })
    }
  })
})
