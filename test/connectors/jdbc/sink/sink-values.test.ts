import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  DATE_NAME,
  Decimal,
  decimalSchema,
  TIME_NAME,
  TIMESTAMP_NAME
} from '../../../../src/data/logical-types.ts'
import type { SinkRecord } from '../../../../src/data/record.ts'
import { Schema, type SchemaType } from '../../../../src/data/schema.ts'
import { messageOf } from '../../../../src/errors.ts'
import { sinkRecord, startJdbcSink, struct } from '../../../support/jdbc-sink.ts'
import { createMysqlDatabase, type TestDatabase } from '../../../support/mysql-database.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'

/** A value for a column, and what Confluent's connector 10.9.7 left in it on a JVM; null: it refused. */
interface Recorded {
  readonly column: string
  readonly schema: string
  readonly value: unknown
  readonly config?: Readonly<Record<string, string>>
  readonly stored: string | null
}

interface Server {
  readonly name: string
  readonly file: string
  readonly create: () => Promise<TestDatabase>
  readonly quote: string
  /** The value of a column as text. */
  readonly shown: (column: string) => string
  /** Cases in which ours refuses what theirs makes something of, and why. */
  readonly refused: readonly (readonly [RegExp, why: string])[]
  /** Cases in which ours stores something else, and why. */
  readonly different: readonly (readonly [RegExp, why: string])[]
}

const TEXTS: Server['different'] = [
  [/^(double|float) .* → text$/, 'numbers have the same text in every database'],
  [/^(Date|Time|Timestamp) .* → (text|varchar\(\d+\))$/, 'times are ISO 8601 in every database'],
  [/^string "1700000000123456" .* → text$/, 'an epoch in a column of text stays what it is']
]

const servers: readonly Server[] = [
  {
    name: 'PostgreSQL',
    file: 'postgres.json',
    create: createPostgresDatabase,
    quote: '"',
    shown: () => 'v::text',
    refused: [[/^array.* → text$/, 'a list in a column of text is JSON, with nested.values=json']],
    different: [
      ...TEXTS,
      [
        /^Timestamp -62135596800000 .* → date$/,
        'a moment has one date, whatever the calendar before 1582'
      ]
    ]
  },
  {
    name: 'MariaDB',
    file: 'mariadb.json',
    create: createMysqlDatabase,
    quote: '`',
    shown: (column) => (/blob|binary|bit/.test(column) ? 'hex(v)' : 'cast(v as char)'),
    refused: [
      [/^string "03:04:05" .* → date$/, 'a time of the day would be the year 2003'],
      [/^Time .* → date$/, 'a time of the day would be a month of no year'],
      [/^string "1 02:03:04" /, 'a duration is no time of the day'],
      [/^int64 1700000000000 .* → date/, 'an epoch would be a day in the year 170'],
      [/^boolean true .* → year$/, 'a boolean is no year']
    ],
    different: [
      ...TEXTS,
      [
        / → (datetime|timestamp|time)\([136]\)/,
        'that driver sends MariaDB no fraction of a second'
      ],
      [/^Time .* → (datetime|timestamp null)$/, 'a time of the day would be the year 2003'],
      [/^float 0.1 .* → double$/, 'a float is the number that it is'],
      [/^boolean true .* → json$/, 'JSON knows true']
    ]
  }
]

const LOGICAL: Readonly<Record<string, readonly [SchemaType, string]>> = {
  Timestamp: ['int64', TIMESTAMP_NAME],
  Date: ['int32', DATE_NAME],
  Time: ['int32', TIME_NAME]
}
const JSON_NAMES: Readonly<Record<string, SchemaType>> = { double: 'float64', float: 'float32' }

/** The schema and value of a case, as a converter hands them over. */
function givenOf({ schema, value }: Recorded): { schema: Schema; value: unknown } {
  const decimal = /^Decimal\((\d+)\)$/.exec(schema)
  if (decimal !== null) {
    const scale = Number(decimal[1])
    return {
      schema: decimalSchema(scale, { optional: true }),
      value: new Decimal(BigInt(String(value)), scale)
    }
  }
  const array = /^array\((\w+)\)$/.exec(schema)?.[1]
  const plain = (name: string): SchemaType => JSON_NAMES[name] ?? (name as SchemaType)
  if (array !== undefined) {
    const element = new Schema(plain(array), { optional: true })
    return { schema: Schema.array(element, { optional: true }), value }
  }
  const [type, name] = LOGICAL[schema] ?? [plain(schema)]
  const made = new Schema(type, { optional: true, ...(name === undefined ? {} : { name }) })
  if (type === 'bytes') return { schema: made, value: Buffer.from(String(value), 'base64') }
  if (type === 'float32') return { schema: made, value: Math.fround(Number(value)) }
  if (type === 'int64' && typeof value === 'string') return { schema: made, value: BigInt(value) }
  return { schema: made, value }
}

function recordOf(one: Recorded, topic: string): SinkRecord {
  const { schema, value } = givenOf(one)
  const row = Schema.struct([{ name: 'v', schema }])
  return sinkRecord({ topic, valueSchema: row, value: struct(row, { v: value }) })
}

for (const { name, file, create, quote, shown, refused, different } of servers) {
  describe(`Values of records and columns of ${name}`, () => {
    it('are taken wherever Confluent’s connector takes them, and are the same then', async (t) => {
      const path = join(import.meta.dirname, '../../../compat/golden/sink-values', file)
      const cases = JSON.parse(readFileSync(path, 'utf8')) as Recorded[]
      const database = await create()
      t.after(() => database.close())
      const tables = cases.map(
        ({ column }, at) => `CREATE TABLE ${quote}c${at}${quote} (v ${column})`
      )
      await database.exec(...tables)
      const errors = new Map<string, unknown>()
      const given = cases.map((one, at) => ({ one, topic: `c${at}` }))
      for (const [text, members] of Map.groupBy(given, ({ one }) => JSON.stringify(one.config))) {
        const config = JSON.parse(text ?? '{}') as Record<string, string>
        const all = { ...database.config, ...config, 'errors.isolation.max.share': '1' }
        const sink = await startJdbcSink(all)
        await sink.put(members.map(({ one, topic }) => recordOf(one, topic)))
        await sink.stop()
        for (const { record, error } of sink.reports) errors.set(record.topic, error)
      }
      const found: string[] = []
      const allowed = new Set<RegExp>()
      for (const { one, topic } of given) {
        const { column, config = {}, stored } = one
        const about = `${one.schema} ${JSON.stringify(one.value)} ${Object.values(config).join()} → ${column}`
        const [row] = await database.exec(
          `SELECT ${shown(column)} AS t FROM ${quote}${topic}${quote}`
        )
        const excuse = (row === undefined ? refused : different).find(([of]) => of.test(about))
        if (stored === null || row?.['t'] === stored) continue
        if (excuse !== undefined) allowed.add(excuse[0])
        const ours = row === undefined ? messageOf(errors.get(topic)) : String(row['t'])
        if (excuse === undefined) found.push(`${about}: ${stored}, ours ${ours}`)
      }
      assert.deepEqual(found, [])
      const unused = [...refused, ...different].filter(([of]) => !allowed.has(of))
      assert.deepEqual(unused, [], 'differences that are none any more')
    })
  })
}
