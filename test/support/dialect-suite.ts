import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Clock, systemClock } from '../../src/clock.ts'
import { jdbcSourceConfig } from '../../src/connectors/jdbc/settings/source-config.ts'
import { JdbcSourceConnector } from '../../src/connectors/jdbc/source/source-connector.ts'
import { jdbcSourcePlugin } from '../../src/connectors/jdbc/source/source-plugins.ts'
import { encodedOffset, type SourceRecord } from '../../src/data/record.ts'
import { Struct } from '../../src/data/struct.ts'
import {
  type Config,
  field,
  fields,
  cursorOf,
  offsetTexts,
  startJdbcConnector,
  startJdbcTask,
  StoredOffsets
} from './jdbc-source.ts'
import { previewEndsInTime, previewSuite } from './preview-suite.ts'
import { until } from './until.ts'
import { startSuite } from './start-suite.ts'

/** A database that runs the suite. Every expectation has to be filled: a dialect is not done before. */
export interface TestDatabase {
  readonly name: string
  /** Keys to reach it, and to see only this test's tables. */
  readonly config: Config
  exec(...statements: string[]): Promise<void>
  /** The identifier in quotes. */
  quoted(name: string): string
  /** Name of a table in source partitions. */
  partitionName(table: string): string
  /** Column types: a 64-bit id, a wall clock timestamp with at least microseconds, a short text. */
  readonly types: { readonly id: string; readonly timestamp: string; readonly text: string }
  /** An SQL literal of a timestamp, given as `YYYY-MM-DD HH:MM:SS.ffffff`. */
  timestamp(text: string): string
  /** A query that runs for 20 s, and whether one does just now; null when the database is no server. */
  readonly slowQuery: { readonly sql: string; runs(): Promise<boolean> } | null
  /** Ends every session of the source; null when the database is no server. */
  readonly cutSessions: (() => Promise<void>) | null
  /**
   * SQL of a text so wide that 200 rows are more than the network holds, where a server sends rows unasked.
   */
  readonly wideText?: string
  /**
   * The statement with its names, written in lower case, as they are; absent where unquoted names keep their
   * case.
   */
  keepCase?(sql: string): string
  /** A timestamp column as it can be compared with a bound, where it is not by itself. */
  comparable?(column: string): string
  /** Names that cannot be given, in quotes neither. */
  readonly impossibleName?: RegExp
  /** Appended to cut a result after n rows. */
  limit(rows: number): string
  close(): Promise<void>
}

function ascending(values: readonly unknown[]): unknown[] {
  return [...values].sort((a, b) => Number(a) - Number(b))
}

/** Between two looks for tables; no other pause is as long. */
const TABLE_POLL_MS = 57
const PREFIX = { 'topic.prefix': 'db-', 'poll.interval.ms': '20' }

/**
 * What every dialect promises. `isServer`: the database runs elsewhere, so that its sessions can be cut and
 * queries cancelled.
 */
export function dialectSuite(
  name: string,
  isServer: boolean,
  create: () => Promise<TestDatabase>
): void {
  describe(`${name}: source`, () => {
    let db: TestDatabase
    let tables = 0
    before(async () => {
      db = await create()
    })
    after(() => db.close())
    const keepCase = (sql: string): string => db.keepCase?.(sql) ?? sql

    async function table(rows: readonly string[] = [], columns = ''): Promise<string> {
      tables += 1
      const table = `t${tables}`
      await createTable(table, columns)
      await insert(table, rows)
      return table
    }
    async function createTable(table: string, columns = ''): Promise<void> {
      const { id, timestamp, text } = db.types
      await db.exec(
        `CREATE TABLE ${table} (id ${id} NOT NULL PRIMARY KEY, ts ${timestamp} NOT NULL, note ${text}${columns})`
      )
    }
    /** Rows as `id, timestamp` or `id, timestamp, note`. */
    async function insert(table: string, rows: readonly string[]): Promise<void> {
      for (const row of rows) {
        const [id, ts, note] = row.split(', ')
        const text = note === undefined ? 'NULL' : `'${note}'`
        await db.exec(
          `INSERT INTO ${table} (id, ts, note) VALUES (${id}, ${db.timestamp(ts ?? '')}, ${text})`
        )
      }
    }
    const config = (table: string, mode: string, more: Config = {}): Config => ({
      ...db.config,
      ...PREFIX,
      mode,
      'table.whitelist': table,
      ...(mode.includes('incrementing') ? { 'incrementing.column.name': 'id' } : {}),
      ...(mode.includes('timestamp') ? { 'timestamp.column.name': 'ts' } : {}),
      ...more
    })
    /** Reads with a task of its own, stores the offsets, answers the records. */
    async function read(settings: Config, count: number, offsets = new StoredOffsets()) {
      const task = await startJdbcTask(settings, offsets)
      try {
        const records = await task.read(count)
        offsets.commit(records)
        return records
      } finally {
        await task.stop()
      }
    }

    startSuite({ table, insert, config, read, keepCase })

    previewSuite({ table, config, keepCase })

    const twoRows = ['1, 2024-01-01 00:00:01.000000, x', '2, 2024-01-01 00:00:02.000001, x']

    describe('modes', () => {
      it('copies the whole table at each poll in mode bulk, without offsets', async () => {
        const name = await table([
          '1, 2024-01-01 00:00:00.000000, a',
          '2, 2024-01-01 00:00:00.000000, b'
        ])
        const records = await read(config(name, 'bulk'), 4)
        assert.deepEqual(fields(records.slice(0, 4), 'note'), ['a', 'b', 'a', 'b'])
        assert.deepEqual(records[0]?.sourcePartition, { table: name })
        assert.equal(records[0]?.sourceOffset, null)
        assert.equal(records[0]?.topic, `db-${name}`)
        assert.equal(records[0]?.valueSchema?.name, name)
      })

      it('follows a growing id and goes on behind the stored one', async () => {
        const name = await table([
          '-5, 2024-01-01 00:00:00.000000',
          '1, 2024-01-01 00:00:00.000000',
          '9007199254740993, 2024-01-01 00:00:00.000000'
        ])
        const offsets = new StoredOffsets()
        const records = await read(config(name, 'incrementing'), 3, offsets)
        assert.deepEqual(fields(records, 'id'), [-5, 1, 9_007_199_254_740_993n])
        assert.deepEqual(records[0]?.sourcePartition, {
          protocol: '1',
          table: db.partitionName(name)
        })
        assert.deepEqual(Object.keys(records[0]?.sourcePartition ?? {}), ['protocol', 'table'])
        assert.deepEqual(cursorOf(records[2]?.sourceOffset), {
          incrementing: 9_007_199_254_740_993n
        })
        await insert(name, ['9007199254740994, 2024-01-01 00:00:00.000000'])
        const later = await read(config(name, 'incrementing'), 1, offsets)
        assert.deepEqual(fields(later, 'id'), [9_007_199_254_740_994n])
      })

      it('finds new rows while it runs', async () => {
        const name = await table(['1, 2024-01-01 00:00:00.000000'])
        const task = await startJdbcTask(config(name, 'incrementing'))
        assert.deepEqual(fields(await task.read(1), 'id'), [1])
        await insert(name, ['2, 2024-01-01 00:00:00.000000'])
        assert.deepEqual(fields(await task.read(1), 'id'), [2])
        await task.stop()
      })

      it('I1: a moment shared by several rows is an offset only with the last of them', async () => {
        const name = await table([
          '1, 2024-01-01 00:00:01.000000',
          '2, 2024-01-01 00:00:01.000000',
          '3, 2024-01-01 00:00:02.000000',
          '4, 2024-01-01 00:00:02.000000',
          '5, 2024-01-01 00:00:03.000000'
        ])
        const offsets = new StoredOffsets()
        offsets.set(
          { protocol: '1', table: db.partitionName(name) },
          { timestamp: 1_704_067_199_000 }
        )
        const records = await read(config(name, 'timestamp', { 'batch.max.rows': '2' }), 5, offsets)
        const at = (second: number): string =>
          JSON.stringify({ timestamp_nanos: 0, timestamp: 1_704_067_200_000 + second * 1000 })
        assert.deepEqual(offsetTexts(records), [at(-1), at(1), at(1), at(2), at(3)])
      })

      it('I6: rows a microsecond apart are neither repeated nor skipped', async () => {
        const stamps = Array.from(
          { length: 9 },
          (_, index) => `${index}, 2024-06-01 10:00:00.00000${index}`
        )
        for (const mode of ['timestamp', 'timestamp+incrementing']) {
          const name = await table(stamps.slice(0, 5))
          const offsets = new StoredOffsets()
          const first = await read(config(name, mode), 5, offsets)
          assert.deepEqual(fields(first, 'id'), [0, 1, 2, 3, 4], mode)
          assert.equal(field(first[4], 'ts'), 1_717_236_000_000)
          await insert(name, stamps.slice(5))
          const second = await read(config(name, mode), 4, offsets)
          assert.deepEqual(fields(second, 'id'), [5, 6, 7, 8], mode)
          assert.deepEqual(await read(config(name, mode), 0, offsets), [], mode)
        }
      })

      it('reads updates and inserts by timestamp and id, and keeps the key order of the offset', async () => {
        const name = await table(['1, 2024-01-01 00:00:01.123456', '2, 2024-01-01 00:00:01.123456'])
        const offsets = new StoredOffsets()
        const first = await read(config(name, 'timestamp+incrementing'), 2, offsets)
        assert.deepEqual(offsetTexts(first), [
          '{"timestamp_nanos":123456000,"incrementing":1,"timestamp":1704067201123}',
          '{"timestamp_nanos":123456000,"incrementing":2,"timestamp":1704067201123}'
        ])
        await insert(name, ['3, 2024-01-01 00:00:01.123456'])
        await db.exec(
          `UPDATE ${name} SET ts = ${db.timestamp('2024-01-01 00:00:05.000000')} WHERE id = 1`
        )
        const second = await read(config(name, 'timestamp+incrementing'), 2, offsets)
        assert.deepEqual(fields(second, 'id'), [3, 1])
      })

      it('waits until a row is older than the delay', async () => {
        const now = new Date(Date.now() - 30_000).toISOString().slice(0, 19).replace('T', ' ')
        const name = await table([`1, ${now}.000000`, '2, 2024-01-01 00:00:00.000000'])
        const late = await read(
          config(name, 'timestamp', { 'timestamp.delay.interval.ms': '120000' }),
          1
        )
        assert.deepEqual(fields(late, 'id'), [2])
        assert.deepEqual(fields(await read(config(name, 'timestamp'), 2), 'id'), [2, 1])
      })
    })

    describe('start', () => {
      const rows = [
        '1, 2024-01-01 00:00:01.000000',
        '2, 2024-01-01 00:00:02.000000',
        '3, 2024-01-01 00:00:03.000000'
      ]

      it('begins behind the configured id or time when nothing is stored, and only then', async () => {
        const name = await table(rows)
        const byId = config(name, 'incrementing', { 'incrementing.initial': '2' })
        assert.deepEqual(fields(await read(byId, 1), 'id'), [3])
        const byTime = config(name, 'timestamp', { 'timestamp.initial': '1704067201000' })
        assert.deepEqual(fields(await read(byTime, 2), 'id'), [2, 3])
        const offsets = new StoredOffsets()
        offsets.set(
          { protocol: '1', table: db.partitionName(name) },
          { timestamp: 1_704_067_202_000, timestamp_nanos: 0 }
        )
        assert.deepEqual(fields(await read(byTime, 1, offsets), 'id'), [3])
      })

      it('begins with what comes after the present of the database when the start is -1', async () => {
        const name = await table(rows)
        const settings = config(name, 'timestamp', { 'timestamp.initial': '-1' })
        const task = await startJdbcTask(settings)
        assert.deepEqual(await task.read(1, 500), [])
        await task.stop()
      })

      it('understands offsets of old versions and with the database in front', async () => {
        const name = await table(rows)
        const offsets = new StoredOffsets()
        offsets.set({ table: name }, { incrementing: 2 })
        assert.deepEqual(fields(await read(config(name, 'incrementing'), 1, offsets), 'id'), [3])
      })
    })

    describe('queries and suffixes', () => {
      it('appends its condition to the text of a query and writes one constant partition', async () => {
        const name = await table([
          '1, 2024-01-01 00:00:01.000000, x',
          '2, 2024-01-01 00:00:02.000000, y'
        ])
        const settings = {
          ...db.config,
          ...PREFIX,
          'topic.prefix': 'whole',
          mode: 'incrementing',
          'incrementing.column.name': 'id',
          query: keepCase(`SELECT * FROM (SELECT id, note FROM ${name} WHERE id > 0) sub`)
        }
        const offsets = new StoredOffsets()
        const records = await read(settings, 2, offsets)
        assert.deepEqual(
          records.map((record) => record.topic),
          ['whole', 'whole']
        )
        assert.deepEqual(records[1]?.sourcePartition, { query: 'query' })
        assert.equal(records[0]?.valueSchema?.name, undefined)
        assert.deepEqual(await read(settings, 0, offsets), [])
      })

      it('I6: appends its condition behind a comment at the end of the query', async () => {
        const name = await table(['1, 2024-01-01 00:00:01.000000, x'])
        const settings = {
          ...db.config,
          ...PREFIX,
          mode: 'incrementing',
          'incrementing.column.name': 'id',
          query: keepCase(`SELECT id FROM ${name} -- all of it`)
        }
        const offsets = new StoredOffsets()
        assert.deepEqual(fields(await read(settings, 1, offsets), 'id'), [1])
        assert.deepEqual(await read(settings, 0, offsets), [])
      })

      it('runs a query that ends in -- as it is', async () => {
        const name = await table(['1, 2024-01-01 00:00:01.000000, x'])
        const settings = {
          ...db.config,
          ...PREFIX,
          mode: 'incrementing',
          'incrementing.column.name': 'id',
          query: keepCase(`SELECT id FROM ${name} -- `)
        }
        const records = await read(settings, 2)
        assert.deepEqual(fields(records.slice(0, 2), 'id'), [1, 1])
      })

      const byQuery = (mode: string, query: string, more: Config = {}): Config => ({
        ...db.config,
        'topic.prefix': 'whole',
        'poll.interval.ms': '20',
        mode,
        ...(mode.includes('incrementing') ? { 'incrementing.column.name': 'id' } : {}),
        ...(mode.includes('timestamp') ? { 'timestamp.column.name': 'ts' } : {}),
        query: keepCase(query),
        ...more
      })
      const MODES = ['incrementing', 'timestamp', 'timestamp+incrementing'] as const
      const laterRows = ['3, 2024-01-01 00:00:03.000000, x', '4, 2024-01-01 00:00:03.000000, y']

      it('puts its condition where the query wants it: in common table expressions, unions and joins', async () => {
        for (const mode of MODES) {
          const [a, b] = [await table(twoRows.slice(0, 1)), await table(twoRows.slice(1))]
          const queries = [
            `WITH recent AS (SELECT id, ts, note FROM ${a} WHERE note = 'x' AND \${bounds}) SELECT id, ts FROM recent`,
            `SELECT id, ts FROM ${a} WHERE \${bounds} UNION ALL SELECT id, ts FROM ${b} WHERE \${bounds}`,
            `SELECT o.id, o.ts, p.note FROM ${a} o JOIN ${b} p ON p.note = o.note WHERE p.id > 0 AND \${bounds(o)}`
          ]
          const expected = [
            [[1], [3]],
            [[1, 2], [3]],
            [[1], [3]]
          ]
          const offsets = queries.map(() => new StoredOffsets())
          const rounds = async (round: 0 | 1): Promise<void> => {
            for (const [index, query] of queries.entries()) {
              const wanted = expected[index]?.[round] ?? []
              // What orders a union or a join has to be one column of its result.
              const text = query.startsWith('WITH') ? query : `SELECT * FROM (${query}) whole`
              const records = await read(byQuery(mode, text), wanted.length, offsets[index])
              // Behind a union a number may have lost its precision, and with it its type.
              assert.deepEqual(fields(records, 'id').map(Number), wanted, `${mode}: ${query}`)
            }
          }
          await rounds(0)
          await insert(a, laterRows.slice(0, 1))
          await rounds(1)
        }
      })

      it('binds single bounds wherever they stand, as often as they do, from the first row on', async () => {
        const name = await table(twoRows)
        const from = `SELECT id, ts, note FROM ${name}`
        const ts = db.comparable?.('ts') ?? 'ts'
        const texts = {
          incrementing: `${from} WHERE id > \${incrementing.from} AND (note <> '\${bounds}' OR id >= \${incrementing.from})`,
          timestamp: `${from} WHERE ${ts} > \${timestamp.from} AND ${ts} < \${timestamp.to} -- every \${bounds} but the last`,
          'timestamp+incrementing': `${from} WHERE ${ts} < \${timestamp.to} AND (${ts} > \${timestamp.from} OR (${ts} = \${timestamp.from} AND id > \${incrementing.from}))`
        }
        const offsets = new Map<string, StoredOffsets>()
        for (const mode of MODES) {
          const stored = new StoredOffsets()
          offsets.set(mode, stored)
          const records = await read(byQuery(mode, texts[mode]), 2, stored)
          assert.deepEqual(ascending(fields(records, 'id')), [1, 2], mode)
        }
        await insert(name, laterRows)
        for (const mode of MODES) {
          const records = await read(byQuery(mode, texts[mode]), 2, offsets.get(mode))
          assert.deepEqual(ascending(fields(records, 'id')), [3, 4], mode)
        }
      })

      it('I6: a LIMIT in the suffix tears no moment apart in a query with bounds either', async () => {
        const name = await table([...twoRows, ...laterRows])
        const text = `SELECT id, ts FROM ${name} WHERE id > 0 AND \${bounds}`
        const limited = byQuery('timestamp', text, { 'query.suffix': db.limit(1) })
        assert.deepEqual(ascending(fields(await read(limited, 4), 'id')), [1, 2, 3, 4])
      })

      it('runs a query with bounds in mode bulk as if there were none, and a common table expression as it is', async () => {
        const name = await table(twoRows)
        const plain = `WITH all_rows AS (SELECT id FROM ${name}) SELECT id FROM all_rows`
        for (const query of [`SELECT id FROM ${name} WHERE \${bounds}`, plain]) {
          const records = await read(byQuery('bulk', query), 2)
          assert.deepEqual(ascending(fields(records.slice(0, 2), 'id')), [1, 2], query)
        }
        const appended = byQuery('incrementing', plain)
        assert.deepEqual(fields(await read(appended, 2), 'id'), [1, 2])
      })

      it('reads several named queries of one connector, each behind its own offset', async () => {
        const name = await table([...twoRows, ...laterRows])
        const of = (note: string): string =>
          keepCase(`SELECT id, ts, note FROM ${name} WHERE note = '${note}' AND \${bounds}`)
        const settings = {
          ...db.config,
          ...PREFIX,
          mode: 'incrementing',
          'incrementing.column.name': 'id',
          queries: 'x,y',
          'queries.x.query': of('x'),
          'queries.y.query': of('y'),
          'queries.y.mode': 'timestamp',
          'queries.y.timestamp.column.name': 'ts',
          'queries.y.key.columns': 'id'
        }
        const offsets = new StoredOffsets()
        const records = await read(settings, 4, offsets)
        const shown = records.map(({ topic, key }) => [topic, key === null])
        assert.deepEqual(
          shown.sort(([a], [b]) => String(a).localeCompare(String(b))),
          [...Array.from({ length: 3 }, () => ['db-x', true]), ['db-y', false]]
        )
        assert.deepEqual(cursorOf(offsets.get({ query: 'x' })), { incrementing: 3 })
        assert.deepEqual(await read(settings, 0, offsets), [])
      })

      it('finds a cursor column of a query whatever its case', async () => {
        const name = await table(['1, 2024-01-01 00:00:01.000000, x'])
        const settings = {
          ...db.config,
          ...PREFIX,
          mode: 'incrementing',
          'incrementing.column.name': 'ID',
          query: keepCase(`SELECT * FROM ${name}`)
        }
        assert.deepEqual(fields(await read(settings, 1), 'id'), [1])
      })

      it('I6: a LIMIT in the suffix tears no moment apart', async () => {
        const rows = [
          '1, 2024-01-01 00:00:01.000000',
          ...[2, 3, 4, 5, 6].map((id) => `${id}, 2024-01-01 00:00:02.000000`),
          '7, 2024-01-01 00:00:03.000000',
          '8, 2024-01-01 00:00:03.000000',
          '9, 2024-01-01 00:00:04.000000'
        ]
        const name = await table(rows)
        for (const limit of [1, 2, 3, 8]) {
          const offsets = new StoredOffsets()
          const settings = config(name, 'timestamp', { 'query.suffix': db.limit(limit) })
          const records = await read(settings, 9, offsets)
          assert.deepEqual(
            ascending(fields(records, 'id')),
            [1, 2, 3, 4, 5, 6, 7, 8, 9],
            `limit ${limit}`
          )
          assert.deepEqual(await read(settings, 0, offsets), [], `limit ${limit}`)
        }
        const records = await read(config(name, 'incrementing', { 'query.suffix': db.limit(2) }), 9)
        assert.deepEqual(fields(records, 'id'), [1, 2, 3, 4, 5, 6, 7, 8, 9])
      })
    })

    describe('keys', () => {
      const keyOf = (record: SourceRecord | undefined): [string | undefined, unknown] => [
        record?.keySchema?.name,
        record?.key instanceof Struct
          ? record.key.schema.fields.map(({ name }, place) => [
              name,
              (record.key as Struct).values[place]
            ])
          : record?.key
      ]
      const primary = { 'key.columns': 'primary-key' }
      const two = ', part TYPE NOT NULL, line TYPE NOT NULL'

      it('has none by default', async () => {
        const name = await table(['1, 2024-01-01 00:00:01.000000'])
        const [record] = await read(config(name, 'incrementing'), 1)
        assert.equal(record?.key, null)
        assert.equal(record?.keySchema, null)
      })

      it('makes them of the primary key, as a struct or of its one column, and keeps the columns in the value', async () => {
        const name = await table(['1, 2024-01-01 00:00:01.000000, a'])
        const [record] = await read(config(name, 'incrementing', primary), 1)
        assert.deepEqual(keyOf(record), [`${name}.Key`, [['id', 1]]])
        assert.equal(
          record?.keySchema?.field('id')?.schema,
          record?.valueSchema?.field('id')?.schema
        )
        assert.equal(field(record, 'id'), 1)
        const single = config(name, 'incrementing', { ...primary, 'key.format': 'field' })
        const [other] = await read(single, 1)
        assert.equal(other?.key, 1)
        assert.equal(other?.keySchema, other?.valueSchema?.field('id')?.schema)
      })

      it('keeps the order of a primary key of several columns', async () => {
        const { id } = db.types
        await db.exec(
          `CREATE TABLE order_lines (note ${db.types.text}${two.replaceAll('TYPE', id)}, PRIMARY KEY (line, part))`,
          `INSERT INTO order_lines VALUES ('x', 2, 9007199254740993)`
        )
        const [record] = await read(config('order_lines', 'bulk', primary), 1)
        assert.deepEqual(keyOf(record)[1], [
          ['line', 9_007_199_254_740_993n],
          ['part', 2]
        ])
        await assert.rejects(
          startJdbcTask(config('order_lines', 'bulk', { ...primary, 'key.format': 'field' })),
          /key\.format=field needs one column, but the key of table '.*order_lines' has 2: line, part/
        )
        await db.exec('DROP TABLE order_lines')
      })

      it('makes them of the columns named, whatever their case, null included', async () => {
        const name = await table(['1, 2024-01-01 00:00:01.000000'])
        const settings = config(name, 'incrementing', { 'key.columns': 'NOTE,Id' })
        const [record] = await read(settings, 1)
        assert.deepEqual(keyOf(record)[1], [
          ['note', null],
          ['id', 1]
        ])
        const [single] = await read(
          { ...settings, 'key.columns': 'note', 'key.format': 'field' },
          1
        )
        assert.equal(single?.key, null)
        assert.equal(single?.keySchema?.optional, true)
      })

      it('says what a mistyped key column may have meant, and which table has no primary key', async () => {
        const name = await table(['1, 2024-01-01 00:00:01.000000'])
        await assert.rejects(
          startJdbcTask(config(name, 'incrementing', { 'key.columns': 'noote' })),
          /Key columns: noote do not exist in table '.*'\. Did you mean note\?/
        )
        await db.exec(
          `CREATE TABLE keyless (id ${db.types.id} NOT NULL)`,
          'INSERT INTO keyless VALUES (1)'
        )
        await assert.rejects(
          startJdbcTask(config('keyless', 'bulk', primary)),
          /table '.*keyless' has no primary key\. Name its key\.columns/
        )
        const lenient = { ...primary, 'key.without.primary.key': 'null' }
        const [record] = await read(config('keyless', 'bulk', lenient), 1)
        assert.equal(record?.key, null)
        assert.equal(record?.keySchema, null)
        await db.exec('DROP TABLE keyless')
      })

      it('makes them of the columns of a query', async () => {
        const name = await table(['1, 2024-01-01 00:00:01.000000, a'])
        const settings = {
          ...db.config,
          ...PREFIX,
          mode: 'bulk',
          query: keepCase(`SELECT note, id AS number_ FROM ${name}`),
          'key.columns': 'number_'
        }
        assert.deepEqual(keyOf((await read(settings, 1))[0]), [undefined, [['number_', 1]]])
        await assert.rejects(
          startJdbcTask({ ...settings, ...primary }),
          /the query has no primary key/
        )
      })
    })

    describe('settings of single tables', () => {
      it('give tables of one connector a mode, a topic and a key each', async () => {
        const [a, b, c] = [await table(twoRows), await table(twoRows), await table(twoRows)]
        const settings = {
          ...config(`${a},${b},${c}`, 'incrementing'),
          'table.settings': 'times,all',
          'table.settings.times.tables': `${a.toUpperCase()},${db.quoted(b)}`,
          'table.settings.times.mode': 'timestamp+incrementing',
          'table.settings.times.timestamp.column.name': 'ts',
          'table.settings.times.topic.template': '${prefix}times',
          'table.settings.all.pattern': '.*',
          'table.settings.all.topic.template': '${table.upper}',
          'table.settings.all.key.columns': 'primary-key',
          'table.settings.all.key.format': 'field'
        }
        const offsets = new StoredOffsets()
        const records = await read(settings, 6, offsets)
        const seen = records.map(({ topic, key, sourcePartition, sourceOffset }) =>
          [
            topic,
            key,
            sourcePartition['table'],
            'timestamp' in encodedOffset(sourceOffset ?? {}) ? 'times' : 'ids'
          ].join(' ')
        )
        const expected = [
          ...[a, b].flatMap((name) =>
            [1, 2].map((id) => `db-times ${id} ${db.partitionName(name)} times`)
          ),
          ...[1, 2].map((id) => `${c.toUpperCase()} ${id} ${db.partitionName(c)} ids`)
        ]
        assert.deepEqual(seen.sort(), expected.sort())
        assert.deepEqual(await read(settings, 0, offsets), [])
      })
    })

    describe('time zones', () => {
      it('turns the wall clock of db.timezone into instants, in records and offsets', async () => {
        const name = await table(['1, 2024-06-01 08:00:00.000001'])
        const settings = config(name, 'timestamp', { 'db.timezone': 'Asia/Shanghai' })
        const records = await read(settings, 1)
        assert.equal(field(records[0], 'ts'), Date.UTC(2024, 5, 1, 0, 0, 0))
        assert.deepEqual(cursorOf(records[0]?.sourceOffset), {
          timestamp_nanos: 1000,
          timestamp: Date.UTC(2024, 5, 1)
        })
      })

      it('I6: reads on exactly over the hour that summer time repeats or skips', async () => {
        // Clocks of New York go back on 3 November 2024 at 2:00 and forward on 10 March 2024 at 2:00.
        const stamps = [
          '2024-03-10 01:59:59.000000',
          '2024-03-10 02:30:00.000000',
          '2024-03-10 03:00:00.000000',
          '2024-03-10 03:29:00.000000',
          '2024-11-03 00:59:59.000000',
          '2024-11-03 01:30:00.000000',
          '2024-11-03 02:00:00.000000'
        ]
        const name = await table(stamps.map((stamp, index) => `${index}, ${stamp}`))
        const settings = config(name, 'timestamp', {
          'db.timezone': 'America/New_York',
          'batch.max.rows': '1'
        })
        const records = await read(settings, 7)
        assert.deepEqual(fields(records, 'id'), [0, 1, 2, 3, 4, 5, 6])
        // Whatever row was stored last, none behind it is lost, and at most those of the skipped hour come
        // twice.
        for (const [index, record] of records.entries()) {
          const offsets = new StoredOffsets()
          offsets.set(record.sourcePartition, record.sourceOffset)
          const rest = fields(await read(settings, 6 - index, offsets), 'id')
          for (let id = index + 1; id < 7; id++)
            assert.ok(rest.includes(id), `row ${id} after ${index}`)
          if (index !== 1 && index !== 2 && index !== 3) assert.equal(rest.length, 6 - index)
        }
      })
    })

    describe('several tables', () => {
      it('reads all tables of its task in turn', async () => {
        const [a, b] = [
          await table(['1, 2024-01-01 00:00:01.000000']),
          await table(['2, 2024-01-01 00:00:01.000000', '3, 2024-01-01 00:00:01.000000'])
        ]
        const task = await startJdbcTask(config(`${a}, ${b}`, 'incrementing'))
        const records = await task.read(3)
        assert.deepEqual(
          new Set(records.map((record) => record.topic)),
          new Set([`db-${a}`, `db-${b}`])
        )
        await insert(a, ['4, 2024-01-01 00:00:01.000000'])
        await insert(b, ['5, 2024-01-01 00:00:01.000000'])
        assert.deepEqual(ascending(fields(await task.read(2), 'id')), [4, 5])
        await task.stop()
      })

      it('gives groups of tables to tasks and asks for new ones only when the tables changed', async () => {
        const names = [await table(), await table(), await table()]
        const later = `t${tables + 1}`
        let looks = 0
        const clock: Clock = {
          ...systemClock,
          sleep(ms, signal) {
            if (ms === TABLE_POLL_MS) looks += 1
            return systemClock.sleep(ms, signal)
          }
        }
        const { connector, taskConfigs, reconfigurations } = await startJdbcConnector(
          config([...names, later].join(','), 'incrementing', {
            'table.poll.interval.ms': String(TABLE_POLL_MS)
          }),
          2,
          {
            ...jdbcSourcePlugin,
            create: (...given) => new JdbcSourceConnector(jdbcSourceConfig, ...given, clock)
          }
        )
        try {
          assert.deepEqual(
            taskConfigs.map((task) => task.get('tables')?.split(',').length),
            [2, 1]
          )
          const before = looks
          await until(() => looks >= before + 3, 'the tables were looked for again')
          assert.equal(reconfigurations(), 0)
          await table()
          await until(() => reconfigurations() > 0, 'new tasks are asked for')
          const again = await connector.taskConfigs(2)
          assert.deepEqual(
            again.map((task) => task.get('tables')?.split(',').length),
            [2, 2]
          )
        } finally {
          await connector.stop()
        }
      })
    })

    describe('names', () => {
      it('reads tables and columns with quotes, spaces, dots, commas and Chinese in their names', async () => {
        for (const [index, odd] of [
          'it"s`odd',
          '订单 表',
          'Mixed.Case,Name',
          `x'; DROP TABLE t1; --`
        ].entries()) {
          if (db.impossibleName?.test(odd) === true) continue
          const column = `id ${odd}`
          await db.exec(
            `CREATE TABLE ${db.quoted(odd)} (${db.quoted(column)} ${db.types.id} NOT NULL PRIMARY KEY, ${db.quoted('值')} ${db.types.text})`,
            `INSERT INTO ${db.quoted(odd)} VALUES (${index}, 'v')`
          )
          const settings = {
            ...db.config,
            ...PREFIX,
            mode: 'incrementing',
            'incrementing.column.name': column,
            'table.whitelist': db.quoted(odd)
          }
          const records = await read(settings, 1)
          assert.equal(field(records[0], column), index)
          assert.equal(field(records[0], '值'), 'v')
          assert.equal(records[0]?.sourcePartition['table'], db.partitionName(odd))
          await db.exec(`DROP TABLE ${db.quoted(odd)}`)
        }
      })

      it('resolves names that differ in case alone', async () => {
        const name = await table(['1, 2024-01-01 00:00:01.000000'])
        const settings = config(name.toUpperCase(), 'incrementing', {
          'incrementing.column.name': 'ID'
        })
        assert.deepEqual(fields(await read(settings, 1), 'id'), [1])
      })

      it('says what a mistyped table or column may have meant', async () => {
        await db.exec(
          `CREATE TABLE customers (customer_id ${db.types.id} NOT NULL PRIMARY KEY, changed_at ${db.types.timestamp} NOT NULL)`
        )
        await assert.rejects(
          startJdbcTask(config('custmers', 'incrementing')),
          /custmers \(did you mean customers/
        )
        await assert.rejects(
          startJdbcTask(
            config('customers', 'incrementing', { 'incrementing.column.name': 'custmer_id' })
          ),
          /Incrementing column: custmer_id does not exist in table '.*customers'\. Did you mean customer_id\?/
        )
        await assert.rejects(
          startJdbcTask(config('customers', 'timestamp', { 'timestamp.column.name': 'change_at' })),
          /Timestamp columns: change_at do not exist in table '.*customers'\. Did you mean changed_at\?/
        )
        await assert.rejects(
          startJdbcTask(
            config('customers', 'timestamp', { 'timestamp.column.name': 'customer_id' })
          ),
          /cannot be a timestamp column/
        )
        await assert.rejects(
          startJdbcTask(
            config('customers', 'incrementing', { 'incrementing.column.name': 'changed_at' })
          ),
          /Invalid type for incrementing column/
        )
        await db.exec('DROP TABLE customers')
      })
    })

    describe('trouble', () => {
      it('refuses cursor columns that may be null, and names the row when one is', async () => {
        const { id, timestamp } = db.types
        await db.exec(
          `CREATE TABLE loose (k ${id} NOT NULL PRIMARY KEY, id ${id}, ts ${timestamp} NULL)`,
          `INSERT INTO loose VALUES (7, NULL, ${db.timestamp('2024-01-01 00:00:01.000000')})`
        )
        await assert.rejects(
          startJdbcTask(config('loose', 'incrementing')),
          /Cannot make incremental queries using incrementing column id on .*loose because this column is nullable\./
        )
        await assert.rejects(
          startJdbcTask(config('loose', 'timestamp')),
          /Cannot make incremental queries using timestamp columns ts on .*loose because all of these columns are nullable\./
        )
        const task = await startJdbcTask(
          config('loose', 'timestamp+incrementing', { 'validate.non.null': 'false' })
        )
        await assert.rejects(
          task.read(1),
          /table .*loose, row \(k=7\): Null value for incrementing column of type/
        )
        await task.stop()
        await db.exec('DROP TABLE loose')
      })

      it('waits for a table that is dropped while it runs, says so, and goes on when there is one again', async () => {
        const [name, other] = [await table(['1, 2024-01-01 00:00:01.000000']), await table()]
        const task = await startJdbcTask(
          config(`${name},${other}`, 'incrementing', { 'poll.interval.ms': '50' })
        )
        try {
          await task.read(1)
          await db.exec(`DROP TABLE ${name}`)
          await until(async () => {
            assert.deepEqual(await task.poll(), [])
            const text = task.conditions.at(-1) ?? ''
            return new RegExp(`^Retrying \\([2-9]\\): table .*${name}`, 's').test(text)
          }, 'the table is missed')
          // Others are read meanwhile.
          await insert(other, ['5, 2024-01-01 00:00:01.000000'])
          assert.deepEqual(fields(await task.read(1), 'id'), [5])
          await createTable(name)
          await insert(name, ['2, 2024-01-01 00:00:02.000000'])
          assert.deepEqual(fields(await task.read(1), 'id'), [2])
          assert.equal(task.conditions.at(-1), null)
        } finally {
          await task.stop()
        }
      })

      it('notices a new column at the next poll', async () => {
        const name = await table(['1, 2024-01-01 00:00:01.000000'])
        const task = await startJdbcTask(config(name, 'incrementing'))
        const before = await task.read(1)
        await db.exec(`ALTER TABLE ${name} ADD added ${db.types.text}`)
        await insert(name, ['2, 2024-01-01 00:00:01.000000'])
        const later = await task.read(1)
        assert.equal(before[0]?.valueSchema?.field('added'), undefined)
        assert.equal(field(later[0], 'added'), null)
        await insert(name, ['3, 2024-01-01 00:00:01.000000'])
        // Converters keep one encoder per schema object: it stays the same while the columns do.
        assert.equal((await task.read(1))[0]?.valueSchema, later[0]?.valueSchema)
        await task.stop()
      })

      if (!isServer) return

      it('I6: goes on behind the last row after every connection was cut in mid-fetch', async () => {
        const name = await table()
        const values = Array.from(
          { length: 200 },
          (_, id) =>
            `(${id}, ${db.timestamp('2024-01-01 00:00:01.000000')}, ${db.wideText ?? "'x'"})`
        )
        await db.exec(...values.map((row) => `INSERT INTO ${name} (id, ts, note) VALUES ${row}`))
        const task = await startJdbcTask(
          config(name, 'timestamp+incrementing', { 'batch.max.rows': '10' })
        )
        const ids: unknown[] = []
        for (let polls = 0; polls < 200 && ids.length < 200; polls++) {
          if (polls === 5) await db.cutSessions?.()
          ids.push(...fields(await task.poll(), 'id'))
        }
        assert.deepEqual(
          ids,
          Array.from({ length: 200 }, (_, id) => id)
        )
        assert.match(String(task.conditions.find((text) => text !== null)), /Retrying/)
        assert.equal(task.conditions.at(-1), null)
        await task.stop()
      })

      it('I8: a preview ends when its time is over, and says so', () =>
        previewEndsInTime({
          ...db.config,
          ...PREFIX,
          mode: 'bulk',
          query: db.slowQuery?.sql ?? ''
        }))

      it('I8: stops within a second in the middle of a query', async () => {
        const task = await startJdbcTask({
          ...db.config,
          ...PREFIX,
          mode: 'bulk',
          query: db.slowQuery?.sql ?? ''
        })
        const polling = task.poll()
        await until(() => db.slowQuery?.runs(), 'the query runs')
        const asked = performance.now()
        await task.stop()
        assert.deepEqual(await polling, [])
        assert.ok(performance.now() - asked < 1000)
      })
    })
  })
}
