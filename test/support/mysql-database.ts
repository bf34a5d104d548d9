import mysql from 'mysql2/promise'
import { mysqlUrl, uniqueName } from './environment.ts'

/** A database of its own on a server of the tests. */
export interface TestDatabase {
  readonly name: string
  /** Keys of a connector that reads it. */
  readonly config: {
    readonly 'connection.url': string
    readonly 'connection.user': string
    readonly 'connection.password': string
  }
  /** Runs statements one after the other; answers the rows of the last. */
  exec(...statements: string[]): Promise<Record<string, unknown>[]>
  /** The same over another session, which lasts until the database is closed. */
  connect(): Promise<TestDatabase['exec']>
  /** Ids of the other sessions in this database. */
  sessions(): Promise<number[]>
  /** Drops it. */
  close(): Promise<void>
}

export type MysqlDatabase = TestDatabase

export async function createMysqlDatabase(): Promise<MysqlDatabase> {
  const url = new URL(mysqlUrl())
  const name = uniqueName('suite').replaceAll('-', '_')
  const admin = await mysql.createConnection({ uri: mysqlUrl() })
  await admin.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  const clients: mysql.Connection[] = []
  const over = async (client: mysql.Connection): Promise<TestDatabase['exec']> => {
    await client.query(`USE ${name}`)
    return async (...statements) => {
      let rows: unknown = []
      for (const statement of statements) [rows] = await client.query(statement)
      return rows as Record<string, unknown>[]
    }
  }
  const exec = await over(admin)
  return {
    name,
    config: {
      'connection.url': `jdbc:mysql://${url.host}/${name}`,
      'connection.user': url.username,
      'connection.password': url.password
    },
    exec,
    async connect() {
      const client = await mysql.createConnection({ uri: mysqlUrl() })
      // A test may end its session.
      client.on('error', () => undefined)
      clients.push(client)
      return over(client)
    },
    async sessions() {
      const rows = await exec(
        `SELECT id FROM information_schema.processlist WHERE db = '${name}' AND id <> CONNECTION_ID()`
      )
      return rows.map((row) => Number(row['id'] ?? row['ID']))
    },
    async close() {
      for (const client of clients) await client.end()
      await admin.query(`DROP DATABASE ${name}`)
      await admin.end()
    }
  }
}
