import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import pg from 'pg'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import type { StoredPosition } from '../../../../src/plugin/start-from.ts'
import { datedShop } from '../../../support/dated-shop.ts'
import { postgresUrl, uniqueName } from '../../../support/environment.ts'
import { sqliteFile } from '../../../support/sqlite-file.ts'

const { config, close } = datedShop()
after(close)

const { startFrom } = jdbcSourcePlugin
assert.ok(startFrom !== undefined)
const { plan, preview } = startFrom

/** The offsets a start leads to, by table, as JSON. */
async function offsets(
  given: unknown,
  over: Record<string, string> = {},
  stored: readonly StoredPosition[] = []
): Promise<Record<string, string>> {
  const changes = await plan(config(over), { given }, stored, AbortSignal.timeout(10_000))
  return Object.fromEntries(
    changes.map(({ partition, offset }) => [
      `${'protocol' in partition ? '' : 'old '}${String(partition['table'])}`,
      JSON.stringify(offset)
    ])
  )
}

const both = (offset: string) => ({ customers: offset, orders: offset })

describe('where a connector is told to start', () => {
  it('is an instant, a local time, milliseconds, an id beside one', async () => {
    const eight = '{"timestamp_nanos":0,"timestamp":1793491200000}'
    assert.deepEqual(await offsets('2026-11-01T08:00:00+08:00'), both(eight))
    assert.deepEqual(await offsets({ from: '2026-11-01T01:00:00' }), both(eight))
    assert.deepEqual(await offsets({ timestamp: 1_793_491_200_000 }), both(eight))
    assert.deepEqual(
      await offsets({ timestamp: '2026-11-01T01:00:00', incrementing: 7 }),
      both('{"timestamp_nanos":0,"incrementing":7,"timestamp":1793491200000}')
    )
    assert.deepEqual(
      await offsets({ incrementing: 5 }, { mode: 'incrementing' }),
      both('{"incrementing":5}')
    )
  })

  it('is given for each table, by its full name or its own', async () => {
    const tables = { orders: 'earliest', customers: { timestamp: 0 } }
    assert.deepEqual(await offsets({ tables }), {
      orders: 'null',
      customers: '{"timestamp_nanos":0,"timestamp":0}'
    })
  })

  it('is before the first row: nothing stays stored, in no form', async () => {
    const stored = [
      { partition: { table: 'orders' }, offset: { timestamp: 5 } },
      { partition: { table: 'orders', protocol: '1' }, offset: { timestamp: 6 } }
    ]
    assert.deepEqual(await offsets('earliest', {}, stored), {
      customers: 'null',
      orders: 'null',
      'old orders': 'null'
    })
    // Under a configured start an empty place would mean that one.
    assert.deepEqual(
      await offsets({ timestamp: 'earliest' }, { 'timestamp.initial': '2024-01-01T00:00:00Z' }),
      both('{"start":"timestamp.initial=2024-01-01T00:00:00Z"}')
    )
  })

  it('names the start that is configured, so that a later change of it counts', async () => {
    const marked = [
      { partition: { table: 'orders', protocol: '1' }, offset: { timestamp: 6, start: 'x' } }
    ]
    assert.deepEqual(await offsets({ timestamp: 0 }, {}, marked), {
      customers: '{"timestamp_nanos":0,"timestamp":0}',
      orders: '{"timestamp_nanos":0,"timestamp":0,"start":"unset"}'
    })
    assert.deepEqual(
      await offsets({ incrementing: 3 }, { mode: 'incrementing', 'incrementing.initial': '1' }),
      both('{"incrementing":3,"start":"incrementing.initial=1"}')
    )
  })

  const refused: [unknown, RegExp, Record<string, string>?][] = [
    ['earlist', /'earlist' is no start\. Did you mean earliest\?/],
    ['yesterday', /'yesterday' is not a time: write an instant/],
    ['PT2H', /'PT2H' is no length of time before now/],
    ['-P1M', /'-P1M' is no length of time before now/],
    ['-P', /'-P' is no length of time before now/],
    ['-PT', /'-PT' is no length of time before now/],
    ['-PT2H', /mode incrementing knows no times/, { mode: 'incrementing' }],
    ['2026-03-29T02:30:00', /does not exist in Europe\/Berlin \(db\.timezone\)/],
    [{ timestamp: true }, /offset field timestamp is true \(boolean\): expected an integer/],
    [{ incrementing: '5' }, /incrementing is "5" \(string\): expected an integer/],
    [{ incrementing: 5 }, /An id alone is no place in mode timestamp\+incrementing/],
    [{ timestmp: 5 }, /Unknown field timestmp\. Did you mean timestamp\?/],
    [{ incrementing: 5 }, /no incrementing field in its offsets/, { mode: 'timestamp' }],
    [{ timestamp: { a: 1 } }, /The field timestamp must be a number or a text/],
    [{ timestamp: 'now', incrementing: 5 }, /'now' is a whole start/],
    [{ from: 5 }, /The field from must be "earliest", "now"/],
    [{}, /neither timestamp nor incrementing/],
    [[], /A start is "earliest", "now"/],
    [{ tables: {} }, /"tables" must be an object with a start for each table/],
    [{ tables: { orders: 'now' }, timestamp: 5 }, /Give one start for all tables, or "tables"/],
    [{ tables: { ordrs: 'now' } }, /copies no table ordrs\. Did you mean orders\?/],
    [{ tables: { nothing: 'now' } }, /copies no table nothing; it copies customers, orders/],
    [{ tables: { orders: 'nw' } }, /Table orders: 'nw' is no start\. Did you mean now\?/],
    ['now', /In mode bulk every row is sent each time/, { mode: 'bulk' }]
  ]
  for (const [given, text, over] of refused) {
    it(`is not ${JSON.stringify(given)}${over === undefined ? '' : ` in mode ${over['mode']}`}`, async () => {
      await assert.rejects(offsets(given, over), (error: Error & { status?: number }) => {
        assert.match(error.message, text)
        assert.equal(error.status, 400)
        return true
      })
    })
  }
})

describe('a dry run', () => {
  it('I8: ends in time, and says what it could not count', async (t) => {
    const url = new URL(postgresUrl())
    const table = uniqueName('locked').replaceAll('-', '_')
    const client = new pg.Client(postgresUrl())
    await client.connect()
    t.after(async () => {
      await client.query(`ROLLBACK; DROP TABLE ${table}`)
      await client.end()
    })
    await client.query(`CREATE TABLE ${table} (id bigint PRIMARY KEY)`)
    // The dictionary answers, the table does not.
    await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
    const partition = { table: `public.${table}`, protocol: '1' }
    const stored = [{ partition, offset: { incrementing: 2 } }]
    const previews = await preview(
      config({
        'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
        'connection.user': url.username,
        'connection.password': url.password,
        'table.whitelist': table,
        mode: 'incrementing'
      }),
      [{ partition, offset: null }],
      stored,
      AbortSignal.timeout(2000)
    )
    assert.deepEqual(previews, [
      {
        name: `public.${table}`,
        from: { incrementing: 2 },
        to: null,
        effect: 'sent again',
        rows: null,
        first: null,
        last: null,
        problem: 'Not counted: it takes too long'
      }
    ])
  })

  it('shows the rest when one table cannot be counted', async (t) => {
    const { url } = sqliteFile(
      t,
      `CREATE TABLE good (id INTEGER PRIMARY KEY); INSERT INTO good VALUES (1), (2);
       CREATE TABLE bad (name TEXT PRIMARY KEY)`
    )
    const over = config({
      'connection.url': url,
      'table.whitelist': 'good,bad',
      mode: 'incrementing'
    })
    const stored = ['good', 'bad'].map((table) => ({
      partition: { table, protocol: '1' },
      offset: { incrementing: 2 }
    }))
    const changes = stored.map(({ partition }) => ({ partition, offset: null }))
    const previews = await preview(over, changes, stored, AbortSignal.timeout(10_000))
    assert.deepEqual(
      previews.map(({ name, rows, effect }) => [name, rows, effect]),
      [
        ['bad', null, 'sent again'],
        ['good', 2, 'sent again']
      ]
    )
    assert.match(previews[0]?.problem ?? '', /Not counted: Incrementing column: id does not exist/)
  })
})
