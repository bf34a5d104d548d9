import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { postgresDialect } from '../../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import { postgresUrl, uniqueName } from '../../../../support/environment.ts'
import { openOptions, rowsOf } from '../../../../support/open-dialect.ts'
import { startPgBouncer } from '../../../../support/pgbouncer.ts'

void describe('PostgreSQL behind a pooler of transactions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'))
  chmodSync(folder, 0o755)
  const database = uniqueName('pooled').replaceAll('-', '_')
  let bouncer: Awaited<ReturnType<typeof startPgBouncer>>
  const admin = new pg.Client(postgresUrl())
  const clientOf = (port: number): pg.Client =>
    new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password: 'postgres', database })

  before(async () => {
    await admin.connect()
    await admin.query(`CREATE DATABASE ${database}`)
    for (const setting of [
      "bytea_output = 'escape'",
      "intervalstyle = 'sql_standard'",
      "timezone = 'Asia/Tokyo'",
      "datestyle = 'German'",
      'extra_float_digits = 0'
    ]) {
      await admin.query(`ALTER DATABASE ${database} SET ${setting}`)
    }
    bouncer = await startPgBouncer(join(folder, 'own'), postgresUrl())
    const client = clientOf(Number(new URL(postgresUrl()).port))
    await client.connect()
    await client.query(
      `CREATE SCHEMA other; CREATE TABLE other.t (a int); INSERT INTO other.t VALUES (7); CREATE TABLE public.t (a int)`
    )
    await client.end()
  })
  after(async () => {
    await bouncer.stop()
    await admin.query(`DROP DATABASE ${database} WITH (FORCE)`)
    await admin.end()
    rmSync(folder, { recursive: true, force: true })
  })

  void it('I5: prints values the same way in whatever session a transaction runs', async () => {
    const url = `jdbc:postgresql://127.0.0.1:${bouncer.port}/${database}?sslmode=disable&currentSchema=other&prepareThreshold=0&preferQueryMode=simple`
    const connection = await postgresDialect.open(
      openOptions(postgresDialect, { url, user: 'postgres', password: 'postgres' })
    )
    const blockers: pg.Client[] = []
    const sql = `SELECT pg_backend_pid(), '\\x00ff41'::bytea, interval '1 day 2:03:04', timestamptz '2024-05-06 07:08:09+00', 0.1::float8 + 0.2, a FROM t`
    try {
      const sessions = new Set<unknown>()
      for (let round = 0; round < 4; round++) {
        const [row = []] = await rowsOf(connection, sql)
        const [session, ...values] = row
        sessions.add(session)
        assert.deepEqual(values, [
          '\\x00ff41',
          'P1DT2H3M4S',
          '2024-05-06 07:08:09+00',
          '0.30000000000000004',
          '7'
        ])
        assert.deepEqual(
          (await connection.describeQuery('SELECT a FROM t')).map(({ name }) => name),
          ['a']
        )
        assert.ok(Math.abs((await connection.now()).ms - Date.now()) < 60_000)
        // Somebody takes the session that was free, so that the next transaction gets another.
        const blocker = clientOf(bouncer.port)
        blockers.push(blocker)
        if (round === 3) break
        await blocker.connect()
        await blocker.query('BEGIN')
      }
      assert.ok(sessions.size > 1, 'always the same session')
    } finally {
      await connection.close()
      for (const blocker of blockers.slice(0, 3)) await blocker.end()
    }
  })
})
