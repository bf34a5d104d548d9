import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { avroConverterPlugin } from '../../../../../src/converters/avro/avro-converter.ts'
import { jsonConverterPlugin } from '../../../../../src/converters/json/json-converter.ts'
import { Decimal } from '../../../../../src/data/logical-types.ts'
import type { SourceRecord } from '../../../../../src/data/record.ts'
import type { Schema } from '../../../../../src/data/schema.ts'
import type { Struct } from '../../../../../src/data/struct.ts'
import { schemaRegistryUrl, uniqueName } from '../../../../support/environment.ts'
import { type Config, field, startJdbcTask } from '../../../../support/jdbc-source.ts'
import { oracleAccess, oracleReleases } from '../../../../support/oracle-access.ts'
import type { OracleAccess } from '../../../../support/real-oracle.ts'
import {
  ADDRESSES,
  type Case,
  MOMENTS,
  NEW_TYPES,
  NUMBERS,
  TEXTS
} from '../../../../support/oracle-type-cases.ts'

/** `int64`, `Decimal(2)`, `Timestamp` …, with a question mark when optional. */
function schemaText(schema: Schema | undefined): string {
  const logical = schema?.name?.replace(/^.*\./, '')
  const scale = schema?.parameters?.get('scale')
  const text =
    logical === undefined ? schema?.type : `${logical}${scale === undefined ? '' : `(${scale})`}`
  return `${text}${schema?.optional === true ? '?' : ''}`
}

const json = jsonConverterPlugin.create(
  new Map([
    ['schemas.enable', 'false'],
    ['decimal.format', 'NUMERIC']
  ]),
  'value'
)

function jsonText(schema: Schema | undefined, value: unknown): string {
  const bytes = json.fromConnectData('t', schema ?? null, value) as Uint8Array | null
  return bytes === null ? 'null' : Buffer.from(bytes).toString()
}

/** Whatever the format, the same values come out again, digit by digit. */
async function assertBothConvertersKeep(records: readonly SourceRecord[]): Promise<void> {
  for (const [plugin, settings] of [
    [jsonConverterPlugin, { 'schemas.enable': 'true' }],
    [avroConverterPlugin, { 'schema.registry.url': schemaRegistryUrl() }]
  ] as const) {
    const converter = plugin.create(new Map(Object.entries(settings)), 'value')
    for (const { topic, valueSchema, value } of records) {
      const bytes = await converter.fromConnectData(topic, valueSchema, value)
      const back = (await converter.toConnectData(topic, bytes)).value as Struct
      const sent = value as Struct
      for (const { name } of valueSchema?.fields ?? []) {
        assert.deepEqual(
          plain(back.get(name)),
          plain(sent.get(name)),
          `${plugin.className} ${name}`
        )
      }
    }
  }
}

/** Bytes are bytes, in a Buffer or not. */
function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}

for (const release of await oracleReleases()) {
  describe(`types of Oracle ${release}`, () => {
    let database: OracleAccess
    let config: Config
    let tables = 0
    before(async () => {
      database = await oracleAccess(release)
      config = {
        ...database.config,
        'numeric.mapping': 'none',
        'topic.prefix': `${uniqueName('types')}-`,
        mode: 'bulk'
      }
    })
    after(() => database.close())

    async function createTable(columns: string, ...rows: string[]): Promise<string> {
      tables += 1
      const table = `TYPES_${process.pid}_${tables}`
      await database.exec(
        `CREATE TABLE ${table} (${columns})`,
        ...rows.map((row) => `INSERT INTO ${table} VALUES (${row})`)
      )
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

    /**
     * Each type as a column that may be null (N…) and one that may not (R…); the second row holds all the
     * nulls there can be.
     */
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
      ['LONG RAW', [['LONG RAW', "HEXTORAW('00FF')", 'bytes', Buffer.from([0, 255]), '"AP8="']]],
      ['types of its own', release === '19c' ? [] : NEW_TYPES]
    ] as const satisfies [string, readonly Case[]][]) {
      if (cases.length === 0) continue
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
        await assertBothConvertersKeep(records)
      })
    }

    it('I5: moments keep every digit, in zones, before 1970 and before 1582', async () => {
      const table = await tableOf(MOMENTS)
      const { records } = await read(table)
      await assertBothConvertersKeep(records)
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
      await database.exec(`UPDATE ${table} SET C = ${part}`)
      for (let doubled = 0; doubled < 13; doubled++) {
        await database.exec(`UPDATE ${table} SET C = C || C`)
      }
      const { records } = await read(table)
      assert.equal(field(records[0], 'C'), '订单😀xyz'.repeat(2 ** 13))
    })

    it('types that Connect does not know are text, left out and named, or fail, as asked for', async () => {
      const table = await createTable(
        'ID NUMBER(3) NOT NULL, F BFILE, V VARCHAR2(3)',
        "7, NULL, 'x'"
      )
      const asText = await read(table)
      assert.deepEqual(names(asText.records[0]), ['ID', 'F', 'V'])
      assert.equal(schemaText(schemaOf(asText.records[0], 'F')), 'string?')
      const skipped = await read(table, { 'unsupported.types': 'skip' })
      assert.deepEqual(names(skipped.records[0]), ['ID', 'V'])
      assert.equal(field(skipped.records[0], 'V'), 'x')
      assert.deepEqual(skipped.conditions, [
        `table ${database.partitionName(table)}: Kafka Connect has no type for F (BFILE); left out`
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
}
