import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import type {
  Column,
  OpenOptions,
  TimestampColumn
} from '../../../../../src/connectors/jdbc/database/database.ts'
import { sqlServerError } from '../../../../../src/connectors/jdbc/dialects/sqlserver/errors.ts'
import { sessionStatement } from '../../../../../src/connectors/jdbc/dialects/sqlserver/session.ts'
import {
  bracketed,
  describeQueryStatement,
  describeStatement,
  exactSelect,
  listStatements
} from '../../../../../src/connectors/jdbc/dialects/sqlserver/dictionary.ts'
import { sqlServerColumn } from '../../../../../src/connectors/jdbc/dialects/sqlserver/types.ts'
import {
  type SqlServerTarget,
  sqlServerTarget
} from '../../../../../src/connectors/jdbc/dialects/sqlserver/target.ts'
import { sqlServerDialect } from '../../../../../src/connectors/jdbc/dialects/sqlserver/dialect.ts'
import { tableSql } from '../../../../../src/connectors/jdbc/database/table-name.ts'
import { ConfigError, isRetriable } from '../../../../../src/errors.ts'
import { openOptions } from '../../../../support/open-dialect.ts'

const column = (type: string, name = 'c'): Column => sqlServerColumn(name, true, type)
const timestamp = (type: string): TimestampColumn => column(type) as TimestampColumn
const target = (
  rest: string,
  properties: Record<string, string> = {},
  over: Partial<OpenOptions> = {}
): SqlServerTarget =>
  sqlServerTarget(openOptions(sqlServerDialect, { url: `jdbc:${rest}`, properties }, over))

const configurationOf = ({ addresses, configuration }: SqlServerTarget) =>
  configuration(addresses[0] as SqlServerTarget['addresses'][number], 5000)

void describe("A URL of SQL Server's JDBC drivers", () => {
  void it('names host, instance, port and database', () => {
    const cases: [url: string, server: string, options: Record<string, unknown>][] = [
      ['sqlserver://db:1444;databaseName=shop', 'db', { port: 1444, database: 'shop' }],
      ['sqlserver://db;database=shop;encrypt=false', 'db', { port: 1433, encrypt: false }],
      ['sqlserver://db\\SQL2;databaseName=shop', 'db', { instanceName: 'SQL2', port: undefined }],
      ['sqlserver://db\\SQL2:1444', 'db', { port: 1444, instanceName: undefined }],
      ['sqlserver://;serverName=db\\SQL2', 'db', { instanceName: 'SQL2' }],
      ['sqlserver://;serverName=db;portNumber=1500', 'db', { port: 1500 }],
      ['sqlserver://[fe80::1]:1444', 'fe80::1', { port: 1444 }],
      ['jtds:sqlserver://db:1444/shop;instance=X', 'db', { port: 1444, database: 'shop' }],
      ['microsoft:sqlserver://db:1433;DatabaseName=shop', 'db', { database: 'shop' }]
    ]
    for (const [url, server, expected] of cases) {
      const configuration = configurationOf(target(url))
      assert.equal(configuration.server, server, url)
      for (const [key, value] of Object.entries(expected)) {
        assert.equal(
          (configuration.options as Record<string, unknown> | undefined)?.[key],
          value,
          `${url} ${key}`
        )
      }
    }
  })

  void it('is encrypted unless it says otherwise, and trusts only what it is told to', () => {
    const options = (rest: string): unknown => {
      const { encrypt, trustServerCertificate, serverName } =
        configurationOf(target(rest)).options ?? {}
      return [encrypt, trustServerCertificate, serverName]
    }
    assert.deepEqual(options('sqlserver://db'), [true, false, undefined])
    assert.deepEqual(
      options('sqlserver://db;encrypt=strict;trustServerCertificate=true;hostNameInCertificate=x'),
      ['strict', true, 'x']
    )
    assert.throws(() => target('sqlserver://db;encrypt=perhaps'), ConfigError)
  })

  void it('may carry the login; a value in braces may hold semicolons', () => {
    const login = (rest: string, over: Partial<OpenOptions> = {}): unknown =>
      configurationOf(target(rest, {}, over)).authentication
    const user = { userName: 'sa', password: 'a;b}c' }
    assert.deepEqual(login('sqlserver://db;user=sa;password={a;b}}c};encrypt=false'), {
      type: 'default',
      options: user
    })
    assert.deepEqual(login('sqlserver://db;user=sa;password={a;b}}c}', { user: 'app' }), {
      type: 'default',
      options: { ...user, userName: 'app' }
    })
    assert.deepEqual(login('sqlserver://db;password=eyJ'), {
      type: 'azure-active-directory-access-token',
      options: { token: 'eyJ' }
    })
    assert.deepEqual(
      login(
        'sqlserver://db;integratedSecurity=true;authenticationScheme=NTLM;domain=D;user=u;password=p'
      ),
      { type: 'ntlm', options: { userName: 'u', password: 'p', domain: 'D' } }
    )
  })

  void it('I7: is refused with a clear text that shows no password', () => {
    for (const rest of [
      'sqlserver:db:1433',
      'sqlserver://db:99999',
      'sqlserver://db;password=tiger;;=tiger',
      'sqlserver://db;integratedSecurity=true;password=tiger',
      'sqlserver://db;authentication=ActiveDirectoryPassword;password=tiger',
      'sqlserver://db;password=tiger;serverCertificate=/no/such/file.pem'
    ]) {
      assert.throws(
        () => target(rest),
        (error: Error) => error instanceof ConfigError && !/tiger/.test(error.message),
        rest
      )
    }
  })

  void it('takes limits over', () => {
    const given = target('sqlserver://db;loginTimeout=2;socketTimeout=45000;lockTimeout=3000')
    assert.equal(given.loginLimitMs, 2000)
    assert.equal(given.answerLimitMs, 45_000)
    assert.equal(given.session.lockTimeoutMs, 3000)
    assert.equal(target('sqlserver://db;queryTimeout=30').answerLimitMs, 30_000)
    assert.equal(target('sqlserver://db;lockTimeout=-1').session.lockTimeoutMs, -1)
  })

  void it('names the roles of servers and who may take over', () => {
    const given = target(
      'sqlserver://db:1500;failoverPartner=other:1501;applicationIntent=ReadOnly;multiSubnetFailover=true'
    )
    assert.deepEqual(
      given.addresses.map(({ name }) => name),
      ['db:1500', 'other:1501']
    )
    const { readOnlyIntent, multiSubnetFailover } = configurationOf(given).options ?? {}
    assert.deepEqual([readOnlyIntent, multiSubnetFailover], [true, true])
    assert.throws(
      () => target('sqlserver://db;applicationIntent=nonsense'),
      /none of ReadOnly, ReadWrite/
    )
    assert.throws(() => target('sqlserver://db/shop'), /databaseName=/)
    assert.throws(() => target('sqlserver://db,1433;databaseName=x'), ConfigError)
  })

  void it('has properties win over the URL, as in the JDBC driver', () => {
    const { addresses, configuration } = target(
      'sqlserver://h:1;user=u;password=p;databaseName=d',
      { databaseName: 'D', portNumber: '2' },
      { user: 'U' }
    )
    const [address] = addresses
    assert.ok(address !== undefined)
    const { options, authentication } = configuration(address, 1000)
    assert.deepEqual([address.port, options?.database, options?.connectTimeout], [2, 'D', 1000])
    assert.deepEqual(authentication?.options, { userName: 'U', password: 'p' })
  })
})

void describe('A cursor on SQL Server', () => {
  const at = { ms: Date.UTC(2024, 1, 29, 12, 34, 56, 123), nanos: 123_456_789 }

  void it('is bound in exactly the type of its column, cut and never rounded up', () => {
    const cases: [type: string, sql: string, value: string][] = [
      ['datetime2(7)', 'CAST(@p1 AS datetime2(7))', '2024-02-29T12:34:56.1234567'],
      ['datetime2(3)', 'CAST(@p1 AS datetime2(3))', '2024-02-29T12:34:56.123'],
      ['datetime2(0)', 'CAST(@p1 AS datetime2(0))', '2024-02-29T12:34:56'],
      ['datetimeoffset(7)', 'CAST(@p1 AS datetimeoffset(7))', '2024-02-29T12:34:56.1234567+00:00'],
      ['datetime', 'CAST(@p1 AS datetime)', '2024-02-29T12:34:56.123'],
      ['smalldatetime', 'CAST(@p1 AS smalldatetime)', '2024-02-29T12:34:00']
    ]
    for (const [type, sql, value] of cases) {
      assert.deepEqual(sqlServerDialect.bindTimestamp(at, timestamp(type), 1), { sql, value })
    }
  })

  void it('I6: a datetime is bound as the moment it shows, so the last row is not read again', () => {
    const shown = (ms: number): string => {
      const time = { ms, nanos: (ms % 1000) * 1_000_000 }
      return String(sqlServerDialect.bindTimestamp(time, timestamp('datetime'), 1).value).slice(-3)
    }
    // What a datetime shows is .000, .003, .007 and so on; what lies between is cut to the one before.
    assert.deepEqual(
      Array.from({ length: 11 }, (_, ms) => shown(ms)),
      ['000', '000', '000', '003', '003', '003', '003', '007', '007', '007', '010']
    )
    for (let step = 0; step < 300; step++) {
      const ms = Math.round((step * 10) / 3)
      assert.equal(shown(ms), String(ms).padStart(3, '0'), `step ${step}`)
    }
    assert.equal(shown(999), '997')
  })

  void it('compares ids as integers, or as decimals where they may be longer', () => {
    assert.deepEqual(sqlServerDialect.bindId(9_007_199_254_740_993n, column('bigint'), 2), {
      sql: 'CAST(@p2 AS bigint)',
      value: '9007199254740993'
    })
    assert.equal(
      sqlServerDialect.bindId(1, column('decimal(20,0)'), 1).sql,
      'CAST(@p1 AS decimal(38,0))'
    )
  })
})

void describe("SQL Server's types", () => {
  const cases: [type: string, expected: Record<string, unknown>][] = [
    ['bit', { type: 'int8' }],
    ['tinyint', { type: 'int16' }],
    ['smallint', { type: 'int16' }],
    ['int', { type: 'int32' }],
    ['bigint', { type: 'int64' }],
    ['real', { type: 'float32' }],
    ['float', { type: 'float64' }],
    ['decimal(38,10)', { type: 'decimal', precision: 38, scale: 10, numeric: false }],
    ['numeric(18,0)', { type: 'decimal', precision: 18, scale: 0, numeric: true }],
    ['money', { type: 'decimal', precision: 19, scale: 4, numeric: false }],
    ['smallmoney', { type: 'decimal', precision: 10, scale: 4 }],
    ['date', { type: 'date' }],
    ['time(7)', { type: 'time' }],
    ['datetime', { type: 'timestamp', hasZone: false, resolutionNanos: 3_333_333 }],
    ['datetime2(3)', { type: 'timestamp', hasZone: false, resolutionNanos: 1_000_000 }],
    ['datetimeoffset(7)', { type: 'timestamp', hasZone: true, resolutionNanos: 100 }],
    ['smalldatetime', { type: 'timestamp', resolutionNanos: 60_000_000_000 }],
    ['nvarchar(max)', { type: 'string' }],
    ['uniqueidentifier', { type: 'string' }],
    ['xml', { type: 'string' }],
    ['varbinary(16)', { type: 'bytes' }],
    ['timestamp', { type: 'bytes' }],
    ['hierarchyid', { type: 'other' }],
    ['sql_variant', { type: 'other' }]
  ]
  for (const [type, expected] of cases) {
    void it(`${type} is ${JSON.stringify(expected)}`, () => {
      const made = column(type)
      for (const [key, value] of Object.entries(expected)) {
        assert.equal(made[key as keyof Column], value, key)
      }
    })
  }

  void it('I5: a number of a query is exact, or an error that says what to do', () => {
    const money = column('money')
    const long = column('decimal(38,10)', 'price')
    assert.ok(money.type === 'decimal' && long.type === 'decimal')
    assert.equal(money.read(-12.5), '-12.5000')
    assert.equal(money.read('922337203685477.5807'), '922337203685477.5807')
    assert.equal(long.read(12_345.678_901_234_5), '12345.6789012345')
    assert.throws(() => long.read(123_456.789_012_345_6), /CONVERT\(varchar\(50\), price\)/)
    const id = column('bigint')
    assert.ok(id.type === 'int64')
    assert.equal(id.read('9007199254740993'), 9_007_199_254_740_993n)
    assert.equal(id.read('42'), 42)
  })
})

void describe('The driver of SQL Server, as installed', () => {
  const load = createRequire(import.meta.url)
  const { readValue } = load('tedious/lib/value-parser') as {
    readValue(buffer: Buffer, offset: number, metadata: object, options: object): { value: unknown }
  }
  const { TYPE } = load('tedious/lib/data-type') as { TYPE: Record<string, { name: string }> }
  const read = (type: string, bytes: number[], more: object = {}): unknown =>
    readValue(
      Buffer.from(bytes),
      0,
      { type: Object.values(TYPE).find(({ name }) => name === type), ...more },
      { useUTC: true }
    ).value

  void it('I5: keeps a hundred nanoseconds of datetime2 and datetimeoffset', () => {
    // 12:34:56.1234567 in ticks of 100 ns, then days since 0001-01-01 of 2024-02-29, then the offset in
    // minutes.
    const ticks = 452_961_234_567
    const day = 738_944
    const bytes = [...little(ticks, 5), ...little(day, 3)]
    const parts = { ms: 0, nanos: 0 }
    timestamp('datetime2(7)').read(read('DateTime2', [8, ...bytes], { scale: 7 }), parts)
    assert.deepEqual(parts, { ms: Date.UTC(2024, 1, 29, 12, 34, 56, 123), nanos: 123_456_700 })
    const zoned = read('DateTimeOffset', [10, ...bytes, 0x4a, 0x01], { scale: 7 })
    timestamp('datetimeoffset(7)').read(zoned, parts)
    assert.deepEqual(parts, { ms: Date.UTC(2024, 1, 29, 12, 34, 56, 123), nanos: 123_456_700 })
  })

  void it('I5: its decimals are exact up to fifteen digits', () => {
    const made = column('decimal(15,3)')
    assert.ok(made.type === 'decimal')
    const raw = read('NumericN', [9, 0, ...little(899_999_999_999_999, 8)], {
      precision: 15,
      scale: 3
    })
    assert.equal(made.read(raw), '-899999999999.999')
  })

  void it('shows a datetime as the milliseconds that are bound again', () => {
    const parts = { ms: 0, nanos: 0 }
    timestamp('datetime').read(read('DateTime', [...little(45_349, 4), ...little(1, 4)]), parts)
    assert.equal(parts.nanos, 3_000_000)
  })

  void it('reports a server that is not there as an error that may pass', async () => {
    const options = openOptions(sqlServerDialect, {
      url: 'jdbc:sqlserver://127.0.0.1:1;encrypt=false',
      user: 'sa',
      password: 'tiger'
    })
    await assert.rejects(sqlServerDialect.open(options), (error: Error) => {
      assert.match(error.message, /^Could not connect to SQL Server at 127\.0\.0\.1:1: /)
      assert.doesNotMatch(JSON.stringify(error) + String(error.stack), /tiger/)
      return isRetriable(error)
    })
  })
})

function little(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) % 256)
}

void describe("SQL Server's SQL", () => {
  void it('quotes names in brackets; a table without a schema is of dbo', () => {
    assert.equal(bracketed('a]b'), '[a]]b]')
    const table = { catalog: 'shop', schema: null, table: 'or]ders' }
    assert.equal(tableSql(sqlServerDialect, table, true), '[shop].[dbo].[or]]ders]')
  })

  void it('I5: names the columns of a table, those that would lose digits as text', () => {
    const columns = [
      column('bigint', 'id'),
      column('decimal(38,10)', 'pri]ce'),
      column('money', 'paid'),
      column('hierarchyid', 'node'),
      column('datetime2(7)', 'ts')
    ]
    const rest = '[shop].[dbo].[a b] WHERE [shop].[dbo].[a b].[id] > CAST(@p1 AS bigint)'
    const t = '[shop].[dbo].[a b]'
    assert.equal(
      exactSelect(`SELECT * FROM ${rest}`, columns),
      `SELECT ${t}.[id], CONVERT(varchar(50), ${t}.[pri]]ce]) AS [pri]]ce], CONVERT(varchar(50), CAST(${t}.[paid] AS decimal(19,4))) AS [paid], ${t}.[node].ToString() AS [node], ${t}.[ts] FROM ${rest}`
    )
    assert.equal(
      exactSelect('SELECT * FROM dbo.orders', [column('int', 'id')]),
      'SELECT dbo.orders.[id] FROM dbo.orders'
    )
  })

  void it('lists and describes with names as binds', () => {
    const filter = { catalogPattern: null, schemaPattern: null, types: ['TABLE', 'VIEW'] }
    const [statement] = listStatements({ ...filter, names: ['Orders'] })
    assert.match(
      statement?.sql ?? '',
      /o\.type IN \('U','V'\).*\(o\.name IN \(@p1\) OR LOWER\(o\.name\) IN \(@p2\)\)/
    )
    assert.deepEqual(statement?.binds, ['Orders', 'orders'])
    assert.deepEqual(listStatements({ ...filter, names: [] }), [])
    assert.deepEqual(listStatements({ ...filter, names: null, types: ['ALIAS'] }), [])
    const many = Array.from({ length: 2500 }, (_, index) => `t${index}`)
    assert.deepEqual(
      listStatements({ ...filter, names: many }).map(({ binds }) => binds.length),
      [2000, 2000, 1000]
    )
    const [other] = listStatements({ ...filter, catalogPattern: "o'x", names: null })
    assert.match(other?.sql ?? '', /^SELECT N'o''x', .* FROM \[o'x\]\.sys\.objects/)
    const described = describeStatement({ catalog: 'shop', schema: null, table: 'orders' })
    assert.match(described.sql, /FROM \[shop\]\.sys\.columns c/)
    assert.deepEqual(described.binds, ['dbo', 'orders'])
    assert.deepEqual(describeQueryStatement('SELECT 1', 2).binds, [
      'SELECT 1',
      '@p1 nvarchar(4000), @p2 nvarchar(4000)'
    ])
  })

  void it('sets the isolation asked for', () => {
    const statement = (rest: string, isolation: OpenOptions['isolation'] = 'DEFAULT'): string =>
      sessionStatement(target(`sqlserver://db${rest}`, {}, { isolation }).session)
    assert.match(statement('', 'SQL_SERVER_SNAPSHOT'), /ISOLATION LEVEL SNAPSHOT;/)
    assert.match(
      statement(''),
      /ISOLATION LEVEL READ COMMITTED; SET LOCK_TIMEOUT -1; SET TEXTSIZE \d+$/
    )
    assert.match(statement(';defaultTransactionIsolation=SNAPSHOT'), /ISOLATION LEVEL SNAPSHOT;/)
    assert.match(
      statement(
        ';lockTimeout=3000;quotedIdentifier=OFF;concatNullYieldsNull=off',
        'REPEATABLE_READ'
      ),
      /REPEATABLE READ; SET LOCK_TIMEOUT 3000; .*; SET QUOTED_IDENTIFIER OFF; SET CONCAT_NULL_YIELDS_NULL OFF/
    )
  })
})

void describe('An error of SQL Server', () => {
  const error = (facts: object): Error => Object.assign(new Error('x'), facts)
  void it('may pass when it is a deadlock, a lost connection, a busy or moving database', () => {
    for (const number of [
      1205, 1222, 10053, 10054, 10060, 10928, 10929, 40197, 40501, 40613, 49918, 49919, 49920
    ]) {
      assert.ok(isRetriable(sqlServerError(error({ number, code: 'EREQUEST' }), 'x')), `${number}`)
    }
    for (const code of ['ESOCKET', 'ETIMEOUT', 'ECLOSE', 'ECONNRESET']) {
      assert.ok(isRetriable(sqlServerError(error({ code }), 'x')), code)
    }
    const both = new AggregateError([error({ number: 3621 }), error({ number: 1205 })], 'several')
    assert.ok(isRetriable(sqlServerError(both, 'x')))
  })

  void it('is final when it would come again', () => {
    const facts = { sql: 'SELECT 1' }
    for (const [number, more] of [
      [18456, {}],
      [102, {}],
      [208, { missing: true }],
      [207, { missing: true }],
      [229, { missing: true }]
    ] as const) {
      const made = sqlServerError(error({ number, code: 'EREQUEST' }), 'x', 'SELECT 1')
      assert.ok(!isRetriable(made), `${number}`)
      assert.deepEqual(made.facts, { ...facts, ...more, code: number })
    }
    assert.ok(!isRetriable(sqlServerError(error({ code: 'ELOGIN' }), 'x')))
  })
})
