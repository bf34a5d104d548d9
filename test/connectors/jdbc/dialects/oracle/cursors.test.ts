import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { encodedOffset, type SourceRecord } from '../../../../../src/data/record.ts'
import {
  type Config,
  cursorOf,
  field,
  fields,
  startJdbcTask,
  StoredOffsets
} from '../../../../support/jdbc-source.ts'
import { type OracleServer, startOracleServer } from '../../../../support/oracle/oracle-server.ts'

interface TimeType {
  readonly type: string
  /** The function around the bind. */
  readonly bind: string
  /** The n-th moment the type can hold from 2024-06-01 10:00:00 on, as a literal. */
  literal(step: number): string
  /** The same in nanoseconds. */
  readonly stepNanos: number
}

const fraction = (step: number, digits: number): string => String(step).padStart(digits, '0')

const TIME_TYPES: readonly TimeType[] = [
  {
    type: 'DATE',
    bind: 'TO_DATE',
    literal: (step) => `TO_DATE('2024-06-01 10:00:${fraction(step, 2)}', 'YYYY-MM-DD HH24:MI:SS')`,
    stepNanos: 1_000_000_000
  },
  {
    type: 'TIMESTAMP(0)',
    bind: 'TO_TIMESTAMP',
    literal: (step) => `TIMESTAMP '2024-06-01 10:00:${fraction(step, 2)}'`,
    stepNanos: 1_000_000_000
  },
  {
    type: 'TIMESTAMP(6)',
    bind: 'TO_TIMESTAMP',
    literal: (step) => `TIMESTAMP '2024-06-01 10:00:00.${fraction(step, 6)}'`,
    stepNanos: 1000
  },
  {
    type: 'TIMESTAMP(9)',
    bind: 'TO_TIMESTAMP',
    literal: (step) => `TIMESTAMP '2024-06-01 10:00:00.${fraction(step, 9)}'`,
    stepNanos: 1
  },
  {
    type: 'TIMESTAMP(9) WITH TIME ZONE',
    bind: 'TO_TIMESTAMP_TZ',
    // The same instants in one zone and another.
    literal: (step) =>
      `TIMESTAMP '2024-06-01 ${step % 2 === 0 ? '10' : '15'}:${step % 2 === 0 ? '00' : '30'}:00.${fraction(step, 9)} ${step % 2 === 0 ? '+00:00' : '+05:30'}'`,
    stepNanos: 1
  },
  {
    type: 'TIMESTAMP(9) WITH LOCAL TIME ZONE',
    bind: 'CAST(TO_TIMESTAMP_TZ',
    literal: (step) => `TIMESTAMP '2024-06-01 10:00:00.${fraction(step, 9)} +00:00'`,
    stepNanos: 1
  }
]
/** The id in an offset: beyond 2^63 in a field of its own, which the JVM connector does not look at. */
function idOf({ sourceOffset }: SourceRecord): string {
  const offset = encodedOffset(sourceOffset)
  return String(offset?.['incrementing_exact'] ?? offset?.['incrementing'])
}

const START_MS = Date.UTC(2024, 5, 1, 10)

describe('cursors of Oracle', () => {
  let server: OracleServer
  let tables = 0
  before(async () => {
    server = await startOracleServer()
  })
  after(async () => {
    assert.deepEqual(server.control.failures, [])
    await server.stop()
  })
  async function createTable(columns: string, ...rows: string[]): Promise<string> {
    tables += 1
    const table = `T${tables}`
    await server.control.execute(`CREATE TABLE ${table} (${columns})`)
    await insert(table, ...rows)
    return table
  }
  async function insert(table: string, ...rows: string[]): Promise<void> {
    await server.control.execute(rows.map((row) => `INSERT INTO ${table} VALUES (${row})`))
  }
  const settings = (table: string, mode: string, more: Config = {}): Config => ({
    'connection.url': `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`,
    'connection.user': server.user,
    'connection.password': server.password,
    'schema.pattern': server.user,
    'topic.prefix': 'x-',
    'poll.interval.ms': '10',
    'numeric.mapping': 'best_fit',
    'table.whitelist': table,
    mode,
    ...(mode.includes('incrementing') ? { 'incrementing.column.name': 'ID' } : {}),
    ...(mode.includes('timestamp') ? { 'timestamp.column.name': 'TS' } : {}),
    ...more
  })
  async function read(config: Config, count: number, offsets = new StoredOffsets()) {
    const task = await startJdbcTask(config, offsets)
    try {
      const records = await task.read(count)
      offsets.commit(records)
      return records
    } finally {
      await task.stop()
    }
  }
  /** What the server was asked about a table, since the last time. */
  function asked(table: string): string[] {
    const statements = server.control.statements
      .map(({ sql }) => sql)
      .filter((sql) => sql.startsWith(`SELECT * FROM "APP"."${table}"`))
    server.control.clearStatements()
    return statements
  }

  for (const { type, bind, literal, stepNanos } of TIME_TYPES) {
    it(`I6: rows one step of ${type} apart are neither repeated nor skipped`, async () => {
      for (const mode of ['timestamp', 'timestamp+incrementing']) {
        const rows = Array.from({ length: 9 }, (_, step) => `${step}, ${literal(step)}`)
        const table = await createTable(
          `ID NUMBER(18) NOT NULL, TS ${type} NOT NULL`,
          ...rows.slice(0, 5)
        )
        const offsets = new StoredOffsets()
        const first = await read(settings(table, mode), 5, offsets)
        assert.deepEqual(fields(first, 'ID'), [0, 1, 2, 3, 4], mode)
        const nanos = (step: number): number => step * stepNanos
        assert.deepEqual(
          first.map(({ sourceOffset }) => {
            const { timestamp, timestamp_nanos } = cursorOf(sourceOffset) ?? {}
            return [timestamp, timestamp_nanos]
          }),
          first.map((_, step) => [
            START_MS + Math.floor(nanos(step) / 1_000_000),
            nanos(step) % 1_000_000_000
          ]),
          mode
        )
        asked(table)
        await insert(table, ...rows.slice(5))
        const second = await read(settings(table, mode), 4, offsets)
        assert.deepEqual(fields(second, 'ID'), [5, 6, 7, 8], mode)
        assert.deepEqual(await read(settings(table, mode), 0, offsets), [], mode)
        // The column stands alone, so that an index on it serves; only the bind is converted.
        for (const sql of asked(table)) {
          const comparisons = [...sql.matchAll(/(\S+) (?:[<>]=?|=) ([^:]*):\d+/g)]
          assert.ok(comparisons.length >= 2, sql)
          for (const [, left = '', around] of comparisons) {
            assert.match(left, new RegExp(`^\\(*"APP"\\."${table}"\\."(TS|ID)"$`), sql)
            assert.equal(around, left.endsWith('"TS"') ? `${bind}(` : '', sql)
          }
        }
      }
    })
  }

  it('I6: a second of a DATE is read when it is over, so that none of its rows is lost', async () => {
    const clock = Date.UTC(2030, 0, 1, 12, 0, 5, 300)
    const tick = (ms: number): void => server.control.setClockOffset(ms - Date.now())
    const at = (second: number): string =>
      `TO_DATE('2030-01-01 12:00:0${second}', 'YYYY-MM-DD HH24:MI:SS')`
    const table = await createTable(
      'ID NUMBER(9) NOT NULL, TS DATE NOT NULL',
      `1, ${at(4)}`,
      `2, ${at(5)}`
    )
    tick(clock)
    const task = await startJdbcTask(settings(table, 'timestamp'))
    try {
      assert.deepEqual(fields(await task.read(1), 'ID'), [1])
      tick(clock + 300)
      await insert(table, `3, ${at(5)}`)
      assert.deepEqual(fields(await task.poll(), 'ID'), [])
      tick(clock + 1000)
      assert.deepEqual(fields(await task.read(2), 'ID'), [2, 3])
      assert.deepEqual(await task.read(0), [])
    } finally {
      await task.stop()
      server.control.setClockOffset(0)
    }
  })

  it('I6: two columns of one type are compared as the first that is not null', async () => {
    for (const [type, bind, literal] of [
      ['DATE', 'TO_DATE', TIME_TYPES[0]?.literal],
      ['TIMESTAMP(6)', 'TO_TIMESTAMP', TIME_TYPES[2]?.literal]
    ] as const) {
      const at = (step: number): string => literal?.(step) ?? ''
      const table = await createTable(
        `ID NUMBER(9) NOT NULL, CHANGED ${type}, CREATED ${type} NOT NULL`,
        `1, NULL, ${at(1)}`,
        `2, ${at(3)}, ${at(0)}`,
        `3, NULL, ${at(2)}`
      )
      const config = settings(table, 'timestamp', { 'timestamp.column.name': 'CHANGED,CREATED' })
      const offsets = new StoredOffsets()
      assert.deepEqual(fields(await read(config, 3, offsets), 'ID'), [1, 3, 2])
      await server.control.execute(`UPDATE ${table} SET CHANGED = ${at(4)} WHERE ID = 1`)
      asked(table)
      const later = await read(config, 1, offsets)
      assert.deepEqual(fields(later, 'ID'), [1])
      const [sql = ''] = asked(table)
      assert.ok(
        sql.includes(
          `COALESCE("APP"."${table}"."CHANGED","APP"."${table}"."CREATED") > ${bind}(:1`
        ),
        sql
      )
    }
  })

  it('I6: columns of DATE and TIMESTAMP together are refused', async () => {
    const table = await createTable(
      'ID NUMBER(9) NOT NULL, A DATE, B TIMESTAMP(6) NOT NULL',
      "1, NULL, TIMESTAMP '2024-06-01 10:00:00'"
    )
    const config = settings(table, 'timestamp', { 'timestamp.column.name': 'A,B' })
    await assert.rejects(
      read(config, 1),
      /Timestamp columns of type DATE and TIMESTAMP cannot be compared with one another: A DATE, B TIMESTAMP\(6\)/
    )
  })

  it('I6: ids of any size are followed digit by digit', async () => {
    const ids = [
      '-5',
      '9007199254740992',
      '9007199254740993',
      '9223372036854775807',
      '9223372036854775808',
      '99999999999999999999999999999999999998'
    ]
    const last = '99999999999999999999999999999999999999'
    for (const type of ['NUMBER(38)', 'NUMBER', 'INTEGER']) {
      const table = await createTable(`ID ${type} NOT NULL`, ...ids)
      const offsets = new StoredOffsets()
      const first = await read(settings(table, 'incrementing'), ids.length, offsets)
      assert.deepEqual(first.map(idOf), ids, type)
      // Whichever row was stored last, exactly those behind it follow.
      for (const [index, { sourcePartition, sourceOffset }] of first.entries()) {
        const from = new StoredOffsets()
        from.set(sourcePartition, sourceOffset)
        const rest = await read(settings(table, 'incrementing'), ids.length - 1 - index, from)
        assert.equal(rest.length, ids.length - 1 - index, `${type} behind ${ids[index]}`)
      }
      asked(table)
      await insert(table, last)
      const later = await read(settings(table, 'incrementing'), 1, offsets)
      assert.equal(later.length, 1)
      assert.equal(later.map(idOf)[0], last)
      if (type === 'NUMBER') assert.equal(field(later[0], 'ID'), last)
      for (const sql of asked(table)) {
        assert.ok(sql.includes(`WHERE "APP"."${table}"."ID" > :1 ORDER BY`), sql)
      }
    }
  })

  it('I5: an id with digits behind the dot is an error that names the row', async () => {
    const table = await createTable('ID NUMBER NOT NULL PRIMARY KEY', '1', '1.5')
    await assert.rejects(
      read(settings(table, 'incrementing'), 2),
      /row \(ID=1\.5\): Scale of Decimal value for incrementing column must be 0: 1\.5/
    )
  })
})
