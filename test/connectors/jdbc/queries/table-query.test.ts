import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Column, TimestampColumn } from '../../../../src/connectors/jdbc/database/database.ts'
import { dialects } from '../../../../src/connectors/jdbc/dialects/dialects.ts'
import { positionOf, UNSET } from '../../../../src/connectors/jdbc/positions/source-offset.ts'
import type { Mode } from '../../../../src/connectors/jdbc/database/mode.ts'
import {
  endReading,
  endsInComment,
  limits,
  readyForMore,
  tableQuery
} from '../../../../src/connectors/jdbc/queries/table-query.ts'
import type { QueryShape } from '../../../../src/connectors/jdbc/queries/bound-query.ts'
import { TimeZone } from '../../../../src/connectors/jdbc/values/time-zone.ts'
import { timestampOfMs } from '../../../../src/connectors/jdbc/values/timestamp.ts'

const postgres = dialects.find((dialect) => dialect.displayName === 'PostgreSQL')
const utc = new TimeZone('UTC')
const facts = { databaseType: 'x', nullable: false }
const stamp = (name: string, resolutionNanos = 1000): TimestampColumn => ({
  ...facts,
  name,
  type: 'timestamp',
  hasZone: false,
  resolutionNanos,
  read: () => undefined
})
const id: Column = { ...facts, name: 'id', type: 'int64', read: Number }

function shape(mode: Mode, timestamps = ['ts'], suffix = ''): QueryShape {
  assert.ok(postgres !== undefined)
  return {
    dialect: postgres,
    select: 'SELECT * FROM "s"."t"',
    mode,
    suffix,
    timestamps: timestamps.map((name) => ({ sql: `"s"."t"."${name}"`, column: stamp(name) })),
    id: { sql: '"s"."t"."id"', column: id }
  }
}
const end = timestampOfMs(86_400_000)

describe('queries', () => {
  it('have the shapes of the JVM connector, with a plain lower bound beside its pair', () => {
    const from = positionOf({ timestamp: 1, timestamp_nanos: 1_000_500, incrementing: 5 })
    const sql = (mode: Mode, timestamps?: string[]): [string, readonly unknown[]] => {
      const query = tableQuery(
        shape(mode, timestamps),
        from,
        mode.startsWith('timestamp') ? end : null,
        utc
      )
      return [query.sql, query.binds]
    }
    assert.deepEqual(sql('bulk'), ['SELECT * FROM "s"."t"', []])
    assert.deepEqual(sql('incrementing'), [
      'SELECT * FROM "s"."t" WHERE "s"."t"."id" > $1::bigint ORDER BY "s"."t"."id" ASC',
      ['5']
    ])
    assert.deepEqual(sql('timestamp'), [
      'SELECT * FROM "s"."t" WHERE "s"."t"."ts" > $1::timestamp AND "s"."t"."ts" < $2::timestamp ORDER BY "s"."t"."ts" ASC',
      ['1970-01-01 00:00:00.001000', '1970-01-02 00:00:00.000000']
    ])
    assert.deepEqual(sql('timestamp+incrementing', ['a', 'b']), [
      'SELECT * FROM "s"."t" WHERE COALESCE("s"."t"."a","s"."t"."b") < $1::timestamp AND COALESCE("s"."t"."a","s"."t"."b") >= $2::timestamp AND ((COALESCE("s"."t"."a","s"."t"."b") = $3::timestamp AND "s"."t"."id" > $4::bigint) OR COALESCE("s"."t"."a","s"."t"."b") > $5::timestamp) ORDER BY COALESCE("s"."t"."a","s"."t"."b"),"s"."t"."id" ASC',
      [
        '1970-01-02 00:00:00.000000',
        '1970-01-01 00:00:00.001000',
        '1970-01-01 00:00:00.001000',
        '5',
        '1970-01-01 00:00:00.001000'
      ]
    ])
  })

  it('I6: have no lower bound before anything was read: no row is too old', () => {
    assert.equal(
      tableQuery(shape('incrementing'), UNSET, null, utc).sql,
      'SELECT * FROM "s"."t" WHERE "s"."t"."id" IS NOT NULL ORDER BY "s"."t"."id" ASC'
    )
    assert.equal(
      tableQuery(shape('timestamp'), UNSET, end, utc).sql,
      'SELECT * FROM "s"."t" WHERE "s"."t"."ts" < $1::timestamp ORDER BY "s"."t"."ts" ASC'
    )
  })

  it('end with the suffix, and take no values when the query swallows what is appended', () => {
    assert.match(
      tableQuery(shape('incrementing', [], 'LIMIT 5'), UNSET, null, utc).sql,
      / ASC LIMIT 5$/
    )
    const commented = { ...shape('incrementing'), select: 'SELECT * FROM t --' }
    assert.deepEqual(tableQuery(commented, positionOf({ incrementing: 1 }), null, utc).binds, [])
    assert.ok(endsInComment("select '--' from t -- "))
    assert.ok(!endsInComment("select '--' from t"))
    assert.ok(!endsInComment('select 1 from t -- all of it'))
    assert.equal(readyForMore('select 1 from t # all'), 'select 1 from t # all\n')
    assert.equal(readyForMore('select 1 -- one\nfrom t'), 'select 1 -- one\nfrom t')
    assert.ok(
      limits('FETCH FIRST 5 ROWS ONLY') && limits('limit 5') && !limits('FOR READ ONLY WITH UR')
    )
  })

  it('I6: end at a step of the column that is over', () => {
    const now = { ms: 10_999, nanos: 999_999_999, hasZone: true }
    assert.deepEqual(endReading(now, 0, [stamp('ts', 1_000_000_000)], utc), timestampOfMs(10_000))
    assert.deepEqual(endReading(now, 500, [stamp('ts', 1_000_000)], utc), timestampOfMs(10_499))
    assert.deepEqual(
      endReading(now, 0, [stamp('ts', 1000), stamp('t2', 1_000_000_000)], utc),
      timestampOfMs(10_000)
    )
  })

  it('compare with the wall clock of the database when that is all it tells', () => {
    const shanghai = new TimeZone('Asia/Shanghai')
    const now = { ...timestampOfMs(36_000_000), hasZone: false }
    assert.deepEqual(endReading(now, 0, [stamp('ts')], shanghai), timestampOfMs(36_000_000))
    assert.deepEqual(
      endReading({ ...now, hasZone: true }, 0, [stamp('ts')], shanghai),
      timestampOfMs(36_000_000 + 8 * 3_600_000)
    )
  })
})
