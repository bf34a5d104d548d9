import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import pg from 'pg'
import { checkConfig } from '../../../../src/config/config-def.ts'
import {
  aivenJdbcSourcePlugin,
  jdbcSourcePlugin
} from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import { Plugins } from '../../../../src/plugin/plugins.ts'
import type { SourceConnectorPlugin } from '../../../../src/plugin/source.ts'
import { postgresUrl, uniqueName } from '../../../support/environment.ts'
import {
  type Config,
  field,
  startJdbcConnector,
  startJdbcTask
} from '../../../support/jdbc-source.ts'
import { errorsOf } from '../../../support/validation-errors.ts'

const url = new URL(postgresUrl())
const server: Config = {
  'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
  'connection.user': url.username,
  'connection.password': url.password,
  'topic.prefix': 'x-'
}

describe('validation of the JDBC source', () => {
  it('accepts a configuration that works', async () => {
    assert.deepEqual(
      await errorsOf({ ...server, mode: 'bulk', 'table.whitelist': 'no_such_table_yet' }),
      {}
    )
    assert.deepEqual(await errorsOf({ ...server, mode: 'bulk', query: 'SELECT 1 AS one' }), {})
    assert.deepEqual(
      await errorsOf({
        ...server,
        mode: 'bulk',
        query: 'WITH a AS (SELECT 1 AS one) SELECT * FROM a -- x'
      }),
      {}
    )
  })

  it('says what is wrong with combinations of keys', async () => {
    const bulk = { ...server, mode: 'bulk' }
    for (const [more, key, text] of [
      [{ mode: '' }, 'mode', /Query mode must be specified/],
      [
        {},
        'table.whitelist',
        /At least one table filtering configuration is required\. Provide one of:/
      ],
      [
        { query: 'DELETE FROM x' },
        'query',
        /Only SELECT statements are supported for 'query'\. Please provide a statement that starts with SELECT\./
      ],
      [
        { query: 'SELECT 1', 'query.masked': 'SELECT 2' },
        'query.masked',
        /Both 'query' and 'query\.masked' configs cannot be set at the same time/
      ],
      [
        { query: 'SELECT 1', 'table.whitelist': 'a' },
        'query',
        /Do not specify table filtering configs with 'query'/
      ],
      [
        { query: 'SELECT 1', mode: 'incrementing' },
        'incrementing.column.name',
        /'incrementing\.column\.name' must be provided when using mode/
      ],
      [
        { 'table.whitelist': 'a', 'table.include.list': 'b' },
        'table.include.list',
        /Cannot mix legacy and new configuration approaches/
      ],
      [
        { 'table.exclude.list': 'a' },
        'table.exclude.list',
        /table\.exclude\.list cannot be used without table\.include\.list/
      ],
      [
        { 'table.include.list': 'a', mode: 'timestamp' },
        'mode',
        /Provide 'timestamp\.columns\.mapping'/
      ],
      [
        { 'table.include.list': 'a', 'incrementing.column.mapping': 'a:id' },
        'mode',
        /should not be provided if mode is not/
      ],
      [{ 'table.include.list': '(' }, 'table.include.list', /Invalid regular expression: \(/],
      [
        { 'timestamp.columns.mapping': 'a:b' },
        'timestamp.columns.mapping',
        /Columns list must be enclosed in square brackets/
      ],
      [
        { 'timestamp.columns.mapping': 'a:[]' },
        'timestamp.columns.mapping',
        /Columns list cannot be empty/
      ],
      [{ 'db.timezone': 'Nowhere' }, 'db.timezone', /Invalid time zone/],
      [{ 'topic.prefix': 'a b' }, 'topic.prefix', /must not contain any character other than/],
      [{ 'numeric.mapping': 'Best_Fit' }, 'numeric.mapping', /Invalid enumerator/],
      [
        { 'transaction.isolation.mode': 'SQL_SERVER_SNAPSHOT' },
        'transaction.isolation.mode',
        /can only be configured with a Sql Server Dialect/
      ],
      [{ 'dialect.name': 'Db2DatabaseDialect' }, 'dialect.name', /not supported; supported: /],
      [{ 'connection.url': 'postgres://u:topsecret@h' }, 'connection.url', /Not a valid JDBC URL/],
      [{ 'connection.url': '' }, 'connection.url', /^No JDBC URL is given: expected e\.g\. jdbc:/],
      [{ 'batch.max.rows': '0' }, 'batch.max.rows', /at least 1/]
    ] as const) {
      const errors = await errorsOf({ ...bulk, ...more } as Config)
      assert.match(String(errors[key]), text, JSON.stringify(more))
      assert.doesNotMatch(JSON.stringify(errors), /topsecret/)
    }
  })

  it('asks no database when a key that it needs for that is wrong, and lays it at no other door', async () => {
    for (const [key, value] of [
      ['db.timezone', 'Nowhere'],
      ['dialect.name', 'Nope']
    ] as const) {
      const errors = await errorsOf({ ...server, mode: 'bulk', query: 'SELECT 1', [key]: value })
      assert.deepEqual(Object.keys(errors), [key])
    }
  })

  it('answers a form that sends null for each key that is not set', async () => {
    for (const mode of ['bulk', 'timestamp']) {
      for (const key of Object.keys(jdbcSourcePlugin.config)) {
        const form = { ...server, mode, query: 'SELECT 1 AS a', [key]: null } as unknown as Config
        await assert.doesNotReject(errorsOf(form), key)
      }
    }
  })

  it('asks the database about queries and columns', async () => {
    const twice = await errorsOf({ ...server, mode: 'bulk', query: 'SELECT 1 AS a, 2 AS a' })
    assert.match(twice['query'] ?? '', /two columns named a; give one of them another name/)
    const called = await errorsOf({ ...server, mode: 'bulk', query: 'CALL p()' })
    assert.match(called['query'] ?? '', /Only SELECT statements are supported/)
    for (const [ending, mode] of [
      ['WHERE 1 = 1', 'incrementing'],
      ['GROUP BY 1', 'incrementing'],
      ['ORDER BY 1', 'timestamp'],
      ['UNION SELECT 2, now()', 'timestamp+incrementing']
    ] as const) {
      const whole = `SELECT oid::bigint AS id, now() AS at FROM pg_class ${ending}`
      const columns = { 'incrementing.column.name': 'id', 'timestamp.column.name': 'at' }
      const found = await errorsOf({ ...server, ...columns, mode, query: whole })
      assert.match(found['query'] ?? '', /not valid with what its mode appends.*\$\{bounds\}/)
      const inside = `SELECT * FROM (${whole}) t -- put around`
      assert.deepEqual(await errorsOf({ ...server, ...columns, mode, query: inside }), {})
    }
    const marked = 'SELECT 1 AS id WHERE 1 > ? ORDER BY 1 LIMIT 9 --'
    const places = { ...server, mode: 'incrementing', 'incrementing.column.name': 'id' }
    assert.match(
      (await errorsOf({ ...places, query: marked }))['query'] ?? '',
      /syntax error.*Where a \? stood for a bound of the poll, write \$\{bounds\}/
    )
    const broken = await errorsOf({ ...server, mode: 'bulk', query: 'SELECT * FROM no_such_table' })
    assert.doesNotMatch(broken['query'] ?? '', /\?/)
    assert.match(
      String(broken['query']),
      /The configured query is not valid and has database\/connection errors\. .*SQLState: 42P01/
    )
    const masked = await errorsOf({
      ...server,
      mode: 'bulk',
      'query.masked': 'SELECT hidden_thing FROM no_such_table'
    })
    assert.doesNotMatch(JSON.stringify(masked), /hidden_thing/)
    const client = new pg.Client(postgresUrl())
    await client.connect()
    const table = uniqueName('valid').replaceAll('-', '_')
    await client.query(`CREATE TABLE ${table} (id bigint NOT NULL, ts timestamp)`)
    try {
      const legacy = { ...server, 'table.whitelist': table }
      const id = await errorsOf({
        ...legacy,
        mode: 'incrementing',
        'incrementing.column.name': 'idd'
      })
      assert.match(
        String(id['incrementing.column.name']),
        /idd does not exist in table .*Did you mean id\?/
      )
      // A column's name does not decide whose fault it is that it is not there.
      const missing = { ...legacy, mode: 'timestamp', 'timestamp.column.name': 'incrementing_at' }
      assert.deepEqual(Object.keys(await errorsOf(missing)), ['timestamp.column.name'])
      const ts = await errorsOf({ ...legacy, mode: 'timestamp', 'timestamp.column.name': 'ts' })
      assert.match(String(ts['timestamp.column.name']), /all of these columns are nullable/)
    } finally {
      await client.query(`DROP TABLE ${table}`)
      await client.end()
    }
  })

  it('checks what is said of late commits', async () => {
    const errors = await errorsOf({
      ...server,
      mode: 'bulk',
      'table.whitelist': 'a',
      'late.commit.guard': 'on',
      'late.commit.max.wait.ms': '-1',
      'late.commit.margin.ms': 'soon',
      'late.commit.window.ms': '-5',
      'late.commit.seen.max.keys': '10'
    })
    assert.deepEqual(Object.keys(errors).sort(), [
      'late.commit.guard',
      'late.commit.margin.ms',
      'late.commit.max.wait.ms',
      'late.commit.seen.max.keys',
      'late.commit.window.ms'
    ])
  })

  it('I7: reports a wrong password without showing it, and a dead port at once', async () => {
    const wrong = {
      ...server,
      'connection.password': 'not-the-password',
      'connection.attempts': '1',
      mode: 'bulk',
      'table.whitelist': 'a'
    }
    const errors = await errorsOf(wrong)
    assert.match(
      String(errors['connection.url']),
      /^Could not connect to database\. .*password authentication failed/
    )
    assert.doesNotMatch(JSON.stringify(errors), /not-the-password/)
    await assert.rejects(startJdbcConnector(wrong), /password authentication failed/)
    const dead = await errorsOf({ ...wrong, 'connection.url': 'jdbc:postgresql://127.0.0.1:1/x' })
    assert.match(String(dead['connection.url']), /^Could not connect to database\. .*ECONNREFUSED/)
  })

  it('I8: gives up on a silent host when the request does', async () => {
    const asked = performance.now()
    const errors = await errorsOf(
      {
        ...server,
        'connection.url': 'jdbc:postgresql://192.0.2.1:5432/x',
        mode: 'bulk',
        'table.whitelist': 'a'
      },
      jdbcSourcePlugin,
      AbortSignal.timeout(300)
    )
    assert.match(String(errors['connection.url']), /Could not connect to database/)
    assert.ok(performance.now() - asked < 3000)
  })
})

describe('an unreachable database', () => {
  it('leaves the connector idle and the task retrying, and both stop at once', async () => {
    const config = {
      ...server,
      'connection.url': 'jdbc:postgresql://127.0.0.1:1/x',
      mode: 'bulk',
      'table.whitelist': 'a',
      'table.monitoring.startup.polling.limit.ms': '100'
    }
    const { connector, taskConfigs } = await startJdbcConnector(config)
    assert.deepEqual(
      taskConfigs.map((task) => [task.get('tables'), task.get('tables.fetched')]),
      [['', 'false']]
    )
    await connector.stop()
    const task = await startJdbcTask({
      ...server,
      'connection.url': 'jdbc:postgresql://127.0.0.1:1/x',
      mode: 'bulk',
      query: 'SELECT 1',
      'connection.attempts': '1',
      'connection.backoff.ms': '10',
      'poll.interval.ms': '0'
    })
    assert.deepEqual(await task.poll(), [])
    assert.match(
      String(task.conditions.at(-1)),
      /Retrying \(\d+\): .*Could not connect to PostgreSQL at 127\.0\.0\.1:1\/x: .*ECONNREFUSED/
    )
    await task.stop()
  })

  it('fails the task after query.retry.attempts', async () => {
    const task = await startJdbcTask({
      ...server,
      'connection.url': 'jdbc:postgresql://127.0.0.1:1/x',
      mode: 'bulk',
      query: 'SELECT 1',
      'connection.attempts': '1',
      'connection.backoff.ms': '10',
      'poll.interval.ms': '0',
      'query.retry.attempts': '2'
    })
    await assert.rejects(task.read(1), /Failed to query table after retries: .*ECONNREFUSED/)
    await task.stop()
  })
})

describe('a log-in that is refused', () => {
  const query = {
    ...server,
    mode: 'bulk',
    query: 'SELECT 1 AS one',
    'poll.interval.ms': '0',
    'connection.attempts': '3',
    'connection.backoff.ms': '50'
  }

  it('at the start of a task is tried connection.attempts times, and fails the task then', async () => {
    const task = await startJdbcTask({ ...query, 'connection.password': 'wrong' })
    await assert.rejects(task.read(1), /password authentication failed/)
    assert.deepEqual(
      task.conditions.map((text) => /Attempt \d of \d/.exec(String(text))?.[0]),
      ['Attempt 1 of 3', 'Attempt 2 of 3', 'Attempt 3 of 3']
    )
    await task.stop()
  })

  it('for a moment costs nothing', async () => {
    const role = uniqueName('locked').replaceAll('-', '_')
    const admin = new pg.Client(postgresUrl())
    await admin.connect()
    try {
      await admin.query(`CREATE ROLE ${role} NOLOGIN PASSWORD 'x'`)
      const task = await startJdbcTask({
        ...query,
        'connection.user': role,
        'connection.password': 'x'
      })
      assert.match(String(task.conditions.at(-1)), /Attempt 1 of 3 .* is not permitted to log in/)
      await admin.query(`ALTER ROLE ${role} LOGIN`)
      assert.equal(field((await task.read(1))[0], 'one'), 1)
      assert.equal(task.conditions.at(-1), null)
      await task.stop()
    } finally {
      await admin.query(`DROP ROLE ${role}`)
      await admin.end()
    }
  })
})

describe('the classes of the JDBC source', () => {
  const plugins = new Plugins([aivenJdbcSourcePlugin, jdbcSourcePlugin])

  it('answer to their full names; the simple names are those of Confluent', () => {
    assert.equal(plugins.connector('JdbcSource'), jdbcSourcePlugin)
    assert.equal(plugins.connector('JdbcSourceConnector'), jdbcSourcePlugin)
    assert.equal(
      plugins.connector('io.aiven.connect.jdbc.JdbcSourceConnector'),
      aivenJdbcSourcePlugin
    )
  })

  it('differ in defaults and required keys', async () => {
    const defaults = (plugin: SourceConnectorPlugin) =>
      checkConfig(plugin.config, new Map()).get('batch.max.rows')?.value
    assert.deepEqual([defaults(jdbcSourcePlugin), defaults(aivenJdbcSourcePlugin)], [1000, 100])
    const errors = await errorsOf({}, aivenJdbcSourcePlugin)
    assert.match(
      String(errors['connection.url']),
      /Missing required configuration "connection\.url"/
    )
    assert.match(String(errors['mode']), /Missing required configuration "mode"/)
    assert.deepEqual(
      await errorsOf(
        { ...server, mode: 'bulk', 'schema.pattern': 'no_such_schema' },
        aivenJdbcSourcePlugin
      ),
      {}
    )
  })

  it('check offsets an operator writes', async () => {
    const client = new pg.Client(postgresUrl())
    await client.connect()
    const table = uniqueName('alter').replaceAll('-', '_')
    await client.query(`CREATE TABLE ${table} (id bigint NOT NULL)`)
    const config = new Map(
      Object.entries({
        ...server,
        mode: 'incrementing',
        'incrementing.column.name': 'id',
        'table.whitelist': table
      })
    )
    const alter = (name: string, offset: Record<string, number> | null) =>
      jdbcSourcePlugin.alterOffsets?.(config, [
        { partition: { protocol: '1', table: name }, offset }
      ])
    try {
      const full = { protocol: '1', table: `public.${table}` }
      const stored = { complete: true, changes: [{ partition: full, offset: { incrementing: 5 } }] }
      assert.deepEqual(await alter(`public.${table}`, { incrementing: 5 }), stored)
      assert.deepEqual(await alter(table, { incrementing: 5 }), stored)
      await alter('public.gone', null)
      await assert.rejects(
        async () => await alter(`public.${table}x`, { incrementing: 5 }),
        new RegExp(`There is no table public\\.${table}x\\. Did you mean public\\.${table}\\?`)
      )
      await assert.rejects(
        async () => await alter(`public.${table}`, { increment: 5 }),
        /Unknown offset field increment/
      )
    } finally {
      await client.query(`DROP TABLE ${table}`)
      await client.end()
    }
    assert.equal(jdbcSourcePlugin.exactlyOnceSupport?.(config), 'supported')
  })
})
