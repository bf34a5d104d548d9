import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { TYPES } from 'tedious'
import { systemClock } from '../../../../../src/clock.ts'
import type { Row, TableId } from '../../../../../src/connectors/jdbc/database/database.ts'
import {
  type ColumnRoom,
  errorClassOf,
  refusedRow,
  type TargetTable,
  type WriteErrorClass
} from '../../../../../src/connectors/jdbc/database/writing.ts'
import { sqlServerDialect } from '../../../../../src/connectors/jdbc/dialects/sqlserver/dialect.ts'
import { charactersRefused } from '../../../../../src/connectors/jdbc/dialects/sqlserver/code-pages.ts'
import { sqlServerRoom } from '../../../../../src/connectors/jdbc/dialects/sqlserver/column-room.ts'
import { stagedStatement } from '../../../../../src/connectors/jdbc/dialects/sqlserver/write-statements.ts'
import { sqlServerWriteError } from '../../../../../src/connectors/jdbc/dialects/sqlserver/write-errors.ts'
import { SqlServerWriteSession } from '../../../../../src/connectors/jdbc/dialects/sqlserver/write-session.ts'
import { timestampOfMs } from '../../../../../src/connectors/jdbc/values/timestamp.ts'
import { Decimal, decimalSchema, timestampSchema } from '../../../../../src/data/logical-types.ts'
import { Schema } from '../../../../../src/data/schema.ts'
import { shapeOf } from '../../../../support/open-writer.ts'

type Answer = (sql: string) => Row[] | Error

/** A statement that is never answered. */
const SILENT = "WAITFOR DELAY '1:00'"

interface Load {
  readonly columns: readonly (readonly [name: string, type: unknown, length: unknown])[]
  readonly rows: readonly unknown[][]
}

/** The driver as far as a session that writes uses it, with scripted answers. */
function scripted(answer: Answer): {
  writer: SqlServerWriteSession
  asked: string[]
  loads: Load[]
} {
  const asked: string[] = []
  const loads: Load[] = []
  type Done = (error?: Error | null, rowCount?: number) => void
  class Request extends EventEmitter {
    readonly sql: string
    readonly done: Done
    constructor(sql: string, done: Done) {
      super()
      this.sql = sql
      this.done = done
    }
    addParameter(): void {}
    pause(): void {}
    resume(): void {}
  }
  const run = (request: Request): void => {
    asked.push(request.sql)
    if (request.sql === SILENT) return
    const rows = answer(request.sql)
    setImmediate(() => {
      if (rows instanceof Error) return request.done(rows)
      for (const row of rows)
        request.emit(
          'row',
          row.map((value) => ({ value }))
        )
      request.done(null, rows.length)
    })
  }
  const session = {
    cancel: () => undefined,
    close: () => undefined,
    execSql: run,
    execSqlBatch: run,
    newBulkLoad: (table: string, options: object, done: Done) => {
      const columns: [string, unknown, unknown][] = []
      return {
        columns,
        table,
        options,
        done,
        addColumn: (name: string, type: unknown, { length }: { length?: number }) =>
          columns.push([name, type, length])
      }
    },
    execBulkLoad: (load: Load & { table: string; done: Done }, rows: unknown[][]) => {
      asked.push(`LOAD ${load.table}`)
      loads.push({ columns: load.columns, rows })
      setImmediate(() => load.done(null, rows.length))
    }
  }
  const writer = new SqlServerWriteSession(
    {
      dialect: sqlServerDialect,
      driver: { Request, TYPES } as never,
      session: session as never,
      clock: systemClock,
      answerLimitMs: null,
      isolation: 'DEFAULT'
    },
    { applicationName: 'orders-0', writeTimeoutMs: 60_000 }
  )
  return { writer, asked, loads }
}

const ID: TableId = { catalog: null, schema: 'dbo', table: 'o]rders' }

/** As `sys.columns` tells of them. */
const COLUMNS: readonly Row[] = [
  ['id', 'bigint', 8, 19, 0, 0, 1, 0, 0, 0, null, null],
  ['code', 'varchar', 20, 0, 0, 0, 0, 0, 0, 0, 'Cyrillic_General_CI_AS', 1251],
  ['name', 'nvarchar', 100, 0, 0, 1, 0, 0, 0, 5, 'Latin1_General_CI_AS', 1252],
  ['price', 'decimal', 17, 38, 10, 1, 0, 0, 0, 0, null, null],
  ['at', 'datetime2', 8, 27, 7, 1, 0, 0, 0, 0, null, null],
  ['old', 'datetime', 8, 23, 3, 1, 0, 0, 0, 0, null, null],
  ['data', 'varbinary', -1, 0, 0, 1, 0, 0, 0, 0, null, null],
  ['total', 'int', 4, 10, 0, 1, 0, 1, 0, 0, null, null],
  ['version', 'timestamp', 8, 0, 0, 0, 0, 0, 0, 0, null, null]
]

const dictionary: Answer = (sql) => {
  if (sql.includes('sys.foreign_keys')) return [['dbo', 'parents']]
  if (sql.includes('sys.triggers')) return []
  if (sql.includes('sys.index_columns')) {
    return [
      ['pk', 1, 'id'],
      ['un', 0, 'code'],
      ['un', 0, 'name']
    ]
  }
  if (sql.includes('COLLATIONPROPERTY')) return [...COLUMNS]
  return sql.includes('sys.objects') ? [['dbo', 'o]rders', 'U']] : []
}

async function described(): Promise<TargetTable> {
  const table = await scripted(dictionary).writer.describeTarget(ID)
  assert.ok(table !== null)
  return table
}

const failure = async (work: Promise<unknown>): Promise<Error> => {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new assert.AssertionError({ message: 'nothing failed' })
}

const serverError = (number: number, message: string): Error =>
  Object.assign(new Error(message), { number, state: 1, code: 'EREQUEST' })

void describe('Writing to SQL Server', () => {
  void it('tells of a table what matters to who writes it', async () => {
    const table = await described()
    assert.deepEqual(
      [table.kind, table.primaryKey, table.uniqueKeys],
      ['table', ['id'], [['code', 'name']]]
    )
    assert.deepEqual(table.parents, [{ catalog: null, schema: 'dbo', table: 'parents' }])
    assert.deepEqual(
      table.columns.map(({ name, identity, isGenerated, hasDefault }) => [
        name,
        identity,
        isGenerated,
        hasDefault
      ]),
      [
        ['id', 'by default', false, true],
        ['code', null, false, false],
        ['name', null, false, true],
        ['price', null, false, false],
        ['at', null, false, false],
        ['old', null, false, false],
        ['data', null, false, false],
        ['total', null, true, false],
        ['version', null, true, false]
      ]
    )
    const [, code, name, price] = table.columns
    assert.deepEqual([name?.databaseType, price?.databaseType], ['nvarchar(50)', 'decimal(38,10)'])
    assert.ok(code?.type.kind === 'string' && name?.type.kind === 'string')
    assert.deepEqual([code.type.max, code.type.unit], [20, 'characters'])
    assert.deepEqual([name.type.max, name.type.unit], [50, 'UTF-16 units'])
    assert.equal(
      await scripted(dictionary).writer.describeTarget({ ...ID, table: 'O]RDERS' }),
      null
    )
  })

  void it('I16: a text of a code page refuses what the server would make a question mark of', () => {
    assert.ok(!charactersRefused(1251).test('Жук €'))
    assert.ok(charactersRefused(1251).test('é'))
    assert.ok(!charactersRefused(1252).test('é€'))
    assert.ok(charactersRefused(1252).test('Ж'))
    assert.ok(charactersRefused(932).test('日'))
  })

  void it("rows are loaded into a table of the session and written from there, in their column's own types", async () => {
    const table = await described()
    const { writer, asked, loads } = scripted(() => [])
    const shape = shapeOf(table, 'upsert', ['id'], ['code', 'price', 'at', 'data'])
    const time = { ms: 1_600_000_000_123, nanos: 123_456_700 }
    await writer.write(shape, [
      [9_007_199_254_740_993n, "it's", `${'9'.repeat(28)}.0123456789`, time, Uint8Array.of(1)],
      [2, null, null, null, null]
    ])
    assert.deepEqual(asked, [
      "IF OBJECT_ID('tempdb..#kafka_rows') IS NOT NULL DROP TABLE #kafka_rows; CREATE TABLE #kafka_rows (n int NOT NULL, c1 bigint NULL, c2 nvarchar(20) COLLATE Cyrillic_General_CI_AS NULL, c3 nvarchar(60) NULL, c4 nvarchar(40) NULL, c5 varbinary(max) NULL)",
      'LOAD #kafka_rows',
      "SET NOCOUNT ON; UPDATE t SET t.[code] = CAST(s.c2 AS varchar(20)), t.[price] = CAST(s.c3 AS decimal(38,10)), t.[at] = CAST(s.c4 AS datetime2(7)), t.[data] = CAST(s.c5 AS varbinary(max)) FROM [dbo].[o]]rders] AS t WITH (UPDLOCK, HOLDLOCK) INNER JOIN #kafka_rows AS s ON t.[id] = s.c1; SET IDENTITY_INSERT [dbo].[o]]rders] ON; INSERT INTO [dbo].[o]]rders] ([id], [code], [price], [at], [data]) SELECT s.c1, CAST(s.c2 AS varchar(20)), CAST(s.c3 AS decimal(38,10)), CAST(s.c4 AS datetime2(7)), CAST(s.c5 AS varbinary(max)) FROM #kafka_rows AS s WHERE NOT EXISTS (SELECT 1 FROM [dbo].[o]]rders] AS t WITH (UPDLOCK, HOLDLOCK) WHERE t.[id] = s.c1) ORDER BY s.n; SET IDENTITY_INSERT [dbo].[o]]rders] OFF; IF OBJECT_ID('tempdb..#kafka_rows') IS NOT NULL DROP TABLE #kafka_rows"
    ])
    assert.deepEqual(loads[0]?.columns, [
      ['n', TYPES.Int, undefined],
      ['c1', TYPES.BigInt, undefined],
      ['c2', TYPES.NVarChar, 20],
      ['c3', TYPES.NVarChar, 60],
      ['c4', TYPES.NVarChar, 40],
      ['c5', TYPES.VarBinary, Infinity]
    ])
    assert.deepEqual(loads[0].rows, [
      [
        0,
        9_007_199_254_740_993n,
        "it's",
        `${'9'.repeat(28)}.0123456789`,
        '2020-09-13T12:26:40.1234567',
        Buffer.of(1)
      ],
      [1, 2, null, null, null, null]
    ])
  })

  void it('the other operations, and none where there is nothing to do', async () => {
    const table = await described()
    const apply = (
      ...parameters: Parameters<typeof shapeOf> extends [unknown, ...infer Rest] ? Rest : never
    ) =>
      stagedStatement(shapeOf(table, ...parameters))?.apply.replace(
        /^SET NOCOUNT ON; |; IF OBJECT_ID.*$/g,
        ''
      )
    assert.equal(
      apply('delete', ['code', 'name']),
      'DELETE t FROM [dbo].[o]]rders] AS t INNER JOIN #kafka_rows AS s ON t.[code] = CAST(s.c1 AS varchar(20)) AND t.[name] = CAST(s.c2 AS nvarchar(50))'
    )
    assert.equal(
      apply('update', ['code'], ['id', 'name']),
      'UPDATE t SET t.[name] = CAST(s.c3 AS nvarchar(50)) FROM [dbo].[o]]rders] AS t INNER JOIN #kafka_rows AS s ON t.[code] = CAST(s.c1 AS varchar(20))'
    )
    assert.equal(
      apply('insert', [], ['name']),
      'INSERT INTO [dbo].[o]]rders] ([name]) SELECT CAST(s.c1 AS nvarchar(50)) FROM #kafka_rows AS s ORDER BY s.n'
    )
    assert.equal(apply('update', ['code']), undefined)
    const upsert = shapeOf(table, 'upsert', ['code'], ['id', 'name'])
    const newerBy = table.columns.find(({ name }) => name === 'id')
    assert.ok(newerBy !== undefined)
    const newer = stagedStatement({ ...upsert, newerBy })?.apply ?? ''
    assert.match(
      newer,
      /ON t\.\[code\] = CAST\(s\.c1 AS varchar\(20\)\) AND \(t\.\[id\] IS NULL OR .*s\.c2.* >= t\.\[id\]\); SET IDENTITY_INSERT/
    )
    assert.equal(apply('truncate', []), 'DELETE FROM [dbo].[o]]rders]')
  })

  void it('a column gets more room, and forbids null as before', async () => {
    const table = await described()
    const room = (name: string, wanted: ColumnRoom): string[] | null => {
      const column = table.columns.find((one) => one.name === name)
      assert.ok(column !== undefined)
      return sqlServerRoom(table, { ...column, isNullable: false }, wanted)
    }
    const alter = 'ALTER TABLE [dbo].[o]]rders] ALTER COLUMN'
    assert.deepEqual(room('code', { kind: 'string', length: 21 }), [
      `${alter} [code] varchar(40) NOT NULL`
    ])
    assert.deepEqual(room('name', { kind: 'string', length: 5000 }), [
      `${alter} [name] nvarchar(max) NOT NULL`
    ])
    assert.deepEqual(room('code', { kind: 'null' }), [`${alter} [code] varchar(20) NULL`])
  })

  void it('I16: a datetime takes only the steps it has', async () => {
    const table = await described()
    const { writer, asked, loads } = scripted(() => [])
    const shape = shapeOf(table, 'insert', [], ['old'])
    await writer.write(shape, [[timestampOfMs(1003)], [timestampOfMs(997)]])
    assert.deepEqual(
      loads[0]?.rows.map(([, value]) => value),
      ['1970-01-01T00:00:01.003', '1970-01-01T00:00:00.997']
    )
    asked.length = 0
    const error = await failure(writer.write(shape, [[timestampOfMs(0)], [timestampOfMs(1001)]]))
    assert.deepEqual([errorClassOf(error), refusedRow(error), asked], ['data', 1, []])
  })

  void it('I13: a transaction that an error has doomed does not go back to a savepoint', async () => {
    for (const state of [1, 0, -1]) {
      const { writer, asked } = scripted((sql) => (sql.includes('XACT_STATE') ? [[state]] : []))
      await writer.begin()
      await writer.savepoint()
      assert.equal(await writer.rollbackToSavepoint(), state === 1)
      await writer.rollback()
      assert.deepEqual(
        asked.map((sql) => sql.replace(/;.*/, '')),
        [
          'BEGIN TRANSACTION',
          'SAVE TRANSACTION kafka_batch',
          'IF XACT_STATE() = 1 ROLLBACK TRANSACTION kafka_batch',
          'IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION'
        ]
      )
    }
  })

  void it('I14, I7: an error says who is at fault and shows no value', async () => {
    const secret = 'hunter2'
    const cases: readonly (readonly [
      number: number,
      message: string,
      expected: WriteErrorClass
    ])[] = [
      [
        2627,
        `Violation of PRIMARY KEY constraint 'pk'. Cannot insert duplicate key in object 'dbo.o'. The duplicate key value is (${secret}).`,
        'data'
      ],
      [
        2601,
        `Cannot insert duplicate key row in object 'dbo.o' with unique index 'un'. The duplicate key value is (${secret}).`,
        'data'
      ],
      [
        2628,
        `String or binary data would be truncated in table 'dbo.o', column 'c'. Truncated value: '${secret}'.`,
        'data'
      ],
      [
        245,
        `Conversion failed when converting the nvarchar value '${secret}' to data type int.`,
        'data'
      ],
      [50_001, secret, 'data'],
      [1205, 'Transaction (Process ID 52) was deadlocked', 'conflict'],
      [1222, 'Lock request time out period exceeded.', 'conflict'],
      [9002, "The transaction log for database 'd' is full", 'resource'],
      [208, "Invalid object name 'dbo.o'.", 'structure'],
      [229, "The INSERT permission was denied on the object 'o'", 'privilege'],
      [3906, 'Failed to update database "d" because the database is read-only.', 'outage'],
      [99, secret, 'unknown']
    ]
    for (const [number, message, expected] of cases) {
      const echo = serverError(3621, 'The statement has been terminated.')
      for (const given of [
        serverError(number, message),
        new AggregateError([serverError(number, message), echo])
      ]) {
        const error = sqlServerWriteError(given, 'SQL Server did not write')
        assert.equal(errorClassOf(error), expected, message)
        assert.equal(error.facts['code'], number)
        assert.ok(!inspect(error, { depth: 9 }).includes(secret), inspect(error))
      }
    }
    const { writer } = scripted((sql) =>
      sql.startsWith('SET NOCOUNT') ? serverError(547, 'x') : []
    )
    const table = await described()
    const error = await failure(writer.write(shapeOf(table, 'insert', [], ['name']), [[secret]]))
    assert.deepEqual([errorClassOf(error), refusedRow(error)], ['data', null])
    assert.ok(!inspect(error, { depth: 9 }).includes(secret))
  })

  void it('I8: abort ends what waits for an answer', async () => {
    const { writer } = scripted(() => [])
    const silent = writer.ask(SILENT, [])
    writer.abort()
    await assert.rejects(silent, /is stopping/)
    await assert.rejects(writer.begin(), /is stopping/)
  })

  void it('makes tables whose keys fit an index, with defaults in their own types', () => {
    const { writing } = sqlServerDialect
    assert.ok(writing !== undefined)
    const type = (schema: Schema, isKey = false): string =>
      writing.columnType(schema, { isKey, timestampDigits: null }) ?? ''
    const column = (name: string, schema: Schema, isKey = false) => ({
      name,
      type: type(schema, isKey),
      schema,
      isOptional: schema.optional
    })
    assert.deepEqual(
      writing.createTable(
        ID,
        [
          column('k', Schema.STRING, true),
          column('s', new Schema('string', { defaultValue: "it's" })),
          column('d', decimalSchema(2, { defaultValue: new Decimal(-150n, 2) })),
          column('t', timestampSchema({ defaultValue: 86_400_123 })),
          column('b', new Schema('bytes', { optional: true }))
        ],
        ['k']
      ),
      [
        "CREATE TABLE [dbo].[o]]rders] (\n[k] varchar(900) NOT NULL,\n[s] varchar(max) DEFAULT N'it''s',\n[d] decimal(38,2) DEFAULT -1.50,\n[t] datetime2 DEFAULT '1970-01-02T00:00:00.123',\n[b] varbinary(max) NULL,\nPRIMARY KEY([k]))"
      ]
    )
    assert.deepEqual(
      writing.addColumns(ID, [column('x', new Schema('int32', { optional: true }))]),
      ['ALTER TABLE [dbo].[o]]rders] ADD [x] int NULL']
    )
  })
})
