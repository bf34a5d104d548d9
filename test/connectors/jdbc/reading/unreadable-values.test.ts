import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { builtinPlugins } from '../../../../src/builtin-plugins.ts'
import type { SourceRecord } from '../../../../src/data/record.ts'
import { Plugins } from '../../../../src/plugin/plugins.ts'
import { postgresUrl, uniqueName } from '../../../support/environment.ts'
import {
  type Config,
  field,
  fields,
  startJdbcTask,
  StoredOffsets
} from '../../../support/jdbc-source.ts'
import { createMysqlDatabase, type MysqlDatabase } from '../../../support/mysql-database.ts'
import { openSqliteFile } from '../../../support/sqlite-file.ts'

interface Read {
  readonly records: readonly SourceRecord[]
  readonly conditions: readonly (string | null)[]
}

async function readTable(config: Config, count: number): Promise<Read> {
  const task = await startJdbcTask({
    'topic.prefix': '',
    'poll.interval.ms': '3600000',
    mode: 'bulk',
    ...config
  })
  try {
    const records = await task.read(count)
    return { records, conditions: task.conditions }
  } finally {
    await task.stop()
  }
}

/** Optional or not, record by record. */
const optional = ({ records }: Read, name: string): unknown[] =>
  records.map(({ valueSchema }) => valueSchema?.field(name)?.schema.optional)

describe('Values of PostgreSQL that Kafka Connect has no form for', () => {
  const schema = uniqueName('unreadable').replaceAll('-', '_')
  const client = new pg.Client(postgresUrl())
  const url = new URL(postgresUrl())
  const config: Config = {
    'connection.url': `jdbc:postgresql://${url.host}${url.pathname}?currentSchema=${schema}`,
    'connection.user': url.username,
    'connection.password': url.password,
    'schema.pattern': schema
  }
  before(async () => {
    await client.connect()
    await client.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}`)
  })
  after(async () => {
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  })

  it('fail the task, are left out or become null, and each row is named', async () => {
    await client.query(
      `CREATE TABLE prices (id int PRIMARY KEY, a numeric(9,2) NOT NULL, b numeric(9,2));
       INSERT INTO prices VALUES (1, 1, 1), (2, 'NaN', 2), (3, 3, 'NaN'), (4, 4, 4)`
    )
    const table = { ...config, 'table.whitelist': 'prices' }
    const named = (id: number, column: string): RegExp =>
      new RegExp(
        `prices, row \\(id=${id}\\): column ${column} \\(numeric\\(9,2\\)\\): NaN is no number`
      )
    await assert.rejects(readTable(table, 4), named(2, 'a'))
    await assert.rejects(readTable(table, 4), /; unreadable\.values=skip leaves such rows out$/m)

    const skipped = await readTable({ ...table, 'unreadable.values': 'skip' }, 2)
    assert.deepEqual(fields(skipped.records, 'id'), [1, 4])
    assert.match(String(skipped.conditions[0]), named(2, 'a'))
    assert.match(String(skipped.conditions[1]), named(3, 'b'))
    assert.match(String(skipped.conditions[1]), /the row is left out$/)

    const nulled = await readTable({ ...table, 'unreadable.values': 'null' }, 4)
    assert.deepEqual(fields(nulled.records, 'id'), [1, 2, 3, 4])
    assert.equal(field(nulled.records[1], 'a'), null)
    assert.equal(field(nulled.records[2], 'b'), null)
    assert.match(String(nulled.conditions.at(-1)), named(3, 'b'))
    assert.deepEqual(optional(nulled, 'a'), [false, true, true, true])
  })

  it('of numeric without precision are text and doubles like any other', async () => {
    await client.query(
      `CREATE TABLE free (id int PRIMARY KEY, v numeric);
       INSERT INTO free VALUES (1, 'NaN'), (2, 1e20), (3, 1.10)`
    )
    const table = { ...config, 'table.whitelist': 'free' }
    const text = await readTable(table, 3)
    assert.deepEqual(fields(text.records, 'v'), ['NaN', '100000000000000000000', '1.10'])
    const doubles = await readTable({ ...table, 'numeric.unconstrained.mapping': 'double' }, 3)
    assert.deepEqual(fields(doubles.records, 'v'), [Number.NaN, 1e20, 1.1])
    await assert.rejects(
      readTable({ ...table, 'numeric.unconstrained.mapping': 'decimal:2' }, 3),
      /free, row \(id=1\): column v \(numeric\): NaN is no number/
    )
  })

  it('such as infinite timestamps are the numbers of the JVM’s driver, null, or errors', async () => {
    await client.query(
      `CREATE TABLE forever (id int PRIMARY KEY, t timestamptz NOT NULL, u timestamp, d date);
       INSERT INTO forever VALUES (1, 'infinity', '-infinity', '2024-02-29'), (2, 'epoch', 'epoch', NULL)`
    )
    const table = { ...config, 'table.whitelist': 'forever' }
    const { records, conditions } = await readTable(table, 2)
    assert.deepEqual(fields(records, 't'), [9_223_372_036_825_200_000n, 0])
    assert.deepEqual(fields(records, 'u'), [-9_223_372_036_832_400_000n, 0])
    assert.deepEqual(conditions, [])
    const zoned = await readTable({ ...table, 'db.timezone': 'Asia/Shanghai' }, 2)
    assert.equal(field(zoned.records[0], 'u'), -9_223_372_036_832_400_000n)

    const nulls = await readTable({ ...table, 'infinite.timestamps': 'null' }, 2)
    assert.deepEqual(fields(nulls.records, 't'), [null, 0])
    assert.deepEqual(fields(nulls.records, 'u'), [null, 0])
    assert.match(String(nulls.conditions[0]), /forever, row \(id=1\): column t .* optional now/)

    const named =
      /forever, row \(id=1\): column t \(timestamp with time zone\): infinity is no time/
    await assert.rejects(readTable({ ...table, 'infinite.timestamps': 'fail' }, 2), named)
    await assert.rejects(readTable({ ...table, 'timestamp.granularity': 'nanos_long' }, 2), named)
  })

  it('such as infinite dates are errors, as in the JVM connector, or null', async () => {
    await client.query(
      `CREATE TABLE valid (id int PRIMARY KEY, till date); INSERT INTO valid VALUES (1, 'infinity')`
    )
    const table = { ...config, 'table.whitelist': 'valid' }
    await assert.rejects(
      readTable(table, 1),
      /row \(id=1\): column till \(date\): infinity is no date/
    )
    const nulls = await readTable({ ...table, 'infinite.timestamps': 'null' }, 1)
    assert.deepEqual(fields(nulls.records, 'till'), [null])
  })

  it('do not keep converters from writing infinite timestamps', async () => {
    await client.query(
      `CREATE TABLE ends (id int PRIMARY KEY, t timestamp, raw bytea);
       INSERT INTO ends VALUES (1, 'infinity', '\\x00ff10')`
    )
    const { records } = await readTable({ ...config, 'table.whitelist': 'ends' }, 1)
    const plugins = new Plugins(builtinPlugins())
    const bytes = (className: string, settings: Config): string => {
      const plugin = plugins.any(className)
      assert.ok(plugin?.type === 'converter')
      const converter = plugin.create(new Map(Object.entries(settings)), 'value')
      const [record] = records
      const written = converter.fromConnectData('t', record?.valueSchema ?? null, record?.value)
      return Buffer.from(written as Uint8Array).toString()
    }
    assert.equal(
      bytes('org.apache.kafka.connect.json.JsonConverter', { 'schemas.enable': 'false' }),
      '{"id":1,"t":9223372036825200000,"raw":"AP8Q"}'
    )
    // Java prints the address of the bytes, `[B@…`, which says nothing.
    assert.equal(
      bytes('org.apache.kafka.connect.storage.StringConverter', {}),
      'Struct{id=1,t=Sat Aug 16 23:00:00 UTC 292278994,raw=0x00ff10}'
    )
  })

  it('I5: such as bytes that are not UTF-8, in a database that takes any, are named', async () => {
    const name = `ascii_${schema}`
    await client.query(
      `CREATE DATABASE ${name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`
    )
    const own = new URL(postgresUrl())
    own.pathname = name
    const inside = new pg.Client(own.toString())
    await inside.connect()
    try {
      await inside.query(
        `SET client_encoding = 'SQL_ASCII'; CREATE TABLE words (id int PRIMARY KEY, w text);
         INSERT INTO words VALUES (1, 'plain'), (2, E'M\\xFCller'), (3, '中')`
      )
      const table = {
        ...config,
        'connection.url': `jdbc:postgresql://${url.host}/${name}`,
        'schema.pattern': 'public',
        'table.whitelist': 'words'
      }
      await assert.rejects(
        readTable(table, 3),
        /words, row \(id=2\): column w \(text\): 'M\ufffdller' has bytes that are not UTF-8/
      )
      const { records } = await readTable({ ...table, 'unreadable.values': 'skip' }, 2)
      assert.deepEqual(fields(records, 'w'), ['plain', '中'])
    } finally {
      await inside.end()
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`)
    }
  })

  it('such as infinite times have no place in the order and are never read', async () => {
    await client.query(
      `CREATE TABLE spans (id int PRIMARY KEY, t timestamptz);
       INSERT INTO spans VALUES (1, '-infinity'), (2, '1960-01-01Z'), (3, NULL), (4, 'infinity'), (5, '2024-02-29Z')`
    )
    for (const mode of ['timestamp', 'timestamp+incrementing']) {
      const { records, conditions } = await readTable(
        {
          ...config,
          'table.whitelist': 'spans',
          mode,
          'timestamp.column.name': 't',
          'incrementing.column.name': mode === 'timestamp' ? '' : 'id',
          'validate.non.null': 'false'
        },
        2
      )
      assert.deepEqual(fields(records, 'id'), [2, 5], mode)
      assert.deepEqual(
        conditions.filter((text) => text !== null),
        []
      )
    }
  })

  it('such as null where a result has none are null: the field is optional from there on', async () => {
    await client.query(
      `CREATE TABLE sales (region text NOT NULL, amount int NOT NULL);
       INSERT INTO sales VALUES ('north', 1), ('south', 2)`
    )
    const query = `SELECT region, sum(amount) AS total FROM ${schema}.sales GROUP BY ROLLUP(region) ORDER BY region NULLS LAST`
    const read = await readTable({ ...config, query, 'key.columns': 'region' }, 3)
    assert.deepEqual(fields(read.records, 'region'), ['north', 'south', null])
    assert.deepEqual(optional(read, 'region'), [false, false, true])
    const keys = read.records.map(({ keySchema }) => keySchema?.field('region')?.schema.optional)
    assert.deepEqual(keys, [false, false, true])
    assert.match(
      String(read.conditions.at(-1)),
      /the query, row \(region=null\): column region \(text\): null, though it is NOT NULL/
    )
    for (const join of ['LEFT/**/JOIN', 'LEFT -- outer\n JOIN', 'LEFT/* x */OUTER/**/JOIN']) {
      const joined = `SELECT s.region, t.region AS other FROM ${schema}.sales s ${join} ${schema}.sales t ON false`
      const { records } = await readTable({ ...config, query: joined }, 2)
      assert.deepEqual(fields(records, 'other'), [null, null], join)
    }
  })
})

describe('Values of MySQL that Kafka Connect has no form for', () => {
  let database: MysqlDatabase
  before(async () => {
    database = await createMysqlDatabase()
  })
  after(() => database.close())

  it('such as zero dates are null in columns that forbid it, where the address says so', async () => {
    await database.exec(
      "SET SESSION sql_mode = ''",
      'CREATE TABLE zeros (id INT NOT NULL PRIMARY KEY, d DATETIME NOT NULL)',
      "INSERT INTO zeros VALUES (1, '0000-00-00'), (2, '2024-02-29')"
    )
    const table = { ...database.config, 'table.whitelist': 'zeros' }
    await assert.rejects(
      readTable(table, 2),
      /zeros, row \(id=1\): column d \(datetime\): '0000-00-00/
    )
    const url = `${database.config['connection.url']}?zeroDateTimeBehavior=convertToNull`
    const nulls = await readTable({ ...table, 'connection.url': url }, 2)
    assert.deepEqual(fields(nulls.records, 'd'), [null, 1_709_164_800_000])
    const skipped = await readTable({ ...table, 'unreadable.values': 'skip' }, 1)
    assert.deepEqual(fields(skipped.records, 'id'), [2])
    assert.match(String(skipped.conditions.at(-1)), /zeros, row \(id=1\).*; the row is left out/)
  })

  it('such as zero dates have no place in the order of times, as in the JVM connector', async () => {
    await database.exec(
      "SET SESSION sql_mode = ''",
      'CREATE TABLE changes (id INT NOT NULL PRIMARY KEY, d DATETIME NOT NULL)',
      "INSERT INTO changes VALUES (1, '0000-00-00'), (2, '2024-02-29'), (3, '2024-03-01')"
    )
    const url = `${database.config['connection.url']}?zeroDateTimeBehavior=convertToNull`
    const { records } = await readTable(
      {
        ...database.config,
        'connection.url': url,
        'table.whitelist': 'changes',
        mode: 'timestamp',
        'timestamp.column.name': 'd'
      },
      2
    )
    assert.deepEqual(fields(records, 'id'), [2, 3])
  })
})

describe('Values of SQLite that Kafka Connect has no form for', () => {
  const { database, url, close } = openSqliteFile()
  after(close)
  const config = { 'connection.url': url }

  it('I5: such as text that is not UTF-8 are named, and text that only looks like it is carried', async () => {
    database.exec(`CREATE TABLE words (id INTEGER PRIMARY KEY, w TEXT, x TEXT);
      INSERT INTO words VALUES (1, 'plain', 'x'), (2, CAST(x'4DFC6C6C6572' AS TEXT), 'y'), (3, char(65533) || '!', 'z'),
        (4, CAST(x'61006263' AS TEXT), CAST(x'ff' AS TEXT)), (5, 'last', NULL)`)
    const table = { ...config, 'table.whitelist': 'words' }
    await assert.rejects(
      readTable(table, 5),
      /words, row \(id=2\): column w \(TEXT\): 0x4dfc6c6c6572 is text that is not UTF-8/
    )
    for (const size of ['1', '2', '1000']) {
      const batches = { ...table, 'batch.max.rows': size }
      const skipped = await readTable({ ...batches, 'unreadable.values': 'skip' }, 3)
      assert.deepEqual(fields(skipped.records, 'w'), ['plain', '\ufffd!', 'last'])
      const nulled = await readTable({ ...batches, 'unreadable.values': 'null' }, 5)
      assert.deepEqual(fields(nulled.records, 'w'), ['plain', null, '\ufffd!', 'a\0bc', 'last'])
      assert.deepEqual(fields(nulled.records, 'x'), ['x', 'y', 'z', null, null])
    }
    const incrementing = { ...table, mode: 'incrementing', 'unreadable.values': 'skip' }
    assert.deepEqual(fields((await readTable(incrementing, 3)).records, 'id'), [1, 3, 5])
    const query = {
      ...config,
      query: 'WITH w AS (SELECT * FROM words) SELECT w AS "a b", w AS w2 FROM w'
    }
    await assert.rejects(readTable(query, 5), /text that is not UTF-8/)
  })

  it('such as times that are none are named by their row, or left out', async () => {
    database.exec(`CREATE TABLE events (a TEXT, b INTEGER, "ti\`me" TIMESTAMP NOT NULL, PRIMARY KEY (a, b));
      INSERT INTO events VALUES ('x', 1, '2024-01-01 00:00:01'), ('x', 2, ''), ('y', 1, 'now'), ('y', 2, x'00'), ('z', 1, '2024-01-01 00:00:02')`)
    const table = {
      ...config,
      'table.whitelist': 'events',
      mode: 'timestamp',
      'timestamp.column.name': 'ti`me'
    }
    await assert.rejects(
      readTable(table, 2),
      /table events: row \(a=x, b=2\): column ti`me: '' is not a timestamp/
    )
    const { records } = await readTable({ ...table, 'unreadable.values': 'skip' }, 2)
    assert.deepEqual(
      records.map((record) => [field(record, 'a'), field(record, 'b')]),
      [
        ['x', 1],
        ['z', 1]
      ]
    )
  })

  it('are not instants: those are, whatever the zone of the database', async () => {
    // In New York 01:30 came twice on that day: as 05:30 and as 06:30 of UTC.
    const [first, second] = [Date.UTC(2024, 10, 3, 5, 30), Date.UTC(2024, 10, 3, 6, 30)]
    database.exec(`CREATE TABLE moments (id INTEGER PRIMARY KEY, t TIMESTAMP NOT NULL);
      INSERT INTO moments VALUES (1, '2024-01-01 00:00:00'), (2, 1704085200001), (3, '2024-01-01T10:00:00+05:00'),
        (4, ${first}), (5, ${second}), (6, '2024-11-03 08:00:00')`)
    const table = {
      ...config,
      'table.whitelist': 'moments',
      'db.timezone': 'America/New_York',
      mode: 'timestamp',
      'timestamp.column.name': 't'
    }
    const offsets = new StoredOffsets()
    const times = async (more: Config, count: number): Promise<unknown[][]> => {
      const task = await startJdbcTask(
        { 'topic.prefix': '', 'poll.interval.ms': '10', ...table, ...more },
        offsets
      )
      const records = await task.read(count)
      offsets.commit(records)
      await task.stop()
      return records.map((record) => [field(record, 'id'), field(record, 't')])
    }
    const midnight = Date.UTC(2024, 0, 1, 5)
    assert.deepEqual(await times({}, 6), [
      [1, midnight],
      [3, midnight],
      [2, midnight + 1],
      [4, first],
      [5, second],
      [6, Date.UTC(2024, 10, 3, 13)]
    ])
    database.exec(`INSERT INTO moments VALUES (7, ${Date.UTC(2024, 10, 3, 13, 0, 1)})`)
    assert.deepEqual(await times({}, 1), [[7, Date.UTC(2024, 10, 3, 13, 0, 1)]])
    assert.equal((await times({ mode: 'bulk' }, 7)).length >= 7, true)
  })
})
