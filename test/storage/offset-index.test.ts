import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OffsetIndex } from '../../src/storage/offset-index.ts'
import { storedMeaning, offsetKey, offsetValue } from '../../src/storage/offset-records.ts'
import type { StoredMap } from '../../src/storage/offset-store.ts'
import { recordingLog } from '../support/recording-log.ts'

function index(...records: [key: string, value: string | null, timestamp?: number][]) {
  const { log, lines } = recordingLog()
  const offsets = new OffsetIndex(log)
  const apply = (key: string, value: string | null, timestamp = 0): void =>
    offsets.apply({
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      timestamp
    })
  for (const record of records) apply(...record)
  const written = (connector: string, partition: StoredMap, offset: StoredMap | null) =>
    offsets
      .records(connector, [{ partition, offset }])
      .map(({ key, value }) => [key.toString(), value?.toString() ?? null])
  return { offsets, apply, written, lines }
}

void describe('Offset records', () => {
  void it('are the bytes of the JDBC connector on a JVM worker', () => {
    const key = offsetKey('orders', { protocol: '1', table: 'APP.ORDERS' })
    assert.equal(key.toString(), '["orders",{"protocol":"1","table":"APP.ORDERS"}]')
    const value = offsetValue({ timestamp_nanos: 0, incrementing: 5001, timestamp: 1672835217000 })
    assert.equal(
      value?.toString(),
      '{"timestamp_nanos":0,"incrementing":5001,"timestamp":1672835217000}'
    )
    assert.equal(offsetValue(null), null)
  })

  void it('mean the same whatever the order of fields and the form of numbers', () => {
    assert.equal(storedMeaning({ a: 1, b: 'x' }), storedMeaning({ b: 'x', a: 1n }))
    assert.equal(storedMeaning({ a: 1e20 }), storedMeaning({ a: 100000000000000000000n }))
    assert.notEqual(storedMeaning({ a: 1 }), storedMeaning({ a: '1' }))
    assert.notEqual(storedMeaning({ a: null }), storedMeaning({}))
    assert.notEqual(
      storedMeaning({ a: 9007199254740993n }),
      storedMeaning({ a: 9007199254740992n })
    )
  })

  void it('refuse nested values by name', () => {
    const nested = { a: { b: 1 } } as unknown as StoredMap
    assert.throws(() => offsetValue(nested), /primitive types as values, but field a contains/)
  })
})

void describe('The index of stored offsets', () => {
  void it('finds an offset by the meaning of its partition', () => {
    const { offsets } = index(['["c",{"n":1.0,"t":"x"}]', '{"id":9007199254740993}'])
    assert.deepEqual(offsets.get('c', { t: 'x', n: 1 }), { id: 9007199254740993n })
    assert.equal(offsets.get('c', { t: 'y', n: 1 }), null)
    assert.equal(offsets.get('d', { t: 'x', n: 1 }), null)
  })

  void it('writes a known partition under its stored bytes, a new one in the order given', () => {
    const { written } = index(['["c",{"table":"t","protocol":"1"}]', '{"id":1}'])
    assert.deepEqual(written('c', { protocol: '1', table: 't' }, { id: 2 }), [
      ['["c",{"table":"t","protocol":"1"}]', '{"id":2}']
    ])
    assert.deepEqual(written('c', { protocol: '1', table: 'u' }, { id: 2 }), [
      ['["c",{"protocol":"1","table":"u"}]', '{"id":2}']
    ])
  })

  void it('lets the newest of several spellings count, and deletes them all', () => {
    const { offsets, apply, written } = index(
      ['["c",{"b":1,"a":1}]', '{"id":2}', 200],
      ['["c",{"a":1,"b":1}]', '{"id":1}', 100]
    )
    assert.deepEqual(offsets.get('c', { a: 1, b: 1 }), { id: 2 })
    assert.deepEqual(offsets.all('c').length, 1)
    assert.deepEqual(written('c', { a: 1, b: 1 }, { id: 3 }), [['["c",{"b":1,"a":1}]', '{"id":3}']])
    const deletions = written('c', { a: 1, b: 1 }, null)
    assert.equal(deletions.length, 2)
    for (const [key, value] of deletions) apply(key ?? '', value ?? null, 300)
    assert.deepEqual(offsets.all('c'), [])
  })

  void it('does not bring an older spelling back when the newest is deleted', () => {
    const { offsets, apply } = index(
      ['["c",{"a":1,"b":1}]', '{"id":1}', 100],
      ['["c",{"b":1,"a":1}]', '{"id":2}', 200]
    )
    apply('["c",{"b":1,"a":1}]', null, 300)
    assert.equal(offsets.get('c', { a: 1, b: 1 }), null)
  })

  void it('writes a deletion even when it knows nothing', () => {
    assert.deepEqual(index().written('c', { a: 1 }, null), [['["c",{"a":1}]', null]])
  })

  const garbage: [key: string, value: string | null][] = [
    ['not json', '{}'],
    ['"c"', '{}'],
    ['["c"]', '{}'],
    ['["c",null]', '{}'],
    ['[1,{}]', '{}'],
    ['["c",{"a":{"b":1}}]', '{}'],
    ['["c",[1]]', null]
  ]
  for (const [key, value] of garbage) {
    void it(`ignores the key ${key}`, () => {
      const { offsets, lines } = index([key, value])
      assert.deepEqual(offsets.all('c'), [])
      assert.equal(lines.length, 1)
    })
  }

  for (const value of ['{"a":', '"x"', '[1]', '{"a":[1]}', '']) {
    void it(`F13: takes the value ${value} for no offset, and says so when asked`, () => {
      const { offsets, lines, written } = index(
        ['["c",{"t":"x"}]', value],
        ['["c",{"t":"y"}]', '{}']
      )
      assert.equal(offsets.get('c', { t: 'x' }), null)
      assert.deepEqual(offsets.all('c'), [{ partition: { t: 'y' }, offset: {} }])
      assert.match(lines.join(), /cannot be read/)
      assert.deepEqual(written('c', { t: 'x' }, { id: 1 }), [['["c",{"t":"x"}]', '{"id":1}']])
    })
  }

  void it('keeps what it does not change byte for byte', () => {
    const { offsets } = index(['["c",{"t":"x"}]', '{ "a" : 1.0 }'], ['["c",{"t":"y"}]', null])
    assert.deepEqual(
      [...offsets.entries()].map(({ key, value }) => `${key} ${value}`),
      ['["c",{"t":"x"}] { "a" : 1.0 }']
    )
  })

  void it('treats __proto__ as a plain name', () => {
    const { offsets } = index(['["__proto__",{"__proto__":"x"}]', '{"__proto__":1}'])
    const [stored] = offsets.all('__proto__')
    assert.deepEqual(Object.entries(stored?.partition ?? {}), [['__proto__', 'x']])
    assert.deepEqual(Object.entries(stored?.offset ?? {}), [['__proto__', 1]])
  })
})
