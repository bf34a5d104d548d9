import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  checkPlaceholders,
  describableQuery,
  hasPlaceholders,
  queryParts
} from '../../../../src/connectors/jdbc/sql/query-text.ts'
import { postgresUrl } from '../../../support/environment.ts'
import type { Config } from '../../../support/jdbc-source.ts'
import { errorsOf } from '../../../support/validation-errors.ts'

describe('the text of a query', () => {
  it('has placeholders outside of strings, quoted names and comments only', () => {
    assert.deepEqual(queryParts('SELECT * FROM t WHERE ${bounds} AND a > ${ timestamp.from }'), [
      'SELECT * FROM t WHERE ',
      { kind: 'bounds', of: null },
      ' AND a > ',
      { kind: 'timestamp.from' },
      ''
    ])
    assert.deepEqual(queryParts('… ${bounds("O")}'), ['… ', { kind: 'bounds', of: '"O"' }, ''])
    for (const text of [
      "SELECT '${bounds}', 'it''s ${bounds}'",
      'SELECT "${bounds}", `${other}` FROM t',
      'SELECT 1 -- ${bounds} ${other}',
      'SELECT /* ${bounds}\n */ 1',
      'SELECT $x$ ${bounds} $x$, $$ ${other} $$',
      "SELECT a::text, b->>'x', v$session.sid, :name FROM t -- ${",
      'SELECT ${file:/etc/x:key}'
    ]) {
      assert.deepEqual(queryParts(text), [text])
      assert.ok(!hasPlaceholders(text))
    }
    assert.ok(hasPlaceholders("SELECT 'a' FROM t -- x\nWHERE ${bounds}"))
  })

  it('can be described without bounds', () => {
    assert.equal(
      describableQuery(
        "SELECT '${bounds}' FROM t WHERE ${bounds} AND ${bounds(o)} AND a > ${timestamp.from}"
      ),
      "SELECT '${bounds}' FROM t WHERE (1=1) AND (1=1) AND a > NULL"
    )
  })

  it('is refused with a placeholder that is not known', () => {
    assert.throws(
      () => queryParts('SELECT ${bound}'),
      /\$\{bound\} stands for nothing in a query.*Did you mean bounds\?/s
    )
    assert.throws(() => queryParts('SELECT ${order}'), /there are \$\{bounds\}, /)
  })

  it('I6: is refused when single bounds are not those its mode needs', () => {
    const check =
      (text: string, mode: Parameters<typeof checkPlaceholders>[1], limited = false) =>
      () =>
        checkPlaceholders(text, mode, limited)
    assert.throws(
      check('${timestamp.from}', 'incrementing'),
      /mode incrementing knows no such bound/
    )
    assert.throws(check('${incrementing.from}', 'bulk'), /mode bulk knows no such bound/)
    assert.throws(
      check('${timestamp.from}', 'timestamp'),
      /not \$\{timestamp\.to\}: mode timestamp would lose/
    )
    assert.throws(
      check('${timestamp.from} ${timestamp.to}', 'timestamp+incrementing'),
      /not \$\{incrementing\.from\}/
    )
    assert.throws(
      check('${timestamp.from} ${timestamp.to}', 'timestamp', true),
      /needs \$\{bounds\}/
    )
    check('${timestamp.from} ${bounds}', 'timestamp')()
    check('${timestamp.from} ${timestamp.to}', 'timestamp')()
    check('${bounds}', 'bulk')()
    check('SELECT 1', 'timestamp', true)()
  })

  it('is validated with the configuration', async () => {
    const url = new URL(postgresUrl())
    const base: Config = {
      'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
      'connection.user': url.username,
      'connection.password': url.password,
      mode: 'incrementing',
      'incrementing.column.name': 'id'
    }
    const error = async (more: Config): Promise<string> =>
      JSON.stringify(await errorsOf({ ...base, ...more }))
    const rows = 'SELECT 1 AS id WHERE'
    assert.equal(await error({ query: `${rows} \${bounds}` }), '{}')
    assert.match(await error({ query: `${rows} \${bonds}` }), /Did you mean bounds/)
    assert.match(
      await error({ query: `${rows} \${timestamp.to}` }),
      /mode incrementing knows no such bound/
    )
    assert.match(
      await error({ query: `${rows} \${bounds}`, mode: 'timestamp' }),
      /'timestamp\.column\.name' must be provided when using mode 'timestamp' with placeholders/
    )
    const masked = await error({ 'query.masked': `${rows} \${secret_thing}` })
    assert.match(masked, /"query\.masked":.*a placeholder in it is not known/)
    assert.doesNotMatch(masked, /secret_thing/)
  })
})
