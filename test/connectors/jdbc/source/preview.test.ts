import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { mysqlDialect } from '../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import { mysqlTarget } from '../../../../src/connectors/jdbc/dialects/mysql/target.ts'
import { sessionStatement } from '../../../../src/connectors/jdbc/dialects/sqlserver/session.ts'
import { requireReadsOnly } from '../../../../src/connectors/jdbc/sql/only-reads.ts'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import { messageOf } from '../../../../src/errors.ts'
import type { SourcePreview } from '../../../../src/plugin/preview.ts'
import { mysqlUrl, postgresUrl, uniqueName } from '../../../support/environment.ts'
import { openOptions } from '../../../support/open-dialect.ts'
import { readSmallFile } from '../../../../src/small-file.ts'
import { adversarial, assertLinear } from '../../../support/work-of.ts'

const name = uniqueName('look').replaceAll('-', '_')

async function preview(settings: Record<string, string>): Promise<SourcePreview> {
  const config = new Map(Object.entries({ mode: 'bulk', 'topic.prefix': 't', ...settings }))
  const shown = await jdbcSourcePlugin.preview?.(config, {
    maxRows: 10,
    signal: AbortSignal.timeout(30_000)
  })
  assert.ok(shown)
  return shown
}

/** What a preview says went wrong, thrown or told. */
async function problemsOf(settings: Record<string, string>): Promise<string> {
  try {
    return (await preview(settings)).problems.join()
  } catch (error) {
    return messageOf(error)
  }
}

void describe('A preview of PostgreSQL', () => {
  const client = new pg.Client(postgresUrl())
  const url = new URL(postgresUrl())
  const settings = (query: string): Record<string, string> => ({
    'connection.url': `jdbc:postgresql://${url.host}${url.pathname}?currentSchema=${name}`,
    'connection.user': url.username,
    'connection.password': url.password,
    query
  })
  before(async () => {
    await client.connect()
    await client.query(`CREATE SCHEMA ${name}`)
    await client.query(`SET search_path = ${name}`)
    await client.query(`CREATE TABLE queue (id int); INSERT INTO queue VALUES (1), (2);
      CREATE SEQUENCE numbers;
      CREATE FUNCTION drain() RETURNS SETOF int LANGUAGE sql AS 'DELETE FROM ${name}.queue RETURNING id';
      CREATE FUNCTION hidden() RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS
        'BEGIN RETURN nextval(''${name}.numbers''); END';
      CREATE VIEW drained AS SELECT * FROM ${name}.drain() AS id`)
  })
  after(async () => {
    await client.query(`DROP SCHEMA ${name} CASCADE`)
    await client.end()
  })
  const left = async (): Promise<string> => {
    const { rows } = await client.query<{ rows: string; moved: boolean }>(
      'SELECT (SELECT count(*) FROM queue) AS rows, (SELECT is_called FROM numbers) AS moved'
    )
    return `${rows[0]?.rows} ${rows[0]?.moved}`
  }

  void it('changes nothing, whatever a query calls', async () => {
    for (const query of [
      'SELECT * FROM drain() AS id',
      'SELECT * FROM drained',
      `SELECT hidden() AS n`,
      `SELECT set_config('transaction_read_only', 'off', false) AS s, id FROM drain() AS id`,
      'SELECT 1 AS a FROM queue WHERE (SELECT count(*) FROM drain()) > 0'
    ]) {
      assert.match(await problemsOf(settings(query)), /read-only|read-write/, query)
      assert.equal(await left(), '2 false', query)
    }
    const { query: _, ...tables } = settings('')
    const view = { ...tables, 'table.types': 'VIEW', 'table.whitelist': `${name}.drained` }
    assert.match(await problemsOf(view), /read-only transaction/)
    assert.match(
      await problemsOf(settings(`SELECT nextval('numbers') AS n`)),
      /only reads.*NEXTVAL/
    )
    assert.equal(await left(), '2 false')
    assert.equal((await preview(settings('SELECT * FROM queue'))).records.length, 2)
  })
})

void describe('A preview of MariaDB', () => {
  const url = new URL(mysqlUrl())
  let client: mysql.Connection
  before(async () => {
    client = await mysql.createConnection({ uri: mysqlUrl(), multipleStatements: true })
    await client.query(`CREATE DATABASE ${name}; USE ${name};
      CREATE TABLE queue (id int); INSERT INTO queue VALUES (1), (2);
      CREATE TABLE old_queue (id int) ENGINE=MyISAM; INSERT INTO old_queue VALUES (1);
      CREATE SEQUENCE numbers`)
    await client.query(
      `CREATE FUNCTION drain() RETURNS int MODIFIES SQL DATA BEGIN DELETE FROM queue; RETURN 1; END`
    )
    await client.query(
      `CREATE FUNCTION drain_old() RETURNS int MODIFIES SQL DATA BEGIN DELETE FROM old_queue; RETURN 1; END`
    )
    await client.query(
      `CREATE FUNCTION hidden() RETURNS bigint MODIFIES SQL DATA BEGIN RETURN NEXTVAL(numbers); END`
    )
  })
  after(async () => {
    await client.query(`DROP DATABASE ${name}`)
    await client.end()
  })
  const settings = (query: string): Record<string, string> => ({
    'connection.url': `jdbc:mariadb://${url.host}/${name}?sessionVariables=tx_read_only=0`,
    'connection.user': url.username,
    'connection.password': url.password,
    query
  })
  const left = async (): Promise<string> => {
    const [rows] = await client.query<mysql.RowDataPacket[]>(
      `SELECT (SELECT COUNT(*) FROM queue) a, (SELECT COUNT(*) FROM old_queue) b, (SELECT next_not_cached_value FROM numbers) c`
    )
    return `${rows[0]?.['a']} ${rows[0]?.['b']} ${rows[0]?.['c']}`
  }

  void it('changes nothing, whatever a query calls', async () => {
    for (const query of [
      'SELECT drain() AS a',
      'SELECT drain_old() AS a',
      'SELECT hidden() AS a'
    ]) {
      assert.match(await problemsOf(settings(query)), /READ ONLY/, query)
      assert.equal(await left(), '2 1 1', query)
    }
    assert.match(await problemsOf(settings('SELECT NEXTVAL(numbers) AS n')), /only reads.*NEXTVAL/)
    assert.match(await problemsOf(settings('SELECT NEXT VALUE FOR numbers AS n')), /only reads/)
    const file = `SELECT 1 AS a INTO OUTFILE '/tmp/${name}'`
    assert.match(await problemsOf(settings(file)), /only reads.*INTO/)
    assert.equal(await left(), '2 1 1')
  })
})

void describe('A file that a configuration names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'probe-'))
  after(() => rmSync(folder, { recursive: true }))
  const files: Record<string, string> = {}
  before(() => {
    writeFileSync(join(folder, 'text'), 'no certificate')
    writeFileSync(join(folder, 'large'), Buffer.alloc(2_000_000))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const made = ['text', 'large', 'pipe', 'missing'].map((file) => join(folder, file))
    for (const file of [...made, folder, '/dev/zero', '/etc/shadow', '/proc/kmsg'])
      files[file] = file
  })

  void it('gives one answer to who validates, whether it is there or not, and is read within bounds', async () => {
    const url = new URL(postgresUrl())
    const answers = new Set<string>()
    for (const file of Object.keys(files)) {
      for (const property of ['sslrootcert', 'sslcert']) {
        const answer = await problemsOf({
          'connection.url': `jdbc:postgresql://${url.host}${url.pathname}?sslmode=verify-ca&${property}=${file}&sslkey=${file}`,
          'connection.user': url.username,
          'connection.password': url.password,
          query: 'SELECT 1 AS a'
        })
        answers.add(answer.replace(/^ssl\w+/, 'ssl'))
      }
    }
    assert.deepEqual(
      [...answers],
      ['ssl: its file cannot be used; the log of this worker says why']
    )
  })

  void it('is read within bounds wherever a setting may name one', () => {
    const options = (url: string) => openOptions(mysqlDialect, { url })
    for (const file of ['/dev/zero', join(folder, 'pipe'), join(folder, 'large')]) {
      assert.throws(() => mysqlTarget(options(`jdbc:mysql://h/d?serverRSAPublicKeyFile=${file}`)))
      assert.throws(() => readSmallFile(file), { code: /EINVAL|EFBIG/ })
    }
    assert.equal(readSmallFile(join(folder, 'text')).toString(), 'no certificate')
  })
})

void describe('The query of a preview', () => {
  void it('is one statement that reads', () => {
    for (const query of [
      'SELECT s.NEXTVAL FROM dual',
      'SELECT NEXT  VALUE FOR s',
      'WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d',
      'WITH c AS (SELECT 1 a) UPDATE t SET a = 1 OUTPUT inserted.a',
      'SELECT * INTO copy FROM t',
      'SELECT 1; SELECT 2',
      "SELECT 1 /* ' */; DROP TABLE t --'",
      'EXEC sp_who',
      '/* x */ call p()',
      'SELECT * FROM t FOR UPDATE'
    ]) {
      assert.throws(() => requireReadsOnly(query), { code: 'CONFIG_INVALID' }, query)
    }
    for (const query of [
      'SELECT * FROM t;',
      'SELECT \'DELETE; INSERT\' AS a, t.update, "into" FROM t -- UPDATE',
      'SELECT REPLACE(a, 1, 2), INSERT (b, 1, 2, 3), last_update, update_time, nextvalue FROM t',
      '(SELECT 1) UNION ALL (SELECT 2)',
      'SELECT created, deleted, $delete FROM t'
    ]) {
      requireReadsOnly(query)
    }
  })

  void it('I8: is looked at in time proportional to its length', () => {
    for (const [piece, text] of Object.entries(adversarial)) {
      assertLinear(`reading ${piece}`, (length) => `SELECT ${text(length)}`, requireReadsOnly)
    }
  })

  void it('is undone by SQL Server, which has no transactions that only read', () => {
    const settings = {
      isolation: 'DEFAULT',
      lockTimeoutMs: 1,
      quotedIdentifier: true,
      concatNullYieldsNull: true
    } as const
    assert.match(sessionStatement(settings, true), /; SET IMPLICIT_TRANSACTIONS ON$/)
    assert.doesNotMatch(sessionStatement(settings), /IMPLICIT/)
  })
})
