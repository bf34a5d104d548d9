import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ConfigError,
  ConnectError,
  isRetriable,
  messageOf,
  RetriableError,
  traceOf
} from '../../src/errors.ts'
import { errorData, errorOf } from '../../src/tasks/error-data.ts'
import { requirePlain } from '../support/cloned-tasks.ts'

const sent = (thrown: unknown): Error => {
  const data = errorData(thrown)
  requirePlain(data, 'error')
  return errorOf(structuredClone(data))
}

describe('An error that crosses to another thread', () => {
  it('keeps its code, its facts, its texts, its causes and where it was thrown', () => {
    const cause = new TypeError('a socket was closed')
    const refused = new ConnectError('KAFKA_UNAVAILABLE', 'The broker is away', {
      cause,
      topic: 'orders',
      partition: 7,
      tables: ['a', 'b']
    })
    const arrived = sent(refused)
    assert.ok(arrived instanceof ConnectError)
    assert.equal(arrived.code, 'KAFKA_UNAVAILABLE')
    assert.equal(isRetriable(arrived), true)
    assert.equal(messageOf(arrived), messageOf(refused))
    assert.equal(arrived.stack, refused.stack)
    assert.deepEqual(arrived.facts, { topic: 'orders', partition: 7, tables: "[ 'a', 'b' ]" })
    assert.match(traceOf(arrived), /\[cause\]: TypeError: a socket was closed/)
    const plain = new ConfigError('Invalid value', { key: 'tasks.max', cause })
    assert.equal(traceOf(sent(plain)), traceOf(plain))
  })

  it('keeps what is decided by it, whatever class it had', () => {
    const arrived = sent(new RetriableError('the disk is full', { outage: true }))
    assert.equal(isRetriable(arrived), true)
    assert.equal((arrived as ConnectError).facts['outage'], true)
    const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED', errno: -111 })
    const thrown = new RetriableError('no broker', { cause: new AggregateError([refused]) })
    assert.equal(messageOf(sent(thrown)), 'no broker: AggregateError: ECONNREFUSED')
    assert.equal(messageOf(thrown), 'no broker: AggregateError: ECONNREFUSED')
    assert.equal(messageOf(sent(refused)), messageOf(refused))
    assert.equal(isRetriable(sent(new Error('no'))), false)
  })

  it('is made of anything that was thrown, also of what is its own cause', () => {
    assert.equal(sent('only a text').message, 'only a text')
    const circle = new Error('round and round')
    circle.cause = circle
    assert.equal(sent(circle).message, 'round and round')
  })
})
