import assert from 'node:assert/strict'
import { afterEach, before, after, describe, it } from 'node:test'
import {
  type Config,
  fields,
  startJdbcTask,
  StoredOffsets
} from '../../../../support/jdbc-source.ts'
import { type OracleServer, startOracleServer } from '../../../../support/oracle/oracle-server.ts'
import { until } from '../../../../support/until.ts'

const ROWS = 200
const ALL = Array.from({ length: ROWS }, (_, id) => id)

/** Everything a person could get to see of an error. */
function everyText(error: unknown): string {
  const texts: string[] = []
  for (let one = error; one instanceof Error; one = one.cause) {
    texts.push(one.message, one.stack ?? '', JSON.stringify(one))
  }
  return texts.join('\n')
}

describe('errors of Oracle', () => {
  let server: OracleServer
  let tables = 0
  before(async () => {
    server = await startOracleServer()
  })
  after(() => server.stop())
  afterEach(async () => {
    server.control.clearFaults()
    server.control.refuseLogons(null)
    await server.control.openListener()
    assert.deepEqual(server.control.failures, [])
  })
  const settings = (table: string, more: Config = {}): Config => ({
    'connection.url': `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`,
    'connection.user': server.user,
    'connection.password': server.password,
    'connection.attempts': '100',
    'connection.backoff.ms': '50',
    'schema.pattern': server.user,
    'topic.prefix': 'x-',
    'poll.interval.ms': '10',
    'numeric.mapping': 'best_fit',
    'table.whitelist': table,
    mode: 'incrementing',
    'incrementing.column.name': 'ID',
    'batch.max.rows': '10',
    ...more
  })
  async function createTable(rows: number): Promise<string> {
    tables += 1
    const table = `T${tables}`
    await server.control.execute([
      `CREATE TABLE ${table} (ID NUMBER(9) NOT NULL, TS TIMESTAMP(6) DEFAULT TIMESTAMP '2024-01-01 00:00:00' NOT NULL)`,
      ...ALL.slice(0, rows).map((id) => `INSERT INTO ${table} (ID) VALUES (${id})`)
    ])
    return table
  }

  it('I7: a logon that is refused is tried as often as configured, and no text shows the password', async () => {
    const table = await createTable(1)
    const password = 'Sesame/open@9'
    for (const [more, code] of [
      [{ 'connection.password': password }, 1017],
      [{ 'connection.user': 'nobody', 'connection.password': password }, 1017],
      [{}, 28_000]
    ] as const) {
      if (code === 28_000) server.control.refuseLogons(code)
      const logons = server.control.logons
      await assert.rejects(
        startJdbcTask(settings(table, { ...more, 'connection.attempts': '1' })),
        (error: Error) => {
          assert.match(error.message, new RegExp(`ORA-${String(code).padStart(5, '0')}`))
          const shown = everyText(error)
          assert.ok(!shown.includes(password) && !shown.includes(server.password), shown)
          return true
        }
      )
      assert.equal(server.control.logons - logons, 1, `ORA-${code} was tried again`)
    }
  })

  it('I8: a listener that is closed or does not know the service yet is asked again, then all goes on', async () => {
    for (const [close, open] of [
      [() => server.control.closeListener(), () => server.control.openListener()],
      ...[12_514, 12_541].map((code) => [
        () => Promise.resolve(server.control.refuseLogons(code)),
        () => Promise.resolve(server.control.refuseLogons(null))
      ])
    ] as [() => Promise<void>, () => Promise<void>][]) {
      const table = await createTable(3)
      const task = await startJdbcTask(settings(table))
      try {
        assert.deepEqual(fields(await task.read(3), 'ID'), [0, 1, 2])
        await close()
        server.control.dropSessions()
        await server.control.execute(`INSERT INTO ${table} (ID) VALUES (3)`)
        const waited = performance.now() + 500
        while (performance.now() < waited) assert.deepEqual(await task.poll(), [])
        assert.match(String(task.conditions.at(-1)), /Retrying/)
        await open()
        assert.deepEqual(fields(await task.read(1), 'ID'), [3])
        assert.equal(task.conditions.at(-1), null)
      } finally {
        await task.stop()
      }
    }
  })

  for (const [name, strike] of [
    ['ORA-03113', () => server.control.failNext(3113, { on: 'fetch', sql: /FROM "APP"/ })],
    ['ORA-01555', () => server.control.failNext(1555, { on: 'fetch', sql: /FROM "APP"/ })],
    ['a cut connection', () => server.control.dropMidFetch(50, { sql: /FROM "APP"/ })]
  ] as [string, () => void][]) {
    it(`I6: after ${name} in mid-fetch the next row follows the last one emitted`, async () => {
      for (const mode of ['incrementing', 'timestamp+incrementing']) {
        const table = await createTable(ROWS)
        const offsets = new StoredOffsets()
        const more = mode === 'incrementing' ? {} : { mode, 'timestamp.column.name': 'TS' }
        const task = await startJdbcTask(settings(table, more), offsets)
        try {
          const ids: unknown[] = []
          for (let polls = 0; polls < 400 && ids.length < ROWS; polls++) {
            if (polls === 2) strike()
            ids.push(...fields(await task.poll(), 'ID'))
          }
          assert.deepEqual(ids, ALL, mode)
          assert.match(String(task.conditions.find((text) => text !== null)), /Retrying/)
          assert.equal(task.conditions.at(-1), null)
        } finally {
          await task.stop()
        }
      }
    })
  }

  it('a table that is gone is a condition with its name and the statement, until there is one again', async () => {
    const table = await createTable(1)
    const task = await startJdbcTask(settings(table))
    try {
      await task.read(1)
      await server.control.execute(`DROP TABLE ${table}`)
      const gone = await until(async () => {
        assert.deepEqual(await task.poll(), [])
        return task.conditions.at(-1)
      }, 'the table is missed')
      const statement = `SELECT * FROM "APP"."${table}" WHERE "APP"."${table}"."ID" > :1 ORDER BY "APP"."${table}"."ID" ASC`
      assert.equal(
        gone,
        `Retrying (1): table APP.${table}: Oracle did not run the query: ORA-00942: table or view does not exist (at character 15). Statement: ${statement}`
      )
    } finally {
      await task.stop()
    }
  })

  it('I8: stopping breaks a query off, long before it would end, and so does its session', async () => {
    const table = await createTable(1)
    const task = await startJdbcTask(settings(table))
    await task.read(1)
    server.control.delayNext(20_000, { sql: new RegExp(`FROM "APP"."${table}"`) })
    let stopped = false
    const polling = (async () => {
      while (!stopped) assert.deepEqual(await task.poll(), [])
    })()
    await until(() => server.control.delayed === 1, 'the query runs')
    const breaks = server.control.breaks
    const asked = performance.now()
    stopped = true
    await task.stop()
    await polling
    assert.ok(performance.now() - asked < 10_000)
    await until(() => server.control.sessions.length === 0, 'the session has ended')
    assert.equal(server.control.breaks, breaks + 1)
  })
})
