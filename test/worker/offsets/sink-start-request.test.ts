import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sinkStartRequest } from '../../../src/worker/offsets/sink-start-request.ts'

const NOW = Date.UTC(2026, 10, 28, 12)
const read = (given: unknown) => sinkStartRequest(given, NOW)
const time = (ms: number) => ({ all: { kind: 'time', ms } })

describe('where a sink is asked to start', () => {
  it('is an end of its topics, a time, or an offset', () => {
    const latest = { all: { kind: 'latest' } }
    const moment = time(Date.UTC(2026, 10, 1))
    for (const [given, start] of [
      ['earliest', { all: { kind: 'earliest' } }],
      ['latest', latest],
      [{ from: 'now' }, latest],
      ['-PT2H', time(NOW - 7_200_000)],
      ['-P1DT0.0015S', time(NOW - 86_400_001)],
      ['-P99999W', time(0)],
      ['2026-11-01T08:00:00+08:00', moment],
      [{ timestamp: '2026-11-01 00:00Z' }, moment],
      [{ timestamp: Date.UTC(2026, 10, 1) }, moment],
      ['2026-11-01T00:00:00.0019999Z', time(Date.UTC(2026, 10, 1) + 1)],
      ['1969-12-31T23:59:59Z', time(0)],
      [{ offset: 7 }, { all: { kind: 'offset', offset: 7 } }]
    ] as const) {
      assert.deepEqual(read(given), start, JSON.stringify(given))
    }
  })

  it('may be said of each topic and of each partition', () => {
    const request = read({
      topics: { orders: '-PT0S', items: { partitions: { 0: 5, 10: 'earliest' } } }
    })
    assert.deepEqual(request, {
      topics: new Map<string, unknown>([
        ['orders', { all: { kind: 'time', ms: NOW } }],
        [
          'items',
          {
            partitions: new Map<number, unknown>([
              [0, { kind: 'offset', offset: 5 }],
              [10, { kind: 'earliest' }]
            ])
          }
        ]
      ])
    })
  })

  it('names what is wrong', () => {
    for (const [given, message] of [
      ['yesterday', /'yesterday' is no start. A start is "earliest"/],
      ['2026-02-29T00:00:00Z', /is no start/],
      ['2026-11-01T08:00:00', /an instant such as/],
      ['-P1M', /'-P1M' is no length of time before now/],
      ['PT2H', /is no length of time before now/],
      [{}, /A start is/],
      [{ offset: -1 }, /whole number that is not negative/],
      [{ offset: 1.5 }, /whole number/],
      [{ timestamp: 1.5 }, /A start is/],
      [{ table: 'x' }, /Unknown field table/],
      [{ timestamp: 1, offset: 1 }, /A start is/],
      [{ topics: {} }, /"topics" must be an object/],
      [{ topics: { a: 'earliest' }, from: 'latest' }, /one start for all, or "topics"/],
      [{ topics: { a: 'never' } }, /^Topic a: 'never' is no start/],
      [{ topics: { a: { partitions: { x: 1 } } } }, /^Topic a: 'x' is no partition/],
      [{ topics: { a: { partitions: { 0: 'never' } } } }, /^Topic a: partition 0: 'never'/]
    ] as const) {
      assert.throws(() => read(given), { name: 'ConfigError', message }, JSON.stringify(given))
    }
  })
})
