import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { systemClock } from '../../../../src/clock.ts'
import { CommitFences } from '../../../../src/connectors/jdbc/late-commits/commit-fences.ts'
import type {
  Connection,
  OpenTransactions
} from '../../../../src/connectors/jdbc/database/database.ts'
import { mysqlDialect } from '../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import { MysqlTransactions } from '../../../../src/connectors/jdbc/dialects/mysql/open-transactions.ts'
import { postgresDialect } from '../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import { sqlServerTransactions } from '../../../../src/connectors/jdbc/dialects/sqlserver/open-transactions.ts'
import { databaseError } from '../../../../src/connectors/jdbc/database/database.ts'
import { mysqlUrl, postgresUrl, uniqueName } from '../../../support/environment.ts'
import { createMysqlDatabase, type MysqlDatabase } from '../../../support/mysql-database.ts'
import { openOptions } from '../../../support/open-dialect.ts'
import { until } from '../../../support/until.ts'

const ids = (found: OpenTransactions): string[] =>
  found.answer === 'seen' ? found.open.map(({ id }) => id).sort() : [`(${found.answer})`]

/** Asked again for as long as the database would only say what it knew before. */
async function seen(
  connection: Connection
): Promise<Extract<OpenTransactions, { answer: 'seen' }>> {
  return await until(async () => {
    const found = await connection.openTransactions?.()
    assert.notEqual(found?.answer, 'unseen')
    return found?.answer === 'seen' ? found : null
  }, 'open transactions are seen')
}

describe('open transactions of PostgreSQL', () => {
  const name = uniqueName('open').replaceAll('-', '_')
  let admin: pg.Client
  let connection: Connection
  const clients: pg.Client[] = []
  const connect = async (database = name): Promise<pg.Client> => {
    const url = new URL(postgresUrl())
    url.pathname = `/${database}`
    const client = new pg.Client(url.toString())
    await client.connect()
    clients.push(client)
    return client
  }
  before(async () => {
    admin = new pg.Client(postgresUrl())
    await admin.connect()
    await admin.query(`CREATE DATABASE ${name}`)
    const url = new URL(postgresUrl())
    connection = await postgresDialect.open(
      openOptions(postgresDialect, {
        url: `jdbc:postgresql://${url.host}/${name}`,
        user: url.username,
        password: url.password
      })
    )
  })
  after(async () => {
    await connection.close()
    for (const client of clients) await client.end()
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.end()
  })

  /** A session that is just logging in, of whatever database, counts for a moment. */
  const nobody = async (): Promise<void> => {
    await until(async () => ids(await seen(connection)).length === 0, 'nobody is open')
  }

  it('are seen from their first statement on, under one name, until they end', async () => {
    const writer = await connect()
    await writer.query('CREATE TABLE t (id int)')
    await nobody()
    await writer.query('BEGIN; SELECT 1')
    const [reading] = (await seen(connection)).open
    assert.equal(reading?.readsOnly, true)
    assert.equal(typeof reading.ageMs, 'number')
    await writer.query('INSERT INTO t VALUES (1)')
    const [writing] = (await seen(connection)).open
    assert.equal(writing?.id, reading.id)
    assert.equal(writing.readsOnly, undefined)
    await writer.query('COMMIT')
    await nobody()
    await writer.query('BEGIN; INSERT INTO t VALUES (2)')
    assert.notDeepEqual(ids(await seen(connection)), [reading.id], 'another has another name')
    await writer.query('ROLLBACK')
  })

  it('of other databases, of readers for connectors and of the session itself do not count', async () => {
    const elsewhere = await connect('postgres')
    await elsewhere.query('BEGIN; SELECT 1')
    const url = new URL(postgresUrl())
    const reader = await postgresDialect.open(
      openOptions(postgresDialect, {
        url: `jdbc:postgresql://${url.host}/${name}`,
        user: url.username,
        password: url.password
      })
    )
    const stream = await reader.query('SELECT generate_series(1, 10)', [], {
      fetchRows: 2,
      table: null
    })
    await nobody()
    await stream.close()
    await reader.close()
    await elsewhere.query('ROLLBACK')
  })

  it('are seen in the middle of reading as well: the own transaction is known by its process, not by its lock', async () => {
    const stream = await connection.query('SELECT 1', [], { fetchRows: 2, table: null })
    assert.deepEqual(await stream.next(), [['1']])
    // What reads is still in its transaction.
    await nobody()
    await stream.close()
  })

  it('are seen by an account that owns nothing, without their age', async () => {
    const role = `r${process.pid}`
    await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`)
    const url = new URL(postgresUrl())
    const poor = await postgresDialect.open(
      openOptions(postgresDialect, {
        url: `jdbc:postgresql://${url.host}/${name}`,
        user: role,
        password: 'p'
      })
    )
    const writer = await connect()
    await writer.query('BEGIN; SELECT 1')
    const { open } = await seen(poor)
    assert.deepEqual(
      open.map(({ ageMs }) => ageMs),
      [null]
    )
    await writer.query('ROLLBACK')
    await poor.close()
    await admin.query(`DROP ROLE ${role}`)
  })
})

describe('open transactions of MariaDB', () => {
  let db: MysqlDatabase
  let connection: Connection
  before(async () => {
    db = await createMysqlDatabase()
    await db.exec('CREATE TABLE t (id bigint AUTO_INCREMENT PRIMARY KEY)')
    connection = await mysqlDialect.open(
      openOptions(mysqlDialect, {
        url: db.config['connection.url'],
        user: db.config['connection.user'],
        password: db.config['connection.password']
      })
    )
  })
  after(async () => {
    await connection.close()
    await db.close()
  })
  /** This test's own: the server is shared, and shows the transactions of all databases. */
  const mine = async (thread: number): Promise<string[]> =>
    ids(await seen(connection)).filter((id) => id.startsWith(`${thread} `))

  it('are seen from the first table they touch on, under one name, until they end', async () => {
    const writer = await mysql.createConnection({ uri: mysqlUrl(), database: db.name })
    const { threadId } = writer
    await writer.query('BEGIN')
    await writer.query('SELECT * FROM t')
    const reading = (await seen(connection)).open.find(({ id }) => id.startsWith(`${threadId} `))
    assert.equal(reading?.readsOnly, true)
    await writer.query('INSERT INTO t VALUES ()')
    const writing = (await seen(connection)).open.find(({ id }) => id.startsWith(`${threadId} `))
    assert.equal(writing?.id, reading.id)
    assert.equal(writing.readsOnly, undefined)
    await writer.query('INSERT INTO t VALUES ()')
    assert.deepEqual(await mine(threadId), [reading.id])
    await writer.query('COMMIT')
    assert.deepEqual(await mine(threadId), [])
    for (const sql of ['START TRANSACTION READ ONLY', 'SELECT * FROM t']) await writer.query(sql)
    assert.deepEqual(await mine(threadId), [], 'who may only read')
    await writer.query('COMMIT')
    await writer.end()
  })

  it('I6: include statements that wait for a lock of the server, or work out their values, before InnoDB knows them', async () => {
    await db.exec('CREATE TABLE s (id bigint)', 'CREATE TABLE u (at datetime(6), v int)')
    const [writer, blocker] = await Promise.all(
      [1, 2].map(() => mysql.createConnection({ uri: mysqlUrl(), database: db.name }))
    )
    assert.ok(writer !== undefined && blocker !== undefined)
    const { threadId } = writer
    for (const sql of [
      'INSERT INTO u SELECT NOW(6), 1 FROM s',
      '/* by an application */ UPDATE u, s SET u.at = NOW(6)',
      'SELECT * FROM s'
    ]) {
      await blocker.query('LOCK TABLES s WRITE')
      const waiting = writer.query(sql)
      await until(async () => (await mine(threadId)).length > 0, sql)
      assert.deepEqual(await mine(threadId), [`${threadId} statement`], sql)
      await blocker.query('UNLOCK TABLES')
      await waiting
    }
    await writer.query('BEGIN')
    const slow = writer.query(`INSERT INTO u VALUES (NOW(6), GET_LOCK('${db.name}', 30))`)
    await slow
    await writer.query('ROLLBACK')
    const computing = blocker.query(`INSERT INTO u VALUES (NOW(6), GET_LOCK('${db.name}', 30))`)
    await until(async () => (await mine(blocker.threadId)).length > 0, 'it is working')
    assert.deepEqual(await mine(blocker.threadId), [`${blocker.threadId} statement`])
    await writer.query(`SELECT RELEASE_LOCK('${db.name}')`)
    await computing
    await blocker.query('BEGIN')
    await blocker.query('INSERT INTO u VALUES (NOW(6), 1)')
    const found = (await seen(connection)).open.find(({ id }) =>
      id.startsWith(`${blocker.threadId} `)
    )
    assert.equal(found?.was, `${blocker.threadId} statement`)
    await writer.end()
    await blocker.end()
  })

  it('are not believed while the server shows a list that it made before', async () => {
    await seen(connection)
    const soon = await connection.openTransactions?.()
    assert.equal(soon?.answer, 'later')
    // Another session reads the list so often that it is never made anew.
    const monitor = await mysql.createConnection({ uri: mysqlUrl(), database: db.name })
    let reading = true
    const busy = (async () => {
      while (reading) await monitor.query('SELECT 1 FROM information_schema.INNODB_TRX')
    })()
    const transactions = new MysqlTransactions(
      {
        ask: async (sql) => (await writer.query({ sql, rowsAsArray: true }))[0] as unknown[][]
      },
      systemClock
    )
    const writer = await mysql.createConnection({ uri: mysqlUrl(), database: db.name })
    await until(async () => (await transactions.open()).answer === 'later', 'a stale list')
    const stale = await transactions.open()
    assert.equal(stale.answer, 'later')
    reading = false
    await busy
    await until(async () => (await transactions.open()).answer === 'seen', 'a new list')
    await monitor.end()
    await writer.end()
  })

  it('are not believed of servers whose rows others write, and the answer is not kept', async () => {
    type Settings = readonly (readonly [string, string])[]
    let settings: Settings = []
    let appliers = 0
    let channels: number | null = 0
    const answers = new MysqlTransactions(
      {
        ask: (sql) => {
          if (sql.startsWith('SHOW')) return Promise.resolve(settings.map((row) => [...row]))
          if (sql.includes('PROCESSLIST')) {
            return Promise.resolve(Array.from({ length: appliers }, () => [5, 1, '', null, 1]))
          }
          if (sql.includes('replication_applier_status')) {
            const refusal = databaseError('denied', { retriable: false, code: 1142 })
            return channels === null ? Promise.reject(refusal) : Promise.resolve([[channels]])
          }
          const [, token] = /\/\* (\S+) \*\//.exec(sql) ?? []
          return Promise.resolve(token === undefined ? [] : [[1, '9', 'now', 0, 0, 1, 1, 0]])
        }
      },
      systemClock
    )
    const whyNot = async (given: Settings): Promise<string> =>
      await until(async () => {
        settings = given
        const found = await answers.open()
        if (found.answer === 'later') return null
        return found.answer === 'seen' ? 'seen' : found.why
      }, 'an answer')
    for (const [name, value, why] of [
      ['read_only', 'ON', /replica/],
      ['read_only', 'NO_LOCK_NO_ADMIN', /replica/],
      ['super_read_only', 'ON', /replica/],
      ['innodb_read_only', 'ON', /replica/],
      ['wsrep_on', 'ON', /cluster/]
    ] as const) {
      assert.match(await whyNot([[name, value]]), why)
      assert.equal(await whyNot([[name, 'OFF']]), 'seen', name)
    }
    const group: Settings = [['group_replication_group_name', 'aaaa']]
    const single: Settings = [...group, ['group_replication_single_primary_mode', 'ON']]
    const several: Settings = [...group, ['group_replication_single_primary_mode', 'OFF']]
    assert.match(await whyNot(several), /several of its members/)
    assert.equal(await whyNot(single), 'seen')
    appliers = 2
    assert.match(await whyNot([]), /replica of another one/)
    assert.equal(await whyNot(single), 'seen', 'the only writer of a group')
    channels = 1
    assert.match(await whyNot(single), /replica of another one/)
    channels = null
    assert.match(await whyNot(single), /replica of another one/, 'nobody can say')
  })
})

describe('open transactions of SQL Server', () => {
  it('are asked of the views of this database, and refused with a reason', async () => {
    const asked: string[] = []
    const found = await sqlServerTransactions((sql) => {
      asked.push(sql)
      return Promise.resolve(sql.includes('Updateability') ? [['READ_WRITE']] : [['4711', '1', 1]])
    })
    assert.deepEqual(found, {
      answer: 'seen',
      source: 'sys.dm_tran_active_transactions',
      open: [{ id: '4711', ageMs: 2000 }]
    })
    assert.match(asked[1] ?? '', /transaction_type <> 2[\s\S]*@@SPID[\s\S]*IN \(DB_ID\(\)\)/)
    const refused = await sqlServerTransactions(() =>
      Promise.reject(
        databaseError('VIEW SERVER STATE permission was denied', { retriable: false, code: 300 })
      )
    )
    assert.deepEqual(refused, { answer: 'unseen', why: 'VIEW SERVER STATE permission was denied' })
    const replica = await sqlServerTransactions(() => Promise.resolve([['READ_ONLY']]))
    assert.equal(replica.answer, 'unseen')
    await assert.rejects(
      sqlServerTransactions(() => Promise.reject(databaseError('lost', { retriable: true }))),
      /lost/
    )
  })
})

describe('fences', () => {
  const open = (...names: string[]) =>
    names.map((id) => ({ id, ageMs: null, ...(id.startsWith('p') ? { successor: true } : {}) }))

  it('end when all of those have ended that were open when they were taken, not later ones', () => {
    const fences = new CommitFences<number>()
    fences.take(10, 0, 0)
    fences.sample(open('a', 'b'), 0)
    fences.take(20, 1, 0)
    fences.sample(open('b', 'c'), 1)
    assert.equal(fences.takeFinal(), null)
    fences.sample(open('c'), 2)
    assert.deepEqual(fences.takeFinal(), { border: 10 })
    fences.sample(open('d'), 3)
    assert.deepEqual(fences.takeFinal(), { border: 20 })
  })

  it('wait for the heir of a transaction that was prepared under another name', () => {
    const fences = new CommitFences<number>()
    fences.take(10, 0, 0)
    fences.sample(open('a'), 0)
    fences.sample(open('p1'), 1)
    assert.equal(fences.takeFinal(), null)
    fences.sample(open(), 2)
    assert.deepEqual(fences.takeFinal(), { border: 10 })
  })

  it('wait for the transaction that a statement became under another name, and for no other', () => {
    const fences = new CommitFences<number>()
    fences.take(10, 0, 0)
    fences.sample(open('statement'), 0)
    const named = { id: 'a', ageMs: null, was: 'statement' }
    assert.equal(fences.sample([named, ...open('b')], 1), false)
    assert.equal(fences.takeFinal(), null)
    assert.equal(fences.sample(open('b'), 2), true)
    assert.deepEqual(fences.takeFinal(), { border: 10 })
  })

  it('are bounded, and the oldest ends whatever comes', () => {
    const fences = new CommitFences<number>()
    for (let at = 0; at < 100; at++) {
      fences.take(at, at, 0)
      fences.sample(open('long', `short ${at}`), at)
    }
    fences.sample(open(), 100)
    assert.deepEqual(fences.takeFinal(), { border: 99 })
    assert.equal(fences.oldestAtMs, null)
  })
})
