import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Connection } from '../../../../../src/connectors/jdbc/database/database.ts'
import { sqliteDialect } from '../../../../../src/connectors/jdbc/dialects/sqlite/dialect.ts'
import { openOptions, rowsOf } from '../../../../support/open-dialect.ts'
import { openSqliteFile } from '../../../../support/sqlite-file.ts'

/**
 * Counts to a number in SQLite: a statement that takes as long as one likes, and answers one row at its end.
 */
const counting = (to: number): string =>
  `WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ${to}) SELECT max(x) AS n FROM c`

async function openConnection(t: TestContext): Promise<Connection> {
  const { url, close } = openSqliteFile()
  t.after(close)
  const connection = await sqliteDialect.open(openOptions(sqliteDialect, { url }))
  t.after(() => connection.close())
  return connection
}

describe('statements of SQLite', () => {
  it('I9: run beside everything else, however long one takes', async (t) => {
    const connection = await openConnection(t)
    let turns = 0
    const turn = (): void => {
      turns += 1
      next = setImmediate(turn)
    }
    let next = setImmediate(turn)
    t.after(() => clearImmediate(next))
    const before = turns
    assert.deepEqual(await rowsOf(connection, counting(2_000_000)), [[2_000_000n]])
    assert.ok(turns - before > 100, `${turns - before} turns of the event loop`)
  })

  it('I8: free whoever waits at once when the connection is aborted', async (t) => {
    const connection = await openConnection(t)
    const running = connection.query(counting(30_000_000), [], { fetchRows: 10, table: null })
    const settled = assert.rejects(running, { code: 'DATABASE_UNAVAILABLE' })
    // A tenth of the work.
    let controlled = false
    const other = await openConnection(t)
    const control = rowsOf(other, counting(3_000_000)).then(() => {
      controlled = true
    })
    connection.abort()
    await settled
    assert.equal(controlled, false)
    await control
    await assert.rejects(connection.describeTable({ catalog: null, schema: null, table: 'x' }), {
      code: 'DATABASE_UNAVAILABLE'
    })
  })

  it('open no more once the task is to stop', async (t) => {
    const { url, close } = openSqliteFile()
    t.after(close)
    const stop = new AbortController()
    const opening = sqliteDialect.open(openOptions(sqliteDialect, { url }, { signal: stop.signal }))
    stop.abort()
    await assert.rejects(opening, { code: 'DATABASE_UNAVAILABLE' })
  })
})
