import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import type { OffsetMap } from '../../../../src/data/record.ts'
import type { OffsetChange } from '../../../../src/plugin/source.ts'
import { datedShop } from '../../../support/dated-shop.ts'

const shop = datedShop()
after(shop.close)

const orders = { protocol: '1', table: 'orders' }

async function altered(
  changes: OffsetChange[],
  over: Record<string, string> = {}
): Promise<readonly OffsetChange[]> {
  const config = shop.config({ 'table.whitelist': 'orders', ...over })
  const answer = await jdbcSourcePlugin.alterOffsets?.(config, changes)
  assert.ok(typeof answer === 'object' && answer.complete)
  return answer.changes
}

async function stored(offset: OffsetMap, over: Record<string, string> = {}): Promise<string> {
  const [change] = await altered([{ partition: orders, offset }], over)
  return JSON.stringify(change?.offset)
}

describe('offsets an operator writes', () => {
  it('are stored with the fields of the JVM connector, in its order', async () => {
    assert.equal(
      await stored({
        timestamp: 1_672_835_217_001,
        incrementing: 5001,
        timestamp_nanos: 1_500_000
      }),
      '{"timestamp_nanos":1500000,"incrementing":5001,"timestamp":1672835217001}'
    )
    assert.equal(
      await stored({ timestamp: 1_672_835_217_250 }, { mode: 'timestamp' }),
      '{"timestamp_nanos":250000000,"timestamp":1672835217250}'
    )
    const [change] = await altered([
      { partition: { table: 'orders', protocol: '1' }, offset: { timestamp: 1, incrementing: 2 } }
    ])
    assert.equal(JSON.stringify(change?.partition), '{"protocol":"1","table":"orders"}')
  })

  it('may say their time as an instant or in the time of db.timezone, to the nanosecond', async () => {
    const timestamp = (text: string) => stored({ timestamp: text }, { mode: 'timestamp' })
    const noon = Date.UTC(2026, 10, 1)
    assert.equal(
      await timestamp('2026-11-01T08:00:00+08:00'),
      `{"timestamp_nanos":0,"timestamp":${noon}}`
    )
    assert.equal(
      await timestamp('2026-11-01 01:00:00.123456789'),
      `{"timestamp_nanos":123456789,"timestamp":${noon + 123}}`
    )
    assert.equal(await timestamp('2026-11-01t00:00z'), `{"timestamp_nanos":0,"timestamp":${noon}}`)
    assert.equal(
      await timestamp('2026-11-01'),
      `{"timestamp_nanos":0,"timestamp":${noon - 3_600_000}}`
    )
  })

  it('I6: mean the first of two moments that the clocks show alike', async () => {
    assert.equal(
      await stored({ timestamp: '2026-10-25T02:30:00' }, { mode: 'timestamp' }),
      `{"timestamp_nanos":0,"timestamp":${Date.UTC(2026, 9, 25, 0, 30)}}`
    )
  })

  it('name no configured start, even when copied from one that does: they are adopted', async () => {
    assert.equal(
      await stored({ incrementing: 5, start: 'unset' }, { mode: 'incrementing' }),
      '{"incrementing":5}'
    )
  })

  for (const [what, offset, text] of [
    [
      'a time that the clocks skip',
      { timestamp: '2026-03-29T02:30:00' },
      /does not exist in Europe\/Berlin/
    ],
    ['a text that is no time', { timestamp: 'yesterday' }, /field timestamp: 'yesterday' is not/],
    ['nanoseconds that contradict', { timestamp: '2026-11-01', timestamp_nanos: 5 }, /nanos is 5/],
    [
      'a mistyped field',
      { timestmp: 1 },
      /Unknown offset field timestmp. Did you mean timestamp\?/
    ],
    ['an id in quotes', { timestamp: 1, incrementing: '5' }, /incrementing is "5" \(string\)/],
    ['a broken number', { timestamp: 1.5 }, /timestamp is 1.5 \(number\): expected an integer/],
    ['a moment beyond all calendars', { timestamp: 9e15 }, /no time that a calendar knows/]
  ] as const) {
    it(`are refused with ${what}`, async () => {
      await assert.rejects(stored(offset), { status: 400, message: text })
    })
  }

  it('are refused for a table that is not there, or twice for one that is', async () => {
    const offset = { timestamp: 1, incrementing: 1 }
    await assert.rejects(altered([{ partition: { protocol: '1', table: 'ordrs' }, offset }]), {
      status: 400,
      message: 'There is no table ordrs. Did you mean orders?'
    })
    await assert.rejects(
      altered([
        { partition: orders, offset },
        { partition: { table: 'orders' }, offset }
      ]),
      { status: 400, message: /"table":"orders"\} is given more than once/ }
    )
    await assert.rejects(altered([{ partition: { tabel: 'orders', n: 2n ** 60n }, offset }]), {
      status: 400,
      message: /given: \{"tabel":"orders","n":"1152921504606846976"\}/
    })
  })

  it('can be deleted whatever they are', async () => {
    const changes = [{ partition: { table: 'gone' }, offset: null }]
    assert.deepEqual(await altered(changes), changes)
  })
})
