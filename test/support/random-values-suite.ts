import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { Column } from '../../src/connectors/jdbc/database/database.ts'
import type { TargetColumn, WriteSession } from '../../src/connectors/jdbc/database/writing.ts'
import { TimeZone } from '../../src/connectors/jdbc/values/time-zone.ts'
import { valueWriter } from '../../src/connectors/jdbc/written-values/value-writer.ts'
import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../src/data/logical-types.ts'
import { Schema } from '../../src/data/schema.ts'
import { DataError } from '../../src/errors.ts'
import { Random } from './random.ts'
import type { WritingDatabase } from './writing-suite.ts'

const UTC = new TimeZone('UTC')
const RULES = {
  timeZone: UTC,
  dateZone: UTC,
  julianBefore1582: false,
  nullBecomesDefault: true,
  nestsAsJson: true
}
const OF_EACH = 40

const TEXTS =
  '| |abc|ab  |12|1.50|007|-0|1e5|NaN|true|2024-02-29|2024-02-29T10:20:30.123456Z|10:20:30|😀😀😀|{"a":1}|[1]|\\|101| 5 |+7|.5|5.|Infinity|9999-12-31 23:59:59|0001-01-01|-0044-03-15|00112233-4455-6677-8899-aabbccddeeff'.split(
    '|'
  )
const DOUBLES = [0, 0.1, 1 / 3, 1e21, 1e-7, 123_456_789.125, 5e-324, 1.7e308, 16_777_217, 2 ** 53]

/** Values of every kind of Connect, and of some that others name. */
function sources(random: Random): readonly (readonly [schema: Schema, make: () => unknown])[] {
  const digits = (count: number): string =>
    Array.from({ length: count }, () => random.below(10)).join('')
  const whole = (): number | bigint => {
    const value = BigInt.asIntN(64, BigInt(digits(20))) >> BigInt(random.below(64))
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  const double = (): number =>
    random.chance(0.5)
      ? (random.pick(DOUBLES) ?? 0)
      : (random.next() - 0.5) * 10 ** random.within(-9, 18)
  const decimal = (): Decimal => {
    const unscaled = BigInt(digits(random.within(1, 25)))
    return new Decimal(random.chance(0.5) ? unscaled : -unscaled, random.within(-5, 12))
  }
  const text = (): string =>
    random.chance(0.6)
      ? (random.pick(TEXTS) ?? '')
      : `${digits(random.below(20))}.${digits(random.below(20))}`
  return [
    [Schema.INT64, whole],
    [Schema.FLOAT64, double],
    [Schema.FLOAT32, () => Math.fround(double())],
    [Schema.BOOLEAN, () => random.chance(0.5)],
    [Schema.STRING, text],
    [Schema.BYTES, () => Buffer.from(digits(random.below(10)))],
    [decimalSchema(2), decimal],
    [dateSchema(), () => random.within(-2_000_000, 3_000_000)],
    [timeSchema(), () => random.below(86_400_000)],
    [timestampSchema(), () => random.within(-63_000_000_000_000, 200_000_000_000_000)],
    [
      new Schema('int64', { name: 'io.debezium.time.MicroTimestamp' }),
      () => random.within(-(10 ** 15), 4 * 10 ** 15)
    ],
    [
      new Schema('int64', { name: 'io.debezium.time.NanoTime' }),
      () => random.below(86_400) * 1e9 + random.below(1e9)
    ]
  ]
}

/**
 * I16 as a property: a value of whatever kind on its way to a column of whatever type is refused, or it is in
 * the table as it was written. `types` are written as in `CREATE TABLE`.
 */
export function randomValuesSuite(
  name: string,
  create: () => Promise<WritingDatabase>,
  types: readonly string[]
): void {
  describe(`${name}: values of any kind in columns of any type`, () => {
    it('I16: are refused before they are sent, or come back as they went', async (t) => {
      const db = await create()
      t.after(() => db.close())
      const options = { ...db.options, applicationName: 'random', writeTimeoutMs: 60_000 }
      const session = await db.dialect.writing?.open(options)
      assert.ok(session !== undefined)
      t.after(() => session.close())
      const seed = 20_261_129
      const random = new Random(seed)
      for (const [index, type] of types.entries()) {
        const table = `v${index}`
        await db.exec(
          `CREATE TABLE ${db.quoted(table)} (${db.quoted('id')} ${db.types.int64}, ${db.quoted('v')} ${type})`
        )
        await sentAndRead(session, db, table, random)
      }
    })
  })
}

async function sentAndRead(
  session: WriteSession,
  db: WritingDatabase,
  name: string,
  random: Random
): Promise<void> {
  const table = await session.describeTarget({ catalog: null, schema: null, table: name })
  const column = table?.columns[1]
  assert.ok(table !== null && column !== undefined)
  const sent: { readonly form: unknown; readonly about: string }[] = []
  for (const [schema, make] of sources(random)) {
    const writer = valueWriter(schema, column, RULES)
    for (let count = 0; count < OF_EACH; count++) {
      const value = make()
      try {
        const form = writer.write(value)
        const from = schema.name ?? schema.type
        sent.push({ form, about: `${from} ${inspect(value)} → ${column.databaseType}` })
      } catch (error) {
        assert.ok(error instanceof DataError, inspect(error))
      }
    }
  }
  assert.ok(sent.length > 0, column.databaseType)
  const shape = { table, operation: 'insert' as const, columns: table.columns, keyColumns: 0 }
  await session.begin()
  await session.write(
    shape,
    sent.map(({ form }, id) => [id, form])
  )
  await session.commit()
  const sql = `SELECT * FROM ${db.quoted(name)} ORDER BY 1`
  const stream = await session.query(sql, [], { fetchRows: 1000, table: null })
  const read = stream.columns[1]
  let at = 0
  for (let rows = await stream.next(); rows !== null; rows = await stream.next()) {
    for (const [, raw] of rows) {
      const { form, about } = sent[at++] ?? { form: null, about: 'too many rows' }
      assert.ok(read !== undefined)
      assert.deepEqual(
        comparable(column, valueOf(read, raw)),
        comparable(column, asRead(column, form)),
        about
      )
    }
  }
  assert.equal(at, sent.length)
}

function valueOf(column: Column, raw: unknown): unknown {
  if (raw === null) return null
  // A column of numbers that holds times as well cannot be read as numbers alone.
  if (column.type === 'decimal') return String(raw)
  if (column.type !== 'timestamp') return column.read(raw)
  const parts = { ms: 0, nanos: 0 }
  column.read(raw, parts)
  return parts
}

/** What is written of a time of the day counts nanoseconds, and the source reads whole milliseconds. */
function asRead({ type }: TargetColumn, form: unknown): unknown {
  return type.kind === 'time' ? Math.floor((form as number) / 1_000_000) : form
}

/**
 * What is the same in a column, in one form: a number whatever its zeros, a time as the source carries it.
 */
function comparable({ type, databaseType }: TargetColumn, value: unknown): unknown {
  const text = typeof value === 'string' ? value : null
  switch (type.kind) {
    case 'decimal':
      return plainNumber(String(value))
    case 'float':
      return type.bits === 32 ? Math.fround(value as number) : value
    case 'time':
      return value
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('hex')
    case 'json':
      return JSON.stringify(JSON.parse(text ?? 'null'))
    case 'string':
      return /^(?:n?char|character)\(/i.test(databaseType) ? text?.trimEnd() : value
    case 'array':
    case 'bits':
    case 'boolean':
    case 'date':
    case 'enum':
    case 'integer':
    case 'other':
    case 'timestamp':
    case 'uuid':
      return value
  }
}

function plainNumber(text: string): string {
  if (!/\d/.test(text) || /\d-\d/.test(text)) return text
  const plain = Decimal.parse(text).toString()
  return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain
}
