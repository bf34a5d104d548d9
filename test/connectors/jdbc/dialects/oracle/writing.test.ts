import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { oracleDialect } from '../../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import {
  errorClassOf,
  refusedRow,
  type TargetColumn,
  type TargetTable,
  type WriteRow,
  type WriteSession
} from '../../../../../src/connectors/jdbc/database/writing.ts'
import { timestampOfMs } from '../../../../../src/connectors/jdbc/values/timestamp.ts'
import {
  dateSchema,
  Decimal,
  decimalSchema,
  timestampSchema
} from '../../../../../src/data/logical-types.ts'
import { Schema } from '../../../../../src/data/schema.ts'
import { oracleAccess, oracleReleases } from '../../../../support/oracle-access.ts'
import { openWriter, shapeOf } from '../../../../support/open-writer.ts'
import { recordingLog } from '../../../../support/recording-log.ts'

type Access = Awaited<ReturnType<typeof oracleAccess>>

const NO_USE = { isKey: false, timestampDigits: null }

for (const release of await oracleReleases()) {
  void describe(`Writing to Oracle ${release}`, () => {
    let database: Access
    before(async () => {
      database = await oracleAccess(release)
    })
    after(() => database.close())

    const open = (over: Parameters<typeof openWriter>[2] = {}): Promise<WriteSession> => {
      const { config } = database
      const user = config['connection.user'] ?? ''
      const password = config['connection.password'] ?? ''
      return openWriter(
        oracleDialect,
        { url: config['connection.url'] ?? '', user, password },
        over
      )
    }
    const withWriter = async (work: (writer: WriteSession) => Promise<void>): Promise<void> => {
      const writer = await open()
      try {
        await work(writer)
      } finally {
        await writer.close()
      }
    }
    const target = (writer: WriteSession, table: string): Promise<TargetTable | null> =>
      writer.describeTarget({ catalog: null, schema: null, table })
    const rowsOf = async (writer: WriteSession, sql: string): Promise<unknown[][]> =>
      (await writer.ask(sql, [])).rows
    const failure = async (work: Promise<unknown>): Promise<Error> => {
      try {
        await work
      } catch (error) {
        return error as Error
      }
      throw new assert.AssertionError({ message: 'nothing failed' })
    }

    void it('I16: every value comes back as it was given, by insert, upsert and update alike', async () => {
      const columns: readonly (readonly [
        type: string,
        value: unknown,
        read: string,
        shown: string
      ])[] = [
        ['NUMBER(19,0)', -9_223_372_036_854_775_808n, 'TO_CHAR(#)', '-9223372036854775808'],
        ['NUMBER(5,0)', -99_999, 'TO_CHAR(#)', '-99999'],
        [
          'NUMBER',
          '12345678901234567890123456789.012345678',
          'TO_CHAR(#)',
          '12345678901234567890123456789.012345678'
        ],
        ['NUMBER(10,4)', '-0.0001', 'TO_CHAR(#)', '-.0001'],
        ['BINARY_DOUBLE', 0.1, 'TO_CHAR(CAST(# AS NUMBER))', '.1'],
        ['VARCHAR2(40)', 'it\'s "ü" 🦜', '#', 'it\'s "ü" 🦜'],
        ['CHAR(4)', 'ab', '#', 'ab  '],
        ['NVARCHAR2(10)', '🦜ж', '#', '🦜ж'],
        ['CLOB', 'é'.repeat(20_000), '#', 'é'.repeat(20_000)],
        ['RAW(10)', Uint8Array.of(0, 255), '#', '00ff'],
        ['BLOB', Buffer.alloc(50_000, 7), '#', '07'.repeat(50_000)],
        [
          'DATE',
          timestampOfMs(-62_135_596_800_000),
          "TO_CHAR(#, 'YYYY-MM-DD HH24:MI:SS')",
          '0001-01-01 00:00:00'
        ],
        [
          'TIMESTAMP(9)',
          { ms: 1_600_000_000_123, nanos: 123_456_789 },
          "TO_CHAR(#, 'YYYY-MM-DD HH24:MI:SS.FF9')",
          '2020-09-13 12:26:40.123456789'
        ],
        [
          'TIMESTAMP(3) WITH TIME ZONE',
          timestampOfMs(1_600_000_000_123),
          "TO_CHAR(#, 'YYYY-MM-DD HH24:MI:SS.FF3 TZH:TZM')",
          '2020-09-13 12:26:40.123 +00:00'
        ]
      ]
      const names = columns.map((_, index) => `C${index}`)
      await database.exec(
        `CREATE TABLE every (id NUMBER(9,0) PRIMARY KEY, ${columns.map(([type], index) => `c${index} ${type}`).join(', ')})`
      )
      const values = columns.map(([, value]) => value)
      const nulls = columns.map(() => null)
      await withWriter(async (writer) => {
        const table = await target(writer, 'EVERY')
        await writer.begin()
        await writer.write(shapeOf(table, 'insert', ['ID'], names), [
          [1, ...values],
          [2, ...nulls],
          [3, ...nulls]
        ])
        await writer.write(shapeOf(table, 'upsert', ['ID'], names), [
          [2, ...values],
          [4, ...values]
        ])
        await writer.write(shapeOf(table, 'update', ['ID'], names), [
          [3, ...values],
          [99, ...values]
        ])
        await writer.commit()
        const list = columns.map(([, , read], index) => read.replace('#', `c${index}`))
        const rows = await rowsOf(writer, `SELECT id, ${list.join(', ')} FROM every ORDER BY id`)
        assert.deepEqual(
          rows.map(([id]) => String(id)),
          ['1', '2', '3', '4']
        )
        for (const [id, ...found] of rows) {
          for (const [index, [type, , , expected]] of columns.entries()) {
            const value = found[index]
            const shown = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
            assert.equal(shown, expected, `${type} of row ${String(id)}`)
          }
        }
      })
    })

    void it('keys of any type find their rows', async () => {
      await database.exec(
        'CREATE TABLE keyed (n NUMBER, c CHAR(5), s NVARCHAR2(10), d DATE, t TIMESTAMP(6), v NUMBER(9,0), PRIMARY KEY (n, c, s, d, t))'
      )
      const keys = ['N', 'C', 'S', 'D', 'T']
      const key = (index: number): unknown[] => [
        `${index}.5`,
        `k${index % 3}`,
        `ж${index}`,
        timestampOfMs(index * 1000),
        timestampOfMs(index)
      ]
      const rows = (value: number): WriteRow[] =>
        Array.from({ length: 300 }, (_, index) => [...key(index), value])
      await withWriter(async (writer) => {
        const table = await target(writer, 'KEYED')
        assert.deepEqual(table?.primaryKey, keys)
        await writer.begin()
        await writer.write(shapeOf(table, 'upsert', keys, ['V']), rows(1))
        await writer.write(shapeOf(table, 'upsert', keys, ['V']), rows(2))
        await writer.write(shapeOf(table, 'upsert', keys), [key(7), key(300)])
        await writer.write(shapeOf(table, 'update', keys, ['V']), [[...key(9), 9]])
        await writer.write(
          shapeOf(table, 'delete', keys),
          Array.from({ length: 150 }, (_, index) => key(2 * index))
        )
        await writer.commit()
        assert.deepEqual(
          (await rowsOf(writer, 'SELECT COUNT(*), COUNT(v), SUM(v) FROM keyed'))[0]?.map(String),
          // One without a value, and one of nine.
          ['151', '150', String(149 * 2 + 9)]
        )
      })
    })

    void it('I14, I7: the row that was refused is named, without its values; the others can be sent again', async () => {
      const secret = 'hunter2'
      await database.exec(
        'CREATE TABLE strict (id VARCHAR2(30) PRIMARY KEY, n NUMBER(3,0), t VARCHAR2(10) NOT NULL)',
        `INSERT INTO strict VALUES ('${secret}', 1, 't')`
      )
      const cases: readonly WriteRow[] = [
        [secret, 1, 't'],
        ['bad', 77_777, 't'],
        ['bad', 1, `${secret}${secret}`],
        ['bad', 1, null],
        ['bad', 1, ''],
        ['', 1, 't']
      ]
      await withWriter(async (writer) => {
        const shape = shapeOf(await target(writer, 'STRICT'), 'insert', ['ID'], ['N', 'T'])
        const good = (index: number): WriteRow => [`g${index}`, 1, 't']
        await writer.begin()
        await writer.write(shape, [good(0)])
        await writer.savepoint()
        for (const bad of cases) {
          const rows = [good(1), good(2), bad, good(3), bad]
          const error = await failure(writer.write(shape, rows))
          const shown = inspect(error, { depth: 9 })
          assert.deepEqual([errorClassOf(error), refusedRow(error)], ['data', 2], shown)
          assert.ok(!shown.includes(secret) && !shown.includes('77777'), shown)
          assert.equal(await writer.rollbackToSavepoint(), true)
        }
        await writer.write(shape, [good(1), good(2), good(3)])
        await writer.commit()
        const rows = await rowsOf(writer, 'SELECT id FROM strict ORDER BY id')
        assert.deepEqual(rows.flat(), ['g0', 'g1', 'g2', 'g3', secret])
      })
    })

    void it('I16: an empty text that becomes NULL is told of once', async () => {
      await database.exec('CREATE TABLE empties (id NUMBER(9,0) PRIMARY KEY, t VARCHAR2(10))')
      const { log, lines } = recordingLog()
      const writer = await open({ log })
      const shape = shapeOf(await target(writer, 'EMPTIES'), 'upsert', ['ID'], ['T'])
      await writer.begin()
      await writer.write(shape, [
        [1, ''],
        [2, '']
      ])
      await writer.write(shape, [[3, '']])
      await writer.commit()
      await writer.close()
      assert.equal(lines.filter((line) => /no empty text.*EMPTIES\.T/.test(String(line))).length, 1)
    })

    void it('says who is at fault: a table or column, a session that is gone, others in the way', async () => {
      await database.exec('CREATE TABLE fault (id NUMBER(9,0) PRIMARY KEY, n NUMBER(9,0))')
      const writer = await open({ writeTimeoutMs: 500 })
      const table = await target(writer, 'FAULT')
      const shape = shapeOf(table, 'update', ['ID'], ['N'])
      await database.exec('INSERT INTO fault VALUES (1, 0)')
      const other = await open()
      await other.begin()
      await other.write(shape, [[1, 1]])
      await writer.begin()
      assert.equal(errorClassOf(await failure(writer.write(shape, [[1, 2]]))), 'conflict')
      await other.rollback()
      await writer.rollback()
      await database.exec('ALTER TABLE fault DROP COLUMN n')
      assert.equal(errorClassOf(await failure(writer.write(shape, [[1, 2]]))), 'structure')
      await database.exec('DROP TABLE fault')
      assert.equal(errorClassOf(await failure(writer.write(shape, [[1, 2]]))), 'structure')
      await other.close()
      await database.cutSessions?.()
      assert.equal(errorClassOf(await failure(writer.commit())), 'outage')
      await writer.close()
    })

    void it('tells of a table what matters to who writes it', async () => {
      await database.exec(
        'CREATE TABLE owners (id NUMBER(9,0) PRIMARY KEY)',
        "CREATE TABLE told (a NUMBER(9,0) GENERATED ALWAYS AS IDENTITY, b VARCHAR2(5 CHAR) DEFAULT 'x' NOT NULL, p NUMBER(9,0) REFERENCES owners (id), PRIMARY KEY (b, a), CONSTRAINT told_p UNIQUE (p))",
        'CREATE VIEW seen AS SELECT a, b FROM told',
        'CREATE SYNONYM other_name FOR told'
      )
      await withWriter(async (writer) => {
        const told = await target(writer, 'TOLD')
        assert.deepEqual(told?.primaryKey, ['B', 'A'])
        assert.deepEqual(told?.uniqueKeys, [['P']])
        assert.deepEqual(
          told?.parents.map(({ table }) => table),
          ['OWNERS']
        )
        assert.equal(told?.kind, 'table')
        const facts = told?.columns.map((column) => [
          column.name,
          column.identity,
          column.isNullable,
          column.hasDefault
        ])
        assert.deepEqual(facts, [
          ['A', 'always', false, true],
          ['B', null, false, true],
          ['P', null, true, false]
        ])
        assert.deepEqual(told?.columns[1]?.type, {
          kind: 'string',
          booleansAreDigits: true,
          max: 5,
          unit: 'characters',
          refuses: null
        })
        assert.equal((await target(writer, 'SEEN'))?.kind, 'view')
        assert.equal((await target(writer, 'OTHER_NAME'))?.id.table, 'TOLD')
        assert.equal(await target(writer, 'told'), null)
      })
    })

    void it('makes tables and columns with defaults of every type', async () => {
      const { writing } = oracleDialect
      assert.ok(writing !== undefined)
      const schemas = [
        new Schema('int32', { defaultValue: -1 }),
        new Schema('float64', { defaultValue: 1.5 }),
        new Schema('boolean', { defaultValue: true }),
        new Schema('string', { defaultValue: "it's" }),
        decimalSchema(2, { defaultValue: new Decimal(-150n, 2) }),
        dateSchema({ defaultValue: 1 }),
        timestampSchema({ defaultValue: 86_400_123 }),
        new Schema('bytes', { optional: true })
      ]
      const columns = schemas.map((schema, index) => ({
        name: `c${index}`,
        type: writing.columnType(schema, NO_USE) ?? '',
        schema,
        isOptional: schema.optional
      }))
      const key = { name: 'k', type: 'VARCHAR2(20)', schema: Schema.STRING, isOptional: false }
      await withWriter(async (writer) => {
        const id = { catalog: null, schema: null, table: 'made' }
        for (const sql of writing.createTable(id, [key, ...columns.slice(0, 4)], ['k']))
          await writer.execute(sql)
        for (const sql of writing.addColumns(id, columns.slice(4))) await writer.execute(sql)
        const table = await writer.describeTarget(id)
        await writer.begin()
        await writer.write(shapeOf(table, 'upsert', ['k']), [['a']])
        await writer.commit()
        const [row] = await rowsOf(
          writer,
          `SELECT "c0", TO_CHAR(CAST("c1" AS NUMBER)), "c2", "c3", TO_CHAR("c4"), TO_CHAR("c5", 'YYYY-MM-DD'), TO_CHAR("c6", 'YYYY-MM-DD HH24:MI:SS.FF3') FROM "made"`
        )
        assert.deepEqual(row, [
          '-1',
          '1.5',
          '1',
          "it's",
          '-1.5',
          '1970-01-02',
          '1970-01-02 00:00:00.123'
        ])
      })
    })
  })
}

void describe('Statements for Oracle', () => {
  const column = (name: string, type: TargetColumn['type'], bindType: string): TargetColumn => ({
    name,
    databaseType: bindType,
    type,
    bindType,
    isNullable: true,
    hasDefault: false,
    identity: null,
    isGenerated: false
  })
  const columns = [
    column('K', { kind: 'decimal', precision: 38, scale: null }, 'NUMBER:22'),
    column(
      't"',
      { kind: 'timestamp', hasZone: true, resolutionNanos: 1, minMs: 0, maxMs: 0 },
      'TIMESTAMP WITH LOCAL TIME ZONE:11'
    )
  ]
  const table: TargetTable = {
    id: { catalog: null, schema: 'S', table: 'T' },
    kind: 'table',
    columns,
    primaryKey: ['K'],
    uniqueKeys: [],
    parents: [],
    hasTriggers: false,
    refusesBulk: null
  }

  void it('a MERGE names no table in its list of columns, and keys have the type of their column', () => {
    const text = oracleDialect.writing?.statementText(shapeOf(table, 'upsert', ['K'], ['t"']))
    assert.equal(
      text,
      `MERGE INTO "S"."T" t USING (SELECT TO_NUMBER(:1) AS "K", CAST(TO_TIMESTAMP_TZ(:2, 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM') AS TIMESTAMP(9) WITH LOCAL TIME ZONE) AS "t""" FROM DUAL) s ON (t."K" = s."K") WHEN MATCHED THEN UPDATE SET t."t""" = s."t""" WHEN NOT MATCHED THEN INSERT ("K", "t""") VALUES (s."K", s."t""")`
    )
  })
})
