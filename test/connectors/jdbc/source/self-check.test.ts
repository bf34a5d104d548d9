import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createPool } from 'mysql2/promise'
import { Client } from 'pg'
import { systemClock } from '../../../../src/clock.ts'
import { openConnection } from '../../../../src/connectors/jdbc/sessions/connection-keeper.ts'
import type { Connection, TableId } from '../../../../src/connectors/jdbc/database/database.ts'
import { reportSelfCheck } from '../../../../src/connectors/jdbc/source/self-check.ts'
import { jdbcSourceConfig } from '../../../../src/connectors/jdbc/settings/source-config.ts'
import { sourceSettings } from '../../../../src/connectors/jdbc/settings/source-settings.ts'
import { parseTableName } from '../../../../src/connectors/jdbc/database/table-name.ts'
import { mysqlUrl, postgresUrl } from '../../../support/environment.ts'
import { type OracleServer, startOracleServer } from '../../../support/oracle/oracle-server.ts'
import { recordingLog } from '../../../support/recording-log.ts'
import { sqliteFile } from '../../../support/sqlite-file.ts'

interface Report {
  readonly alive: boolean
  readonly lines: readonly string[]
  readonly warnings: readonly string[]
}

/** The lines a task with this configuration would begin with. */
async function reportOf(
  config: Record<string, string>,
  tables: readonly string[],
  use: (connection: Connection) => Connection = (connection) => connection
): Promise<Report> {
  const map = new Map(Object.entries({ 'topic.prefix': 'x-', ...config }))
  const settings = sourceSettings(map, jdbcSourceConfig)
  const { log, lines } = recordingLog()
  const connection = await openConnection(settings.connection, {
    log,
    signal: new AbortController().signal,
    clock: systemClock
  })
  const ids: TableId[] = tables.map((name) => parseTableName(connection.dialect, name))
  const started = lines.length
  const alive = await reportSelfCheck(use(connection), ids, settings, { log, clock: systemClock })
  await connection.close()
  const written = lines
    .slice(started)
    .map((line) => JSON.parse(line) as { level: string; msg: string })
  return {
    alive,
    lines: written.map(({ msg }) => msg),
    warnings: written.filter(({ level }) => level === 'WARN').map(({ msg }) => msg)
  }
}

const has = (lines: readonly string[], wanted: RegExp): void =>
  assert.ok(
    lines.some((line) => wanted.test(line)),
    `${String(wanted)} not in:\n${lines.join('\n')}`
  )

describe('the self-check of a task on Oracle', () => {
  let server: OracleServer
  let config: Record<string, string>
  before(async () => {
    server = await startOracleServer()
    await server.control.execute([
      'CREATE TABLE good (id NUMBER(18) NOT NULL PRIMARY KEY, at TIMESTAMP(6) NOT NULL)',
      'CREATE INDEX good_changes ON good (at, id)',
      'CREATE TABLE bare (id NUMBER(18) NOT NULL, at TIMESTAMP(6))',
      'CREATE TABLE secret (id NUMBER(18) NOT NULL PRIMARY KEY, at TIMESTAMP(6))',
      'CREATE SYNONYM nickname FOR good',
      'CREATE VIEW seen AS SELECT id, at FROM good',
      'CREATE USER reader IDENTIFIED BY "Reader_1"',
      'GRANT CREATE SESSION TO reader',
      'GRANT SELECT ON good TO reader'
    ])
    config = {
      'connection.url': `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`,
      'connection.user': server.user,
      'connection.password': server.password,
      mode: 'timestamp+incrementing',
      'timestamp.column.name': 'AT',
      'incrementing.column.name': 'ID',
      'validate.non.null': 'false'
    }
  })
  after(() => server.stop())

  it('says version, zones, clock, rights and indexes, and warns of nothing when nothing is off', async () => {
    const { alive, lines, warnings } = await reportOf(config, [
      'APP.GOOD',
      'APP.NICKNAME',
      'APP.SEEN'
    ])
    assert.equal(alive, true)
    assert.deepEqual(warnings, [])
    for (const wanted of [
      /Oracle 19\./,
      /Time zones: session \+00:00, database \+00:00/,
      /clock of the database is \d+ ms (ahead of|behind) this machine's/,
      /: V\$TRANSACTION may be read/,
      /GV\$TRANSACTION may be read/,
      /APP\.GOOD may be read/,
      /APP\.GOOD: cursor column AT is not null, and first in an index/,
      /APP\.GOOD: cursor column ID is not null, and first in an index/,
      /APP\.NICKNAME: cursor column AT is not null, and first in an index/,
      /APP\.SEEN: cursor column AT is .*nothing is known/
    ]) {
      has(lines, wanted)
    }
  })

  it('warns of a cursor without an index', async () => {
    const { warnings } = await reportOf(config, ['APP.BARE'])
    assert.equal(warnings.length, 2)
    has(
      warnings,
      /APP\.BARE: cursor column AT is nullable and first in no index.*index on \(AT, ID\)/
    )
  })

  it('warns of a table it may not read, and tells which views are closed', async () => {
    const { lines, warnings } = await reportOf(
      { ...config, 'connection.user': 'READER', 'connection.password': 'Reader_1' },
      ['APP.GOOD', 'APP.SECRET']
    )
    assert.equal(warnings.length, 1)
    has(warnings, /APP\.SECRET cannot be read: .*ORA-00942/)
    has(lines, /: V\$TRANSACTION may not be read, .*ORA-00942/)
    has(lines, /APP\.GOOD: cursor column AT is not null, and first in an index/)
  })

  it('warns of clocks that differ by more than a second', async () => {
    server.control.setClockOffset(90_000)
    try {
      const { warnings } = await reportOf(config, [])
      has(warnings, /clock of the database is (89|90)\d{3} ms ahead of this machine's: synchronise/)
    } finally {
      server.control.setClockOffset(0)
    }
  })

  it('never fails: a lost session ends it, and the connection is not used again', async () => {
    server.control.dropNext({ sql: /SESSIONTIMEZONE/ })
    const { alive, warnings } = await reportOf(config, ['APP.GOOD'])
    assert.equal(alive, false)
    has(warnings, /given up: .*NJS-500/)
  })
})

describe('the self-check of a task on PostgreSQL', () => {
  const schema = `self_check_${process.pid}`
  const url = new URL(postgresUrl())
  const client = new Client({ connectionString: postgresUrl() })
  const config = {
    'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
    'connection.user': decodeURIComponent(url.username),
    'connection.password': decodeURIComponent(url.password),
    mode: 'timestamp',
    'timestamp.column.name': 'at',
    'validate.non.null': 'false'
  }
  before(async () => {
    await client.connect()
    await client.query(`CREATE SCHEMA ${schema};
      CREATE TABLE ${schema}.good (id bigint PRIMARY KEY, at timestamptz NOT NULL);
      CREATE INDEX ON ${schema}.good (at, id);
      CREATE TABLE ${schema}.bare (id bigint PRIMARY KEY, at timestamptz);
      CREATE INDEX ON ${schema}.bare (at) WHERE id > 0;
      CREATE TABLE ${schema}.computed (at timestamptz);
      CREATE INDEX ON ${schema}.computed ((COALESCE(at, 'epoch')));
      CREATE VIEW ${schema}.seen AS SELECT * FROM ${schema}.good`)
  })
  after(async () => {
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  })

  it('says version, zones, clock and indexes', async () => {
    const tables = ['good', 'bare', 'computed', 'seen'].map((table) => `${schema}.${table}`)
    const { alive, lines, warnings } = await reportOf(config, tables)
    assert.equal(alive, true)
    for (const wanted of [
      /PostgreSQL \d+/,
      /Time zones: session UTC, server /,
      /clock of the database is/,
      /good"?: cursor column at is not null, and first in an index/,
      /computed"?: cursor column at is nullable; an index on an expression may serve it/,
      /seen"?: cursor column at is nullable; of its indexes nothing is known/
    ]) {
      has(lines, wanted)
    }
    assert.equal(warnings.length, 1)
    has(warnings, /bare"?: cursor column at is nullable and first in no index/)
  })
})

describe('the self-check of a task on MySQL', () => {
  const database = `self_check_${process.pid}`
  const url = new URL(mysqlUrl())
  const admin = createPool({ uri: mysqlUrl(), connectionLimit: 1, multipleStatements: true })
  before(async () => {
    await admin.query(`CREATE DATABASE ${database};
      CREATE TABLE ${database}.good (id BIGINT AUTO_INCREMENT PRIMARY KEY, at DATETIME(6) NOT NULL, INDEX (at, id));
      CREATE TABLE ${database}.bare (id BIGINT AUTO_INCREMENT PRIMARY KEY, at DATETIME(6) NOT NULL);
      CREATE VIEW ${database}.seen AS SELECT * FROM ${database}.good`)
  })
  after(async () => {
    await admin.query(`DROP DATABASE ${database}`)
    await admin.end()
  })

  it('says version, zones, clock and indexes', async () => {
    const { alive, lines, warnings } = await reportOf(
      {
        'connection.url': `jdbc:mysql://${url.host}/${database}`,
        'connection.user': decodeURIComponent(url.username),
        'connection.password': decodeURIComponent(url.password),
        mode: 'timestamp',
        'timestamp.column.name': 'at'
      },
      ['good', 'bare', 'seen'].map((table) => `${database}.${table}`)
    )
    assert.equal(alive, true)
    has(lines, /MySQL \d+/)
    has(lines, /Time zones: session /)
    has(lines, /good: cursor column at is not null, and first in an index/)
    has(lines, /seen: cursor column at is not null; of its indexes nothing is known/)
    assert.equal(warnings.length, 1)
    has(warnings, /bare: cursor column at is not null and first in no index/)
  })
})

describe('the self-check of a task on SQLite', () => {
  it('says version and indexes; the key of a table serves as one', async (t) => {
    const { url } = sqliteFile(
      t,
      `CREATE TABLE good (id INTEGER PRIMARY KEY, at TEXT NOT NULL);
      CREATE INDEX good_changes ON good (at, id);
      CREATE TABLE bare (id INTEGER PRIMARY KEY, at DATETIME NOT NULL)`
    )
    const keys = { 'connection.url': url, 'validate.non.null': 'false' }
    const byId = { ...keys, mode: 'incrementing', 'incrementing.column.name': 'id' }
    const byTime = { ...keys, mode: 'timestamp', 'timestamp.column.name': 'at' }
    const found = await reportOf(byId, ['good', 'bare'])
    has(found.lines, /SQLite 3\./)
    has(found.lines, /bare: cursor column id is .*first in an index/)
    assert.deepEqual(found.warnings, [])
    const { warnings } = await reportOf(byTime, ['bare'])
    has(warnings, /bare: cursor column at is not null and first in no index/)
  })
})
