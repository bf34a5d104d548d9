import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { dateSchema, Decimal } from '../../../../../src/data/logical-types.ts'
import type { SourceRecord } from '../../../../../src/data/record.ts'
import type { Struct } from '../../../../../src/data/struct.ts'
import {
  type Config,
  field,
  fields,
  startJdbcTask,
  StoredOffsets
} from '../../../../support/jdbc-source.ts'
import { createMysqlDatabase, type MysqlDatabase } from '../../../../support/mysql-database.ts'

const COLUMNS: readonly [name: string, type: string, literal: string][] = [
  ['tiny', 'TINYINT', '-128'],
  ['tiny_u', 'TINYINT UNSIGNED', '255'],
  ['small_u', 'SMALLINT UNSIGNED', '65535'],
  ['medium', 'MEDIUMINT', '-8388608'],
  ['int_u', 'INT UNSIGNED', '4294967295'],
  ['big', 'BIGINT', '-9223372036854775808'],
  ['big_u', 'BIGINT UNSIGNED', '18446744073709551615'],
  ['flag', 'BOOLEAN', 'TRUE'],
  ['bit1', 'BIT(1)', "b'1'"],
  ['bit8', 'BIT(8)', "b'10000001'"],
  ['bits', 'BIT(12)', "b'111100001111'"],
  ['number', 'DECIMAL(38,10)', "'-1234567890123456789012345678.0123456789'"],
  ['single', 'FLOAT', '1.5'],
  ['dbl', 'DOUBLE', '0.1'],
  ['chr', 'CHAR(4)', "'ab'"],
  ['txt', 'TEXT', "'你好 🎉'"],
  ['enu', "ENUM('x','y')", "'y'"],
  ['doc', 'JSON', `'{"a": [1, 2]}'`],
  ['bin', 'VARBINARY(9)', "x'00ff10'"],
  ['blb', 'BLOB', "x'c3a9'"],
  ['d', 'DATE', "'1969-12-30'"],
  ['t', 'TIME(6)', "'23:59:59.123456'"],
  ['dt', 'DATETIME(6)', "'2024-02-29 12:34:56.123456'"],
  ['ts', 'TIMESTAMP(6)', "'2024-02-29 12:34:56.654321'"],
  ['yr', 'YEAR', '2024']
]

void describe('Values of MySQL', () => {
  let database: MysqlDatabase
  before(async () => {
    database = await createMysqlDatabase()
  })
  after(() => database.close())

  const config = (table: string, more: Config = {}): Config => ({
    ...database.config,
    'topic.prefix': '',
    'poll.interval.ms': '20',
    mode: 'bulk',
    'table.whitelist': table,
    ...more
  })
  async function read(
    settings: Config,
    count: number,
    offsets = new StoredOffsets()
  ): Promise<SourceRecord[]> {
    const task = await startJdbcTask(settings, offsets)
    try {
      const records = await task.read(count)
      offsets.commit(records)
      return records.slice(0, count)
    } finally {
      await task.stop()
    }
  }

  void it('I5: every type keeps its exact value', async () => {
    await database.exec(
      `CREATE TABLE every_type (${COLUMNS.map(([name, type]) => `${name} ${type}`).join(', ')})`,
      `INSERT INTO every_type VALUES (${COLUMNS.map(([, , literal]) => literal).join(', ')})`,
      'INSERT INTO every_type () VALUES ()'
    )
    const [row, empty] = await read(
      config('every_type', { 'timestamp.granularity': 'micros_string' }),
      2
    )
    const value = row?.value as Struct
    const schemas = Object.fromEntries(
      value.schema.fields.map((field) => [field.name, field.schema.name ?? field.schema.type])
    )
    const values = Object.fromEntries(
      COLUMNS.map(([name]) => {
        const at = value.get(name)
        return [name, at instanceof Uint8Array ? Buffer.from(at).toString('hex') : at]
      })
    )
    const decimal = 'org.apache.kafka.connect.data.Decimal'
    assert.deepEqual(schemas, {
      tiny: 'int8',
      tiny_u: 'int16',
      small_u: 'int32',
      medium: 'int32',
      int_u: 'int64',
      big: 'int64',
      big_u: decimal,
      flag: 'int8',
      bit1: 'int8',
      bit8: 'int8',
      bits: 'bytes',
      number: decimal,
      single: 'float32',
      dbl: 'float64',
      chr: 'string',
      txt: 'string',
      enu: 'string',
      doc: 'string',
      bin: 'bytes',
      blb: 'bytes',
      d: 'org.apache.kafka.connect.data.Date',
      t: 'org.apache.kafka.connect.data.Time',
      dt: 'string',
      ts: 'string',
      yr: 'org.apache.kafka.connect.data.Date'
    })
    assert.deepEqual(values, {
      tiny: -128,
      tiny_u: 255,
      small_u: 65_535,
      medium: -8_388_608,
      int_u: 4_294_967_295,
      big: -9_223_372_036_854_775_808n,
      big_u: new Decimal(18_446_744_073_709_551_615n, 0),
      flag: 1,
      bit1: 1,
      bit8: -127,
      bits: '0f0f',
      number: new Decimal(-12_345_678_901_234_567_890_123_456_780_123_456_789n, 10),
      single: 1.5,
      dbl: 0.1,
      chr: 'ab',
      txt: '你好 🎉',
      enu: 'y',
      doc: '{"a": [1, 2]}',
      bin: '00ff10',
      blb: 'c3a9',
      d: -2,
      t: 86_399_123,
      dt: String(BigInt(Date.UTC(2024, 1, 29, 12, 34, 56)) * 1000n + 123_456n),
      ts: values['ts'],
      yr: 19_723
    })
    assert.match(String(values['ts']), /654321$/)
    const nulls = COLUMNS.filter(([name]) => field(empty, name) !== null)
    // A TIMESTAMP may be set by the server when nothing is said.
    assert.deepEqual(
      nulls.filter(([name]) => name !== 'ts'),
      []
    )
  })

  void it('I5: an id beyond 2^63 goes on behind the stored one', async () => {
    await database.exec(
      'CREATE TABLE huge (id BIGINT UNSIGNED NOT NULL PRIMARY KEY)',
      'INSERT INTO huge VALUES (9223372036854775806), (9223372036854775807)'
    )
    const settings = config('huge', { mode: 'incrementing', 'incrementing.column.name': 'id' })
    const offsets = new StoredOffsets()
    assert.equal((await read(settings, 2, offsets)).length, 2)
    assert.deepEqual(await read(settings, 0, offsets), [])
  })

  void it('I6: rows of TIMESTAMP columns without digits of a second are read once', async () => {
    await database.exec(
      'CREATE TABLE coarse (id INT NOT NULL PRIMARY KEY, ts TIMESTAMP NOT NULL)',
      "INSERT INTO coarse VALUES (1, '2024-01-01 00:00:01'), (2, '2024-01-01 00:00:02')"
    )
    const settings = config('coarse', { mode: 'timestamp', 'timestamp.column.name': 'ts' })
    const offsets = new StoredOffsets()
    assert.deepEqual(fields(await read(settings, 2, offsets), 'id'), [1, 2])
    await database.exec("INSERT INTO coarse VALUES (3, '2024-01-01 00:00:03')")
    assert.deepEqual(fields(await read(settings, 1, offsets), 'id'), [3])
  })

  void it('I5: a zero date is an error that names it, or null where the URL says so', async () => {
    await database.exec(
      "SET SESSION sql_mode = ''",
      'CREATE TABLE zero (id INT NOT NULL PRIMARY KEY, d DATE, dt DATETIME)',
      "INSERT INTO zero VALUES (1, '0000-00-00', '0000-00-00 00:00:00')"
    )
    await assert.rejects(
      read(config('zero'), 1),
      /zero, row \(id=1\): column d \(date\): '0000-00-00' is not a timestamp/
    )
    const url = `${database.config['connection.url']}?zeroDateTimeBehavior=convertToNull`
    const records = await read(config('zero', { 'connection.url': url }), 1)
    assert.deepEqual(fields(records, 'd'), [null])
    assert.deepEqual(fields(records, 'dt'), [null])
  })

  void it('I5: a TIME beyond the day is an error that names it', async () => {
    await database.exec(
      'CREATE TABLE spans (id INT NOT NULL PRIMARY KEY, t TIME)',
      "INSERT INTO spans VALUES (1, '-01:00:00'), (2, '100:00:00')"
    )
    await assert.rejects(
      read(config('spans'), 1),
      /spans, row \(id=1\): column t \(time\): '-01:00:00' is not a time of day/
    )
    await database.exec('DELETE FROM spans WHERE id = 1')
    await assert.rejects(
      read(config('spans'), 1),
      /row \(id=2\): column t \(time\): '100:00:00' is not a time of day/
    )
  })

  void it('I5: a geometry keeps its reference system: its bytes are carried', async () => {
    await database.exec(
      'CREATE TABLE places (id INT NOT NULL PRIMARY KEY, at POINT, area GEOMETRY)'
    )
    await database.exec(
      "INSERT INTO places VALUES (1, ST_GeomFromText('POINT(1 2)', 4326), ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'))"
    )
    const [row] = await read(config('places', { 'unsupported.types': 'skip' }), 1)
    const bytes = (name: string): Buffer => Buffer.from(field(row, name) as Uint8Array)
    assert.equal(bytes('at').toString('hex'), 'e61000000101000000000000000000f03f0000000000000040')
    // No reference system, then WKB: little endian, polygon, one ring of four points.
    assert.match(bytes('area').toString('hex'), /^00000000010300000001000000040000000{8}/)
  })

  void it('a year is its first day, or a number when yearIsDateType=false; the year 0 is no date', async () => {
    await database.exec(
      'CREATE TABLE years (id INT NOT NULL PRIMARY KEY, y YEAR)',
      'INSERT INTO years VALUES (1, 2024), (2, 1901)'
    )
    const dates = await read(config('years'), 2)
    assert.equal(dates[0]?.valueSchema?.field('y')?.schema.name, dateSchema().name)
    assert.deepEqual(fields(dates, 'y'), [19_723, -25_202])
    const at = (parameter: string): Config => ({
      ...config('years'),
      'connection.url': `${database.config['connection.url']}?${parameter}`
    })
    const numbers = await read(at('yearIsDateType=false'), 2)
    assert.equal(numbers[0]?.valueSchema?.field('y')?.schema.type, 'int16')
    assert.deepEqual(fields(numbers, 'y'), [2024, 1901])
    await database.exec("INSERT INTO years VALUES (3, '0000')")
    await assert.rejects(
      read(config('years'), 3),
      /years, row \(id=3\): column y \(year\): the year 0000 is not a date/
    )
    const nulls = await read(at('zeroDateTimeBehavior=convertToNull'), 3)
    assert.equal(field(nulls[2], 'y'), null)
  })

  void it('booleans are what the driver of the address calls so', async () => {
    await database.exec(
      'CREATE TABLE flags (id INT NOT NULL PRIMARY KEY, t TINYINT(1), u TINYINT(1) UNSIGNED, w TINYINT, b BIT(1), c BIT(8))',
      "INSERT INTO flags VALUES (1, 5, 200, 7, b'1', b'11001000'), (2, 0, 0, 0, b'0', b'1')"
    )
    const url = database.config['connection.url']
    const types = async (address: string): Promise<string> => {
      const rows = await read({ ...config('flags'), 'connection.url': address }, 2)
      const fields = rows[0]?.valueSchema?.fields.slice(1) ?? []
      const shown = rows.map((row) => fields.map(({ name }) => String(field(row, name))).join(' '))
      return `${fields.map(({ schema }) => schema.type).join(' ')}: ${shown.join(', ')}`
    }
    const mariadb = url.replace('jdbc:mysql:', 'jdbc:mariadb:')
    const integers = 'int8 int16 int8 int8 int8: 5 200 7 1 -56, 0 0 0 0 1'
    assert.equal(await types(url), integers)
    assert.equal(await types(`${url}?tinyInt1isBit=false`), integers)
    assert.equal(
      await types(`${url}?transformedBitIsBoolean=true`),
      'boolean int16 int8 int8 int8: true 200 7 1 -56, false 0 0 0 1'
    )
    assert.equal(
      await types(mariadb),
      'boolean boolean int8 boolean int8: true true 7 true -56, false false 0 false 1'
    )
    assert.equal(
      await types(`${mariadb}?tinyInt1isBit=false`),
      'int8 int16 int8 boolean int8: 5 200 7 true -56, 0 0 0 false 1'
    )
    assert.equal(await types(`${mariadb}?transformedBitIsBoolean=false`), integers)
  })
})
