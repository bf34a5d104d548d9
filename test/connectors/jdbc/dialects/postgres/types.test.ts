import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { Decimal } from '../../../../../src/data/logical-types.ts'
import type { SourceRecord } from '../../../../../src/data/record.ts'
import type { Schema } from '../../../../../src/data/schema.ts'
import { postgresUrl, uniqueName } from '../../../../support/environment.ts'
import {
  cursorOf,
  type Config,
  field,
  fields,
  startJdbcTask,
  StoredOffsets
} from '../../../../support/jdbc-source.ts'

/** `int64?`, `Decimal(2)`, `Timestamp` … */
function schemaText(schema: Schema | undefined): string {
  const logical = schema?.name?.replace(/^.*\./, '')
  const scale = schema?.parameters?.get('scale')
  const text =
    logical === undefined ? schema?.type : `${logical}${scale === undefined ? '' : `(${scale})`}`
  return `${text}${schema?.optional === true ? '?' : ''}`
}

/** Type, literal, expected schema, expected value. docs/types.md shows the same. */
const CASES: readonly (readonly [string, string, string, unknown])[] = [
  ['boolean', 'true', 'boolean?', true],
  ['smallint', '-32768', 'int16?', -32_768],
  ['integer', '2147483647', 'int32?', 2_147_483_647],
  ['bigint', '9223372036854775807', 'int64?', 9_223_372_036_854_775_807n],
  ['bigint', '42', 'int64?', 42],
  ['oid', '4294967295', 'int64?', 4_294_967_295],
  ['real', '1.5', 'float32?', 1.5],
  ['double precision', '0.1', 'float64?', 0.1],
  ['double precision', "'NaN'", 'float64?', Number.NaN],
  ['numeric(12,2)', '-1234567890.50', 'Decimal(2)?', new Decimal(-123_456_789_050n, 2)],
  [
    'numeric(38,0)',
    '99999999999999999999999999999999999999',
    'Decimal(0)?',
    new Decimal(10n ** 38n - 1n, 0)
  ],
  ['numeric(5,-2)', '12300', 'Decimal(-2)?', new Decimal(123n, -2)],
  ['numeric', '1.10', 'string?', '1.10'],
  [
    'numeric',
    '123456789012345678901234567890.123456789',
    'string?',
    '123456789012345678901234567890.123456789'
  ],
  ['text', "'中文 ''quoted'''", 'string?', "中文 'quoted'"],
  ['varchar(5)', "''", 'string?', ''],
  ['char(4)', "'ab'", 'string?', 'ab  '],
  ['json', `'{"a": 1}'`, 'string?', '{"a": 1}'],
  ['jsonb', `'{"a":1}'`, 'string?', '{"a": 1}'],
  [
    'uuid',
    "'00000000-0000-4000-8000-000000000001'",
    'string?',
    '00000000-0000-4000-8000-000000000001'
  ],
  ['xml', "'<a/>'", 'string?', '<a/>'],
  ['bytea', "'\\x00ff10'", 'bytes?', Buffer.from([0, 255, 16])],
  ['bit(1)', "B'1'", 'boolean?', true],
  ['bit(8)', "B'10000001'", 'int8?', -127],
  ['bit(12)', "B'111100001111'", 'bytes?', Uint8Array.from([0xf0, 0xf0])],
  ['date', "'2024-02-29'", 'Date?', 19_782],
  ['date', "'1582-10-04'", 'Date?', -141_428],
  ['time', "'10:20:30.123456'", 'Time?', 37_230_123],
  ['timetz', "'00:30:00+01'", 'Time?', 84_600_000],
  ['timestamp', "'2024-02-29 10:20:30.123456'", 'Timestamp?', 1_709_202_030_123],
  ['timestamptz', "'2024-02-29 10:20:30.123456+05:30'", 'Timestamp?', 1_709_182_230_123],
  ['timestamp(0)', "'1969-12-31 23:59:59'", 'Timestamp?', -1000],
  ['interval', "'1 day 02:00:00'", 'string?', 'P1DT2H'],
  ['text[]', '\'{a,"b c"}\'', 'string?', '{a,"b c"}'],
  ['inet', "'10.0.0.1'", 'string?', '10.0.0.1'],
  ['money', "'-1234.50'", 'float64?', -1234.5],
  ['int4range', "'[1,5)'", 'string?', '[1,5)'],
  ['real', "'1e-45'", 'float32?', 1e-45]
]

describe('types of PostgreSQL', () => {
  const schema = uniqueName('types').replaceAll('-', '_')
  const client = new pg.Client(postgresUrl())
  const url = new URL(postgresUrl())
  const config: Config = {
    'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
    'connection.user': url.username,
    'connection.password': url.password,
    'schema.pattern': schema,
    'topic.prefix': 'x-',
    mode: 'bulk'
  }
  before(async () => {
    await client.connect()
    await client.query(
      `CREATE SCHEMA ${schema}; SET search_path = ${schema}; SET lc_monetary = 'C'`
    )
  })
  after(async () => {
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  })
  async function firstRecord(more: Config) {
    const task = await startJdbcTask({ ...config, ...more })
    try {
      const records = await task.read(1)
      return { record: records[0], conditions: task.conditions }
    } finally {
      await task.stop()
    }
  }

  it('I5: become Connect types without losing anything', async () => {
    const columns = CASES.map(([type], index) => `c${index} ${type}`)
    await client.query(
      `CREATE TABLE everything (id int NOT NULL PRIMARY KEY, ${columns.join(', ')})`
    )
    await client.query(
      `INSERT INTO everything VALUES (1, ${CASES.map(([, literal]) => literal).join(', ')})`
    )
    const { record, conditions } = await firstRecord({ 'table.whitelist': 'everything' })
    assert.equal(schemaText(record?.valueSchema?.field('id')?.schema), 'int32')
    for (const [index, [type, , expected, value]] of CASES.entries()) {
      assert.equal(schemaText(record?.valueSchema?.field(`c${index}`)?.schema), expected, type)
      assert.deepEqual(field(record, `c${index}`), value, type)
    }
    const precision = record?.valueSchema
      ?.field('c9')
      ?.schema.parameters?.get('connect.decimal.precision')
    assert.equal(precision, '12')
    assert.deepEqual(conditions, [])
  })

  it('without a Connect type are left out and named, or fail, when asked for', async () => {
    await client.query(`CREATE TABLE odd (id int, tags text[]); INSERT INTO odd VALUES (1, '{a}')`)
    const skipped = await firstRecord({ 'table.whitelist': 'odd', 'unsupported.types': 'skip' })
    assert.deepEqual(
      skipped.record?.valueSchema?.fields.map(({ name }) => name),
      ['id']
    )
    assert.match(
      String(skipped.conditions.at(-1)),
      /odd: Kafka Connect has no type for tags \(text\[\]\); left out/
    )
    await assert.rejects(
      firstRecord({ 'table.whitelist': 'odd', 'unsupported.types': 'fail' }),
      /odd: Column tags has the type text\[\]/
    )
  })

  it('of enums and domains are those below them, and forbid null where the domain does', async () => {
    await client.query(`CREATE TYPE mood AS ENUM ('sad', 'so "so"'); CREATE DOMAIN positive AS bigint CHECK (VALUE > 0);
      CREATE DOMAIN number AS positive NOT NULL; CREATE DOMAIN price AS numeric(10,2); CREATE DOMAIN feeling AS mood;
      CREATE TABLE domains (id number, m mood, f feeling, p price, ms mood[]);
      INSERT INTO domains VALUES (1, 'so "so"', 'sad', 1.5, '{sad}')`)
    const { record } = await firstRecord({
      'table.whitelist': 'domains',
      'unsupported.types': 'skip',
      mode: 'incrementing',
      'incrementing.column.name': 'id'
    })
    assert.deepEqual(
      record?.valueSchema?.fields.map(({ name, schema }) => `${name} ${schemaText(schema)}`),
      ['id int64', 'm string?', 'f string?', 'p Decimal(2)?']
    )
    assert.equal(field(record, 'm'), 'so "so"')
  })

  it('of a query with an outer join can be null, whatever their table declares', async () => {
    await client.query(`CREATE TABLE parents (id int PRIMARY KEY); CREATE TABLE children (id int PRIMARY KEY, parent int NOT NULL, born date NOT NULL);
      INSERT INTO parents VALUES (1)`)
    const join = (kind: string): Promise<{ record: SourceRecord | undefined }> =>
      firstRecord({
        query: `SELECT p.id, c.born FROM ${schema}.parents p ${kind} JOIN ${schema}.children c ON c.parent = p.id`
      })
    const { record } = await join('LEFT')
    assert.equal(field(record, 'born'), null)
    await client.query(`INSERT INTO children VALUES (5, 1, '2024-02-29')`)
    const inner = await join('')
    assert.equal(schemaText(inner.record?.valueSchema?.field('born')?.schema), 'Date')
  })

  it('serve as cursor with times before Christ too', async () => {
    await client.query(`CREATE TABLE ancient (id int PRIMARY KEY, at timestamp NOT NULL);
      INSERT INTO ancient VALUES (1, '0044-03-15 12:00:00 BC'), (2, '0001-12-31 23:59:59.999999 BC')`)
    const settings: Config = {
      ...config,
      'table.whitelist': 'ancient',
      mode: 'timestamp+incrementing',
      'timestamp.column.name': 'at',
      'incrementing.column.name': 'id'
    }
    const offsets = new StoredOffsets()
    const ids = async (count: number): Promise<unknown[]> => {
      const task = await startJdbcTask(settings, offsets)
      const records = await task.read(count)
      offsets.commit(records)
      await task.stop()
      return fields(records, 'id')
    }
    assert.deepEqual(await ids(2), [1, 2])
    await client.query(`INSERT INTO ancient VALUES (3, '0001-01-01 00:00:00')`)
    assert.deepEqual(await ids(1), [3])
  })

  it('of a table whose name holds dots are found under its bare and its full name', async () => {
    await client.query(`CREATE TABLE "a.b" (id int); INSERT INTO "a.b" VALUES (1)`)
    for (const name of ['a.b', `${schema}.a.b`, `"${schema}"."a.b"`]) {
      const { record } = await firstRecord({ 'table.whitelist': name })
      assert.equal(field(record, 'id'), 1, name)
    }
  })

  it('I5: name table, column and row of a value that cannot be carried', async () => {
    for (const [table, type, literal, text] of [
      [
        'v2',
        'numeric(9,2)',
        "'NaN'",
        /table .*v2, row \(id=7\): column v \(numeric\(9,2\)\): NaN is no number/
      ],
      ['v3', 'date', "'-infinity'", /row \(id=7\): column v \(date\)/],
      [
        'v4',
        'money',
        "'92233720368547758.07'",
        /row \(id=7\): column v \(money\): \$92,233,720,368,547,758\.07 is no amount/
      ]
    ] as const) {
      await client.query(
        `CREATE TABLE ${table} (id int PRIMARY KEY, v ${type}); INSERT INTO ${table} VALUES (7, ${literal})`
      )
      await assert.rejects(firstRecord({ 'table.whitelist': table }), text)
    }
  })

  it('of numbers follow numeric.mapping and numeric.unconstrained.mapping', async () => {
    await client.query(`CREATE TABLE numbers (a numeric(2,0), b numeric(4,0), c numeric(9,0), d numeric(18,0), e numeric(19,0), f numeric(10,2), g numeric(30,2), h numeric, i numeric(17,-1));
      INSERT INTO numbers VALUES (99, 9999, 999999999, 999999999999999999, 9999999999999999999, 1.25, 1.5, 1.125, 1230)`)
    const types = async (mapping: Config): Promise<string> => {
      const { record } = await firstRecord({ 'table.whitelist': 'numbers', ...mapping })
      return (record?.valueSchema?.fields ?? [])
        .map((one) => schemaText(one.schema).replace('?', ''))
        .join(' ')
    }
    const decimals =
      'Decimal(0) Decimal(0) Decimal(0) Decimal(0) Decimal(0) Decimal(2) Decimal(2) string Decimal(-1)'
    assert.equal(await types({}), decimals)
    assert.equal(await types({ 'numeric.mapping': 'none' }), decimals)
    assert.equal(
      await types({ 'numeric.precision.mapping': 'true' }),
      'int8 int16 int32 int64 Decimal(0) Decimal(2) Decimal(2) string Decimal(-1)'
    )
    assert.equal(
      await types({ 'numeric.mapping': 'best_fit' }),
      'int8 int16 int32 int64 Decimal(0) float64 Decimal(2) string int64'
    )
    assert.equal(
      await types({
        'numeric.mapping': 'BEST_FIT_EAGER_DOUBLE',
        'numeric.unconstrained.mapping': 'double'
      }),
      'int8 int16 int32 int64 Decimal(0) float64 float64 float64 int64'
    )
    const { record } = await firstRecord({
      'table.whitelist': 'numbers',
      'numeric.unconstrained.mapping': 'decimal:5',
      'numeric.mapping': 'best_fit'
    })
    assert.deepEqual(field(record, 'h'), new Decimal(112_500n, 5))
    assert.equal(field(record, 'd'), 999_999_999_999_999_999n)
    assert.equal(field(record, 'i'), 1230)
    await assert.rejects(
      firstRecord({ 'table.whitelist': 'numbers', 'numeric.unconstrained.mapping': 'decimal:2' }),
      /column h \(numeric\): 1\.125 has more than 2 digits behind the dot/
    )
  })

  it('of timestamps follow timestamp.granularity, db.timezone and date.calendar.system', async () => {
    await client.query(
      `CREATE TABLE times (t timestamp, z timestamptz, d date, o time); INSERT INTO times VALUES ('2024-06-01 08:00:00.000001', '2024-06-01 08:00:00.000001+00', '1582-10-04', '08:00:00')`
    )
    const values = async (more: Config): Promise<unknown[]> => {
      const { record } = await firstRecord({ 'table.whitelist': 'times', ...more })
      return ['t', 'z', 'd', 'o'].map((name) => field(record, name))
    }
    const shanghai = { 'db.timezone': 'Asia/Shanghai' }
    assert.deepEqual(await values(shanghai), [1_717_200_000_000, 1_717_228_800_000, -141_428, 0])
    assert.deepEqual((await values({ 'timestamp.granularity': 'nanos_long' })).slice(0, 2), [
      1_717_228_800_000_001_000n,
      1_717_228_800_000_001_000n
    ])
    assert.deepEqual(
      (await values({ 'timestamp.granularity': 'micros_long' }))[0],
      1_717_228_800_000_001
    )
    assert.deepEqual(
      (await values({ 'timestamp.granularity': 'nanos_string' }))[0],
      '1717228800000001000'
    )
    assert.deepEqual(
      (await values({ 'timestamp.granularity': 'micros_string' }))[0],
      '1717228800000001'
    )
    assert.deepEqual(
      (await values({ ...shanghai, 'timestamp.granularity': 'nanos_iso_datetime_string' })).slice(
        0,
        2
      ),
      ['2024-06-01T08:00:00.000001000', '2024-06-01T16:00:00.000001000']
    )
    assert.deepEqual(
      (await values({ 'timestamp.granularity': 'micros_iso_datetime_string' }))[0],
      '2024-06-01T08:00:00.000001'
    )
    assert.deepEqual((await values({ 'date.calendar.system': 'PROLEPTIC_GREGORIAN' }))[2], -141_438)
  })

  it('I6: with a time zone are exact cursors whatever db.timezone says', async () => {
    await client.query(`CREATE TABLE zoned (id int NOT NULL, z timestamptz NOT NULL);
      INSERT INTO zoned SELECT n, timestamptz '2024-06-01 08:00:00+00' + n * interval '1 microsecond' FROM generate_series(1, 4) n`)
    const settings = {
      ...config,
      'table.whitelist': 'zoned',
      mode: 'timestamp',
      'timestamp.column.name': 'z',
      'db.timezone': 'America/New_York'
    }
    const offsets = new StoredOffsets()
    const task = await startJdbcTask(settings, offsets)
    const records = await task.read(4)
    await task.stop()
    assert.deepEqual(fields(records, 'id'), [1, 2, 3, 4])
    assert.deepEqual(cursorOf(records[1]?.sourceOffset), {
      timestamp_nanos: 2000,
      timestamp: 1_717_228_800_000
    })
    offsets.commit(records.slice(0, 2))
    const later = await startJdbcTask(settings, offsets)
    assert.deepEqual(fields(await later.read(2), 'id'), [3, 4])
    await later.stop()
  })
})
