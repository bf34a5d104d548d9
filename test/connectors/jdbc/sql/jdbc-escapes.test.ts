import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mysqlDialect } from '../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import { oracleDialect } from '../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { postgresDialect } from '../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import { nativeQuery } from '../../../../src/connectors/jdbc/sql/jdbc-escapes.ts'
import { queryParts } from '../../../../src/connectors/jdbc/sql/query-text.ts'
import { sqlStretches } from '../../../../src/connectors/jdbc/sql/sql-stretches.ts'
import { postgresUrl } from '../../../support/environment.ts'
import { type Config, field, startJdbcTask } from '../../../support/jdbc-source.ts'
import { errorsOf } from '../../../support/validation-errors.ts'

describe('escapes of JDBC in queries', () => {
  it('are replaced for PostgreSQL as its JVM driver does', () => {
    // Both sides as org.postgresql.jdbc.PgConnection.nativeSQL 42.7.4 answers them.
    for (const [query, native] of [
      [
        "SELECT {ts '2026-11-29 10:00:00'}, {d '2026-11-29'}, {t '10:00:00'}, {fn now()}, {fn ucase(x)}",
        "SELECT TIMESTAMP '2026-11-29 10:00:00', DATE '2026-11-29', TIME '10:00:00', now(), upper(x)"
      ],
      [
        'SELECT {fn dayofmonth(d)}, {fn curdate()}, {fn substring(a,1,2)}, {fn log10(3)}, {fn user()}, {fn abs( -1)}, {fn space(3)}',
        "SELECT extract(day from d), current_date, substr(a,1,2), log(3), user, abs( -1), repeat(' ', 3)"
      ],
      [
        "SELECT * FROM {oj a LEFT OUTER JOIN b ON a.i=b.i} WHERE x LIKE 'a' {escape '|'} AND '{d}'='{d}' AND data ?? 'k' AND d ??| array['a']",
        "SELECT * FROM a LEFT OUTER JOIN b ON a.i=b.i WHERE x LIKE 'a' ESCAPE '|' AND '{d}'='{d}' AND data ? 'k' AND d ?| array['a']"
      ],
      ['SELECT {fn ucase({fn lcase(x)})}', 'SELECT upper(lower(x))'],
      [
        "select '{1,2}'::int[], /* {d '1'} */ \"{fn x()}\", '??' -- {ts",
        "select '{1,2}'::int[], /* {d '1'} */ \"{fn x()}\", '??' -- {ts"
      ],
      ['SELECT {not one} FROM {d', 'SELECT {not one} FROM DATE ']
    ] as const) {
      assert.equal(nativeQuery(postgresDialect, query), native)
    }
  })

  it('leave placeholders alone, and go to servers that know them as they are', () => {
    const query =
      'SELECT * FROM t WHERE ${bounds("O")} AND d > {d \'2026-01-01\'} AND a = ${timestamp.from}'
    const native =
      'SELECT * FROM t WHERE ${bounds("O")} AND d > DATE \'2026-01-01\' AND a = ${timestamp.from}'
    assert.equal(nativeQuery(postgresDialect, query), native)
    assert.equal(nativeQuery(oracleDialect, query), native)
    assert.equal(nativeQuery(mysqlDialect, query), query)
    const literals = "SELECT '{d '' ?? }', q, {fn ifnull(a, 1)} FROM dual WHERE b ?? 1"
    assert.equal(
      nativeQuery(oracleDialect, literals),
      "SELECT '{d '' ?? }', q, nvl(a, 1) FROM dual WHERE b ?? 1"
    )
  })

  it('run', async () => {
    const url = new URL(postgresUrl())
    const config: Config = {
      'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
      'connection.user': url.username,
      'connection.password': url.password,
      'topic.prefix': 'escapes',
      'poll.interval.ms': '3600000',
      mode: 'bulk',
      query: `SELECT {ts '2026-11-29 10:00:00'} AS at, {fn concat({fn lcase('AB')}, 'c')} AS word, '{"k": 1}'::jsonb ?? 'k' AS has`
    }
    assert.deepEqual(await errorsOf(config), {})
    const task = await startJdbcTask(config)
    try {
      const [row] = await task.read(1)
      assert.equal(field(row, 'at'), Date.UTC(2026, 10, 29, 10))
      assert.equal(field(row, 'word'), 'abc')
      assert.equal(field(row, 'has'), true)
    } finally {
      await task.stop()
    }
  })
})

describe('a statement', () => {
  it('I8: is taken apart in one go, whatever it holds', () => {
    const text = "a 'it''s' \"b\"\"c\" `d` -- e\n/* f */ $g$ h $g$ ${i} $j 'k"
    const shown = sqlStretches(text).map(({ kind, text: part }) => `${kind[0]}:${part}`)
    assert.deepEqual(shown, [
      'c:a ',
      "q:'it''s'",
      'c: ',
      'q:"b""c"',
      'c: ',
      'q:`d`',
      'c: ',
      'q:-- e',
      'c:\n',
      'q:/* f */',
      'c: ',
      'q:$g$ h $g$',
      'c: ',
      'p:i',
      "c: $j 'k"
    ])
    const tags = Array.from({ length: 30_000 }, (_, index) => `$t${index}$ `).join('')
    for (const piece of [
      '/*',
      "'",
      '"a',
      '`',
      '${',
      '$$a',
      '$a',
      '-',
      '{ts ',
      '{{',
      '??',
      '$a$b'
    ]) {
      const long = piece.repeat(300_000 / piece.length)
      assert.equal(queryPartsLength(long), long.length, piece)
      assert.ok(nativeQuery(postgresDialect, long).length > 0)
    }
    assert.equal(queryPartsLength(tags), tags.length)
  })
})

function queryPartsLength(query: string): number {
  return queryParts(query).reduce(
    (sum, part) => sum + (typeof part === 'string' ? part.length : 0),
    0
  )
}
