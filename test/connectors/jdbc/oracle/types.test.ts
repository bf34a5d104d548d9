import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { jsonConverterPlugin } from '../../../../src/converters/json.ts'
import { Decimal } from '../../../../src/data/logical-types.ts'
import type { SourceRecord } from '../../../../src/data/record.ts'
import type { Schema } from '../../../../src/data/schema.ts'
import { type Config, field, startJdbcTask } from '../../../support/jdbc-source.ts'
import { type OracleServer, startOracleServer } from '../../../support/oracle/oracle-server.ts'

/** `int64`, `Decimal(2)`, `Timestamp` …, with a question mark when optional. */
function schemaText(schema: Schema | undefined): string {
  const logical = schema?.name?.replace(/^.*\./, '')
  const scale = schema?.parameters?.get('scale')
  const text =
    logical === undefined ? schema?.type : `${logical}${scale === undefined ? '' : `(${scale})`}`
  return `${text}${schema?.optional === true ? '?' : ''}`
}

const json = jsonConverterPlugin.create()
json.configure(
  new Map([
    ['schemas.enable', 'false'],
    ['decimal.format', 'NUMERIC']
  ]),
  false
)

function jsonText(schema: Schema | undefined, value: unknown): string {
  const bytes = json.fromConnectData('t', schema ?? null, value) as Uint8Array | null
  return bytes === null ? 'null' : Buffer.from(bytes).toString()
}

type Case = readonly [type: string, literal: string, schema: string, value: unknown, json?: string]
const nines = '9'.repeat(38)

const NUMBERS: readonly Case[] = [
  ['NUMBER', '1.10', 'string', '1.1', '"1.1"'],
  ['NUMBER', '-0.001', 'string', '-0.001'],
  ['NUMBER', '0', 'string', '0'],
  ['NUMBER', `${nines}9`, 'string', `${nines}9`],
  [
    'NUMBER',
    '1234567890123456789012345678.0123456789',
    'string',
    '1234567890123456789012345678.0123456789'
  ],
  ['NUMBER', '1E-130', 'string', `0.${'0'.repeat(129)}1`],
  ['NUMBER', '-9.9E125', 'string', `-99${'0'.repeat(124)}`],
  ['NUMBER(5)', '-99999', 'Decimal(0)', new Decimal(-99_999n, 0), '-99999'],
  ['NUMBER(10,2)', '0.5', 'Decimal(2)', new Decimal(50n, 2), '0.50'],
  ['NUMBER(5,-2)', '9999900', 'Decimal(-2)', new Decimal(99_999n, -2), '9.9999E+6'],
  ['NUMBER(2,5)', '-0.00099', 'Decimal(5)', new Decimal(-99n, 5), '-0.00099'],
  ['NUMBER(38)', `-${nines}`, 'Decimal(0)', new Decimal(-BigInt(nines), 0), `-${nines}`],
  ['NUMBER(38,10)', '0.0000000001', 'Decimal(10)', new Decimal(1n, 10)],
  ['NUMBER(38,38)', `0.${nines}`, 'Decimal(38)', new Decimal(BigInt(nines), 38), `0.${nines}`],
  ['NUMBER(1,-84)', '3E84', 'Decimal(-84)', new Decimal(3n, -84)],
  ['NUMBER(*,3)', '1.5', 'Decimal(3)', new Decimal(1500n, 3), '1.500'],
  ['INTEGER', nines, 'Decimal(0)', new Decimal(BigInt(nines), 0), nines],
  ['FLOAT', '0.1', 'string', '0.1', '"0.1"'],
  ['FLOAT(10)', '-2.5', 'string', '-2.5'],
  ['DOUBLE PRECISION', '1e100', 'string', `1${'0'.repeat(100)}`],
  ['BINARY_FLOAT', '1.5f', 'float32', 1.5, '1.5'],
  ['BINARY_FLOAT', '-3.4028235E38f', 'float32', -3.402_823_466_385_288_6e38],
  ['BINARY_FLOAT', "TO_BINARY_FLOAT('NaN')", 'float32', Number.NaN, '"NaN"'],
  ['BINARY_DOUBLE', '0.1d', 'float64', 0.1, '0.1'],
  ['BINARY_DOUBLE', '1.7976931348623157E308d', 'float64', Number.MAX_VALUE],
  ['BINARY_DOUBLE', "TO_BINARY_DOUBLE('INF')", 'float64', Number.POSITIVE_INFINITY, '"Infinity"'],
  ['BINARY_DOUBLE', "TO_BINARY_DOUBLE('-INF')", 'float64', Number.NEGATIVE_INFINITY, '"-Infinity"'],
  ['BINARY_DOUBLE', "TO_BINARY_DOUBLE('NaN')", 'float64', Number.NaN, '"NaN"']
]

const TEXTS: readonly Case[] = [
  ['CHAR(4)', "'ab'", 'string', 'ab  ', '"ab  "'],
  ['CHAR(4 CHAR)', "'äö'", 'string', 'äö  '],
  ['VARCHAR2(40)', `'订单😀 "q"'`, 'string', '订单😀 "q"'],
  ['VARCHAR2(4000)', `'${'x'.repeat(4000)}'`, 'string', 'x'.repeat(4000)],
  ['NCHAR(4)', "N'订'", 'string', '订   '],
  ['NVARCHAR2(10)', "N'订😀'", 'string', '订😀', String.raw`"订\uD83D\uDE00"`],
  ['CLOB', "TO_CLOB('订单😀')", 'string', '订单😀'],
  ['NCLOB', "'订单😀'", 'string', '订单😀'],
  ['RAW(4)', "HEXTORAW('00FF10')", 'bytes', Buffer.from([0, 255, 16]), '"AP8Q"'],
  ['BLOB', "HEXTORAW('00FF')", 'bytes', Buffer.from([0, 255]), '"AP8="'],
  ['XMLTYPE', "XMLTYPE('<a>ü</a>')", 'string', '<a>ü</a>', '"<a>ü</a>"'],
  ['INTERVAL YEAR(4) TO MONTH', "INTERVAL '-1-2' YEAR TO MONTH", 'string', '-P1Y2M', '"-P1Y2M"'],
  [
    'INTERVAL DAY(9) TO SECOND(9)',
    "INTERVAL '3 04:05:06.000000007' DAY TO SECOND(9)",
    'string',
    'P3DT4H5M6.000000007S'
  ],
  ['INTERVAL DAY TO SECOND', "INTERVAL '0 00:00:00' DAY TO SECOND", 'string', 'PT0S']
]

const ADDRESSES: readonly Case[] = [
  ['ROWID', "'AAAR3qAAEAAAACHAAA'", 'string', 'AAAR3qAAEAAAACHAAA', '"AAAR3qAAEAAAACHAAA"'],
  ['UROWID', "'AAAR3qAAEAAAACHAAA'", 'string', 'AAAR3qAAEAAAACHAAA']
]

/** With the text of `nanos_iso_datetime_string`, which shows every digit. */
type Moment = readonly [type: string, literal: string, ms: number, text: string]

const MOMENTS: readonly Moment[] = [
  ['DATE', "DATE '2024-02-29'", 1_709_164_800_000, '2024-02-29T00:00:00.000000000'],
  [
    'DATE',
    "TO_DATE('1969-12-31 23:59:59', 'YYYY-MM-DD HH24:MI:SS')",
    -1000,
    '1969-12-31T23:59:59.000000000'
  ],
  ['DATE', "DATE '9999-12-31'", 253_402_214_400_000, '9999-12-31T00:00:00.000000000'],
  // The last day of the Julian calendar is the one before 15 October 1582, for Oracle as for Java.
  ['DATE', "DATE '1582-10-04'", -12_219_379_200_000, '1582-10-14T00:00:00.000000000'],
  ['TIMESTAMP(0)', "TIMESTAMP '1969-12-31 23:59:59'", -1000, '1969-12-31T23:59:59.000000000'],
  [
    'TIMESTAMP',
    "TIMESTAMP '1582-10-15 00:00:00.000001'",
    -12_219_292_800_000,
    '1582-10-15T00:00:00.000001000'
  ],
  ...Array.from({ length: 10 }, (_, digits): Moment => {
    const fraction = '123123123'.slice(0, digits)
    return [
      `TIMESTAMP(${digits})`,
      `TIMESTAMP '2024-02-29 10:20:30${digits === 0 ? '' : `.${fraction}`}'`,
      1_709_202_030_000 + Number(fraction.slice(0, 3).padEnd(3, '0')),
      `2024-02-29T10:20:30.${fraction.padEnd(9, '0')}`
    ]
  }),
  [
    'TIMESTAMP(9)',
    "TIMESTAMP '1969-12-31 23:59:59.999999999'",
    -1,
    '1969-12-31T23:59:59.999999999'
  ],
  [
    'TIMESTAMP(9) WITH TIME ZONE',
    "TIMESTAMP '2024-02-29 10:20:30.123456789 +05:30'",
    1_709_182_230_123,
    '2024-02-29T04:50:30.123456789'
  ],
  [
    'TIMESTAMP(3) WITH TIME ZONE',
    "TIMESTAMP '2024-07-01 10:20:30 Europe/Paris'",
    1_719_822_030_000,
    '2024-07-01T08:20:30.000000000'
  ],
  [
    'TIMESTAMP(9) WITH LOCAL TIME ZONE',
    "TIMESTAMP '2024-02-29 10:20:30.123456789 -08:00'",
    1_709_230_830_123,
    '2024-02-29T18:20:30.123456789'
  ]
]

describe('types of Oracle', () => {
  let server: OracleServer
  let config: Config
  let tables = 0
  before(async () => {
    server = await startOracleServer()
    config = {
      'connection.url': `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`,
      'connection.user': server.user,
      'connection.password': server.password,
      'schema.pattern': server.user,
      'topic.prefix': 'x-',
      mode: 'bulk'
    }
  })
  after(async () => {
    assert.deepEqual(server.control.failures, [])
    await server.stop()
  })

  async function createTable(columns: string, ...rows: string[]): Promise<string> {
    tables += 1
    const table = `T${tables}`
    await server.control.execute([
      `CREATE TABLE ${table} (${columns})`,
      ...rows.map((row) => `INSERT INTO ${table} VALUES (${row})`)
    ])
    return table
  }
  async function read(table: string, more: Config = {}) {
    const task = await startJdbcTask({ ...config, 'table.whitelist': table, ...more })
    try {
      const records = await task.poll()
      return { records, conditions: task.conditions }
    } finally {
      await task.stop()
    }
  }
  const schemaOf = (record: SourceRecord | undefined, name: string): Schema | undefined =>
    record?.valueSchema?.field(name)?.schema
  const names = (record: SourceRecord | undefined): string[] =>
    (record?.valueSchema?.fields ?? []).map(({ name }) => name)

  /** Each type as a column that may be null (N…) and one that may not (R…); the second row holds all the nulls there can be. */
  async function tableOf(cases: readonly (readonly [string, string, ...unknown[]])[]) {
    const columns = cases.map(([type], index) => `N${index} ${type}, R${index} ${type} NOT NULL`)
    const values = (optional: (literal: string) => string): string =>
      cases.map(([, literal]) => `${optional(literal)}, ${literal}`).join(', ')
    return await createTable(
      columns.join(', '),
      values((literal) => literal),
      values(() => 'NULL')
    )
  }

  for (const [what, cases] of [
    ['numbers', NUMBERS],
    ['texts, bytes and intervals', TEXTS],
    ['addresses of rows', ADDRESSES],
    // A table has one column of a LONG type at most.
    ['LONG', [['LONG', "'äö'", 'string', 'äö', '"äö"']]],
    ['LONG RAW', [['LONG RAW', "HEXTORAW('00FF')", 'bytes', Buffer.from([0, 255]), '"AP8="']]]
  ] as const satisfies [string, readonly Case[]][]) {
    it(`I5: ${what} become Connect types without losing anything, null or not`, async () => {
      const long = what.startsWith('LONG')
      const [first] = cases
      const { records, conditions } = await read(
        long
          ? await createTable(`N0 ${first?.[0]}`, String(first?.[1]), 'NULL')
          : await tableOf(cases)
      )
      const [full, empty] = records
      for (const [index, [type, literal, schema, value, text]] of cases.entries()) {
        const about = `${type} ${literal.slice(0, 60)}`
        const [optional, required] = [schemaOf(full, `N${index}`), schemaOf(full, `R${index}`)]
        assert.equal(schemaText(optional), `${schema}?`, about)
        assert.deepEqual(field(full, `N${index}`), value, about)
        assert.equal(field(empty, `N${index}`), null, about)
        if (text !== undefined) assert.equal(jsonText(optional, value), text, about)
        if (long) continue
        assert.equal(schemaText(required), schema, about)
        for (const record of records) assert.deepEqual(field(record, `R${index}`), value, about)
      }
      assert.deepEqual(conditions, [])
    })
  }

  it('I5: moments keep every digit, in zones, before 1970 and before 1582', async () => {
    const table = await tableOf(MOMENTS)
    const { records } = await read(table)
    const [full, empty] = records
    const nanos = (await read(table, { 'timestamp.granularity': 'nanos_iso_datetime_string' }))
      .records
    for (const [index, [type, literal, ms, text]] of MOMENTS.entries()) {
      assert.equal(schemaText(schemaOf(full, `N${index}`)), 'Timestamp?', type)
      assert.equal(schemaText(schemaOf(full, `R${index}`)), 'Timestamp', type)
      assert.equal(field(full, `N${index}`), ms, literal)
      assert.equal(jsonText(schemaOf(full, `N${index}`), ms), String(ms))
      assert.equal(field(empty, `N${index}`), null, literal)
      assert.equal(field(empty, `R${index}`), ms, literal)
      assert.equal(field(nanos[0], `N${index}`), text, literal)
      assert.equal(field(nanos[1], `R${index}`), text, literal)
    }
  })

  it('moments without a zone are read in db.timezone, those with one are instants anyway', async () => {
    const table = await createTable(
      'D DATE, T TIMESTAMP(6), Z TIMESTAMP WITH TIME ZONE, L TIMESTAMP WITH LOCAL TIME ZONE',
      "DATE '2024-06-01', TIMESTAMP '2024-06-01 08:00:00', TIMESTAMP '2024-06-01 08:00:00 +00:00', TIMESTAMP '2024-06-01 08:00:00 +00:00'"
    )
    const { records } = await read(table, { 'db.timezone': 'Asia/Shanghai' })
    const [midnight, eight] = [Date.UTC(2024, 4, 31, 16), Date.UTC(2024, 5, 1, 8)]
    assert.deepEqual(
      ['D', 'T', 'Z', 'L'].map((name) => field(records[0], name)),
      [midnight, Date.UTC(2024, 5, 1), eight, eight]
    )
    const gregorian = await read(await createTable('D DATE', "DATE '1582-10-04'"), {
      'date.calendar.system': 'PROLEPTIC_GREGORIAN'
    })
    assert.equal(field(gregorian.records[0], 'D'), Date.UTC(1582, 9, 4))
  })

  it('an empty text is null', async () => {
    const table = await createTable('A VARCHAR2(5), B NVARCHAR2(5), C CHAR(2)', "'', N'', ''")
    const { records } = await read(table)
    assert.deepEqual(
      ['A', 'B', 'C'].map((name) => field(records[0], name)),
      [null, null, null]
    )
  })

  it('long values come whole', async () => {
    const part = "'订单😀xyz'"
    const table = await createTable('ID NUMBER(3) NOT NULL, C CLOB', '1, NULL')
    await server.control.execute(`UPDATE ${table} SET C = ${part}`)
    for (let doubled = 0; doubled < 13; doubled++) {
      await server.control.execute(`UPDATE ${table} SET C = C || C`)
    }
    const { records } = await read(table)
    assert.equal(field(records[0], 'C'), '订单😀xyz'.repeat(2 ** 13))
  })

  it('types that Connect does not know are text, left out and named, or fail, as asked for', async () => {
    const table = await createTable('ID NUMBER(3) NOT NULL, F BFILE, V VARCHAR2(3)', "7, NULL, 'x'")
    const asText = await read(table)
    assert.deepEqual(names(asText.records[0]), ['ID', 'F', 'V'])
    assert.equal(schemaText(schemaOf(asText.records[0], 'F')), 'string?')
    const skipped = await read(table, { 'unsupported.types': 'skip' })
    assert.deepEqual(names(skipped.records[0]), ['ID', 'V'])
    assert.equal(field(skipped.records[0], 'V'), 'x')
    assert.deepEqual(skipped.conditions, [
      `table APP.${table}: Kafka Connect has no type for F (BFILE); left out`
    ])
    await assert.rejects(
      read(table, { 'unsupported.types': 'fail' }),
      /Column F has the type BFILE, which Kafka Connect does not know/
    )
  })

  it('numbers follow numeric.mapping and numeric.unconstrained.mapping', async () => {
    const table = await createTable(
      'A NUMBER(2), B NUMBER(4), C NUMBER(9), D NUMBER(18), E NUMBER(19), F NUMBER(10,2), G NUMBER(30,2), H NUMBER, I NUMBER(17,-1), J FLOAT, K INTEGER, L NUMBER(2,5)',
      '99, 9999, 999999999, 999999999999999999, 9999999999999999999, 1.25, 1.5, 1.125, 1230, 0.1, 5, 0.00012'
    )
    const types = async (mapping: Config): Promise<string> => {
      const [record] = (await read(table, mapping)).records
      return names(record)
        .map((name) => schemaText(schemaOf(record, name)).replace('?', ''))
        .join(' ')
    }
    const decimals =
      'Decimal(0) Decimal(0) Decimal(0) Decimal(0) Decimal(0) Decimal(2) Decimal(2) string Decimal(-1) string Decimal(0) Decimal(5)'
    assert.equal(await types({}), decimals)
    assert.equal(await types({ 'numeric.mapping': 'none' }), decimals)
    assert.equal(
      await types({ 'numeric.mapping': 'precision_only' }),
      'int8 int16 int32 int64 Decimal(0) Decimal(2) Decimal(2) string Decimal(-1) string Decimal(0) Decimal(5)'
    )
    assert.equal(
      await types({ 'numeric.mapping': 'best_fit' }),
      'int8 int16 int32 int64 Decimal(0) float64 Decimal(2) string int64 string Decimal(0) float64'
    )
    assert.equal(
      await types({
        'numeric.mapping': 'best_fit_eager_double',
        'numeric.unconstrained.mapping': 'double'
      }),
      'int8 int16 int32 int64 Decimal(0) float64 float64 float64 int64 float64 Decimal(0) float64'
    )
    const [record] = (
      await read(table, {
        'numeric.mapping': 'best_fit',
        'numeric.unconstrained.mapping': 'decimal:5'
      })
    ).records
    assert.deepEqual(field(record, 'H'), new Decimal(112_500n, 5))
    assert.deepEqual(field(record, 'J'), new Decimal(10_000n, 5))
    assert.equal(field(record, 'D'), 999_999_999_999_999_999n)
    assert.equal(field(record, 'I'), 1230)
    await assert.rejects(
      read(table, { 'numeric.unconstrained.mapping': 'decimal:2' }),
      /column H \(NUMBER\): 1\.125 has more than 2 digits behind the dot/
    )
  })
})
