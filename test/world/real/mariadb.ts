import { setTimeout as delay } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { until } from '../../support/until.ts'
import type { CopyPlace, Home, RowValues, Session, WorldDatabase } from './database.ts'
import { literal, throughRestart, unlessAbsent } from './database.ts'
import type { RealPlan } from './plan.ts'

const quoted = (name: string): string => `\`${name}\``

/** A database and a user for each world. */
export function mariadbWorlds(url: string, restart: (() => Promise<void>) | null): WorldDatabase {
  return { home: (plan) => mariadbHome(url, plan), restart, close: () => Promise.resolve() }
}

async function mariadbHome(server: string, plan: RealPlan): Promise<Home> {
  const name = plan.name.replaceAll('-', '_')
  const account = `'${name}'@'%'`
  const writer = `'${name}_w'@'%'`
  /**
   * Waits for a server that restarts as part of the story: what is to be done to a world is done all the
   * same.
   */
  const connect = (database: string | null): Promise<mysql.Connection> =>
    until(async () => {
      const client = await mysql.createConnection({
        uri: server,
        connectTimeout: 10_000,
        supportBigNumbers: true,
        bigNumberStrings: true,
        ...(database === null ? {} : { database })
      })
      client.on('error', () => undefined)
      await client.query("SET time_zone = '+00:00'")
      return client
    }, 'MariaDB takes a connection')
  const exec = (database: string | null, ...statements: string[]): Promise<unknown> =>
    throughRestart(() => run(database, statements), null)
  const run = async (database: string | null, statements: string[]): Promise<unknown> => {
    const client = await connect(database)
    try {
      let rows: unknown = null
      for (const statement of statements) [rows] = await client.query(statement)
      return rows
    } finally {
      await client.end()
    }
  }
  await exec(
    null,
    `DROP DATABASE IF EXISTS ${name}`,
    `DROP USER IF EXISTS ${account}`,
    `CREATE DATABASE ${name} CHARACTER SET utf8mb4`,
    `CREATE USER ${account} IDENTIFIED BY 'reader'`,
    `DROP USER IF EXISTS ${writer}`,
    `CREATE USER ${writer} IDENTIFIED BY 'writer'`,
    `GRANT ALL ON ${name}.* TO ${writer}`
  )
  if (plan.seesTransactions) await exec(null, `GRANT PROCESS ON *.* TO ${account}`)
  const stamp = 'CURRENT_TIMESTAMP(6)'
  const columns = '(code, version, amount, note, changed)'
  const values = (row: Pick<RowValues, 'amount' | 'note'>): string =>
    `${row.amount}, ${literal(row.note)}, ${stamp}`
  const endSessions = async (user = account): Promise<void> => {
    await exec(null, `KILL USER ${user}`).catch(() => undefined)
  }
  const lock = async (user = account): Promise<void> => {
    await exec(null, `ALTER USER ${user} ACCOUNT LOCK`)
    await endSessions(user)
  }
  const unlock = async (user = account): Promise<void> =>
    void (await exec(null, `ALTER USER ${user} ACCOUNT UNLOCK`))
  const nothing = (): Promise<void> => Promise.resolve()
  const copies: CopyPlace = {
    config: {
      'connection.url': `jdbc:mariadb://${new URL(server).host}/${name}`,
      'connection.user': `${name}_w`,
      'connection.password': 'writer'
    },
    quoted,
    types: { text: 'varchar(60)', whole: 'bigint', amount: 'decimal(10,2)', moment: 'datetime(6)' },
    create: async (table, columns) =>
      void (await exec(name, `CREATE TABLE ${quoted(table)} (${columns})`)),
    run: async (sql) => void (await exec(name, sql)),
    rows: (table, columns) =>
      unlessAbsent(
        exec(name, `SELECT ${columns.map(quoted).join()} FROM ${quoted(table)}`).then((rows) =>
          (rows as Record<string, unknown>[]).map((row) => columns.map((column) => row[column]))
        )
      ),
    endSessions: () => endSessions(writer),
    lockAccount: () => lock(writer),
    unlockAccount: () => unlock(writer),
    async hold(table, forMs) {
      const client = await connect(name)
      await client.query(`LOCK TABLES ${quoted(table)} WRITE`).catch(() => undefined)
      await delay(forMs)
      await client.end().catch(() => client.destroy())
    },
    revoke: nothing,
    grant: nothing
  }
  return {
    config: {
      'connection.url': `jdbc:mariadb://${new URL(server).host}/${name}`,
      'connection.user': name,
      'connection.password': 'reader'
    },
    listed: (table) => `${name}.${quoted(table.name)}`,
    async createTable(table) {
      const time = table.wallClock ? 'datetime(6)' : 'timestamp(6)'
      await exec(
        name,
        `CREATE TABLE ${quoted(table.name)} (id bigint NOT NULL AUTO_INCREMENT, code varchar(60) PRIMARY KEY, version bigint NOT NULL,
          changed ${time} NOT NULL, amount decimal(10,2), note text, UNIQUE KEY (id), KEY (changed, id)) AUTO_INCREMENT = ${table.from}`,
        `GRANT SELECT ON ${name}.${quoted(table.name)} TO ${account}`
      )
    },
    insert: (table, row) =>
      `INSERT INTO ${quoted(table.name)} ${columns} VALUES (${literal(row.code)}, ${row.version}, ${values(row)})`,
    insertMany: (table, row, count) =>
      `INSERT INTO ${quoted(table.name)} ${columns} SELECT CONCAT(${literal(`${row.code}.`)}, seq), ${row.version} + seq, ${values(row)} FROM seq_0_to_${count - 1}`,
    update: (table, row) =>
      `UPDATE ${quoted(table.name)} SET version = ${row.version}, amount = ${row.amount}, note = ${literal(row.note)}, changed = ${stamp} WHERE code = ${literal(row.code)} AND version < ${row.version}`,
    async session() {
      const client = await connect(name)
      const steps = plan.tables[0]?.step ?? 1
      await client.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
      // As behind several masters: ids come in steps.
      await client.query(`SET SESSION auto_increment_increment = ${steps}`)
      await client.query('SET SESSION innodb_lock_wait_timeout = 1')
      return mariadbSession(client)
    },
    async rows(table) {
      const rows = await exec(name, `SELECT code, version, id FROM ${quoted(table.name)}`)
      return (rows as Record<'code' | 'version' | 'id', string>[]).map((row) => ({
        code: row.code,
        version: Number(row.version),
        id: BigInt(row.id)
      }))
    },
    endSessions: () => endSessions(),
    grant: async (table) =>
      void (await exec(name, `GRANT SELECT ON ${name}.${quoted(table.name)} TO ${account}`)),
    revoke: async (table) =>
      void (await exec(name, `REVOKE SELECT ON ${name}.${quoted(table.name)} FROM ${account}`)),
    hide: async (table) =>
      void (await exec(
        name,
        `RENAME TABLE ${quoted(table.name)} TO ${quoted(`away ${table.name}`)}`
      )),
    show: async (table) =>
      void (await exec(
        name,
        `RENAME TABLE ${quoted(`away ${table.name}`)} TO ${quoted(table.name)}`
      )),
    lock: () => lock(),
    unlock: () => unlock(),
    copies,
    addColumn: async (table, column) =>
      void (await exec(name, `ALTER TABLE ${quoted(table.name)} ADD COLUMN ${column} int`)),
    // A DELETE: after TRUNCATE ids would begin again.
    empty: async (table) => void (await exec(name, `DELETE FROM ${quoted(table.name)}`)),
    async close() {
      await exec(
        null,
        `DROP DATABASE IF EXISTS ${name}`,
        `DROP USER IF EXISTS ${account}`,
        `DROP USER IF EXISTS ${writer}`
      )
    }
  }
}

function mariadbSession(client: mysql.Connection): Session {
  const run = async (sql: string): Promise<void> => void (await client.query(sql))
  return {
    begin: () => run('BEGIN'),
    run,
    commit: () => run('COMMIT'),
    rollback: () => run('ROLLBACK'),
    async close() {
      await client.end().catch(() => client.destroy())
    }
  }
}
