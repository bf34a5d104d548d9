import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Decimal } from '../../../../../src/data/logical-types.ts'
import type { Schema } from '../../../../../src/data/schema.ts'
import {
  cursorOf,
  type Config,
  field,
  fields,
  startJdbcTask,
  StoredOffsets
} from '../../../../support/jdbc-source.ts'
import { openSqliteFile } from '../../../../support/sqlite-file.ts'

/** Declared type, literal, expected type or logical name, expected value. docs/types.md shows the same. */
const CASES: readonly (readonly [string, string, string, unknown])[] = [
  ['INTEGER', '9223372036854775807', 'int64', 9_223_372_036_854_775_807n],
  ['INT', '-1', 'int64', -1],
  ['TINYINT', '127', 'int8', 127],
  ['SMALLINT', '-32768', 'int16', -32_768],
  ['MEDIUMINT', '8388607', 'int32', 8_388_607],
  ['UNSIGNED BIG INT', '7', 'int64', 7],
  ['BOOLEAN', '1', 'boolean', true],
  ['REAL', '0.1', 'float64', 0.1],
  ['DOUBLE PRECISION', '3', 'float64', 3],
  ['DECIMAL(10,2)', '12.5', 'Decimal', new Decimal(1250n, 2)],
  ['NUMERIC(38,0)', "'99999999999999999999999999999999999999'", 'Decimal', undefined],
  ['NUMERIC', '1.25', 'string', '1.25'],
  ['VARCHAR(5)', "'中文'", 'string', '中文'],
  ['CLOB', "'x'", 'string', 'x'],
  ['TEXT', '5', 'string', '5'],
  ['BLOB', "x'00ff'", 'bytes', Uint8Array.from([0, 255])],
  ['DATE', "'2024-02-29'", 'Date', 19_782],
  ['DATE', '1709164800000', 'Date', 19_782],
  ['TIME', "'10:20:30.5'", 'Time', 37_230_500],
  ['TIMESTAMP', "'2024-02-29 10:20:30.123456789'", 'Timestamp', 1_709_202_030_123],
  ['DATETIME', "'2024-02-29T10:20:30Z'", 'Timestamp', 1_709_202_030_000],
  ['TIMESTAMP', '1709202030123', 'Timestamp', 1_709_202_030_123],
  ['', "'no type'", 'string', 'no type'],
  ['', "x'01'", 'bytes', Uint8Array.from([1])],
  ['GEOMETRY', "'POINT'", 'string', 'POINT']
]

describe('types of SQLite', () => {
  const { database, url, close } = openSqliteFile()
  const config = {
    'connection.url': url,
    'topic.prefix': 'x-',
    mode: 'bulk',
    'poll.interval.ms': '10'
  }
  after(close)

  async function firstRecord(more: Config) {
    const task = await startJdbcTask({ ...config, ...more })
    try {
      return (await task.poll())[0]
    } finally {
      await task.stop()
    }
  }

  it('follow the declared type, whatever a row holds', async () => {
    const cases = CASES.filter(([, , , value]) => value !== undefined)
    database.exec(
      `CREATE TABLE everything (id INTEGER PRIMARY KEY, ${cases.map(([type], index) => `c${index} ${type}`).join(', ')})`
    )
    database.exec(
      `INSERT INTO everything VALUES (1, ${cases.map(([, literal]) => literal).join(', ')})`
    )
    const record = await firstRecord({ 'table.whitelist': 'everything' })
    assert.equal(record?.valueSchema?.field('id')?.schema.optional, false)
    for (const [index, [type, , expected, value]] of cases.entries()) {
      const schema: Schema | undefined = record?.valueSchema?.field(`c${index}`)?.schema
      assert.equal(schema?.name?.replace(/^.*\./, '') ?? schema?.type, expected, type)
      assert.deepEqual(field(record, `c${index}`), value, type)
    }
  })

  it('I5: name table, column and row of a value that does not fit the declared type', async () => {
    for (const [table, type, literal, text] of [
      [
        'v1',
        'INTEGER',
        "'abc'",
        /table v1, row \(id=7\): column v \(INTEGER\): 'abc' \(stored as text\) is not an integer/
      ],
      ['v2', 'TINYINT', '1000', /'1000' \(stored as number\) is not an int8/],
      ['v3', 'DECIMAL(5,2)', '1.125', /1\.125 has more than 2 digits behind the dot/],
      ['v4', 'TIMESTAMP', "'yesterday'", /'yesterday' is not a timestamp/],
      ['v5', 'BOOLEAN', '2', /is not a boolean/],
      ['v6', 'TIMESTAMP', '2460000.5', /is not a timestamp/]
    ] as const) {
      database.exec(
        `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, v ${type}); INSERT INTO ${table} VALUES (7, ${literal})`
      )
      await assert.rejects(firstRecord({ 'table.whitelist': table }), text)
    }
  })

  it('understands timestamps as text and as epoch milliseconds in one column', async () => {
    database.exec(`CREATE TABLE mixed (id INTEGER PRIMARY KEY, ts TIMESTAMP NOT NULL);
      INSERT INTO mixed VALUES (1, '2024-01-01 00:00:01'), (2, 1704067202000), (3, '2024-01-01T00:00:03.5'), (4, '2024-01-01 00:00:03.500')`)
    const offsets = new StoredOffsets()
    const settings = {
      ...config,
      mode: 'timestamp',
      'timestamp.column.name': 'ts',
      'table.whitelist': 'mixed'
    }
    const task = await startJdbcTask(settings, offsets)
    const records = await task.read(4)
    offsets.commit(records)
    await task.stop()
    assert.deepEqual(fields(records, 'id'), [1, 2, 3, 4])
    database.exec("INSERT INTO mixed VALUES (5, '2024-01-01 00:00:03.5001')")
    const later = await startJdbcTask(settings, offsets)
    assert.deepEqual(fields(await later.read(1), 'id'), [5])
    await later.stop()
  })

  it('takes expressions of a query by their values', async () => {
    const record = await firstRecord({
      query: "SELECT 1+1 AS n, 0.5 AS f, 'x' || 'y' AS s, NULL AS missing"
    })
    assert.deepEqual(
      (record?.valueSchema?.fields ?? []).map((one) => one.schema.type),
      ['int64', 'float64', 'string', 'string']
    )
    assert.deepEqual(
      [field(record, 'n'), field(record, 'f'), field(record, 's'), field(record, 'missing')],
      [2, 0.5, 'xy', null]
    )
  })

  it('finds the id of a table by itself', async () => {
    database.exec(
      "CREATE TABLE auto (id INTEGER PRIMARY KEY, note TEXT); INSERT INTO auto (note) VALUES ('a')"
    )
    const record = await firstRecord({ 'table.whitelist': 'auto', mode: 'incrementing' })
    assert.deepEqual(cursorOf(record?.sourceOffset), { incrementing: 1 })
    database.exec('CREATE TABLE manual (id BIGINT PRIMARY KEY)')
    await assert.rejects(
      firstRecord({ 'table.whitelist': 'manual', mode: 'incrementing' }),
      /Table 'manual' has no auto-increment column: set incrementing\.column\.name/
    )
  })

  it('of an outer join can be null, in a query and in a view', async () => {
    database.exec(`CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
      CREATE TABLE children (parent INTEGER NOT NULL, name VARCHAR(9) NOT NULL);
      CREATE VIEW families AS SELECT p.id, c.name FROM parents p LEFT JOIN children c ON c.parent = p.id;
      INSERT INTO parents VALUES (1, 'a')`)
    for (const source of [
      { 'table.whitelist': 'families', 'table.types': 'VIEW' },
      { query: 'SELECT p.id, c.name FROM parents p LEFT OUTER JOIN children c ON c.parent = p.id' }
    ]) {
      const task = await startJdbcTask({ ...config, ...source })
      const [record] = await task.read(1)
      await task.stop()
      assert.equal(field(record, 'name'), null)
    }
  })
})
