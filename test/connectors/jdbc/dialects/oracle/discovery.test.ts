import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { checkConfig } from '../../../../../src/config/config-def.ts'
import type { Connection } from '../../../../../src/connectors/jdbc/database/database.ts'
import { oracleDialect } from '../../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { jdbcSourcePlugin } from '../../../../../src/connectors/jdbc/source/source-plugins.ts'
import { tableSql } from '../../../../../src/connectors/jdbc/database/table-name.ts'
import { fields, startJdbcConnector, startJdbcTask } from '../../../../support/jdbc-source.ts'
import { openOptions, rowsOf } from '../../../../support/open-dialect.ts'
import { type OracleServer, startOracleServer } from '../../../../support/oracle/oracle-server.ts'
import { oracleConfig } from '../../../../support/real-oracle.ts'

/** Views of the dictionary that list what there is. */
const LISTS = /FROM all_(tables|views|synonyms|objects)\b/i

describe('tables of Oracle', () => {
  let server: OracleServer
  let config: Record<string, string>
  let connection: Connection
  before(async () => {
    server = await startOracleServer()
    await server.control.execute([
      'CREATE TABLE parts (id NUMBER(18) NOT NULL PRIMARY KEY)',
      'INSERT INTO parts VALUES (1)',
      'CREATE TABLE "Mixed Case" (id NUMBER(18) NOT NULL PRIMARY KEY)',
      'INSERT INTO "Mixed Case" VALUES (2)',
      'CREATE TABLE "lower" (id NUMBER(18) NOT NULL PRIMARY KEY)',
      'INSERT INTO "lower" VALUES (3)',
      'CREATE VIEW parts_view AS SELECT id FROM parts',
      'CREATE MATERIALIZED VIEW parts_copy AS SELECT id FROM parts',
      'CREATE SYNONYM parts_own FOR parts',
      'CREATE PUBLIC SYNONYM parts_public FOR app.parts',
      'CREATE SYNONYM parts_far FOR parts@elsewhere'
    ])
    const url = `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`
    config = {
      ...oracleConfig(url, server.user, server.password),
      'topic.prefix': 'x-',
      mode: 'incrementing',
      'incrementing.column.name': 'ID',
      'poll.interval.ms': '20'
    }
    const { user, password } = server
    connection = await oracleDialect.open(openOptions(oracleDialect, { url, user, password }))
  })
  after(async () => {
    await connection.close()
    await server.stop()
  })

  const listing = (): string[] =>
    server.control.statements.map(({ sql }) => sql).filter((sql) => LISTS.test(sql))

  it('are read, whatever their kind and the case of their names', async () => {
    for (const [schema, table, id] of [
      ['APP', 'PARTS', '1'],
      ['APP', 'Mixed Case', '2'],
      ['APP', 'lower', '3'],
      ['APP', 'PARTS_VIEW', '1'],
      ['APP', 'PARTS_COPY', '1'],
      ['APP', 'PARTS_OWN', '1'],
      ['PUBLIC', 'PARTS_PUBLIC', '1'],
      [null, 'PARTS_PUBLIC', '1']
    ] as const) {
      const found = { catalog: null, schema, table }
      const columns = await connection.describeTable(found)
      assert.deepEqual(
        columns.map(({ name }) => name),
        ['ID'],
        table
      )
      const sql = `SELECT * FROM ${tableSql(oracleDialect, found, true)}`
      assert.deepEqual(await rowsOf(connection, sql), [[id]], table)
    }
  })

  it('behind a database link are refused with a clear text', async () => {
    await assert.rejects(
      connection.describeTable({ catalog: null, schema: 'APP', table: 'PARTS_FAR' }),
      /PARTS_FAR leads over the database link ELSEWHERE: connect to that database itself/
    )
  })

  it('of all these kinds are copied when they are named and their types asked for', async () => {
    const task = await startJdbcTask({
      ...config,
      'table.types': 'TABLE,VIEW,SYNONYM',
      'table.whitelist': 'PARTS_VIEW,PARTS_OWN,"Mixed Case",lower'
    })
    const records = await task.read(4)
    await task.stop()
    assert.deepEqual(records.map(({ topic }) => topic).toSorted(), [
      'x-Mixed Case',
      'x-PARTS_OWN',
      'x-PARTS_VIEW',
      'x-lower'
    ])
    assert.deepEqual(
      fields(records, 'ID').toSorted((a, b) => Number(a) - Number(b)),
      [1, 1, 2, 3]
    )
  })

  it('that are misspelt are answered with what was nearly meant', async () => {
    const wrong = { ...config, 'table.whitelist': 'APP.PARTZ' }
    await assert.rejects(startJdbcTask(wrong), /APP\.PARTZ \(did you mean .*PARTS/)
  })

  describe('among 50,000 others', () => {
    before(async () => {
      const names = Array.from({ length: 50_000 }, (_, index) => `big_${index}`)
      await server.control.createTables(names, 'id NUMBER(18) NOT NULL PRIMARY KEY')
    })

    /** Rows of the dictionary that were fetched since the statements were cleared. */
    const listed = (): number =>
      server.control.statements
        .filter(({ sql }) => LISTS.test(sql))
        .reduce((sum, { rows }) => sum + rows, 0)
    async function check(config: Record<string, string>): Promise<string[]> {
      server.control.clearStatements()
      const given = new Map(Object.entries(config))
      const checked = checkConfig(jdbcSourcePlugin.config, given)
      await jdbcSourcePlugin.validate?.(given, checked, new AbortController().signal)
      return [...checked.values()].flatMap(({ errors }) => errors)
    }

    it('are found without a look at all of them when they are named', async () => {
      const named = { ...config, 'table.whitelist': 'APP.PARTS,APP.BIG_777' }
      assert.deepEqual(await check(named), [])
      const task = await startJdbcTask(named)
      assert.deepEqual(fields(await task.read(1), 'ID'), [1])
      await task.stop()
      assert.ok(listing().length > 0)
      assert.ok(
        listing().every((sql) => /_name (IN \(:|= :)/.test(sql)),
        listing().join('\n')
      )
      assert.ok(listed() < 20, `${listed()} rows`)
    })

    it('are suggested for a misspelt name after a look at few', async () => {
      for (const [wrong, near] of [
        ['APP.PARTZ', /APP\.PARTZ \(did you mean .*PARTS/],
        ['APP.PRATS', /APP\.PRATS \(did you mean .*PARTS/],
        ['APP.BIG_77777', /APP\.BIG_77777 \(did you mean .*BIG_/],
        ['APP.NOTHING_LIKE_IT', /APP\.NOTHING_LIKE_IT$/]
      ] as const) {
        server.control.clearStatements()
        await assert.rejects(startJdbcTask({ ...config, 'table.whitelist': wrong }), near)
        // At most two looks by the connector, two by the task; each is cut off by the database.
        assert.ok(listed() <= 4 * 500, `${wrong}: ${listed()} rows`)
        assert.ok(listing().every((sql) => /ROWNUM <= 500|_name (IN \(:|= :)/.test(sql)))
      }
    })

    it('are not all listed while somebody waits for a configuration to be checked', async () => {
      const all = {
        ...config,
        'table.include.list': 'APP\\.BIG_.*',
        'incrementing.column.mapping': 'APP\\.BIG_.*:ID',
        'incrementing.column.name': ''
      }
      assert.deepEqual(await check(all), [])
      assert.ok(listed() <= 1000, `${listed()} rows`)
      assert.deepEqual(await check({ ...all, 'incrementing.column.mapping': 'APP\\.BIG_.*:IDD' }), [
        "Incrementing column: IDD does not exist in table 'APP.BIG_0'. Did you mean ID?"
      ])
    })

    it('are all listed by one statement when they are asked for', async () => {
      server.control.clearStatements()
      const { connector, taskConfigs } = await startJdbcConnector({
        ...config,
        'table.include.list': 'APP\\.BIG_.*',
        'incrementing.column.mapping': 'APP\\.BIG_.*:ID',
        'incrementing.column.name': ''
      })
      await connector.stop()
      assert.equal((taskConfigs[0]?.get('tables') ?? '').split(',').length, 50_000)
      assert.equal(listing().length, 1)
    })
  })

  it('of the database itself, its public synonyms above all, are not in a list of everything', async () => {
    await server.control.execute(
      Array.from({ length: 2000 }, (_, index) => `CREATE PUBLIC SYNONYM own_${index} FOR sys.dual`)
    )
    const found = await connection.listTables({
      catalogPattern: null,
      schemaPattern: null,
      types: ['TABLE', 'VIEW', 'SYNONYM'],
      names: null
    })
    const names = found.map(({ schema, table }) => `${schema}.${table}`)
    assert.ok(names.includes('PUBLIC.PARTS_PUBLIC'))
    assert.ok(names.includes('APP.PARTS'))
    assert.ok(!names.some((name) => /^SYS\.|^PUBLIC\.OWN_/.test(name)))
  })
})
