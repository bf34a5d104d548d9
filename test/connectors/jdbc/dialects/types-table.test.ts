import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import type { Column } from '../../../../src/connectors/jdbc/database/database.ts'
import { dictionaryColumn } from '../../../../src/connectors/jdbc/dialects/mysql/types.ts'
import { oracleColumn } from '../../../../src/connectors/jdbc/dialects/oracle/types.ts'
import { postgresDialect } from '../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import { declaredColumn } from '../../../../src/connectors/jdbc/dialects/sqlite/types.ts'
import { sqlServerColumn } from '../../../../src/connectors/jdbc/dialects/sqlserver/types.ts'
import { TimeZone } from '../../../../src/connectors/jdbc/values/time-zone.ts'
import { fieldMapping } from '../../../../src/connectors/jdbc/records/value-mapping.ts'
import { avroSchemaText } from '../../../../src/converters/avro/avro-from-connect.ts'
import type { Schema } from '../../../../src/data/schema.ts'
import { postgresUrl } from '../../../support/environment.ts'
import { openOptions } from '../../../support/open-dialect.ts'

const PAGE = readFileSync(
  join(resolve(import.meta.dirname, '../../../..'), 'docs', 'types.md'),
  'utf8'
)

/**
 * The types of a database's table, names with their letters made numbers, and what the columns named say of
 * them.
 */
function rowsOf(database: string): { type: string; connect: string; avro: string }[] {
  const section = PAGE.split(/^## /m).find((one) => one.startsWith(`${database}\n`)) ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  const cellsOf = (line: string): string[] =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
  const header = cellsOf(lines[0] ?? '')
  return lines
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => {
      const cells = cellsOf(line)
      const said = (column: string): string => withNumbers(cells[header.indexOf(column)] ?? '')
      return [...(cells[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, type = '']) => ({
        type: withNumbers(type),
        connect: said('Connect'),
        avro: said('Avro')
      }))
    })
}

/** Digits and bits stand for any: p is 12, s is 2, n is 3. */
function withNumbers(text: string): string {
  return text.replace(/\(([-a-z,]+)\)/g, (_, letters: string) => {
    const numbers = letters
      .replace(/\bp\b/, '12')
      .replace(/\bs\b/, '2')
      .replace(/\b[nb]\b/, '3')
    return `(${numbers})`
  })
}

function schemaOf(column: Column): Schema {
  const mapping = fieldMapping(column, {
    timeZone: new TimeZone('UTC'),
    numericMapping: 'none',
    unconstrainedNumeric: 'string',
    granularity: 'connect_logical',
    julianBefore1582: true,
    unsupportedTypes: 'text',
    unreadableValues: 'fail',
    infiniteTimestamps: 'number'
  })
  assert.ok(mapping !== null)
  return mapping.schema
}

/** As the page writes it: `int64`, `Decimal(2)`, `unsupported`. */
function connectText(column: Column): string {
  if (column.type === 'other') return 'unsupported'
  const { name, type, parameters } = schemaOf(column)
  const scale = parameters?.get('scale')
  const logical = name?.replace(/^.*\./, '')
  return logical === undefined ? type : `${logical}${scale === undefined ? '' : `(${scale})`}`
}

/** As the page writes it: `long, timestamp-millis`. */
function avroText(column: Column): string {
  const options = { enhanced: false, scrubNames: false, metaData: true, optionalMapKeys: false }
  const schema = schemaOf(column).copy({ optional: false })
  const made = JSON.parse(avroSchemaText(schema, options)) as
    | string
    | { type: string; logicalType?: string }
  if (typeof made === 'string') return made
  return made.logicalType === undefined ? made.type : `${made.type}, ${made.logicalType}`
}

const ORACLE_NAMES: Record<string, string> = {
  REAL: 'FLOAT(63)',
  'DOUBLE PRECISION': 'FLOAT(126)',
  INT: 'INTEGER',
  SMALLINT: 'INTEGER',
  SDO_GEOMETRY: 'MDSYS.SDO_GEOMETRY'
}

/** The column as the dictionary describes it. */
function oracle(written: string): Column {
  const type = ORACLE_NAMES[written] ?? written
  const [, name = '', precision, scale] = /^(NUMBER|FLOAT)\((\d+)(?:,(-?\d+))?\)$/.exec(type) ?? []
  if (type === 'INTEGER')
    return oracleColumn('C', true, { name: 'NUMBER', precision: null, scale: 0 })
  if (name === '') return oracleColumn('C', true, { name: type, precision: null, scale: null })
  const isFloat = name === 'FLOAT'
  return oracleColumn('C', true, {
    name,
    precision: Number(precision),
    scale: isFloat ? null : Number(scale ?? 0)
  })
}

function mysql(type: string): Column {
  const [, dataType = '', precision, scale] = /^(\w+)(?:\((\d+)(?:,(\d+))?\))?/.exec(type) ?? []
  const isBytes = /binary|blob|geometry|point|polygon/.test(dataType)
  return dictionaryColumn(
    {
      name: 'C',
      dataType,
      columnType: type,
      nullable: true,
      precision: precision === undefined ? null : Number(precision),
      scale: scale === undefined ? null : Number(scale),
      datetimePrecision: null,
      characterSet: isBytes ? null : 'utf8mb4'
    },
    { yearIsDate: true, tinyInt1: 'bit', isMariaDb: false, bit1IsBoolean: false }
  )
}

type ColumnOf = (type: string) => Column | Promise<Column>

const DATABASES: readonly (readonly [
  database: string,
  column: ColumnOf,
  leftOut: readonly string[]
])[] = [
  ['Oracle', oracle, []],
  ['SQL Server', (type) => sqlServerColumn('C', true, type), []],
  // `boolean` is another word for tinyint(1) there.
  ['MySQL and MariaDB', mysql, ['boolean', 'geometry']],
  [
    'SQLite',
    (type) =>
      declaredColumn({ name: 'C', databaseType: type, nullable: true }, new TimeZone('UTC')),
    []
  ]
]

async function assertPageTells(database: string, column: ColumnOf, leftOut: readonly string[]) {
  const rows = rowsOf(database).filter(({ type }) => !leftOut.includes(type))
  assert.ok(rows.length > 10)
  for (const { type, connect, avro } of rows) {
    const about = `${database}: ${type}`
    const made = await column(type)
    assert.equal(connectText(made), /^(?:unsupported|\w+(?:\(-?\d+\))?)/.exec(connect)?.[0], about)
    assert.equal(avroText(made), avro, about)
  }
}

describe('the page of types', () => {
  for (const [database, column, leftOut] of DATABASES) {
    it(`says of ${database} what the code does, to Connect and to Avro`, async () => {
      await assertPageTells(database, column, leftOut)
    })
  }

  it('says of PostgreSQL what a server tells and the code does', async () => {
    const server = new URL(postgresUrl())
    const connection = await postgresDialect.open(
      openOptions(postgresDialect, {
        url: `jdbc:postgresql://${server.host}${server.pathname}`,
        user: decodeURIComponent(server.username),
        password: decodeURIComponent(server.password)
      })
    )
    try {
      const column = async (type: string): Promise<Column> => {
        const [made] = await connection.describeQuery(`SELECT NULL::${type} AS c`)
        assert.ok(made !== undefined)
        return made
      }
      await assertPageTells('PostgreSQL', column, [])
    } finally {
      await connection.close()
    }
  })

  it('names every type of Oracle there is', () => {
    const named = new Set(rowsOf('Oracle').map(({ type }) => type.replace(/\([^)]*\)/g, '')))
    for (const type of [
      ...'NUMBER FLOAT BINARY_FLOAT BINARY_DOUBLE CHAR NCHAR VARCHAR2 NVARCHAR2 LONG CLOB NCLOB RAW BLOB DATE'.split(
        ' '
      ),
      ...'TIMESTAMP ROWID UROWID XMLTYPE JSON BOOLEAN VECTOR BFILE SDO_GEOMETRY'.split(' '),
      'LONG RAW',
      'TIMESTAMP WITH TIME ZONE',
      'TIMESTAMP WITH LOCAL TIME ZONE',
      'INTERVAL YEAR TO MONTH',
      'INTERVAL DAY TO SECOND'
    ]) {
      assert.ok(named.has(type), type)
    }
    const numbers = rowsOf('Oracle').filter(({ type }) => type.startsWith('NUMBER'))
    assert.deepEqual(
      numbers.map(({ type }) => type),
      ['NUMBER(12,2)', 'NUMBER(12,-2)', 'NUMBER(12)', 'NUMBER']
    )
  })
})
