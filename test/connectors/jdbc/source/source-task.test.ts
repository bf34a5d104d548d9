import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type Clock, systemClock } from '../../../../src/clock.ts'
import { jdbcSourceConfig } from '../../../../src/connectors/jdbc/settings/source-config.ts'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import { JdbcSourceTask } from '../../../../src/connectors/jdbc/source/source-task.ts'
import type { SourceConnectorPlugin } from '../../../../src/plugin/source.ts'
import {
  cursorOf,
  type Config,
  fields,
  startJdbcConnector,
  startJdbcTask
} from '../../../support/jdbc-source.ts'
import { sqliteShop } from '../../../support/sqlite-shop.ts'
import { until } from '../../../support/until.ts'

/** Time that runs a thousand times as fast: what takes ten seconds is over in ten milliseconds. */
const fastClock: Clock = { ...systemClock, monotonicMs: () => performance.now() * 1000 }

describe('a task of the JDBC source', () => {
  const { database, config, close } =
    sqliteShop(`CREATE TABLE huge (id INTEGER PRIMARY KEY, note TEXT);
      INSERT INTO huge SELECT value, 'x' FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 20000) SELECT value FROM n);
      CREATE TABLE small (id INTEGER PRIMARY KEY, note TEXT); INSERT INTO small VALUES (1, 'y')`)
  after(close)

  it('lets other tables have their turn while it reads a huge one, and loses and repeats no row of it', async () => {
    const plugin: SourceConnectorPlugin = {
      ...jdbcSourcePlugin,
      createTask: (...given) => new JdbcSourceTask(jdbcSourceConfig, ...given, fastClock)
    }
    const task = await startJdbcTask(
      { ...config, 'table.whitelist': 'huge,small', 'batch.max.rows': '50' },
      undefined,
      plugin
    )
    const huge: unknown[] = []
    let smallAfter: number | null = null
    for (let polls = 0; polls < 2000 && huge.length < 20_000; polls++) {
      for (const record of await task.poll()) {
        if (record.topic === 'x-huge') huge.push(...fields([record], 'id'))
        else smallAfter ??= huge.length
      }
    }
    await task.stop()
    assert.deepEqual(
      huge,
      Array.from({ length: 20_000 }, (_, index) => index + 1)
    )
    assert.ok(
      smallAfter !== null && smallAfter < 20_000,
      `small table came after ${smallAfter} rows`
    )
  })

  it('says that ids began anew below those that were read, until they have passed them', async () => {
    database.exec(
      'CREATE TABLE anew (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO anew VALUES (1000)'
    )
    const plugin: SourceConnectorPlugin = {
      ...jdbcSourcePlugin,
      createTask: (...given) => new JdbcSourceTask(jdbcSourceConfig, ...given, fastClock)
    }
    const task = await startJdbcTask({ ...config, 'table.whitelist': 'anew' }, undefined, plugin)
    assert.deepEqual(fields(await task.read(1), 'id'), [1000])
    database.exec('DELETE FROM anew; INSERT INTO anew VALUES (1), (2)')
    const said = await until(async () => {
      assert.deepEqual(await task.poll(), [])
      return task.conditions.at(-1)
    }, 'the new ids are a condition')
    assert.match(
      said,
      /^table anew: its largest id is 2, but it was read up to 1000: ids began anew/
    )
    database.exec('INSERT INTO anew VALUES (1001)')
    assert.deepEqual(fields(await task.read(1), 'id'), [1001])
    await until(async () => {
      await task.poll()
      return task.conditions.at(-1) === null
    }, 'that is over')
    await task.stop()
    database.exec('DROP TABLE anew')
  })

  it('hands out no more rows at a time than batch.max.rows and max.buffer.size allow', async () => {
    for (const [more, most] of [
      [{ 'batch.max.rows': '7' }, 7],
      [{ 'batch.max.rows': '100', 'max.buffer.size': '10' }, 5]
    ] as const) {
      const task = await startJdbcTask({ ...config, ...more, 'table.whitelist': 'huge' })
      assert.equal((await task.poll()).length, most)
      await task.stop()
    }
  })

  it('copies what the expressions include, by the columns mapped to each table', async () => {
    database.exec(
      'CREATE TABLE mapped_a (k INTEGER NOT NULL); CREATE TABLE mapped_b (n INTEGER NOT NULL); INSERT INTO mapped_a VALUES (5); INSERT INTO mapped_b VALUES (6)'
    )
    const { 'incrementing.column.name': _, ...rest } = config
    const settings = {
      ...rest,
      'table.include.list': 'mapped_.*,small',
      'table.exclude.list': 'sm.*',
      'incrementing.column.mapping': '.*_a:k,.*_b:n'
    }
    const task = await startJdbcTask(settings)
    const records = await task.read(2)
    assert.deepEqual(
      records.map((record) => [record.topic, cursorOf(record.sourceOffset)]),
      [
        ['x-mapped_a', { incrementing: 5 }],
        ['x-mapped_b', { incrementing: 6 }]
      ]
    )
    await task.stop()
    const twice = { ...settings, 'incrementing.column.mapping': '.*_a:k,mapped.*:n' }
    await assert.rejects(startJdbcTask(twice), /Included table 'mapped_a' matches more than one of/)
    const none = { ...settings, 'incrementing.column.mapping': '.*_a:k' }
    await assert.rejects(startJdbcTask(none), /'mapped_b' does not match any of the provided/)
  })

  it('copies every table but those of the blacklist, and all of them when a stored configuration has no filter', async () => {
    const tables = async (more: Config): Promise<string | undefined> => {
      const { connector, taskConfigs } = await startJdbcConnector({ ...config, ...more })
      await connector.stop()
      return taskConfigs[0]?.get('tables')
    }
    assert.match(
      String(await tables({ 'table.blacklist': 'huge' })),
      /^"mapped_a","mapped_b","small"$/
    )
    assert.match(String(await tables({ mode: 'bulk' })), /"huge"/)
  })

  it('writes task configurations that the tasks of a JVM worker read: quotes of the JDBC driver, and no waiting for tables', async () => {
    const task = async (more: Config): Promise<(string | undefined)[]> => {
      const { connector, taskConfigs } = await startJdbcConnector({ ...config, ...more })
      await connector.stop()
      return ['tables', 'tables.fetched'].map((key) => taskConfigs[0]?.get(key))
    }
    assert.deepEqual(await task({ 'table.whitelist': 'small' }), ['"small"', 'true'])
    assert.deepEqual(await task({ query: 'SELECT 1 AS one', mode: 'bulk' }), ['', 'true'])
  })

  it('notices what cannot work at its start', async () => {
    await assert.rejects(
      startJdbcConnector({ ...config, query: 'SELECT 1', 'table.whitelist': 'a' }),
      /Do not specify table filtering configs with 'query'/
    )
    await assert.rejects(
      startJdbcConnector({ ...config, mode: '' }),
      /Query mode must be specified/
    )
    await assert.rejects(
      startJdbcTask({ ...config, 'table.whitelist': 'nowhere' }),
      /Task is being killed because it was not assigned a table nor a query to execute/
    )
  })
})
