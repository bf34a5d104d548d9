import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import mysql from 'mysql2/promise'
import { fields, startJdbcTask, type RunningTask } from '../../../../support/jdbc-source.ts'
import { type OwnDatabase, ownDatabase } from '../../../../support/own-database.ts'
import { until } from '../../../../support/until.ts'

describe('servers of MariaDB that write what another one committed', () => {
  let source: OwnDatabase
  let replica: OwnDatabase
  const sessions: mysql.Connection[] = []
  const connect = async (server: OwnDatabase, database?: string): Promise<mysql.Connection> => {
    const session = await mysql.createConnection({
      uri: server.url,
      ...(database === undefined ? {} : { database })
    })
    sessions.push(session)
    return session
  }
  before(async () => {
    const binary = ['log-bin=log', 'binlog-format=ROW']
    source = await ownDatabase('MariaDB', ['server-id=1', ...binary])
    replica = await ownDatabase('MariaDB', ['server-id=2', ...binary])
    const { hostname, port, username, password } = new URL(source.url)
    const there = await connect(source)
    const here = await connect(replica)
    await here.query(
      `CHANGE MASTER TO MASTER_HOST='${hostname}', MASTER_PORT=${port}, MASTER_USER='${username}', MASTER_PASSWORD='${password}', MASTER_USE_GTID=slave_pos, MASTER_DELAY=1`
    )
    await here.query('START SLAVE')
    await there.query('CREATE DATABASE shop')
    await there.query(
      'CREATE TABLE shop.orders (id bigint AUTO_INCREMENT PRIMARY KEY, ts datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6))'
    )
    await until(async () => {
      const [rows] = await here.query("SHOW TABLES FROM shop LIKE 'orders'").catch(() => [[]])
      return (rows as unknown[]).length > 0
    }, 'the table is there as well')
  })
  after(async () => {
    for (const session of sessions) await session.end()
    await replica.stop()
    await source.stop()
  })
  const startTask = async (server: OwnDatabase): Promise<RunningTask> => {
    const url = new URL(server.url)
    return await startJdbcTask({
      'connection.url': `jdbc:mysql://${url.host}/shop`,
      'connection.user': url.username,
      'connection.password': url.password,
      'topic.prefix': 'x-',
      'poll.interval.ms': '20',
      mode: 'timestamp+incrementing',
      'incrementing.column.name': 'id',
      'timestamp.column.name': 'ts',
      'table.whitelist': 'orders'
    })
  }
  const levelOf = (task: RunningTask): unknown => [...task.progress().values()][0]?.['late_commits']

  it('I6: are known by their threads, whatever they call themselves: rows that come late are looked for', async () => {
    const task = await startTask(replica)
    try {
      const late = await connect(source, 'shop')
      const early = await connect(source, 'shop')
      await late.query('BEGIN')
      await late.query('INSERT INTO orders VALUES ()')
      await early.query('INSERT INTO orders VALUES ()')
      assert.deepEqual(fields(await task.read(1), 'id'), [2])
      await late.query('COMMIT')
      assert.deepEqual(fields(await task.read(1), 'id'), [1])
      assert.equal(levelOf(task), 'window')
      assert.match(String(task.conditions.at(-1)), /replica of another one/)
    } finally {
      await task.stop()
    }
  })

  it('I6: a source that becomes read-only under a running task is one no longer', async () => {
    const task = await startTask(source)
    const admin = await connect(source)
    try {
      assert.equal((await task.read(2)).length, 2)
      assert.equal(levelOf(task), 'transactions')
      await admin.query('SET GLOBAL read_only = ON')
      await until(async () => {
        await task.poll()
        return levelOf(task) === 'window'
      }, 'the level falls')
      assert.match(String(task.conditions.at(-1)), /read-only/)
    } finally {
      await admin.query('SET GLOBAL read_only = OFF')
      await task.stop()
    }
  })
})
