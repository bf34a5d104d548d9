import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import {
  databaseError,
  type Row,
  type TableId
} from '../../../../../src/connectors/jdbc/database/database.ts'
import { systemClock } from '../../../../../src/clock.ts'
import { driverCodes } from '../../../../../src/connectors/jdbc/dialects/shared/driver-codes.ts'
import { SqlServerConnection } from '../../../../../src/connectors/jdbc/dialects/sqlserver/connection.ts'
import { sqlServerCopies } from '../../../../../src/connectors/jdbc/dialects/sqlserver/copies.ts'
import { sqlServerError } from '../../../../../src/connectors/jdbc/dialects/sqlserver/errors.ts'
import { sqlServerTransactions } from '../../../../../src/connectors/jdbc/dialects/sqlserver/open-transactions.ts'
import { sqlServerFindings } from '../../../../../src/connectors/jdbc/dialects/sqlserver/self-check.ts'
import {
  exactExpression,
  sqlServerColumn
} from '../../../../../src/connectors/jdbc/dialects/sqlserver/types.ts'
import { sqlServerDialect } from '../../../../../src/connectors/jdbc/dialects/sqlserver/dialect.ts'
import { selectTables } from '../../../../../src/connectors/jdbc/tables/table-selection.ts'

type Answer = (sql: string, binds: readonly unknown[]) => Row[] | Error

/** The driver as far as a connection uses it, with scripted answers. */
function scripted(answer: Answer): { connection: SqlServerConnection; asked: string[] } {
  const asked: string[] = []
  class Request extends EventEmitter {
    readonly sql: string
    readonly done: (error?: Error) => void
    readonly binds: unknown[] = []
    constructor(sql: string, done: (error?: Error) => void) {
      super()
      this.sql = sql
      this.done = done
    }
    addParameter(_name: string, _type: unknown, value: unknown): void {
      this.binds.push(value)
    }
    pause(): void {}
    resume(): void {}
    cancel(): void {}
  }
  const session = {
    execSql(request: Request): void {
      asked.push(request.sql)
      const rows = answer(request.sql, request.binds)
      setImmediate(() => {
        if (rows instanceof Error) return request.done(rows)
        request.emit('columnMetadata', [])
        for (const row of rows) {
          request.emit(
            'row',
            row.map((value) => ({ value }))
          )
        }
        request.done()
      })
    }
  }
  const connection = new SqlServerConnection({
    dialect: sqlServerDialect,
    driver: { Request, TYPES: { NVarChar: 'nvarchar' } } as never,
    session: session as never,
    clock: systemClock,
    answerLimitMs: null,
    isolation: 'DEFAULT'
  })
  return { connection, asked }
}

const failure = (number: number): Error =>
  Object.assign(new Error(`error ${number}`), { number, code: 'EREQUEST' })
const orders: TableId = { catalog: 'shop', schema: 'dbo', table: 'orders' }
const ROWS = { fetchRows: 10, table: orders }

describe('the columns of a table of SQL Server', () => {
  const id = ['id', 'bigint', 0, 1, 1, 0]
  const paid = ['paid', 'money', 0, 0, null, 0]
  const from = ['valid_from', 'datetime2(7)', 0, 0, null, 1]

  it('that SELECT * leaves out are not read, and are told apart', async () => {
    const { connection, asked } = scripted((sql) =>
      sql.includes('key_ordinal') ? [id, paid, from] : sql.includes('column_id,') ? [[1]] : []
    )
    const columns = await connection.describeTable(orders)
    assert.deepEqual(
      columns.map(({ name, isInvisible }) => [name, isInvisible]),
      [
        ['id', false],
        ['paid', false],
        ['valid_from', true]
      ]
    )
    const stream = await connection.query('SELECT * FROM [shop].[dbo].[orders]', [], ROWS)
    const sent = asked.at(-1) ?? ''
    assert.doesNotMatch(sent, /valid_from/)
    assert.equal(stream.sql, sent, 'messages show what was sent')
    const described = asked.find((sql) => sql.includes('key_ordinal')) ?? ''
    assert.match(described, /c\.is_hidden = 1 OR c\.is_sparse = 1 AND EXISTS .*is_column_set = 1/)
  })

  it('are asked for again only when they changed', async () => {
    let columns = [id, paid]
    const { connection, asked } = scripted((sql) => {
      if (sql.includes('key_ordinal')) return columns
      return sql.includes('column_id,') ? columns.map(([name]) => [name]) : []
    })
    const described = (): number => asked.filter((sql) => sql.includes('key_ordinal')).length
    for (let polls = 0; polls < 5; polls++) {
      await (await connection.query('SELECT * FROM [shop].[dbo].[orders]', [], ROWS)).next()
    }
    assert.equal(described(), 1)
    columns = [id, paid, ['note', 'nvarchar(10)', 1, 0, null, 0]]
    await connection.query('SELECT * FROM [shop].[dbo].[orders]', [], ROWS)
    assert.equal(described(), 2)
    assert.match(asked.at(-1) ?? '', /\[orders\]\.\[note\]/)
  })

  it('are asked for each time where a server does not tell what would change', async () => {
    const { connection, asked } = scripted((sql) => (sql.includes('key_ordinal') ? [id] : []))
    for (let polls = 0; polls < 3; polls++) {
      await connection.query('SELECT * FROM [shop].[dbo].[orders]', [], ROWS)
    }
    assert.equal(asked.filter((sql) => sql.includes('key_ordinal')).length, 3)
  })

  it('are known on releases that hide none', async () => {
    const { connection, asked } = scripted((sql) =>
      sql.includes('c.is_hidden') ? failure(207) : [id]
    )
    assert.equal((await connection.describeTable(orders)).length, 1)
    await connection.describeTable(orders)
    assert.equal(asked.length, 3, 'it is not tried again')
  })

  it('have indexes; of a view nothing is known', async () => {
    const of = async (rows: Row[], isTable: boolean): Promise<unknown> =>
      await scripted((sql) =>
        sql.includes('sys.indexes') ? rows : isTable ? [[1]] : []
      ).connection.indexesOf(orders)
    assert.deepEqual(
      await of(
        [
          ['pk', 'id'],
          ['changes', 'at'],
          ['changes', 'id']
        ],
        true
      ),
      [['id'], ['at', 'id']]
    )
    assert.deepEqual(await of([], true), [])
    assert.equal(await of([], false), null)
  })
})

describe('names on SQL Server', () => {
  it('a catalog is one by its name, and several only by a percent sign', async () => {
    const { connection, asked } = scripted((sql, binds) =>
      sql.includes('sys.databases')
        ? [['sh_1'], ['shop']]
        : [[sql.includes('[shop]') ? 'shop' : 'other', 'dbo', String(binds.at(-1))]]
    )
    const filter = { schemaPattern: null, types: ['TABLE'], names: ['t'] }
    await connection.listTables({ ...filter, catalogPattern: 'sh_p' })
    assert.match(asked[0] ?? '', /FROM \[sh_p\]\.sys\.objects/)
    const found = await connection.listTables({ ...filter, catalogPattern: 'sh_%' })
    assert.equal(found.length, 2)
    assert.match(asked[1] ?? '', /FROM sys\.databases WHERE name LIKE @p1 ESCAPE '\\'/)
  })

  it('a pattern has no wildcards that JDBC does not have', async () => {
    const binds: unknown[] = []
    const { connection } = scripted((_sql, given) => {
      binds.push(...given)
      return []
    })
    const filter = { catalogPattern: null, types: ['TABLE'], names: null }
    await connection.listTables({ ...filter, schemaPattern: 'a[b]_%', prefix: 'x[_', atMost: 5 })
    assert.deepEqual(binds, ['a\\[b]_%', 'x\\[\\_%'])
  })

  it('a schema and a table name the only table they can mean', async () => {
    const { connection } = scripted(() => [
      ['shop', 'sales', 'customers'],
      ['shop', 'dbo', 'customers'],
      ['shop', 'dbo', 'Orders']
    ])
    const chosen = async (entry: string): Promise<string[]> => {
      const selection = {
        whitelist: [entry],
        blacklist: [],
        include: [],
        exclude: [],
        catalogPattern: null,
        schemaPattern: null,
        types: ['TABLE']
      }
      const { tables } = await selectTables(connection, selection as never)
      return tables.map(({ schema, table }) => `${schema}.${table}`)
    }
    assert.deepEqual(await chosen('sales.customers'), ['sales.customers'])
    assert.deepEqual(await chosen('[dbo].[customers]'), ['dbo.customers'])
    assert.deepEqual(await chosen('dbo.orders'), ['dbo.Orders'])
    assert.deepEqual(await chosen('hr.customers'), [])
  })
})

describe('values of SQL Server in text', () => {
  const text = (type: string): string =>
    exactExpression('x', sqlServerColumn('x', true, type)) ?? ''

  it('I5: money has its four digits, whatever a style makes of it; the advice for a query says the same', () => {
    const wanted = 'CONVERT(varchar(50), CAST(x AS decimal(19,4)))'
    assert.equal(text('money'), wanted)
    assert.equal(text('smallmoney'), wanted)
    const money = sqlServerColumn('x', true, 'money')
    assert.ok(money.type === 'decimal')
    assert.throws(
      () => money.read(922_337_203_685_477.6),
      (error: Error) => {
        assert.ok(error.message.includes(wanted), error.message)
        return true
      }
    )
  })

  it('I5: an sql_variant keeps the digits, seconds and bytes of what is in it', () => {
    const variant = text('sql_variant')
    for (const [type, as] of [
      [`'float','real'`, 'CAST(x AS float), 3)'],
      [`'money','smallmoney'`, 'CAST(x AS decimal(19,4)))'],
      [`'datetime','smalldatetime'`, 'CAST(x AS datetime), 121)'],
      [`'binary','varbinary'`, 'CAST(x AS varbinary(8000)), 2)']
    ] as const) {
      assert.ok(variant.includes(`IN (${type}) THEN CONVERT(nvarchar(max), ${as}`), type)
    }
    assert.match(variant, /ELSE CONVERT\(nvarchar\(4000\), x\) END$/)
  })
})

describe('the self-check of SQL Server', () => {
  const findings = async (row: Row, isolation: 'DEFAULT' | 'SQL_SERVER_SNAPSHOT' = 'DEFAULT') =>
    await sqlServerFindings(
      (sql) => Promise.resolve(sql.includes('is_read_committed') ? [row] : [['16.0.1', '+02:00']]),
      isolation
    )

  it('warns where reading waits for the locks of writers, and says the way out', async () => {
    const of = async (...args: Parameters<typeof findings>): Promise<string> =>
      (await findings(...args))
        .filter(({ level }) => level === 'warn')
        .map(({ text }) => text)
        .join()
    assert.match(await of([0, 0]), /waits for the locks.*READ_COMMITTED_SNAPSHOT/)
    assert.match(await of([0, 1]), /transaction\.isolation\.mode=SQL_SERVER_SNAPSHOT, which/)
    assert.equal(await of([1, 0]), '')
    assert.equal(await of([0, 1], 'SQL_SERVER_SNAPSHOT'), '')
    assert.match(JSON.stringify(await findings([1, 0])), /SQL Server 16\.0\.1.*\+02:00/)
  })
})

describe('errors of SQL Server', () => {
  it('have the state and number of the JVM driver; a session that is over is said to be', () => {
    const error = Object.assign(failure(207), { state: 1 })
    assert.deepEqual(driverCodes(sqlServerError(error, 'x')), { state: 'S0001', number: 207 })
    const over = Object.assign(
      new Error('Requests can only be made in the LoggedIn state, not the Final state'),
      { code: 'EINVALIDSTATE' }
    )
    assert.match(sqlServerError(over, 'SQL Server did not answer').message, /the session has ended/)
    const oracle = Object.assign(new Error('ORA-00942: x'), { code: 'ORA-00942', errorNum: 942 })
    const mysql = Object.assign(new Error('x'), { errno: 1064, sqlState: '42000' })
    const postgres = Object.assign(new Error('x'), { code: '42P01' })
    const of = (cause: Error): unknown =>
      driverCodes(databaseError('x', { retriable: false, cause }))
    assert.deepEqual(of(oracle), { state: '42000', number: 942 })
    assert.deepEqual(of(mysql), { state: '42000', number: 1064 })
    assert.deepEqual(of(postgres), { state: '42P01', number: 0 })
  })
})

describe('rows of SQL Server that others write', () => {
  it('are told: subscriptions, merge replication, linked servers, rowsets; other databases are watched too', async () => {
    const of = async (row: Row | null, query: string | null = null) =>
      await sqlServerCopies(() => Promise.resolve(row === null ? [] : [row]), {
        table: query === null ? orders : null,
        query
      })
    assert.match(
      String((await of(['orders', 'the copy of a subscription', null])).why),
      /orders is/
    )
    assert.deepEqual(await of([null, null, 'archive']), { why: null, databases: ['archive'] })
    assert.deepEqual(await of(null), { why: null, databases: [] })
    assert.match(String((await of(null, 'SELECT * FROM OPENQUERY(far, 1)')).why), /openquery/)
    const refused = await sqlServerCopies(
      () => Promise.reject(databaseError('no', { retriable: false, code: 229 })),
      { table: orders, query: null }
    )
    assert.deepEqual(refused, { why: null, databases: [] })
  })

  it('I6: of another database count like those of the own one', async () => {
    const { connection, asked } = scripted((sql) =>
      sql.includes('Updateability')
        ? [['READ_WRITE']]
        : sql.includes('dm_tran')
          ? [
              ['7', '1', 1],
              ['8', '0', 0]
            ]
          : []
    )
    await connection.describeTable({ catalog: 'archive', schema: 'dbo', table: 't' })
    assert.deepEqual(await connection.openTransactions(), {
      answer: 'seen',
      source: 'sys.dm_tran_active_transactions',
      open: [
        { id: '7', ageMs: 2000 },
        { id: '8', ageMs: 1000, readsOnly: true }
      ]
    })
    const statement = asked.at(-1) ?? ''
    assert.match(statement, /database_id IN \(DB_ID\(\), DB_ID\(@p1\)\)/)
    assert.doesNotMatch(statement, /DATEDIFF_BIG/)
  })

  it('I6: a question that fails for once says nothing of what may be seen', async () => {
    const of = async (code: number): Promise<string> =>
      (await sqlServerTransactions(() => Promise.reject(sqlServerError(failure(code), 'x')))).answer
    assert.equal(await of(300), 'unseen')
    assert.equal(await of(50_000), 'later')
  })
})
