import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import type {
  Column,
  TimestampColumn
} from '../../../../../src/connectors/jdbc/database/database.ts'
import { oracleDialect } from '../../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { oracleError } from '../../../../../src/connectors/jdbc/dialects/oracle/errors.ts'
import { loadDriver } from '../../../../../src/connectors/jdbc/dialects/oracle/client.ts'
import {
  momentOf,
  OracleMoment
} from '../../../../../src/connectors/jdbc/dialects/oracle/moment.ts'
import { listQuestions } from '../../../../../src/connectors/jdbc/dialects/oracle/sql.ts'
import {
  fieldColumn,
  oracleColumn
} from '../../../../../src/connectors/jdbc/dialects/oracle/types.ts'
import { endReading, tableQuery } from '../../../../../src/connectors/jdbc/queries/table-query.ts'
import { TimeZone } from '../../../../../src/connectors/jdbc/values/time-zone.ts'
import { isRetriable } from '../../../../../src/errors.ts'
import { openOptions } from '../../../../support/open-dialect.ts'
import { recordingLog } from '../../../../support/recording-log.ts'

const column = (
  name: string,
  precision: number | null = null,
  scale: number | null = null
): Column => oracleColumn('C', true, { name, precision, scale })
const timestamp = (name: string): TimestampColumn => {
  const made = column(name)
  assert.equal(made.type, 'timestamp')
  return made as TimestampColumn
}
const at = { ms: Date.UTC(2024, 1, 29, 12, 34, 56, 123), nanos: 123_456_789 }

void describe('A cursor on Oracle', () => {
  void it('is bound in exactly the type of its column, so that an index on it serves', () => {
    assert.deepEqual(oracleDialect.bindTimestamp(at, timestamp('DATE'), 1), {
      sql: "TO_DATE(:1, 'YYYY-MM-DD HH24:MI:SS')",
      value: '2024-02-29 12:34:56'
    })
    assert.deepEqual(oracleDialect.bindTimestamp(at, timestamp('TIMESTAMP(9)'), 2), {
      sql: "TO_TIMESTAMP(:2, 'YYYY-MM-DD HH24:MI:SS.FF9')",
      value: '2024-02-29 12:34:56.123456789'
    })
    const instant = "TO_TIMESTAMP_TZ(:3, 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')"
    for (const [zone, sql] of [
      ['TIMESTAMP(6) WITH TIME ZONE', instant],
      ['TIMESTAMP(6) WITH LOCAL TIME ZONE', `CAST(${instant} AS TIMESTAMP(9) WITH LOCAL TIME ZONE)`]
    ] as const) {
      assert.deepEqual(oracleDialect.bindTimestamp(at, timestamp(zone), 3), {
        sql,
        value: '2024-02-29 12:34:56.123456789 +00:00'
      })
    }
    // The driver makes a NUMBER of a bigint's digits.
    assert.deepEqual(oracleDialect.bindId(9_007_199_254_740_993n, column('NUMBER', 38, 0), 4), {
      sql: ':4',
      value: 9_007_199_254_740_993n
    })
  })

  void it('knows the years before our era', () => {
    const ides = { ms: Date.UTC(-43, 2, 15), nanos: 0 }
    assert.deepEqual(oracleDialect.bindTimestamp(ides, timestamp('DATE'), 1), {
      sql: "TO_DATE(:1, 'SYYYY-MM-DD HH24:MI:SS')",
      value: '-0044-03-15 00:00:00'
    })
  })

  void it('makes the whole query of a poll, binds in the order of their places', () => {
    const shape = {
      dialect: oracleDialect,
      select: 'SELECT * FROM "SHOP"."ORDERS"',
      mode: 'timestamp+incrementing' as const,
      timestamps: [{ sql: '"SHOP"."ORDERS"."CHANGED"', column: timestamp('DATE') }],
      id: { sql: '"SHOP"."ORDERS"."ID"', column: column('NUMBER', 19, 0) },
      suffix: ''
    }
    const zone = new TimeZone('UTC')
    const position = { timestamp: at, reading: at, id: 41 }
    const now = { ms: at.ms + 3_600_500, nanos: 623_000_000, hasZone: true }
    const end = endReading(now, 0, [timestamp('DATE')], zone)
    const date = (index: number): string => `TO_DATE(:${index}, 'YYYY-MM-DD HH24:MI:SS')`
    const [ts, id] = ['"SHOP"."ORDERS"."CHANGED"', '"SHOP"."ORDERS"."ID"']
    assert.deepEqual(tableQuery(shape, position, end, zone), {
      sql: `SELECT * FROM "SHOP"."ORDERS" WHERE ${ts} < ${date(1)} AND ${ts} >= ${date(2)} AND ((${ts} = ${date(3)} AND ${id} > :4) OR ${ts} > ${date(5)}) ORDER BY ${ts},${id} ASC`,
      // A second is read when it is over: the bound is the beginning of the present one.
      binds: [
        '2024-02-29 13:34:56',
        '2024-02-29 12:34:56',
        '2024-02-29 12:34:56',
        41,
        '2024-02-29 12:34:56'
      ]
    })
  })

  void it('of several columns is their COALESCE, when they are of one type', () => {
    const [date, stamp] = [timestamp('DATE'), timestamp('TIMESTAMP(6)')]
    assert.equal(oracleDialect.timestampExpression(['"A"'], [date]), '"A"')
    assert.equal(
      oracleDialect.timestampExpression(['"A"', '"B"'], [date, date]),
      'COALESCE("A","B")'
    )
    assert.throws(
      () => oracleDialect.timestampExpression(['"A"', '"B"'], [date, stamp]),
      /DATE and TIMESTAMP cannot be compared/
    )
  })
})

void describe("Oracle's types", () => {
  const cases: [type: Column, expected: Record<string, unknown>][] = [
    [column('NUMBER', 10, 2), { type: 'decimal', precision: 10, scale: 2, numeric: true }],
    [column('NUMBER', 18, -1), { type: 'decimal', precision: 18, scale: -1 }],
    [column('NUMBER', null, 0), { type: 'decimal', precision: 38, scale: 0 }],
    [column('NUMBER'), { type: 'decimal', precision: null, scale: null }],
    [column('FLOAT', 126), { type: 'decimal', precision: null, scale: null }],
    [column('BINARY_FLOAT'), { type: 'float32' }],
    [column('BINARY_DOUBLE'), { type: 'float64' }],
    [column('DATE'), { type: 'timestamp', hasZone: false, resolutionNanos: 1_000_000_000 }],
    [column('TIMESTAMP(6)'), { type: 'timestamp', hasZone: false, resolutionNanos: 1000 }],
    [
      column('TIMESTAMP(9) WITH TIME ZONE'),
      { type: 'timestamp', hasZone: true, resolutionNanos: 1 }
    ],
    [column('TIMESTAMP(0) WITH LOCAL TIME ZONE'), { type: 'timestamp', hasZone: true }],
    [column('VARCHAR2'), { type: 'string' }],
    [column('NCLOB'), { type: 'string' }],
    [column('ROWID'), { type: 'string' }],
    [column('XMLTYPE'), { type: 'string' }],
    [column('JSON'), { type: 'string' }],
    [column('RAW'), { type: 'bytes' }],
    [column('BLOB'), { type: 'bytes' }],
    [column('BOOLEAN'), { type: 'boolean' }],
    [column('INTERVAL DAY(2) TO SECOND(6)'), { type: 'string' }],
    [column('INTERVAL YEAR(2) TO MONTH'), { type: 'string' }],
    [column('VECTOR'), { type: 'other' }],
    [column('MDSYS.SDO_GEOMETRY'), { type: 'other' }]
  ]
  for (const [made, expected] of cases) {
    void it(`${made.databaseType} is ${JSON.stringify(expected)}`, () => {
      for (const [key, value] of Object.entries(expected)) {
        assert.equal(made[key as keyof Column], value, key)
      }
    })
  }

  void it('of a result are those the dictionary would name', () => {
    const field = (dbTypeName: string, precision?: number, scale?: number): string =>
      fieldColumn({
        name: 'C',
        dbTypeName,
        nullable: true,
        ...(precision === undefined ? {} : { precision }),
        ...(scale === undefined ? {} : { scale })
      }).databaseType
    assert.equal(field('NUMBER', 10, 2), 'NUMBER(10,2)')
    assert.equal(field('NUMBER', 38, 0), 'NUMBER(38)')
    assert.equal(field('NUMBER', 0, -127), 'NUMBER')
    assert.equal(field('NUMBER', 126, -127), 'NUMBER')
    assert.equal(field('NUMBER', 18, -1), 'NUMBER(18,-1)')
    assert.equal(field('TIMESTAMP', 3), 'TIMESTAMP(3)')
    assert.equal(field('TIMESTAMP WITH LOCAL TIME ZONE', 6), 'TIMESTAMP(6) WITH LOCAL TIME ZONE')
    assert.equal(field('DATE'), 'DATE')
  })

  void it('I5: are read exactly, or not at all', () => {
    const read = (type: string, raw: unknown): unknown => {
      const made = column(type)
      assert.ok(made.type !== 'timestamp')
      return made.read(raw)
    }
    assert.equal(
      read('NUMBER', '1234567890123456789012345678.0123456789'),
      '1234567890123456789012345678.0123456789'
    )
    assert.throws(() => read('NUMBER', '~'), /no number/)
    for (const infinite of ['-1e126', `1${'0'.repeat(126)}`]) {
      assert.throws(() => read('NUMBER', infinite), /an infinite NUMBER/)
    }
    assert.equal(read('NUMBER', `9${'0'.repeat(125)}`), `9${'0'.repeat(125)}`)
    assert.throws(() => read('NUMBER', 12), /number where text was expected/)
    assert.equal(read('BOOLEAN', true), true)
    assert.equal(read('INTERVAL YEAR(2) TO MONTH', { years: 1, months: 2 }), 'P1Y2M')
    assert.equal(read('INTERVAL YEAR(2) TO MONTH', { years: 0, months: -2 }), '-P2M')
    assert.equal(read('INTERVAL YEAR(2) TO MONTH', { years: 0, months: 0 }), 'P0M')
    const span = { days: -3, hours: -4, minutes: 0, seconds: -6, fseconds: -789_000_000 }
    assert.equal(read('INTERVAL DAY(2) TO SECOND(6)', span), '-P3DT4H6.789S')
    const half = { days: 0, hours: 0, minutes: 0, seconds: 0, fseconds: 500_000_000 }
    assert.equal(read('INTERVAL DAY(2) TO SECOND(6)', half), 'PT0.5S')
    assert.throws(
      () => timestamp('DATE').read(new Date(), { ms: 0, nanos: 0 }),
      /a JS Date, which would lose digits/
    )
    assert.throws(() => read('BFILE', { getData: () => null }), /BFILEs and cursors cannot be read/)
  })
})

void describe('The driver of Oracle, as installed', () => {
  interface Reader {
    caps: { dbTzOffset: number | null; dbTzRegion: string | null }
    parseOracleDate(bytes: Buffer, isWallClock: boolean, isInZoneOfDatabase: boolean): unknown
  }
  loadDriver({ client: null, configDir: null }, recordingLog().log)
  const { BaseBuffer } = createRequire(import.meta.url)(
    'oracledb/lib/impl/datahandlers/buffer.js'
  ) as { BaseBuffer: new (size: number) => Reader }
  const reader = new BaseBuffer(8)
  reader.caps = { dbTzOffset: 330, dbTzRegion: null }
  const wire = (...bytes: number[]): Buffer => Buffer.from(bytes)
  /** 2024-02-29 12:34:56, and 123456789 ns. */
  const DATE = [120, 124, 2, 29, 13, 35, 57]
  const NANOS = [0x07, 0x5b, 0xcd, 0x15]

  void it('I5: hands out every digit of a DATE and TIMESTAMP, whatever the zone of this process', () => {
    const date = reader.parseOracleDate(wire(...DATE), true, false)
    assert.deepEqual(date, new OracleMoment(Date.UTC(2024, 1, 29, 12, 34, 56), 0))
    const stamp = reader.parseOracleDate(wire(...DATE, ...NANOS), true, false)
    assert.deepEqual(stamp, new OracleMoment(at.ms, at.nanos))
    assert.equal(String(stamp), '2024-02-29 12:34:56.123456789')
    const parts = { ms: 0, nanos: 0 }
    timestamp('TIMESTAMP(9)').read(stamp, parts)
    assert.deepEqual(parts, at)
  })

  void it('reads zones as instants: in UTC on the wire, or in the zone of the database', () => {
    const zoned = reader.parseOracleDate(wire(...DATE, ...NANOS, 25, 90), false, false)
    assert.deepEqual(zoned, new OracleMoment(at.ms, at.nanos))
    const local = reader.parseOracleDate(wire(...DATE, ...NANOS), false, true)
    assert.deepEqual(local, new OracleMoment(at.ms - 330 * 60_000, at.nanos))
    reader.caps.dbTzRegion = 'Europe/Berlin'
    assert.throws(() => reader.parseOracleDate(wire(...DATE), false, true), /Europe\/Berlin/)
    reader.caps.dbTzRegion = null
  })

  void it('reads years before our era', () => {
    const ides = reader.parseOracleDate(wire(100, 56, 3, 15, 1, 1, 1), true, false)
    assert.deepEqual(ides, new OracleMoment(Date.UTC(-43, 2, 15), 0))
  })

  void it('reports a server that is not there as an error that may pass', async () => {
    const url = 'jdbc:oracle:thin:@//127.0.0.1:1/orders'
    const options = openOptions(oracleDialect, { url, user: 'scott', password: 'tiger' })
    await assert.rejects(oracleDialect.open(options), (error: Error) => {
      assert.match(error.message, /^Could not connect to Oracle: .*NJS-503.*ECONNREFUSED/)
      assert.doesNotMatch(JSON.stringify(error) + String(error.stack), /tiger/)
      return isRetriable(error)
    })
    const stopping = new AbortController()
    stopping.abort()
    await assert.rejects(
      oracleDialect.open(openOptions(oracleDialect, { url }, { signal: stopping.signal })),
      isRetriable
    )
  })
})

void describe("Oracle's dictionary", () => {
  const filter = { catalogPattern: null, schemaPattern: 'SHOP', types: ['TABLE'] }

  void it('is asked for named tables only, in the spellings an index finds', () => {
    const [question = [], ...more] = listQuestions({ ...filter, names: ['Orders'] })
    assert.deepEqual(more, [])
    assert.deepEqual(question, [
      {
        sql: 'SELECT owner, table_name FROM ALL_TABLES WHERE owner = :1 AND table_name IN (:2,:3,:4) ORDER BY owner, table_name',
        binds: ['SHOP', 'Orders', 'ORDERS', 'orders']
      }
    ])
    assert.deepEqual(listQuestions({ ...filter, names: [] }), [])
  })

  void it('gets at most 1000 names at a time', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `Name_${index}`)
    const statements = listQuestions({ ...filter, names }).flat()
    assert.ok(statements.every(({ binds }) => binds.length <= 1000))
    assert.equal(new Set(statements.flatMap(({ binds }) => binds)).size, 3001)
  })

  void it('is asked for all tables, views and synonyms first without those of the database itself, then plainly', () => {
    const all = { ...filter, types: ['VIEW', 'TABLE', 'SYNONYM', 'ALIAS'], names: null }
    const questions = listQuestions({ ...all, schemaPattern: 'SH%' })
    assert.deepEqual(
      questions.map((ways) => ways.map(({ sql, binds }) => [sql.split(' ')[4], binds])),
      ['ALL_SYNONYMS', 'ALL_TABLES', 'ALL_VIEWS'].map((view, index) =>
        Array.from({ length: index === 2 ? 1 : 2 }, () => [view, ['SH%']])
      )
    )
    const [synonyms, tables] = listQuestions({ ...all, schemaPattern: null })
    assert.match(
      synonyms?.[0]?.sql ?? '',
      /owner <> 'PUBLIC' OR table_owner NOT IN \(SELECT username FROM all_users WHERE oracle_maintained = 'Y'\)/
    )
    assert.deepEqual(
      tables?.map(({ sql }) => sql),
      [
        `SELECT owner, table_name FROM ALL_TABLES WHERE nested = 'NO' AND secondary = 'N' ORDER BY owner, table_name`,
        'SELECT owner, table_name FROM ALL_TABLES ORDER BY owner, table_name'
      ]
    )
  })

  void it('stops at the last table wanted', () => {
    const [question = []] = listQuestions({ ...filter, names: null, prefix: 'Ord', atMost: 500 })
    assert.deepEqual(question.at(-1), {
      sql: "SELECT owner, table_name FROM ALL_TABLES WHERE owner = :1 AND (table_name LIKE :2 ESCAPE '!' OR table_name LIKE :3 ESCAPE '!') AND ROWNUM <= 500",
      binds: ['SHOP', 'Ord%', 'ORD%']
    })
  })
})

void describe("Oracle's own client", () => {
  void it('I5: makes texts of moments, which are read to the last digit', () => {
    for (const [text, shown] of [
      [' 2001-02-03 04:05:06.123456789', '2001-02-03 04:05:06.123456789'],
      [' 2001-02-03 04:05:06.987654321 +05:30', '2001-02-02 22:35:06.987654321'],
      [' 2001-02-03 04:05:06.987654321 -00:30', '2001-02-03 04:35:06.987654321'],
      [' 1582-10-04 00:00:00', '1582-10-04 00:00:00.000000000'],
      ['-0044-03-15 00:00:00', '-0043-03-15 00:00:00.000000000']
    ] as const) {
      assert.equal(String(momentOf(text)), shown)
    }
    assert.equal(momentOf('03-FEB-01'), null)
    const parts = { ms: 0, nanos: 0 }
    timestamp('TIMESTAMP(9)').read(' 2024-02-29 12:34:56.123456789', parts)
    assert.deepEqual(parts, at)
  })
})

void describe('An error of Oracle', () => {
  const error = (message: string, code?: string): Error =>
    Object.assign(new Error(message), code === undefined ? {} : { code })
  const passing = [
    'ORA-03113: end-of-file on communication channel',
    'ORA-01033: ORACLE initialization or shutdown in progress',
    'ORA-12514: TNS:listener does not currently know of service',
    'ORA-01555: snapshot too old',
    'ORA-00028: your session has been killed',
    'ORA-00060: deadlock detected',
    'ORA-02391: exceeded simultaneous SESSIONS_PER_USER limit',
    'ORA-01591: lock held by in-doubt distributed transaction',
    'ORA-01410: invalid ROWID',
    'ORA-12801: error signaled in parallel query server P003',
    'ORA-12801: error signaled in parallel query server P003\nORA-01555: snapshot too old',
    'ORA-12805: parallel query server died unexpectedly',
    'ORA-12850: Could not allocate slaves on all specified instances',
    'ORA-04030: out of process memory',
    'ORA-04036: PGA memory used by the instance exceeds PGA_AGGREGATE_LIMIT',
    'ORA-00040: active time limit exceeded - call aborted',
    'ORA-56735: elapsed time limit exceeded - call aborted',
    'ORA-00257: archiver error',
    'ORA-03172: STANDBY_MAX_DATA_DELAY of 10 seconds exceeded',
    'ORA-30036: unable to extend segment in undo tablespace',
    'ORA-02049: timeout: distributed transaction waiting for lock',
    'ORA-02068: following severe error from SHOP\nORA-03113: end-of-file on communication channel',
    'ORA-00604: error occurred at recursive SQL level 1\nORA-04031: unable to allocate',
    'NJS-500: connection to the Oracle Database was broken\nORA-00600: internal error',
    'NJS-123: call timeout of 45000 ms exceeded',
    'NJS-511: connection to listener refused'
  ]
  for (const message of passing) {
    void it(`${message.split('\n')[0]} may pass`, () => {
      assert.ok(isRetriable(oracleError(error(message), 'x')))
    })
  }
  for (const message of [
    'ORA-01017: invalid username/password; logon denied',
    'ORA-00942: table or view does not exist',
    'ORA-00904: "X": invalid identifier',
    'ORA-01031: insufficient privileges',
    'ORA-28000: the account is locked',
    'ORA-12801: error signaled in parallel query server P003\nORA-01722: invalid number',
    'ORA-00604: error occurred at recursive SQL level 1\nORA-00942: table or view does not exist',
    'NJS-515: error in Easy Connect connection string',
    'NJS-520: cannot connect to Oracle Database. File tnsnames.ora not found'
  ]) {
    void it(`${message} is final`, () => {
      assert.ok(!isRetriable(oracleError(error(message), 'x')))
    })
  }

  void it('names the place in the statement and the code, without the link to the manual', () => {
    const cause = Object.assign(
      error(
        'ORA-00904: "X": invalid identifier\nHelp: https://docs.oracle.com/error-help/db/ora-00904/'
      ),
      { code: 'ORA-00904', offset: 7 }
    )
    const made = oracleError(cause, 'Oracle did not run the query', 'SELECT X FROM T')
    assert.equal(
      made.message,
      'Oracle did not run the query: ORA-00904: "X": invalid identifier (at character 8)'
    )
    assert.deepEqual(made.facts, { missing: true, code: 'ORA-00904', sql: 'SELECT X FROM T' })
  })

  void it('of the network may pass', () => {
    assert.ok(isRetriable(oracleError(error('read ECONNRESET', 'ECONNRESET'), 'x')))
  })
})
