import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { systemClock } from '../../../../src/clock.ts'
import { edgeQuery } from '../../../../src/connectors/jdbc/start/position-range.ts'
import { type Position, UNSET } from '../../../../src/connectors/jdbc/positions/source-offset.ts'
import type { BoundQuery } from '../../../../src/connectors/jdbc/queries/bound-query.ts'
import { readerShape } from '../../../../src/connectors/jdbc/queries/query-shape.ts'
import { tableQuery } from '../../../../src/connectors/jdbc/queries/table-query.ts'
import type { TableShape } from '../../../../src/connectors/jdbc/queries/table-shape.ts'
import { openConnection } from '../../../../src/connectors/jdbc/sessions/connection-keeper.ts'
import { sourceSettings } from '../../../../src/connectors/jdbc/settings/source-settings.ts'
import type { TableId } from '../../../../src/connectors/jdbc/database/database.ts'
import { TimeZone } from '../../../../src/connectors/jdbc/values/time-zone.ts'
import { type Timestamp, timestampOfMs } from '../../../../src/connectors/jdbc/values/timestamp.ts'
import { mysqlUrl, postgresUrl } from '../../../support/environment.ts'
import type { Config } from '../../../support/jdbc-source.ts'
import { createMysqlDatabase } from '../../../support/mysql-database.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'
import { recordingLog } from '../../../support/recording-log.ts'

const utc = new TimeZone('UTC')
/** The time of a row of `big`. */
const timeOf = (id: number): Timestamp => timestampOfMs(Date.UTC(2024, 0, 1) + id * 1000)
const positionAt = (id: number): Position => ({ timestamp: timeOf(id), reading: timeOf(id), id })

async function shapeOf(config: Config, table: TableId, mode: string): Promise<TableShape> {
  const settings = sourceSettings(
    new Map(
      Object.entries({
        ...config,
        'topic.prefix': 'x-',
        mode,
        'incrementing.column.name': 'id',
        'timestamp.column.name': 'ts'
      })
    )
  )
  const { log } = recordingLog()
  const session = await openConnection(settings.connection, {
    log,
    signal: new AbortController().signal,
    clock: systemClock
  })
  try {
    return await readerShape(session, table, settings.forTable(table))
  } finally {
    await session.close()
  }
}

describe('PostgreSQL: plans of the queries of a big table', () => {
  it('read an index from the position on, in order, and one row of it for its edges', async (t) => {
    const db = await createPostgresDatabase()
    await db.exec(
      'CREATE TABLE big (id bigint PRIMARY KEY, ts timestamp NOT NULL, v text NOT NULL)',
      `INSERT INTO big SELECT i, timestamp '2024-01-01' + i * interval '1 second', repeat('x', 100) FROM generate_series(1, 200000) i`,
      'CREATE INDEX ON big (ts, id)',
      'ANALYZE big'
    )
    const url = new URL(postgresUrl())
    url.pathname = `/${db.name}`
    const client = new pg.Client(url.toString())
    await client.connect()
    t.after(async () => {
      await client.end()
      await db.close()
    })
    const explain = async ({ sql, binds }: BoundQuery): Promise<string> => {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`, [...binds])
      return rows.map((row) => row['QUERY PLAN']).join('\n')
    }
    const table = { catalog: null, schema: 'public', table: 'big' }
    const shape = await shapeOf(db.config, table, 'timestamp+incrementing')
    // A restart in the middle, and a poll behind all that was read.
    for (const from of [100_000, 199_000]) {
      const plan = await explain(tableQuery(shape, positionAt(from), timeOf(200_000), utc))
      assert.match(plan, /Index Cond: .*ts < .*ts >= /, plan)
      assert.doesNotMatch(plan, /Sort/, plan)
    }
    for (const mode of ['incrementing', 'timestamp', 'timestamp+incrementing']) {
      const edges = await shapeOf(db.config, table, mode)
      for (const edge of ['first', 'last'] as const) {
        const of = await explain(edgeQuery(edges, { after: UNSET, upTo: null }, edge, utc))
        assert.match(of, /^Limit .*rows=1 /, of)
        assert.match(of, /Index Scan/, of)
        assert.doesNotMatch(of, /Sort/, of)
      }
    }
  })
})

describe('MariaDB: plans of the queries of a big table', () => {
  it('read an index from the position on, in order, and one row of it for its edges', async (t) => {
    const db = await createMysqlDatabase()
    t.after(() => db.close())
    await db.exec(
      'CREATE TABLE big (id BIGINT PRIMARY KEY, ts DATETIME NOT NULL, v VARCHAR(200) NOT NULL, KEY by_time (ts, id))',
      "INSERT INTO big SELECT seq, TIMESTAMP'2024-01-01 00:00:00' + INTERVAL seq SECOND, REPEAT('x', 100) FROM seq_1_to_100000",
      'ANALYZE TABLE big'
    )
    const client = await mysql.createConnection({ uri: mysqlUrl() })
    t.after(() => client.end())
    await client.query(`USE ${db.name}`)
    const explain = async ({ sql, binds }: BoundQuery): Promise<Record<string, unknown>> => {
      const [rows] = await client.execute(`EXPLAIN ${sql}`, binds.map(String))
      return (rows as Record<string, unknown>[])[0] ?? {}
    }
    const table = { catalog: db.name, schema: null, table: 'big' }
    const shape = await shapeOf(db.config, table, 'timestamp+incrementing')
    const plan = await explain(tableQuery(shape, positionAt(99_000), timeOf(100_000), utc))
    assert.equal(plan['type'], 'range', JSON.stringify(plan))
    assert.equal(plan['key'], 'by_time')
    assert.doesNotMatch(String(plan['Extra']), /filesort/)
    assert.ok(Number(plan['rows']) < 5000, JSON.stringify(plan))
    for (const edge of ['first', 'last'] as const) {
      const of = await explain(edgeQuery(shape, { after: UNSET, upTo: null }, edge, utc))
      assert.equal(of['key'], 'by_time', JSON.stringify(of))
      assert.equal(Number(of['rows']), 1)
      assert.doesNotMatch(String(of['Extra']), /filesort/)
    }
  })
})
