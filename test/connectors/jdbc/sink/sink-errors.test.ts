import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isRetriable, messageOf, RetriableError } from '../../../../src/errors.ts'
import { order, startJdbcSink } from '../../../support/jdbc-sink.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'
import { startDatabaseProxy, type TcpProxy } from '../../../support/tcp-proxy.ts'
import { until } from '../../../support/until.ts'

/** What only a server with sessions and locks shows. */
describe('A JDBC sink task whose database', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>
  let proxy: TcpProxy
  before(async () => {
    database = await createPostgresDatabase()
    const url = database.config['connection.url'] ?? ''
    const [, address = ''] = /\/\/([^/]+)\//.exec(url) ?? []
    proxy = await startDatabaseProxy(address)
  })
  after(async () => {
    await proxy.close()
    await database.close()
  })

  let tables = 0
  const newTable = async (): Promise<string> => {
    const table = `t${++tables}`
    await database.exec(
      `CREATE TABLE ${table} (id integer PRIMARY KEY, name varchar(40), price double precision)`
    )
    return table
  }
  const start = (table: string, config: Readonly<Record<string, string>> = {}) =>
    startJdbcSink({
      ...database.config,
      'table.name.format': table,
      'insert.mode': 'upsert',
      'pk.mode': 'record_key',
      'retry.backoff.ms': '20',
      'retry.backoff.max.ms': '40',
      ...config
    })
  const throughProxy = (): Record<string, string> => ({
    'connection.url': (database.config['connection.url'] ?? '').replace(
      /\/\/[^/]+\//,
      `//${proxy.address}/`
    )
  })
  /** As a worker: a batch that failed for something that passes is put again. */
  const written = (
    sink: Awaited<ReturnType<typeof startJdbcSink>>,
    batch: Parameters<typeof sink.put>[0]
  ): Promise<unknown> =>
    until(
      () =>
        sink.put(batch).then(
          () => true,
          (error: unknown) => {
            assert.ok(error instanceof RetriableError, messageOf(error))
            return false
          }
        ),
      'the batch is written'
    )
  /** Those of sinks, on the server. */
  const endSessions = async (): Promise<void> => {
    for (const pid of await database.sessions()) {
      await database.exec(
        `SELECT pg_terminate_backend(${pid}) WHERE EXISTS (SELECT FROM pg_stat_activity WHERE pid = ${pid} AND application_name LIKE 'sink%')`
      )
    }
  }
  const idsOf = async (table: string): Promise<unknown[]> =>
    (await database.exec(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id)

  it('loses the answer to COMMIT writes each row of an insert once, and hands none on', async () => {
    const table = await newTable()
    const sink = await start(table, { ...throughProxy(), 'insert.mode': 'insert' })
    await sink.put([order(1)])
    for (const happens of [true, false]) {
      const batch = happens ? [order(2), order(3)] : [order(4), order(5)]
      // The request arrives, and its answer does not; or the session is gone before it.
      const word = happens ? 'COMMIT' : 'COPY'
      proxy.loseAnswerTo((piece) => piece.toString('latin1').includes(word))
      await written(sink, batch)
    }
    assert.deepEqual(await idsOf(table), [1, 2, 3, 4, 5])
    assert.deepEqual(sink.reports, [])
    await sink.stop()
  })

  it('I10: ends the session before COMMIT takes no row for one that is there because another was refused', async () => {
    const table = await newTable()
    await database.exec(`ALTER TABLE ${table} ADD CHECK (id <> 6)`)
    let ends = true
    const sink = await startJdbcSink(
      { ...database.config, 'table.name.format': table, 'retry.backoff.ms': '20' },
      {
        // A record is handed over behind the rows, and before COMMIT.
        async onReport() {
          if (!ends) return
          ends = false
          await endSessions()
        }
      }
    )
    const batch = [order(6), order(7), order(8)]
    await written(sink, batch)
    await sink.stop()
    assert.ok(!ends)
    assert.deepEqual(await idsOf(table), [7, 8])
    assert.equal(sink.reports.length, 1)
  })

  it('ends an idle session opens another and says nothing', async () => {
    const table = await newTable()
    const sink = await start(table)
    await sink.put([order(1)])
    await endSessions()
    await sink.put([order(2)])
    await sink.stop()
    assert.deepEqual(await idsOf(table), [1, 2])
    assert.deepEqual(sink.conditions, [])
  })

  it('is away is waited for, and the status says so; no record goes elsewhere (I14)', async () => {
    const table = await newTable()
    const sink = await start(table, { ...throughProxy(), 'max.retries': '0' })
    await sink.put([order(1)])
    proxy.cut()
    for (let attempt = 0; attempt < 4; attempt++) {
      await assert.rejects(sink.put([order(2)]), (error) => error instanceof RetriableError)
    }
    assert.equal(sink.pausesMs.length, 4)
    assert.ok(sink.pausesMs.every((ms) => ms > 0 && ms <= 40))
    assert.match(
      sink.conditions.at(-1) ?? '',
      /^PostgreSQL is away for \d+ s, next attempt in \d+ ms: /
    )
    proxy.resume()
    await sink.put([order(2)])
    await sink.stop()
    assert.equal(sink.conditions.at(-1), null)
    assert.deepEqual(sink.reports, [])
    assert.deepEqual(await idsOf(table), [1, 2])
  })

  it('is away for longer than outage.max.wait.ms fails', async () => {
    const table = await newTable()
    const sink = await start(table, { ...throughProxy(), 'outage.max.wait.ms': '0' })
    proxy.cut()
    await assert.rejects(sink.put([order(1)]), (error) => !(error instanceof RetriableError))
    proxy.resume()
    await sink.stop()
    assert.deepEqual(sink.reports, [])
  })

  it('refuses the login is asked as often as connection.attempts says', async () => {
    const sink = await start('any', {
      'connection.password': 'wrong',
      'connection.user': 'nobody_knows_him',
      'connection.attempts': '2',
      'connection.backoff.ms': '1'
    })
    await assert.rejects(sink.put([order(1)]), /nobody_knows_him/)
    await sink.stop()
    assert.equal(sink.logged.filter((line) => line.includes('refused the login')).length, 1)
  })

  it('refuses a right fails at once, whatever takes bad records', async () => {
    const table = await newTable()
    const role = `reader_${database.name}`
    await database.exec(
      `CREATE ROLE ${role} LOGIN PASSWORD 'r'`,
      `GRANT SELECT ON ${table} TO ${role}`
    )
    const sink = await start(table, { 'connection.user': role, 'connection.password': 'r' })
    await assert.rejects(sink.put([order(1)]), (error) => {
      assert.ok(!(error instanceof RetriableError))
      return /permission denied/.test(messageOf(error))
    })
    await sink.stop()
    await database.exec(`REVOKE ALL ON ${table} FROM ${role}`, `DROP ROLE ${role}`)
    assert.deepEqual(sink.reports, [])
  })

  it('has others in the way tries again, and hands nothing over (I14)', async () => {
    const table = await newTable()
    const sink = await start(table, { 'write.timeout.ms': '1000', 'max.retries': '0' })
    await sink.put([order(1)])
    const other = await database.connect()
    await other('BEGIN', `UPDATE ${table} SET name = 'held' WHERE id = 1`)
    for (let attempt = 0; attempt < 3; attempt++) {
      await assert.rejects(sink.put([order(1, { name: 'mine' })]), (error) => isRetriable(error))
      assert.match(
        sink.conditions.at(-1) ?? '',
        /^Others are in the way for \d+ s, next attempt in/
      )
    }
    await other('COMMIT')
    await sink.put([order(1, { name: 'mine' })])
    await sink.stop()
    assert.deepEqual(sink.reports, [])
    assert.deepEqual(await database.exec(`SELECT name FROM ${table}`), [{ name: 'mine' }])
  })

  it('does what two tasks ask that take the same rows in opposite order', async () => {
    const table = await newTable()
    const sinks = await Promise.all([start(table), start(table)])
    const batch = Array.from({ length: 200 }, (_, id) => order(id))
    for (let round = 0; round < 10; round++) {
      await Promise.all([sinks[0]?.put(batch), sinks[1]?.put(batch.toReversed())])
    }
    for (const sink of sinks) {
      await sink.stop()
      assert.equal(sink.task.progress?.().get('task')?.['retries'], 0)
    }
  })

  const held = async (
    table: string
  ): Promise<{
    readonly release: () => Promise<unknown>
    readonly waits: () => Promise<unknown>
  }> => {
    const other = await database.connect()
    await other('BEGIN', `LOCK TABLE ${table}`)
    return {
      release: () => other('COMMIT'),
      waits: () =>
        until(
          async () => (await database.exec(`SELECT 1 FROM pg_locks WHERE NOT granted`)).length > 0,
          'the task waits for the lock'
        )
    }
  }

  it('I11: commits nothing of partitions that were lost, or not given back in time', async () => {
    for (const [reason, withinMs] of [
      ['lost', 0],
      ['rebalance', 50]
    ] as const) {
      const table = await newTable()
      const sink = await start(table)
      const lock = await held(table)
      const put = assert.rejects(sink.put([order(1)]), (error) => error instanceof RetriableError)
      await lock.waits()
      sink.revoke({ reason, partitions: [{ topic: 'orders', partition: 0 }], withinMs })
      await put
      await lock.release()
      await sink.stop()
      assert.deepEqual(await idsOf(table), [], reason)
    }
  })

  it('I11: commits what ends in time', async () => {
    const table = await newTable()
    const sink = await start(table)
    const lock = await held(table)
    const put = sink.put([order(1)])
    await lock.waits()
    sink.revoke({ reason: 'rebalance', partitions: [], withinMs: 60_000 })
    await lock.release()
    await put
    await sink.stop()
    assert.deepEqual(await idsOf(table), [1])
  })

  it('does not answer is given up when the task stops', async () => {
    const table = await newTable()
    const sink = await start(table)
    const lock = await held(table)
    const put = assert.rejects(sink.put([order(1)]), (error) => error instanceof RetriableError)
    await lock.waits()
    sink.beginStop()
    await put
    await sink.stop()
    await lock.release()
    assert.deepEqual(await idsOf(table), [])
  })
})
