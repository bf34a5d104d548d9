import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  checkOffset,
  checkPartition,
  offsetOf,
  positionOf,
  storedPartitions,
  UNSET
} from '../../../../src/connectors/jdbc/positions/source-offset.ts'

describe('offsets', () => {
  it('are written with the keys in the order of the JVM connector', () => {
    const time = { ms: 1_672_835_217_000, nanos: 0 }
    assert.equal(
      JSON.stringify(offsetOf(time, 5001, null)),
      '{"timestamp_nanos":0,"incrementing":5001,"timestamp":1672835217000}'
    )
    assert.equal(
      JSON.stringify(offsetOf(time, null, null)),
      '{"timestamp_nanos":0,"timestamp":1672835217000}'
    )
    assert.equal(JSON.stringify(offsetOf(null, 7, null)), '{"incrementing":7}')
    assert.equal(offsetOf(null, null, 'unset'), null)
  })

  it('are read in any order, with or without nanoseconds', () => {
    assert.deepEqual(
      positionOf({ timestamp: 1001, incrementing: 5n, timestamp_nanos: 1_500_000 }),
      {
        timestamp: { ms: 1001, nanos: 1_500_000 },
        reading: null,
        id: 5
      }
    )
    assert.deepEqual(positionOf({ timestamp: -1 }).timestamp, { ms: -1, nanos: 999_000_000 })
    assert.equal(positionOf({}), UNSET)
    assert.equal(positionOf(null), UNSET)
  })

  it('carry ids beyond a long exactly', () => {
    const id = 10n ** 37n + 1n
    const offset = offsetOf(null, id, null)
    assert.equal(offset?.['incrementing'], 2n ** 63n - 1n)
    assert.equal(positionOf(offset).id, id)
  })

  it('are looked for under every name a table ever had', () => {
    assert.deepEqual(storedPartitions('public.orders', 'orders', 'shop'), [
      { protocol: '1', table: 'public.orders' },
      { protocol: '1', table: 'shop.public.orders' },
      { table: 'orders' }
    ])
  })

  it('of an operator must have the shape and fields the mode reads', () => {
    assert.deepEqual(checkPartition({ protocol: '1', table: 's.t' }, [], true), { table: 's.t' })
    assert.throws(
      () => checkPartition({ tabel: 't' }, [], true),
      /A partition of this connector is/
    )
    assert.throws(
      () => checkPartition({ protocol: '1', table: 't' }, ['query'], false),
      /\{"query":"query"\}/
    )
    checkOffset({ timestamp: 1, incrementing: 2 }, 'timestamp+incrementing')
    for (const [offset, mode, text] of [
      [
        { incrementing: '1' },
        'incrementing',
        /incrementing is "1" \(string\): expected an integer/
      ],
      [{ timestamp: 1 }, 'incrementing', /has no timestamp field/],
      [{ timestamp_nanos: 5 }, 'timestamp', /timestamp_nanos is 5/],
      [{ timestamp: 1, timestamp_nanos: 1_000_000_000 }, 'timestamp', /expected 0 to 999999999/],
      [{ timestamp: 1 }, 'bulk', /keeps no offsets/],
      [{}, 'timestamp', /neither timestamp nor incrementing/]
    ] as const) {
      assert.throws(() => checkOffset(offset, mode), text)
    }
  })
})
