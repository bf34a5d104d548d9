import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { followAs } from '../support/committed-reader.ts'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { sqliteShop, type SqliteShop } from '../support/sqlite-shop.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { idsOf, makeTopic } from '../support/topic-reader.ts'
import { until } from '../support/until.ts'
import { MORTAL, startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts'

const ROWS = 300
/** Kafka's keys of requests. */
const PRODUCE = 0
const END_TRANSACTION = 26

const ids = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

const rows = (table: string, from: number, to: number): string =>
  `INSERT INTO ${table} WITH RECURSIVE n(id) AS (VALUES (${from}) UNION ALL SELECT id + 1 FROM n WHERE id < ${to}) SELECT id FROM n`

/** A request of a worker to Kafka, before which the worker is killed. */
type Step = (apiKey: number, clientId: string, bytes: Buffer) => boolean

interface Victim {
  readonly group: string
  readonly shop: SqliteShop
  start(): Promise<WorkerProcess>
  /**
   * Does something and waits until the worker is dead; the request of the step and all behind it never reach
   * Kafka.
   */
  killBefore(worker: WorkerProcess, step: Step, work: () => Promise<unknown>): Promise<void>
  config(more: Record<string, string>): Record<string, string>
}

async function victim(
  t: TestContext,
  tables: readonly string[],
  properties: Record<string, string> = {}
): Promise<Victim> {
  const group = uniqueName('steps')
  const shop = sqliteShop(
    tables.map((table) => `CREATE TABLE ${table} (id INTEGER PRIMARY KEY)`).join(';')
  )
  t.after(() => shop.close())
  const proxy: TcpProxy = await startTcpProxy(kafkaBootstrap())
  t.after(() => proxy.close())
  return {
    group,
    shop,
    async start() {
      const worker = await startWorkerProcess({
        properties: {
          'bootstrap.servers': proxy.address,
          'group.id': group,
          'value.converter.schemas.enable': 'false',
          'offset.flush.interval.ms': '150',
          ...MORTAL,
          ...properties
        }
      })
      t.after(() => worker.kill())
      return worker
    },
    async killBefore(worker, step, work) {
      const reached = Promise.withResolvers<void>()
      proxy.onRequest((apiKey, clientId, bytes) => {
        if (!step(apiKey, clientId, bytes)) return
        proxy.onRequest(() => undefined)
        // The proxy passes a request on behind this call: to nobody any more.
        proxy.cut()
        reached.resolve(worker.kill())
      })
      const answered = work()
      // The answer may come before the kill, or not at all.
      answered.catch(() => undefined)
      await reached.promise
      proxy.resume()
    },
    config: (more) => ({
      'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
      ...shop.config,
      'table.whitelist': tables.join(),
      'topic.prefix': `${group}-`,
      'poll.interval.ms': '20',
      'batch.max.rows': '50',
      ...more
    })
  }
}

async function followed(t: TestContext, group: string, table: string) {
  await makeTopic(`${group}-${table}`)
  return {
    all: await followAs(t, 'read_uncommitted', `${group}-${table}`),
    committed: await followAs(t, 'read_committed', `${group}-${table}`)
  }
}

describe('a worker that is killed at a named step', () => {
  it('I1: between records and their offsets: what was sent is sent again, and nothing is passed over', {
    timeout: 110_000
  }, async (t) => {
    const { group, shop, start, killBefore, config } = await victim(t, ['orders'])
    const { all } = await followed(t, group, 'orders')
    shop.database.exec(rows('orders', 1, ROWS))
    const first = await start()
    await killBefore(
      first,
      (apiKey, clientId) => apiKey === PRODUCE && clientId.endsWith('-offsets'),
      () => connectRest(first.url).put('/connectors/shop/config', config({}))
    )
    await all.readToEnd()
    const sent = all.values.length
    assert.ok(sent > 0, 'records came before their offsets')
    shop.database.exec(rows('orders', ROWS + 1, ROWS + 1))
    const second = await start()
    await until(() => idsOf(all.values).includes(ROWS + 1), 'the last row comes')
    assert.deepEqual(idsOf(all.values).slice(0, sent), ids(1, sent))
    assert.deepEqual(idsOf(all.values).slice(sent), ids(1, ROWS + 1))
    assert.equal(await second.stop(), 0)
  })

  it('I6: exactly once, between the records of a transaction and its commit: each is seen once', {
    timeout: 110_000
  }, async (t) => {
    const { group, shop, start, killBefore, config } = await victim(t, ['orders'], {
      'exactly.once.source.support': 'enabled'
    })
    const { all, committed } = await followed(t, group, 'orders')
    shop.database.exec(rows('orders', 1, ROWS))
    const first = await start()
    await killBefore(
      first,
      (apiKey, clientId) => apiKey === END_TRANSACTION && clientId.includes('producer'),
      () =>
        connectRest(first.url).put(
          '/connectors/shop/config',
          config({ 'exactly.once.support': 'required' })
        )
    )
    shop.database.exec(rows('orders', ROWS + 1, ROWS + 1))
    const second = await start()
    await until(() => idsOf(committed.values).includes(ROWS + 1), 'the last row comes', 60_000)
    assert.deepEqual(idsOf(committed.values), ids(1, ROWS + 1))
    await all.readToEnd()
    assert.ok(all.values.length > ROWS + 1, 'the first transaction held records')
    assert.equal(await second.stop(), 0)
  })

  it('I3: between task configurations and their commit record: they take effect together, later', {
    timeout: 170_000
  }, async (t) => {
    const { group, shop, start, killBefore, config } = await victim(t, ['a', 'b', 'c'])
    const topics = new Map<string, Awaited<ReturnType<typeof followed>>['all']>()
    for (const table of ['a', 'b', 'c']) {
      topics.set(table, (await followed(t, group, table)).all)
      shop.database.exec(rows(table, 1, 3))
    }
    const isCommit: Step = (apiKey, clientId, bytes) =>
      apiKey === PRODUCE && clientId.endsWith('-configs') && bytes.includes('commit-shop')
    const shows = async (worker: WorkerProcess, tasks: readonly string[], last: number) => {
      const rest = connectRest(worker.url)
      await until(
        async () =>
          (await rest.state('shop')) === ['RUNNING', ...tasks.map(() => 'RUNNING')].join(' '),
        `${tasks.length} tasks run`,
        60_000
      )
      const answer = (await rest.get('/connectors/shop/tasks')) as {
        config: Record<string, string>
      }[]
      const read = answer.map(({ config: task }) =>
        task['tables']?.replaceAll('`', '').replaceAll('"', '')
      )
      assert.deepEqual(read, tasks)
      for (const table of tasks.join().split(',')) {
        const seen = () => new Set(idsOf(topics.get(table)?.values ?? []))
        await until(() => seen().has(last), `row ${last} of ${table} comes`)
        assert.deepEqual([...seen()], ids(1, last))
      }
    }

    let worker = await start()
    const two = config({ 'table.whitelist': 'a,b', 'tasks.max': '2' })
    await killBefore(worker, isCommit, () =>
      connectRest(worker.url).put('/connectors/shop/config', two)
    )
    worker = await start()
    await shows(worker, ['a', 'b'], 3)

    const three = config({ 'tasks.max': '3' })
    await killBefore(worker, isCommit, () =>
      connectRest(worker.url).put('/connectors/shop/config', three)
    )
    for (const table of ['a', 'b', 'c']) shop.database.exec(rows(table, 4, 5))
    worker = await start()
    await shows(worker, ['a', 'b', 'c'], 5)
    assert.equal(await worker.stop(), 0)
  })
})
