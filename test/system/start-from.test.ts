import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { TopicReader } from '../../scripts/topic-reader.ts'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { sqliteFile } from '../support/sqlite-file.ts'
import { followTopic, idsOf } from '../support/topic-reader.ts'
import { until } from '../support/until.ts'
import { MORTAL, startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts'

interface Move {
  id: string
  state: string
  by: Record<string, string>
  request: unknown
  connector_state: string
  offsets: { partition: unknown; old: unknown; new: unknown }[]
}

interface Preview {
  tables: { name: string; effect: string; rows: number; first: unknown; last: unknown }[]
}

/**
 * Two tables of ten rows in SQLite, ids 1 to 10, a minute between the rows of `orders`; a connector reads
 * them into topics of their own.
 */
async function shop(t: TestContext, more: Record<string, string> = {}) {
  const { database, url } = sqliteFile(t)
  const group = uniqueName('start-from')
  const follow = async (table: string) => {
    database.exec(
      `CREATE TABLE ${table} (id INTEGER PRIMARY KEY NOT NULL, at TIMESTAMP(3) NOT NULL)`
    )
    const insert = database.prepare(`INSERT INTO ${table} (at) VALUES (?)`)
    for (let i = 1; i <= 10; i++) insert.run(`2026-11-01 08:${String(i).padStart(2, '0')}:00.000`)
    const read = await followTopic(`${group}-${table}`)
    t.after(() => read.stop())
    return {
      insert: (at: string) => insert.run(at),
      ids: () => idsOf(read.values)
    }
  }
  const orders = await follow('orders')
  const customers = await follow('customers')
  const properties = {
    'group.id': group,
    'value.converter.schemas.enable': 'false',
    'offset.flush.interval.ms': '150',
    ...MORTAL,
    ...more
  }
  const start = async () => {
    const worker = await startWorkerProcess({ properties })
    t.after(() => worker.kill())
    return worker
  }
  const create = (worker: WorkerProcess, over: Record<string, string> = {}) =>
    connectRest(worker.url).put('/connectors/shop/config', {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
      'connection.url': url,
      'table.whitelist': 'orders,customers',
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'topic.prefix': `${group}-`,
      'poll.interval.ms': '20',
      'tasks.max': '2',
      ...over
    })
  return { orders, customers, start, create }
}

const lastTen = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

describe('moving the start of a running connector', () => {
  for (const support of ['disabled', 'enabled']) {
    it(`sends rows again from there, says what it did, and goes back (exactly once ${support})`, {
      timeout: 110_000
    }, async (t) => {
      const { orders, customers, start, create } = await shop(t, {
        'exactly.once.source.support': support
      })
      const worker = await start()
      const rest = connectRest(worker.url)
      const path = '/connectors/shop/start-from'
      await create(worker)
      const offsetsAre = (orderId: number, customerId: number) =>
        until(async () => {
          const { offsets } = (await rest.get('/connectors/shop/offsets')) as {
            offsets: { partition: { table: string }; offset: { incrementing: number } }[]
          }
          const of = (table: string) =>
            offsets.find(({ partition }) => partition.table === table)?.offset.incrementing
          return of('orders') === orderId && of('customers') === customerId
        }, `offsets are ${orderId} and ${customerId}`)
      await offsetsAre(10, 10)

      const wanted = { tables: { orders: { incrementing: 7 } } }
      const preview = (await rest.put(`${path}?dry_run=true`, wanted)) as Preview
      assert.deepEqual(
        preview.tables.map(({ name, effect, rows, first, last }) => [
          name,
          effect,
          rows,
          first,
          last
        ]),
        [['orders', 'sent again', 3, { id: 8 }, { id: 10 }]]
      )
      assert.deepEqual(orders.ids(), lastTen)

      const moved = (await rest.put(path, wanted)) as Move
      assert.deepEqual(
        [moved.state, moved.connector_state, moved.request, moved.by],
        ['DONE', 'RUNNING', wanted, { address: '127.0.0.1' }]
      )
      assert.deepEqual(moved.offsets, [
        {
          partition: { protocol: '1', table: 'orders' },
          old: { incrementing: 10 },
          new: { incrementing: 7 }
        }
      ])
      await until(() => orders.ids().length === 13, 'the rows behind 7 come again')
      assert.deepEqual(orders.ids().slice(10), [8, 9, 10])
      assert.deepEqual(customers.ids(), lastTen)
      await until(async () => (await rest.state('shop')) === 'RUNNING RUNNING RUNNING', 'all runs')

      // Paused it moves too, and stays paused.
      await offsetsAre(10, 10)
      await rest.put('/connectors/shop/pause')
      await until(async () => (await rest.state('shop')).startsWith('PAUSED'), 'paused')
      const all = (await rest.put(path, { from: 'earliest' })) as Move
      assert.deepEqual([all.state, all.connector_state], ['DONE', 'PAUSED'])
      await until(async () => (await rest.state('shop')) === 'PAUSED', 'paused again')
      assert.deepEqual(customers.ids(), lastTen)

      // Undone, nothing comes twice after the resume.
      await rest.post(`${path}/undo`)
      await rest.put('/connectors/shop/resume')
      orders.insert('2026-11-01 09:00:00.000')
      await until(() => orders.ids().length === 14, 'the new row comes')
      assert.deepEqual(orders.ids().slice(13), [11])
      assert.deepEqual(customers.ids(), lastTen)

      // Stopped it moves and stays stopped: to the last row there is, so that a row of the meantime is the
      // first to come.
      await rest.put('/connectors/shop/stop')
      await until(async () => (await rest.state('shop')) === 'STOPPED', 'stopped')
      const now = (await rest.put(path, 'now')) as Move
      assert.deepEqual([now.state, now.connector_state], ['DONE', 'STOPPED'])
      await offsetsAre(11, 10)

      const { history } = (await rest.get(path)) as { history: Move[] }
      assert.deepEqual(
        history.map(({ state, request }) => [state, request]),
        [
          ['DONE', 'now'],
          ['DONE', { undo: all.id }],
          ['DONE', { from: 'earliest' }],
          ['DONE', wanted]
        ]
      )
      await assert.rejects(
        rest.put(path, { tables: { ordrs: 'now' } }),
        /400 .*Did you mean orders\?/
      )
      await assert.rejects(rest.put(path, '-PT2H'), /400 .*mode incrementing knows no times/)
      await rest.delete('/connectors/shop')
      await assert.rejects(rest.get(path), /404/)
      assert.equal(await worker.stop(), 0)
    })
  }
})

/** Calls `onRecord` with the value of each record of a worker's config topic from now on. */
async function followConfigs(
  t: TestContext,
  worker: WorkerProcess,
  onRecord: (value: string) => void
) {
  const topic = worker.properties['config.storage.topic'] ?? ''
  const reader = new TopicReader(kafkaBootstrap(), uniqueName('follow-configs'))
  t.after(() => reader.close())
  const from = (await reader.endOffsets(topic)) ?? [0n]
  await reader.follow([{ topic, from }], (_, value) => onRecord(value ?? ''))
}

const STEPS = {
  'the move is written down': '"phase":"requested"',
  'the connector is stopped': '"state.v2":"STOPPED"',
  'its tasks have ended': '"phase":"writing"',
  'the new position is stored': '"phase":"written"',
  'the state from before is back': '"state.v2":"STARTED"',
  'the move is over': '"running":null'
}

describe('a worker that is killed while it moves a connector', () => {
  it('leaves all tables at the old place or all at the new one, and goes on', {
    timeout: 115_000
  }, async (t) => {
    const { orders, customers, start, create } = await shop(t)
    let worker = await start()
    await create(worker)
    let last = 10
    let onRecord = (_value: string): void => undefined
    await followConfigs(t, worker, (value) => onRecord(value))
    const settled = () =>
      until(
        async () => {
          const rest = connectRest(worker.url)
          if ((await rest.state('shop')) !== 'RUNNING RUNNING RUNNING') return false
          const { offsets } = (await rest.get('/connectors/shop/offsets')) as {
            offsets: { offset: { incrementing: number } }[]
          }
          return offsets.length === 2 && offsets.every(({ offset }) => offset.incrementing === last)
        },
        `everything runs and is read up to ${last}`,
        60_000
      )
    const since = (ids: number[], from: number) => [...new Set(ids.slice(from))]

    /** Moves both tables back, kills `victim` as soon as the step can be seen, and has `next` go on. */
    const killAt = async (marker: string, next: () => Promise<WorkerProcess>) => {
      await settled()
      const seen = [orders.ids().length, customers.ids().length] as const
      const victim = worker
      const killed = new Promise<void>((resolve) => {
        onRecord = (value) => {
          if (!value.includes(marker)) return
          onRecord = () => undefined
          resolve(victim.kill())
        }
      })
      const wanted = {
        tables: { orders: { incrementing: last - 3 }, customers: { incrementing: last - 2 } }
      }
      const asked = connectRest(worker.url).put('/connectors/shop/start-from', wanted)
      // The answer may come before the kill, or not at all.
      asked.catch(() => undefined)
      await killed
      worker = await next()
      const move = await until(async () => {
        const path = '/connectors/shop/start-from'
        const { history } = (await connectRest(worker.url).get(path)) as { history: Move[] }
        return history[0]?.state === 'RUNNING' ? null : history[0]
      }, 'the move has ended')
      assert.deepEqual(move.request, wanted)
      last += 1
      orders.insert('2026-11-02 08:00:00.000')
      customers.insert('2026-11-02 08:00:00.000')
      await settled()
      const again =
        move.state === 'DONE'
          ? [
              [last - 3, last - 2, last - 1, last],
              [last - 2, last - 1, last]
            ]
          : [[last], [last]]
      assert.deepEqual(
        [since(orders.ids(), seen[0]), since(customers.ids(), seen[1])],
        again,
        `${marker}: ${JSON.stringify(move)}`
      )
      return move.state
    }

    for (const [step, marker] of Object.entries(STEPS)) {
      t.diagnostic(`killed when ${step}: ${await killAt(marker, start)}`)
    }

    // With another worker in the group, that one takes over and finishes.
    const other = await start()
    assert.equal(await killAt('"phase":"writing"', () => Promise.resolve(other)), 'DONE')
    assert.equal(await worker.stop(), 0)
  })
})

describe('the first start by configuration of a connector that never had one', () => {
  it('moves it, once, for all its tables or for one; nothing else of a configuration does', {
    timeout: 110_000
  }, async (t) => {
    const { orders, customers, start, create } = await shop(t)
    let worker = await start()
    const seen = () => [orders.ids().length, customers.ids().length]
    const stored = async () => {
      const { offsets } = (await connectRest(worker.url).get('/connectors/shop/offsets')) as {
        offsets: { partition: { table: string }; offset: Record<string, unknown> }[]
      }
      return Object.fromEntries(offsets.map(({ partition, offset }) => [partition.table, offset]))
    }
    const settled = (what: string, expected: Record<string, unknown>) =>
      until(async () => {
        const rest = connectRest(worker.url)
        if ((await rest.state('shop')) !== 'RUNNING RUNNING RUNNING') return false
        // Which of two tasks stores first, and so which table is listed first, is open.
        return isDeepStrictEqual(await stored(), expected)
      }, what)

    // As the JVM connector stores it: nothing says that there was no start.
    await create(worker)
    const last = { incrementing: 10 }
    await settled('both tables are read', { customers: last, orders: last })
    assert.deepEqual(seen(), [10, 10])

    // One table gets a start of its own; the other stays where it is, in the same bytes.
    const own = {
      'table.settings': 'orders',
      'table.settings.orders.tables': 'orders',
      'table.settings.orders.incrementing.initial': '7'
    }
    await create(worker, own)
    const marked = { incrementing: 10, start: 'incrementing.initial=7' }
    await until(() => orders.ids().length === 13, 'the rows of orders behind 7 come again')
    assert.deepEqual(orders.ids().slice(10), [8, 9, 10])
    await settled('the start is noted', { customers: last, orders: marked })
    await create(worker, { ...own, 'poll.interval.ms': '30' })
    await settled('another key changes', { customers: last, orders: marked })
    assert.deepEqual(seen(), [13, 10])

    // All get one, and the worker dies as soon as the stored offsets say that there was none.
    const victim = worker
    const killed = Promise.withResolvers<void>()
    await followConfigs(t, victim, (value) => {
      if (value.includes('"kind":"configure"') && value.includes('"phase":"written"')) {
        killed.resolve(victim.kill())
      }
    })
    const all = { ...own, 'incrementing.initial': '8' }
    const asked = create(worker, all)
    asked.catch(() => undefined)
    await killed.promise
    worker = await start()
    await until(
      async () => (await connectRest(worker.url).state('shop')) === 'RUNNING RUNNING RUNNING',
      'everything runs again'
    )
    // Whoever asked got no answer, and asks again.
    await create(worker, all)
    await until(() => new Set(customers.ids().slice(10)).size === 2, 'customers come again')
    assert.deepEqual([...new Set(customers.ids().slice(10))], [9, 10])
    await settled('both know their starts', {
      customers: { incrementing: 10, start: 'incrementing.initial=8' },
      orders: marked
    })
    const sent = seen()
    await create(worker, { ...all, 'poll.interval.ms': '20' })
    orders.insert('2026-11-02 08:00:00.000')
    customers.insert('2026-11-02 08:00:00.000')
    await until(() => seen().every((count, i) => count > (sent[i] ?? 0)), 'new rows come')
    assert.deepEqual([orders.ids().slice(sent[0]), customers.ids().slice(sent[1])], [[11], [11]])
    assert.equal(await worker.stop(), 0)
  })
})

describe('a connector that is created again', () => {
  it('begins where the caller says', { timeout: 110_000 }, async (t) => {
    const { orders, customers, start, create } = await shop(t)
    const worker = await start()
    const rest = connectRest(worker.url)
    await create(worker)
    await until(() => customers.ids().length === 10 && orders.ids().length === 10, 'rows come')
    const { config } = (await rest.get('/connectors/shop')) as { config: Record<string, string> }
    await rest.delete('/connectors/shop?offsets=delete')
    const given = (partition: Record<string, string>, offset: unknown) =>
      rest.post('/connectors', {
        name: 'shop',
        config,
        initial_offsets: [{ partition, offset }]
      })
    await assert.rejects(
      given({ table: 'ordrs' }, { incrementing: 8 }),
      /400 .*Did you mean orders/
    )
    await assert.rejects(given({ table: 'orders' }, { timestamp: 8 }), /400 .*no timestamp field/)
    const answer = (await given({ table: 'orders' }, { incrementing: 8 })) as {
      offsets_status: string
    }
    assert.equal(
      answer.offsets_status,
      'The offsets for this connector have been altered successfully'
    )
    await until(() => customers.ids().length === 20 && orders.ids().length === 12, 'rows come')
    assert.deepEqual(orders.ids().slice(10), [9, 10])
    assert.equal(await worker.stop(), 0)
  })
})
