import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import type { Column } from '../../../src/connectors/jdbc/database.ts'
import { dictionaryColumn } from '../../../src/connectors/jdbc/dialects/mysql-types.ts'
import { oracleColumn } from '../../../src/connectors/jdbc/dialects/oracle-types.ts'
import { declaredColumn } from '../../../src/connectors/jdbc/dialects/sqlite-types.ts'
import { sqlServerColumn } from '../../../src/connectors/jdbc/dialects/sqlserver-types.ts'
import { TimeZone } from '../../../src/connectors/jdbc/time-zone.ts'
import { fieldMapping } from '../../../src/connectors/jdbc/value-mapping.ts'
import { avroSchemaText } from '../../../src/converters/avro-schema.ts'
import type { Schema } from '../../../src/data/schema.ts'

const PAGE = readFileSync(
  join(resolve(import.meta.dirname, '../../..'), 'docs', 'types.md'),
  'utf8'
)

/** The types of a database's table: name with its letters made numbers, and the cells behind it. */
function rowsOf(database: string): { type: string; cells: string[] }[] {
  const section = PAGE.split(/^## /m).find((one) => one.startsWith(`${database}\n`)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.flatMap((line) => {
    const [first = '', ...cells] = line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim())
    return [...first.matchAll(/`([^`]+)`/g)].map(([, type = '']) => ({
      type: withNumbers(type),
      cells: cells.map((cell) => withNumbers(cell))
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
    unsupportedTypes: 'text'
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
  const isBytes = /binary|blob/.test(dataType)
  return dictionaryColumn({
    name: 'C',
    dataType,
    columnType: type,
    nullable: true,
    precision: precision === undefined ? null : Number(precision),
    scale: scale === undefined ? null : Number(scale),
    datetimePrecision: null,
    characterSet: isBytes ? null : 'utf8mb4'
  })
}

const DATABASES: [
  database: string,
  column: (type: string) => Column,
  leftOut: readonly string[]
][] = [
  ['Oracle', oracle, []],
  ['SQL Server', (type) => sqlServerColumn('C', true, type), []],
  // `boolean` is another word for tinyint(1) there.
  ['MySQL and MariaDB', mysql, ['boolean', 'geometry']],
  ['SQLite', (type) => declaredColumn({ name: 'C', databaseType: type, nullable: true }), []]
]

describe('the page of types', () => {
  for (const [database, column, leftOut] of DATABASES) {
    it(`says of ${database} what the code does`, () => {
      const rows = rowsOf(database).filter(({ type }) => !leftOut.includes(type))
      assert.ok(rows.length > 10)
      for (const { type, cells } of rows) {
        const [connect = ''] = cells
        const shown = /^(?:unsupported|\w+(?:\(-?\d+\))?)/.exec(connect)?.[0]
        assert.equal(connectText(column(type)), shown, `${database}: ${type}`)
      }
    })
  }

  it('says of Oracle what Avro makes of it', () => {
    for (const { type, cells } of rowsOf('Oracle')) {
      assert.equal(avroText(oracle(type)), cells[2], type)
    }
  })

  it('names every type of Oracle that the code knows', () => {
    const named = new Set(rowsOf('Oracle').map(({ type }) => type.replace(/\([^)]*\)/g, '')))
    for (const type of 'NUMBER FLOAT BINARY_FLOAT BINARY_DOUBLE CHAR NCHAR VARCHAR2 NVARCHAR2 LONG CLOB NCLOB RAW BLOB DATE TIMESTAMP ROWID UROWID XMLTYPE JSON BOOLEAN VECTOR BFILE'.split(
      ' '
    )) {
      assert.ok(named.has(type), type)
    }
  })
})
