import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import type { SourceConnectorPlugin, SourceTask } from '../../../../src/plugin/source.ts'
import { postgresUrl, uniqueName } from '../../../support/environment.ts'
import { type Config, startJdbcTask } from '../../../support/jdbc-source.ts'
import { until } from '../../../support/until.ts'

const config: Config = {
  name: 'shop',
  'connection.url': 'jdbc:sqlite:shop.db',
  'topic.prefix': 'shop-',
  'table.whitelist': 'orders',
  mode: 'incrementing',
  'incrementing.column.name': 'id'
}

function support(changes: Config, without: readonly string[] = []): unknown {
  const given = new Map(Object.entries({ ...config, ...changes }))
  for (const key of without) given.delete(key)
  return jdbcSourcePlugin.exactlyOnceSupport?.(given)
}

describe('exactly-once support of the JDBC source', () => {
  it('is there where a position says which rows were read', () => {
    assert.equal(support({}), 'supported')
    assert.equal(support({ mode: 'timestamp', 'timestamp.column.name': 'at' }), 'supported')
    assert.equal(
      support({ mode: 'timestamp+incrementing', 'timestamp.column.name': 'at' }),
      'supported'
    )
    assert.equal(support({ query: 'SELECT id FROM orders' }, ['table.whitelist']), 'supported')
  })

  it('is not there for what is read from its beginning each time, tables or queries, one of many even', () => {
    assert.equal(support({ mode: 'bulk' }), 'unsupported')
    assert.equal(support({ mode: 'bulk', query: 'SELECT 1' }, ['table.whitelist']), 'unsupported')
    const own = { 'table.settings': 'all', 'table.settings.all.tables': 'orders' }
    assert.equal(support({ ...own, 'table.settings.all.poll.interval.ms': '5' }), 'supported')
    assert.equal(support({ ...own, 'table.settings.all.mode': 'bulk' }), 'unsupported')
    const named = { queries: 'q', 'queries.q.query': 'SELECT id FROM orders' }
    assert.equal(support(named), 'supported')
    assert.equal(support({ ...named, 'queries.q.mode': 'bulk' }), 'unsupported')
  })

  it('is not there where rows may be read that are rolled back', () => {
    assert.equal(support({ 'transaction.isolation.mode': 'READ_UNCOMMITTED' }), 'unsupported')
  })

  it('leaves it to the other keys to say what is wrong with them', () => {
    assert.equal(support({ mode: 'sometimes' }), 'supported')
  })
})

/** A table of 300 rows of one moment and one row of a later one, and a task that reads a few at a time. */
async function oneMoment(t: TestContext) {
  const table = uniqueName('moment').replaceAll('-', '_')
  const client = new pg.Client(postgresUrl())
  await client.connect()
  t.after(async () => {
    await client.query(`DROP TABLE ${table}`)
    await client.end()
  })
  await client.query(`CREATE TABLE ${table} (id int, at timestamp NOT NULL)`)
  await client.query(
    `INSERT INTO ${table} SELECT n, timestamp '2026-01-01' FROM generate_series(1, 300) n UNION SELECT 301, timestamp '2026-01-02'`
  )
  const { hostname, port, username, password, pathname } = new URL(postgresUrl())
  let task: SourceTask | null = null
  const plugin: SourceConnectorPlugin = {
    ...jdbcSourcePlugin,
    createTask: (...given) => (task = jdbcSourcePlugin.createTask(...given))
  }
  const running = await startJdbcTask(
    {
      'connection.url': `jdbc:postgresql://${hostname}:${port}${pathname}`,
      'connection.user': decodeURIComponent(username),
      'connection.password': decodeURIComponent(password),
      'topic.prefix': 'x-',
      'table.whitelist': table,
      mode: 'timestamp',
      'timestamp.column.name': 'at',
      'batch.max.rows': '5',
      'poll.interval.ms': '10'
    },
    undefined,
    plugin
  )
  t.after(() => running.stop())
  const handedOut = () => task?.handedOut?.()
  const breakConnection = () =>
    client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()',
      [`%${table}%`]
    )
  return { running, handedOut, breakConnection }
}

describe('what a task of mode timestamp handed out', () => {
  it('is complete only with the last row of a moment', async (t) => {
    const { running, handedOut } = await oneMoment(t)
    const first = await running.poll()
    assert.ok(first.length > 0 && first.length < 300)
    assert.equal(handedOut(), 'partly')
    const rest = await running.read(301 - first.length)
    assert.equal(rest.length, 301 - first.length)
    assert.equal(handedOut(), 'complete')
  })

  it('is torn when the connection is lost in between: the moment is read again', async (t) => {
    const { running, handedOut, breakConnection } = await oneMoment(t)
    await running.poll()
    assert.equal(handedOut(), 'partly')
    await breakConnection()
    await until(async () => {
      await running.poll()
      return handedOut() !== 'partly'
    }, 'the loss is noticed')
    assert.equal(handedOut(), 'torn')
    await running.read(301)
    assert.equal(handedOut(), 'complete')
  })
})
