import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Clock, systemClock } from '../../../../src/clock.ts'
import { jdbcSourceConfig } from '../../../../src/connectors/jdbc/settings/source-config.ts'
import { sourceSettings } from '../../../../src/connectors/jdbc/settings/source-settings.ts'
import { TableMonitor } from '../../../../src/connectors/jdbc/tables/table-monitor.ts'
import { type Config, startJdbcConnector } from '../../../support/jdbc-source.ts'
import { createMysqlDatabase, type TestDatabase } from '../../../support/mysql-database.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'
import { recordingLog } from '../../../support/recording-log.ts'
import { sqliteShop } from '../../../support/sqlite-shop.ts'
import { startDatabaseProxy, type TcpProxy } from '../../../support/tcp-proxy.ts'
import { until } from '../../../support/until.ts'

interface Looking {
  readonly monitor: TableMonitor
  /** How long was waited before each look but the first, in milliseconds. */
  readonly pauses: number[]
  readonly failures: unknown[]
  readonly lines: readonly string[]
  changes(): number
  /** Lets so many pauses pass, one after the other. */
  pass(count: number): Promise<void>
}

/** A monitor over time that passes only when it is told to. */
async function looking(t: TestContext, config: Config): Promise<Looking> {
  const pauses: number[] = []
  const wakes: (() => void)[] = []
  let nowMs = 0
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    sleep(ms, signal) {
      const [, , caller] = new Error().stack?.split('\n') ?? []
      return new Promise((resolve) => {
        signal?.addEventListener('abort', () => resolve(), { once: true })
        // The limit of a wait is no pause: for it no time passes.
        if (caller?.includes('/src/wait.ts') === true) return
        pauses.push(ms)
        wakes.push(() => {
          nowMs += ms
          resolve()
        })
      })
    }
  }
  const { log, lines } = recordingLog()
  const failures: unknown[] = []
  let changes = 0
  const monitor = new TableMonitor(
    sourceSettings(new Map(Object.entries(config)), jdbcSourceConfig),
    log,
    { onChange: () => void (changes += 1), onFailure: (error) => void failures.push(error) },
    clock
  )
  t.after(() => monitor.stop())
  return {
    monitor,
    pauses,
    failures,
    lines,
    changes: () => changes,
    async pass(count) {
      for (let passed = 0; passed < count; passed++) {
        const wake = await until(() => wakes.shift(), 'it waits for its next look')
        wake()
      }
      await until(() => wakes.length > 0 || failures.length > 0, 'it has looked')
    }
  }
}

describe('the monitor of tables', () => {
  const shop = (t: TestContext) => {
    const made = sqliteShop('CREATE TABLE a (id INTEGER PRIMARY KEY)')
    t.after(() => made.close())
    return made
  }

  it('looks for a table that the whitelist names and that is not there soon, then less and less often', async (t) => {
    const { config, database } = shop(t)
    const { monitor, pauses, changes, pass } = await looking(t, {
      ...config,
      'table.whitelist': 'a,b'
    })
    await monitor.start()
    assert.equal((await monitor.take())?.length, 1)
    await pass(8)
    assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    assert.equal(changes(), 0)
    database.exec('CREATE TABLE b (id INTEGER PRIMARY KEY)')
    await pass(1)
    assert.equal(changes(), 1)
    assert.equal((await monitor.take())?.length, 2)
  })

  it('looks for a table that went away soon, and with nothing missed after table.poll.interval.ms', async (t) => {
    const { config, database } = shop(t)
    const { monitor, pauses, changes, pass } = await looking(t, config)
    await monitor.start()
    await monitor.take()
    await pass(1)
    database.exec('ALTER TABLE a RENAME TO b')
    await pass(1)
    await monitor.take()
    database.exec('ALTER TABLE b RENAME TO a')
    await pass(1)
    assert.deepEqual(pauses.slice(0, 3), [60_000, 60_000, 1000])
    assert.equal(changes(), 2)
  })

  it('looks again soon where the tables could not be listed', async (t) => {
    const { config, database } = shop(t)
    const { monitor, pauses, lines, pass } = await looking(t, config)
    await monitor.start()
    await monitor.take()
    database.exec('BEGIN EXCLUSIVE')
    await pass(3)
    database.exec('ROLLBACK')
    await pass(1)
    assert.match(lines.join(), /could not be listed, trying again later: .* locked/)
    assert.deepEqual(pauses, [60_000, 1000, 2000, 4000, 8000])
  })

  it('never waits for longer than table.poll.interval.ms', async (t) => {
    const { config } = shop(t)
    const { monitor, pauses, pass } = await looking(t, {
      ...config,
      'table.whitelist': 'a,b',
      'table.poll.interval.ms': '300'
    })
    await monitor.start()
    await pass(2)
    assert.deepEqual(pauses, [300, 300, 300])
  })
})

/** `connections`: of one attempt that is refused. */
function servers(
  name: string,
  create: () => Promise<TestDatabase>,
  refused: RegExp,
  connections: number
): void {
  describe(`the monitor of tables on ${name}`, () => {
    async function behindProxy(t: TestContext): Promise<{ proxy: TcpProxy; config: Config }> {
      const db = await create()
      t.after(() => db.close())
      await db.exec('CREATE TABLE a (id BIGINT PRIMARY KEY)')
      const url = db.config['connection.url']
      const [, host = ''] = /\/\/([^/]+)\//.exec(url) ?? []
      const proxy = await startDatabaseProxy(host)
      t.after(() => proxy.close())
      const config = {
        ...db.config,
        'connection.url': url.replace(host, proxy.address),
        'connection.attempts': '3',
        'connection.backoff.ms': '700',
        'topic.prefix': 'x-',
        mode: 'bulk',
        'table.whitelist': 'a'
      }
      return { proxy, config }
    }

    it('what refuses its account is final after connection.attempts, with growing pauses between them', async (t) => {
      const { proxy, config } = await behindProxy(t)
      const { monitor, failures, lines, pauses, pass } = await looking(t, {
        ...config,
        'connection.user': 'nobody',
        'connection.password': 'wrong'
      })
      await monitor.start()
      // Whoever waits for the first list waits no longer than that.
      const taken = assert.rejects(monitor.take(), refused)
      await until(async () => {
        if (failures.length === 0) await pass(1)
        return failures.length > 0
      }, 'it gives up')
      await taken
      assert.equal(proxy.accepted, 3 * connections)
      assert.match(String(failures[0]), refused)
      const attempts = lines.filter((line) => line.includes(' to connect to '))
      assert.deepEqual(
        attempts.map((line) => /Attempt (\d of \d) .* next in (\d+) ms/.exec(line)?.slice(1)),
        [
          ['1 of 3', '700'],
          ['2 of 3', '1400'],
          ['3 of 3', '2800']
        ]
      )
      assert.ok(pauses.every((ms) => ms === 700))
    })

    it('a database that is away is tried again and again, connection.backoff.ms apart, until it is there', async (t) => {
      const { proxy, config } = await behindProxy(t)
      proxy.cut()
      const { monitor, failures, pauses, pass } = await looking(t, config)
      await monitor.start()
      await pass(7)
      assert.deepEqual(failures, [])
      assert.deepEqual(new Set(pauses), new Set([700]))
      assert.equal(proxy.accepted, 8)
      proxy.resume()
      await pass(1)
      assert.equal((await monitor.take())?.length, 1)
      assert.equal(pauses.at(-1), 60_000)
    })

    it('a connector whose database is away has a task that waits, and gets its tables when the database is there', async (t) => {
      const { proxy, config } = await behindProxy(t)
      proxy.cut()
      const { connector, taskConfigs, reconfigurations, errors } = await startJdbcConnector({
        ...config,
        'connection.backoff.ms': '50',
        'table.monitoring.startup.polling.limit.ms': '100'
      })
      t.after(() => connector.stop())
      assert.deepEqual(
        taskConfigs.map((task) => [task.get('tables'), task.get('tables.fetched')]),
        [['', 'false']]
      )
      proxy.resume()
      await until(() => reconfigurations() > 0, 'it asks for new task configurations')
      const [task] = await connector.taskConfigs(1)
      assert.equal(task?.get('tables.fetched'), 'true')
      assert.match(task?.get('tables') ?? '', /\ba\b/)
      assert.deepEqual(errors, [])
    })
  })
}

servers('PostgreSQL', createPostgresDatabase, /password authentication failed|does not exist/, 1)
// Its server has no TLS, which each attempt asks for first.
servers('MariaDB', createMysqlDatabase, /Access denied/, 2)
