import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { Dialect, OpenOptions, TableId } from '../../src/connectors/jdbc/database/database.ts'
import {
  errorClassOf,
  type NewColumn,
  refusedRow,
  type ColumnRoom,
  type TargetTable,
  type WriteErrorClass,
  type WriteOperation,
  type WriteRow,
  type WriteSession,
  type WriteShape
} from '../../src/connectors/jdbc/database/writing.ts'
import { TimeZone } from '../../src/connectors/jdbc/values/time-zone.ts'
import {
  valueWriter,
  type WrittenValueRules
} from '../../src/connectors/jdbc/written-values/value-writer.ts'
import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../src/data/logical-types.ts'
import { Schema } from '../../src/data/schema.ts'
import { int64OfText } from '../../src/data/values.ts'
import { DataError } from '../../src/errors.ts'
import { hazardousRows } from './hazardous-rows.ts'
import { Random } from './random.ts'

/** A database that runs the suite of writers. What it does not have is null, and said why. */
export interface WritingDatabase {
  readonly dialect: Dialect
  /** Of `openOptions`, for this database. */
  readonly options: OpenOptions
  /** Runs statements in another session; answers the rows of the last. */
  exec(...statements: string[]): Promise<Record<string, unknown>[]>
  /** Ends every session that writes, by the server; null: there is no server. */
  cutSessions: (() => Promise<void>) | null
  /** The identifier in quotes. */
  quoted(name: string): string
  /** Types of columns in which values of the suite are kept exactly. */
  readonly types: {
    readonly int64: string
    readonly text: string
    /** Text of at most 40 characters, which may be a key. */
    readonly key: string
    readonly decimal: string
    readonly float64: string
    readonly bytes: string
    /** A wall clock with microseconds. */
    readonly timestamp: string
  }
  /** Type of each case, its schema, values that come back as they were, and others that are refused. */
  readonly cases: readonly TypeCase[]
  /** What comes back of a column that `auto.create` made, where it is not what was written. */
  createdAs?(kind: string, value: unknown): unknown
  /** Column that counts itself up, given as `<name> <this>`. */
  readonly identity: string | null
  /** Computed column of the number `n`, `<name> <this>`. */
  readonly generated: string | null
  /** Statements that make a table `name (id int64, n int64)` in partitions; null: there are none. */
  readonly partitioned: ((name: string) => string[]) | null
  /** Statements that make every row of a table leave its id in another, by a trigger on each row. */
  readonly trigger: ((table: string, log: string) => string[]) | null
  /** Whether the row that a database refuses is known for an insert and for an upsert. */
  readonly knowsRow: { readonly insert: boolean; readonly upsert: boolean }
  /** Begins a transaction in another session that locks a row by id, and answers its end. */
  lockRow(table: string, id: number): Promise<() => Promise<void>>
  /** What no name may hold. */
  readonly notInNames?: string
  /** Its integers are decimals without digits behind the point. */
  readonly integersAreDecimals?: boolean
  /** Why checks of rows are not held; absent: they are. */
  readonly holdsNoChecks?: string
  /** Names hold only the first 65 536 characters. */
  readonly namesAreOfBmp?: boolean
  /** An empty text is null there. */
  readonly emptyIsNull?: boolean
  close(): Promise<void>
}

export interface TypeCase {
  readonly type: string
  readonly schema: Schema | null
  /** Written, and as the source reads it back; one alone: the same. */
  readonly takes: readonly (readonly [written: unknown, read?: unknown])[]
  readonly refuses?: readonly unknown[]
  /** A part of what is described as the column's type. */
  readonly kind: string
}

const UTC = new TimeZone('UTC')
const RULES: WrittenValueRules = {
  timeZone: UTC,
  dateZone: UTC,
  julianBefore1582: false,
  nullBecomesDefault: true,
  nestsAsJson: false
}
/** What no message may hold (I7). */
const SECRET = 'kn0wn-to-nobody'

/** Whatever is written, and whichever way, the table holds it; whatever fails is told by its class. */
export function writingSuite(name: string, create: () => Promise<WritingDatabase>): void {
  describe(`${name}: rows that are written`, () => {
    let db: WritingDatabase
    let session: WriteSession
    let tables = 0
    before(async () => {
      db = await create()
      session = await open()
    })
    after(async () => {
      await session.close()
      await db.close()
    })

    async function open(writeTimeoutMs = 60_000): Promise<WriteSession> {
      const writing = db.dialect.writing
      assert.ok(writing !== undefined)
      return await writing.open({ ...db.options, applicationName: 'suite-0', writeTimeoutMs })
    }
    const q = (name: string): string => db.quoted(name)
    const idOf = (table: string): TableId => ({ catalog: null, schema: null, table })
    async function described(table: string): Promise<TargetTable> {
      const found = await session.describeTarget(idOf(table))
      assert.ok(found !== null, table)
      return found
    }
    /** A table of these columns (`name type …`, in quotes already), which no other test uses. */
    async function table(columns: string, name = `w${tables++}`): Promise<TargetTable> {
      await db.exec(`CREATE TABLE ${q(name)} (${columns})`)
      return await described(name)
    }
    function shape(
      table: TargetTable,
      operation: WriteOperation,
      names: readonly string[],
      keyColumns = 0
    ): WriteShape {
      const columns = names.map((name) => {
        const column = table.columns.find((one) => one.name === name)
        assert.ok(column !== undefined, name)
        return column
      })
      return { table, operation, columns, keyColumns }
    }
    async function write(of: WriteShape, rows: readonly WriteRow[], by = session): Promise<void> {
      await by.begin()
      try {
        await by.write(of, rows)
        await by.commit()
      } catch (error) {
        await by.rollback().catch(() => undefined)
        throw error
      }
    }
    /** The rows of a table in the order of its first column, as the source reads them. */
    async function rowsIn(name: string, columns = '*'): Promise<unknown[][]> {
      const from = q(name)
      const sql = `SELECT ${columns} FROM ${from} ORDER BY 1`
      const stream = await session.query(sql, [], { fetchRows: 1000, table: null })
      const all: unknown[][] = []
      const read = (raw: unknown, at: number): unknown => {
        const column = stream.columns[at]
        const value = normal(readValue(column, raw))
        if (db.integersAreDecimals !== true || value === null) return value
        return column?.type === 'decimal' && column.scale === 0 ? int64OfText(String(value)) : value
      }
      for (let rows = await stream.next(); rows !== null; rows = await stream.next()) {
        for (const row of rows) all.push(row.map(read))
      }
      return all
    }

    describe('types', () => {
      it('take what fits them exactly, which is read back the same, and nothing else (I16)', async () => {
        const { cases } = db
        for (const [index, { type, schema, takes, refuses = [], kind }] of cases.entries()) {
          const name = `type${index}`
          const made = await table(`${q('id')} ${db.types.int64}, ${q('v')} ${type}`, name)
          const column = made.columns[1]
          assert.ok(column !== undefined)
          assert.equal(column.type.kind, kind, type)
          const { write: form } = valueWriter(schema, column, RULES)
          for (const operation of ['insert', 'upsert'] as const) {
            if (operation === 'upsert') {
              await db.exec(`DROP TABLE ${q(name)}`)
              await table(
                `${q('id')} ${db.types.int64} NOT NULL PRIMARY KEY, ${q('v')} ${type}`,
                name
              )
            }
            const rows = takes.map(([value], at) => [at, form(value)])
            await write(shape(await described(name), operation, ['id', 'v'], 1), rows)
            assert.deepEqual(
              (await rowsIn(name)).map(([, value]) => value),
              takes.map(([written, read]) => normal(read === undefined ? written : read)),
              `${operation} ${type}`
            )
          }
          for (const value of refuses) {
            assert.throws(() => form(value), DataError, `${type} of ${inspect(value)}`)
          }
        }
      })

      it('of columns that are made for a Connect type take its values', async () => {
        const writing = db.dialect.writing
        assert.ok(writing !== undefined)
        const samples: readonly (readonly [schema: Schema, value: unknown])[] = [
          [Schema.INT8, 127],
          [Schema.INT16, -32_768],
          [Schema.INT32, 2_147_483_647],
          [Schema.INT64, 9_223_372_036_854_775_807n],
          [Schema.FLOAT32, 1.5],
          [Schema.FLOAT64, 0.1],
          [Schema.BOOLEAN, true],
          [Schema.STRING, 'a "b" \\ 😀'],
          [Schema.BYTES, Buffer.from([0, 255, 92])],
          [decimalSchema(2), new Decimal(1250n, 2)],
          [dateSchema(), 19_782],
          [timeSchema(), 37_230_000],
          [timestampSchema(), 1_709_202_030_000]
        ]
        const columns = samples.map(([schema], index): NewColumn => {
          const type = writing.columnType(schema, { isKey: false, timestampDigits: null })
          assert.ok(type !== null, schema.name ?? schema.type)
          return { name: `c${index}`, type, schema, isOptional: schema.optional }
        })
        const keySchema = Schema.STRING
        const keyType = writing.columnType(keySchema, { isKey: true, timestampDigits: null })
        assert.ok(keyType !== null)
        const keyName = 'key "k"'.replaceAll(db.notInNames ?? '\0', '')
        const key = { name: keyName, type: keyType, schema: keySchema, isOptional: false }
        const id = (await described((await table(`${q('x')} ${db.types.int64}`)).id.table)).id
        const made = { ...id, table: 'made by itself' }
        for (const sql of writing.createTable(made, [key, ...columns.slice(0, 6)], [key.name])) {
          await session.execute(sql)
        }
        // A row is there: what is added must be of use all the same.
        const first = await described(made.table)
        assert.deepEqual(first.primaryKey, [key.name])
        const optional = columns.slice(6).map((column) => ({ ...column, isOptional: true }))
        for (const sql of writing.addColumns(made, optional)) await session.execute(sql)
        const target = await described(made.table)
        const names = [key.name, ...columns.map((column) => column.name)]
        const of = shape(target, 'insert', names)
        const row = [[keySchema, 'k'] as const, ...samples].map(([schema, value], at) => {
          const column = of.columns[at]
          assert.ok(column !== undefined)
          return valueWriter(schema, column, RULES).write(value)
        })
        await write(of, [row])
        const [read] = await rowsIn(made.table, names.map(q).join(','))
        for (const [at, [schema, value]] of samples.entries()) {
          const kind = schema.name?.replace(/^.*\./, '') ?? schema.type
          const expected = db.createdAs?.(kind, value) ?? plain(value, kind)
          assert.deepEqual(read?.[at + 1], normal(expected), kind)
        }
        await db.exec(`DROP TABLE ${q(made.table)}`)
      })

      it('of new columns have the defaults of their schemas', async () => {
        const writing = db.dialect.writing
        assert.ok(writing !== undefined)
        const schemas: readonly Schema[] = [
          new Schema('int32', { defaultValue: 7 }),
          new Schema('boolean', { defaultValue: true, optional: true }),
          dateSchema({ defaultValue: 19_782 }),
          decimalSchema(2, { defaultValue: new Decimal(-1250n, 2) })
        ]
        const columns = schemas.map((schema, index): NewColumn => {
          const type = writing.columnType(schema, { isKey: false, timestampDigits: null })
          assert.ok(type !== null)
          return { name: `c${index}`, type, schema, isOptional: schema.optional }
        })
        const { id } = await table(`${q('id')} ${db.types.int64}`)
        for (const sql of writing.addColumns(id, columns)) await session.execute(sql)
        const target = await described(id.table)
        assert.ok(target.columns.slice(1).every(({ hasDefault }) => hasDefault))
        await write(shape(target, 'insert', ['id']), [[1]])
        const [row = []] = await rowsIn(id.table)
        assert.deepEqual(
          row.slice(1),
          [7, true, 19_782, '-12.50'].map((value, at) => {
            const kind = ['int32', 'boolean', 'Date', 'Decimal'][at] ?? ''
            return db.createdAs?.(kind, value) ?? value
          })
        )
      })
    })

    describe('statements', () => {
      it('leave a row as it is that is newer than the one given', async () => {
        const { int64, key, decimal, timestamp } = db.types
        const columns = `${q('id')} ${int64} NOT NULL PRIMARY KEY, ${q('n')} ${decimal}, ${q('at')} ${timestamp}, ${q('what')} ${key}`
        const names = ['id', 'n', 'at', 'what']
        const moment = (ms: number): object => ({ ms, nanos: 0 })
        const old = [
          [1, '10.5', moment(10_000), 'old'],
          [2, null, null, 'old'],
          [3, '10.5', moment(10_000), 'old'],
          [4, '10.5', moment(10_000), 'old']
        ]
        const given = [
          [1, '9.25', moment(9000), 'new'],
          [2, '-1', moment(1000), 'new'],
          [3, '10.50', moment(10_000), 'new'],
          [4, null, null, 'new'],
          [5, null, null, 'new']
        ]
        for (const by of ['n', 'at']) {
          const made = await table(columns)
          await write(shape(made, 'insert', names), old)
          const of = shape(made, 'upsert', names, 1)
          const newerBy = of.columns.find((column) => column.name === by)
          assert.ok(newerBy !== undefined)
          await write({ ...of, newerBy }, given)
          const what = (await rowsIn(made.id.table)).map((row) => [Number(row[0]), row[3]])
          const wanted = [
            [1, 'old'],
            [2, 'new'],
            [3, 'new'],
            [4, 'old'],
            [5, 'new']
          ]
          assert.deepEqual(what, wanted, by)
        }
      })

      it('empty a table inside the transaction', async () => {
        const made = await table(`${q('id')} ${db.types.int64} NOT NULL PRIMARY KEY`)
        await write(shape(made, 'insert', ['id']), [[1], [2]])
        const all = { ...shape(made, 'insert', []), operation: 'truncate' as const }
        await session.begin()
        await session.write(all, [[]])
        await session.write(shape(made, 'insert', ['id']), [[1]])
        await session.rollback()
        assert.equal((await rowsIn(made.id.table)).length, 2)
        await write(all, [[]])
        assert.deepEqual(await rowsIn(made.id.table), [])
      })

      it('give a column more room, and leave the rest of it as it is', async (t) => {
        const writing = db.dialect.writing
        if (writing?.giveRoom === undefined)
          return t.diagnostic('its types have room for everything')
        const { int64 } = db.types
        const name = `room${tables++}`
        const made = await table(
          `${q('id')} ${int64} NOT NULL PRIMARY KEY, ${q('d')} ${db.types.decimal} NOT NULL, ${q('s')} VARCHAR(3) DEFAULT 'x' NOT NULL`,
          name
        )
        const rooms: readonly (readonly [string, ColumnRoom])[] = [
          ['d', { kind: 'decimal', whole: 14, scale: 4 }],
          ['s', { kind: 'string', length: 7 }],
          ['d', { kind: 'null' }]
        ]
        for (const [column, room] of rooms) {
          const of = await described(name)
          const found = of.columns.find((one) => one.name === column)
          assert.ok(found !== undefined)
          const statements = await writing.giveRoom(session, of, found, room)
          assert.ok(statements !== null)
          for (const sql of statements) await session.execute(sql)
        }
        const after = await described(name)
        const [, d, s] = after.columns
        assert.ok(d?.type.kind === 'decimal' && s?.type.kind === 'string')
        const { precision, scale } = d.type
        assert.ok((scale ?? 0) >= 4 && (precision ?? 0) - (scale ?? 0) >= 14, d.databaseType)
        assert.ok((s.type.max ?? 0) >= 7, s.databaseType)
        assert.deepEqual([d.isNullable, s.isNullable, s.hasDefault], [true, false, true])
        assert.deepEqual(after.primaryKey, made.primaryKey)
      })

      it('write hazardous rows alike, in whatever form and however many at a time', async () => {
        const { int64, text, decimal, float64, bytes, timestamp } = db.types
        const rows = hazardousRows(new Random(7), 300, db.emptyIsNull === true)
        const columns = `${q('id')} ${int64} NOT NULL PRIMARY KEY, ${q('a')} ${text}, ${q('b')} ${decimal}, ${q('c')} ${float64}, ${q('d')} ${bytes}, ${q('e')} ${timestamp}`
        const names = ['id', 'a', 'b', 'c', 'd', 'e']
        const results: unknown[][][] = []
        const ways: readonly (readonly [WriteOperation, size: number, bulk: boolean])[] = [
          ['insert', rows.length, true],
          ['insert', rows.length, false],
          ['upsert', rows.length, true],
          ['insert', 1, true],
          ['upsert', 1, true]
        ]
        for (const [operation, size, bulk] of ways) {
          const made = await table(columns)
          const of = shape(bulk ? made : { ...made, refusesBulk: 'the suite' }, operation, names, 1)
          await session.begin()
          for (let at = 0; at < rows.length; at += size) {
            await session.write(of, rows.slice(at, at + size))
          }
          await session.commit()
          results.push(await rowsIn(made.id.table))
        }
        const wanted = rows.map((row) => row.map(normal))
        assert.deepEqual(exactly(results[0] ?? []), exactly(wanted))
        for (const result of results) assert.deepEqual(result, results[0])
        // Over what is there already: an update of each, and an upsert of each, to the row behind it.
        for (const operation of ['update', 'upsert'] as const) {
          const made = await table(columns)
          await write(shape(made, 'insert', names), rows)
          const moved = rows.map(([id], at) => [
            id,
            ...(rows[(at + 1) % rows.length] ?? []).slice(1)
          ])
          await write(shape(made, operation, names, 1), moved)
          const expected = moved.map((row) => row.map(normal))
          assert.deepEqual(exactly(await rowsIn(made.id.table)), exactly(expected))
        }
      })

      it('find rows by all columns of a key, change only what they name, and miss none that is not there', async () => {
        const { int64, key, text } = db.types
        const made = await table(
          `${q('a')} ${int64} NOT NULL, ${q('b')} ${key} NOT NULL, ${q('n')} ${int64}, ${q('t')} ${text}, PRIMARY KEY (${q('b')}, ${q('a')})`
        )
        assert.deepEqual(made.primaryKey, ['b', 'a'])
        const name = made.id.table
        await write(shape(made, 'upsert', ['b', 'a', 'n', 't'], 2), [
          ['x', 1, 10, 'one'],
          ['x', 2, 20, 'two'],
          ['y', 1, 30, 'three']
        ])
        // A record with fewer fields leaves the others as they are.
        await write(shape(made, 'upsert', ['b', 'a', 'n'], 2), [
          ['x', 1, 11],
          ['z', 9, 90]
        ])
        await write(shape(made, 'update', ['b', 'a', 't'], 2), [
          ['x', 2, null],
          ['nobody', 2, 'no']
        ])
        await write(shape(made, 'delete', ['b', 'a'], 2), [
          ['y', 1],
          ['nobody', 1]
        ])
        assert.deepEqual(
          await rowsIn(name, `${q('b')}, ${q('a')}, ${q('n')}, ${q('t')}`).then(sorted),
          [
            ['x', 1, 11, 'one'],
            ['x', 2, 20, null],
            ['z', 9, 90, null]
          ]
        )
      })

      it('serve tables of nothing but their key', async () => {
        const made = await table(`${q('id')} ${db.types.int64} NOT NULL PRIMARY KEY`)
        await write(shape(made, 'upsert', ['id'], 1), [[1], [2]])
        await write(shape(made, 'upsert', ['id'], 1), [[2], [3]])
        await write(shape(made, 'update', ['id'], 1), [[2]])
        await write(shape(made, 'delete', ['id'], 1), [[1]])
        assert.deepEqual(await rowsIn(made.id.table), [[2], [3]])
      })

      it('spell names as they are: words of SQL, quotes, and characters beyond the first 65 536', async () => {
        const last = db.namesAreOfBmp === true ? 'ﬀ' : '😀'
        const odd = ['select', 'a"b', "it's", 'ä`[x]', `数据${last}`, '$1', ':1', '?'].map((one) =>
          one.replaceAll(db.notInNames ?? '\0', '')
        )
        const { int64 } = db.types
        const columns = odd.map((name) => `${q(name)} ${int64}`).join(', ')
        const made = await table(
          `${q('id')} ${int64} NOT NULL PRIMARY KEY, ${columns}`,
          `order "${last}"`.replaceAll(db.notInNames ?? '\0', '')
        )
        const names = ['id', ...odd]
        const row = names.map((_, at) => at)
        await write(shape(made, 'insert', names), [row])
        await write(shape(made, 'upsert', names, 1), [
          row.map((value) => value * 2),
          row.map(() => 99)
        ])
        await write(shape(made, 'update', names, 1), [[0, ...odd.map(() => 5)]])
        await write(shape(made, 'delete', ['id'], 1), [[99]])
        assert.deepEqual(await rowsIn(made.id.table), [[0, ...odd.map(() => 5)]])
        const text = db.dialect.writing?.statementText(shape(made, 'upsert', names, 1)) ?? ''
        assert.ok(text.includes(last))
      })

      it('carry values and batches of many megabytes', async () => {
        const { int64, text, bytes } = db.types
        const made = await table(
          `${q('id')} ${int64} NOT NULL PRIMARY KEY, ${q('t')} ${text}, ${q('b')} ${bytes}`
        )
        const long = '0123456789abcdé\\'.repeat(524_288)
        const many = Array.from({ length: 20 }, (_, at) => [
          at,
          long.slice(0, 900_000 + at),
          Buffer.alloc(300_000, at)
        ])
        const rows: WriteRow[] = [
          ...many,
          [20, long, null],
          [21, null, Buffer.alloc(8_388_608, 92)]
        ]
        await write(shape(made, 'insert', ['id', 't', 'b']), rows)
        await write(shape(made, 'upsert', ['id', 't', 'b'], 1), rows)
        const read = await rowsIn(made.id.table)
        assert.equal(read.length, rows.length)
        for (const [at, row] of rows.entries()) {
          assert.ok(read[at]?.[1] === row[1], `text ${at}`)
          assert.ok(read[at]?.[2] === normal(row[2]), `bytes ${at}`)
        }
      })
    })

    describe('tables', () => {
      it('say what is written by the database itself', async (t) => {
        const { identity, generated, types } = db
        if (identity !== null) {
          const made = await table(`${q('id')} ${identity}, ${q('n')} ${types.int64}`)
          const [column] = made.columns
          assert.ok(column !== undefined && column.identity !== null)
          await write(shape(made, 'insert', ['n']), [[1]])
          await write(shape(made, 'insert', ['id', 'n']), [[50, 2]])
          await write(shape(made, 'upsert', ['id', 'n'], 1), [
            [50, 3],
            [60, 4]
          ])
          assert.deepEqual(await rowsIn(made.id.table), [
            [1, 1],
            [50, 3],
            [60, 4]
          ])
        }
        if (generated !== null) {
          const made = await table(
            `${q('id')} ${types.int64}, n ${types.int64}, ${q('g')} ${generated}`
          )
          assert.deepEqual(
            made.columns.map(({ isGenerated }) => isGenerated),
            [false, false, true]
          )
        }
        t.diagnostic(`identity: ${identity ?? 'none'}, generated: ${generated ?? 'none'}`)
      })

      it('are views and partitions, too', async () => {
        const { int64 } = db.types
        const made = await table(`${q('id')} ${int64} NOT NULL PRIMARY KEY, ${q('n')} ${int64}`)
        await db.exec(`CREATE VIEW ${q('seen')} AS SELECT * FROM ${q(made.id.table)}`)
        assert.equal((await described('seen')).kind, 'view')
        assert.equal(await session.describeTarget(idOf('nowhere')), null)
        if (db.partitioned === null) return
        await db.exec(...db.partitioned('parts'))
        const parts = await described('parts')
        const rows = Array.from({ length: 100 }, (_, id) => [id, id])
        await write(shape(parts, 'insert', ['id', 'n']), rows)
        await write(
          shape(parts, 'upsert', ['id', 'n'], 1),
          rows.map(([id = 0]) => [id, id + 1])
        )
        await write(
          shape(parts, 'delete', ['id'], 1),
          rows.slice(50).map(([id]) => [id])
        )
        assert.deepEqual(
          await rowsIn('parts'),
          rows.slice(0, 50).map(([id = 0]) => [id, id + 1])
        )
      })

      it('run their triggers for each row, and name the tables whose rows come first', async () => {
        const { int64 } = db.types
        const parent = await table(`${q('id')} ${int64} NOT NULL PRIMARY KEY`)
        const own = `w${tables++}`
        const child = await table(
          `${q('id')} ${int64} NOT NULL PRIMARY KEY, ${q('p')} ${int64}, FOREIGN KEY (${q('p')}) REFERENCES ${q(parent.id.table)} (${q('id')}), FOREIGN KEY (${q('p')}) REFERENCES ${q(own)} (${q('id')})`,
          own
        )
        assert.deepEqual(
          child.parents.map((id) => id.table),
          [parent.id.table]
        )
        assert.equal(parent.hasTriggers, false)
        if (db.trigger === null) return
        const log = await table(`id ${int64}`)
        await db.exec(...db.trigger(parent.id.table, log.id.table))
        const watched = await described(parent.id.table)
        assert.equal(watched.hasTriggers, true)
        await write(shape(watched, 'insert', ['id']), [[1], [2], [3]])
        assert.deepEqual(await rowsIn(log.id.table), [[1], [2], [3]])
      })
    })

    describe('transactions', () => {
      it('I13: take effect whole or not at all, and back to a savepoint', async () => {
        const { int64 } = db.types
        const made = await table(
          `${q('id')} ${int64} NOT NULL PRIMARY KEY, ${q('n')} ${int64} NOT NULL`
        )
        const insert = shape(made, 'insert', ['id', 'n'])
        await session.begin()
        await session.write(insert, [[1, 1]])
        await session.rollback()
        assert.deepEqual(await rowsIn(made.id.table), [])
        await session.begin()
        await session.write(insert, [[1, 1]])
        await session.savepoint()
        for (const rows of [
          [
            [2, 2],
            [1, 2]
          ],
          [
            [3, 3],
            [4, null]
          ]
        ]) {
          await assert.rejects(session.write(insert, rows))
          assert.equal(await session.rollbackToSavepoint(), true)
        }
        await session.write(insert, [[5, 5]])
        await session.savepoint()
        await session.write(shape(made, 'delete', ['id'], 1), [[5]])
        assert.equal(await session.rollbackToSavepoint(), true)
        await session.commit()
        assert.deepEqual(await rowsIn(made.id.table), [
          [1, 1],
          [5, 5]
        ])
      })

      it('ask statements of their own, with parameters', async () => {
        const { int64 } = db.types
        const made = await table(`${q('id')} ${int64} NOT NULL PRIMARY KEY, ${q('n')} ${int64}`)
        await session.begin()
        await session.write(shape(made, 'insert', ['id', 'n']), [
          [1, 10],
          [2, 20]
        ])
        const { affected } = await session.ask(`DELETE FROM ${q(made.id.table)}`, [])
        const { rows } = await session.ask(`SELECT ${q('id')} FROM ${q(made.id.table)}`, [])
        await session.rollback()
        assert.equal(affected, 2)
        assert.deepEqual(rows, [])
      })
    })

    describe('errors', () => {
      /** Writes in a transaction of its own; the error has this class, and tells no value (I7). */
      async function fails(
        of: WriteShape,
        rows: readonly WriteRow[],
        expected: WriteErrorClass,
        by = session
      ): Promise<unknown> {
        await by.begin()
        const error: unknown = await by.write(of, rows).then(
          () => by.commit().then(() => assert.fail('nothing failed')),
          (thrown: unknown) => thrown
        )
        await by.rollback().catch(() => undefined)
        assert.equal(errorClassOf(error), expected, inspect(error))
        assert.ok(!inspect(error, { depth: 10 }).includes(SECRET), inspect(error))
        return error
      }

      it('of rows are data, name no value (I7), and the row where the database tells', async () => {
        const { int64, key } = db.types
        const made = await table(
          `${q('id')} ${int64} NOT NULL PRIMARY KEY, ${q('k')} ${key} NOT NULL, ${q('n')} ${int64}, UNIQUE (${q('k')}), CHECK (${q('n')} > 0)`
        )
        assert.deepEqual(made.uniqueKeys, [['k']])
        const good = Array.from({ length: 30 }, (_, at) => [at, `k${at}`, 1])
        const bad: readonly (readonly [number, WriteRow])[] = [
          [30, [5, SECRET, 1]],
          [7, [100, null, 1]],
          ...(db.holdsNoChecks === undefined ? [[0, [100, SECRET, -1]] as const] : [])
        ]
        for (const operation of ['insert', 'upsert'] as const) {
          const of = shape(made, operation, ['id', 'k', 'n'], 1)
          for (const [place, row] of operation === 'insert' ? bad : bad.slice(1)) {
            const rows = [...good.slice(0, place), row, ...good.slice(place)]
            const known = refusedRow(await fails(of, rows, 'data'))
            assert.equal(known, db.knowsRow[operation] ? place : null, `${operation} ${place}`)
          }
        }
        await write(shape(made, 'insert', ['id', 'k', 'n']), [[1, SECRET, 1]])
        await fails(shape(made, 'upsert', ['id', 'k', 'n'], 1), [[2, SECRET, 1]], 'data')
        if (db.holdsNoChecks !== undefined) return
        await fails(shape(made, 'update', ['id', 'n'], 1), [[1, -5]], 'data')
      })

      it('of tables and columns that are gone are of structure', async () => {
        const { int64 } = db.types
        const made = await table(`${q('id')} ${int64} NOT NULL PRIMARY KEY, ${q('n')} ${int64}`)
        await db.exec(`DROP TABLE ${q(made.id.table)}`)
        await fails(shape(made, 'insert', ['id', 'n']), [[1, 1]], 'structure')
        await table(`${q('id')} ${int64} NOT NULL PRIMARY KEY`, made.id.table)
        await fails(shape(made, 'upsert', ['id', 'n'], 1), [[1, 1]], 'structure')
      })

      it('of locks that others hold are conflicts, after write.timeout.ms', async () => {
        const made = await table(
          `${q('id')} ${db.types.int64} NOT NULL PRIMARY KEY, ${q('n')} ${db.types.int64}`
        )
        await write(shape(made, 'insert', ['id', 'n']), [[1, 1]])
        const hasty = await open(500)
        const unlock = await db.lockRow(made.id.table, 1)
        try {
          const update = shape(made, 'update', ['id', 'n'], 1)
          const error: unknown = await hasty.begin().then(
            () =>
              hasty.write(update, [[1, 2]]).then(
                () => assert.fail('no conflict'),
                (thrown: unknown) => thrown
              ),
            (thrown: unknown) => thrown
          )
          assert.equal(errorClassOf(error), 'conflict', inspect(error))
        } finally {
          await unlock()
          await hasty.rollback().catch(() => undefined)
          await hasty.close()
        }
      })

      it('of a session that is gone are outages', async () => {
        const made = await table(`${q('id')} ${db.types.int64}`)
        const insert = shape(made, 'insert', ['id'])
        const aborted = await open()
        await aborted.begin()
        aborted.abort()
        assert.equal(
          errorClassOf(await aborted.write(insert, [[1]]).catch((error: unknown) => error)),
          'outage'
        )
        await aborted.close()
        if (db.cutSessions === null) return
        const cut = await open()
        await cut.begin()
        await db.cutSessions()
        assert.equal(
          errorClassOf(await cut.write(insert, [[1]]).catch((error: unknown) => error)),
          'outage'
        )
        await cut.close()
        await session.close()
        session = await open()
        assert.deepEqual(await rowsIn(made.id.table), [])
      })
    })
  })
}

function sorted(rows: unknown[][]): unknown[][] {
  return rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

type ReadColumn = Awaited<ReturnType<WriteSession['query']>>['columns'][number]

/** Bytes as their digits, so that it does not count which kind of array they are in. */
function normal(value: unknown): unknown {
  return value instanceof Uint8Array ? `bytes ${Buffer.from(value).toString('hex')}` : value
}

/** Decimals, the third value of each row, with the digits of their column. */
function exactly(rows: readonly (readonly unknown[])[]): unknown[][] {
  return rows.map((row) =>
    row.map((value, at) =>
      at === 2 && value !== null ? Decimal.parse(String(value)).withScale(2)?.toString() : value
    )
  )
}

/** As the source reads it, a time as the parts it has. */
function readValue(column: ReadColumn | undefined, raw: unknown): unknown {
  if (raw === null || column === undefined) return null
  if (column.type !== 'timestamp') return column.read(raw)
  const parts = { ms: 0, nanos: 0 }
  column.read(raw, parts)
  return parts
}

/** What a value is when the source reads it from a column that it fits. */
function plain(value: unknown, kind: string): unknown {
  if (value instanceof Decimal) return value.toString()
  return kind === 'Timestamp' ? { ms: value, nanos: 0 } : value
}
