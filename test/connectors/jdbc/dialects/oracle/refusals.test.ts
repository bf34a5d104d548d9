import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { type Config, fields, startJdbcTask } from '../../../../support/jdbc-source.ts'
import { type OracleServer, startOracleServer } from '../../../../support/oracle/oracle-server.ts'

/** Statements without which the rows still come: what they are for, and how to know them. */
const OPTIONAL: readonly (readonly [what: string, sql: RegExp])[] = [
  ['the settings of a session', /^ALTER SESSION/],
  ['all settings at once', /^ALTER SESSION SET \S+ = '[^']*' NLS/],
  ['transactions that only read', /^SET TRANSACTION/],
  ['the time zones', /SESSIONTIMEZONE/],
  ['V$ views', /V\$TRANSACTION/],
  ['schemas of the database itself', /all_users/],
  ['keys', /all_constraints/],
  ['columns of keys', /all_cons_columns/],
  ['synonyms', /all_synonyms/i],
  ['indexes', /all_ind_columns/],
  ['what indexes are worth', /all_indexes/],
  ['identity columns and owners of types', /identity_column/],
  ['owners of types', /data_type_owner/],
  ['the columns of a table', /all_tab_col(umn)?s/],
  ['invisible columns', /all_tab_cols/],
  ['copies', /all_mviews|all_dependencies/],
  ['the current schema', /CURRENT_SCHEMA/],
  ['nested tables', /nested = /]
]

describe('a server that refuses what the connector would like', () => {
  let server: OracleServer
  before(async () => {
    server = await startOracleServer()
    await server.control.execute([
      "CREATE TABLE shop (ID NUMBER(18) NOT NULL PRIMARY KEY, TS TIMESTAMP(6) DEFAULT TIMESTAMP '2024-01-01 00:00:00' NOT NULL, NOTE CLOB)",
      ...[1, 2, 3].map((id) => `INSERT INTO shop (ID, NOTE) VALUES (${id}, 'x')`)
    ])
  })
  after(() => server.stop())
  afterEach(() => {
    server.control.clearFaults()
    assert.deepEqual(server.control.failures, [])
  })
  const settings = (more: Config = {}): Config => ({
    'connection.url': `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`,
    'connection.user': server.user,
    'connection.password': server.password,
    'topic.prefix': 'x-',
    'poll.interval.ms': '10',
    'numeric.mapping': 'best_fit',
    mode: 'timestamp+incrementing',
    'incrementing.column.name': 'ID',
    'timestamp.column.name': 'TS',
    'table.whitelist': 'SHOP',
    ...more
  })
  function refuse(code: number, sql: RegExp): void {
    for (const on of ['execute', 'describe'] as const) {
      server.control.failNext(code, { sql, on, times: 1000 })
    }
  }
  async function read(more: Config = {}): Promise<{ ids: unknown[]; conditions: unknown[] }> {
    const task = await startJdbcTask(settings(more))
    try {
      const records = await task.read(3)
      return { ids: fields(records, 'ID'), conditions: task.conditions }
    } finally {
      await task.stop()
    }
  }

  // Errors of many kinds: unknown statement, no right, not implemented.
  for (const code of [900, 942, 1031, 3001]) {
    it(`ORA-${String(code).padStart(5, '0')} to any one of them is survived: the rows come`, async () => {
      for (const [what, sql] of OPTIONAL) {
        refuse(code, sql)
        const { ids, conditions } = await read()
        assert.deepEqual(ids, [1, 2, 3], what)
        // Without the views less is promised, which the status says.
        if (what === 'V$ views') assert.match(String(conditions), /^table APP.SHOP: late commits/)
        else assert.deepEqual(conditions, [], what)
        server.control.clearFaults()
      }
    })
  }

  for (const code of [28, 4031, 12_850]) {
    it(`ORA-${String(code).padStart(5, '0')} passes: nothing is gone without because of it`, async () => {
      for (const [what, sql] of OPTIONAL) {
        server.control.failNext(code, { sql })
        const { ids, conditions } = await read({ 'connection.backoff.ms': '10' })
        assert.deepEqual(ids, [1, 2, 3], what)
        // Whoever had to wait said so; in the end nothing is off.
        assert.equal(conditions.at(-1) ?? null, null, what)
        server.control.clearFaults()
      }
    })
  }

  it('all of them together are survived too, in every mode and for a list of all tables', async () => {
    for (const [, sql] of OPTIONAL) refuse(900, sql)
    for (const mode of ['bulk', 'incrementing', 'timestamp', 'timestamp+incrementing']) {
      const { ids } = await read({ mode })
      assert.deepEqual(ids.slice(0, 3), [1, 2, 3], mode)
    }
    const named = { 'table.whitelist': '', 'table.blacklist': 'OTHER', 'schema.pattern': 'APP' }
    assert.deepEqual((await read(named)).ids, [1, 2, 3])
  })

  it('a session that ends once while its settings are made is opened again with them', async () => {
    server.control.clearStatements()
    server.control.failNext(28, { sql: /^ALTER SESSION/ })
    assert.deepEqual((await read()).ids, [1, 2, 3])
    const settings = server.control.statements.filter(({ sql }) => sql.startsWith('ALTER SESSION'))
    assert.equal(settings.length, 2, 'the second time they were taken')
  })

  it('a module and action, or settings, that end the session are left out, and the rows come', async () => {
    server.control.refuseNames(true)
    assert.deepEqual((await read()).ids, [1, 2, 3])
    server.control.refuseNames(false)
    // The driver gives up a session after such an error.
    server.control.failNext(603, { sql: /^ALTER SESSION/, times: 1000 })
    assert.deepEqual((await read()).ids, [1, 2, 3])
  })
})
