import mysql from 'mysql2/promise'
import { mysqlUrl, uniqueName } from './environment.ts'

/** A database of its own on the MySQL or MariaDB server. */
export interface MysqlDatabase {
  readonly name: string
  /** Keys of a connector that reads it. */
  readonly config: {
    readonly 'connection.url': string
    readonly 'connection.user': string
    readonly 'connection.password': string
  }
  /** Runs statements one after the other; answers the rows of the last. */
  exec(...statements: string[]): Promise<Record<string, unknown>[]>
  /** Ids of the other sessions in this database. */
  sessions(): Promise<number[]>
  /** Drops it. */
  close(): Promise<void>
}

export async function createMysqlDatabase(): Promise<MysqlDatabase> {
  const url = new URL(mysqlUrl())
  const name = uniqueName('suite').replaceAll('-', '_')
  const admin = await mysql.createConnection({ uri: mysqlUrl() })
  await admin.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  await admin.query(`USE ${name}`)
  const exec: MysqlDatabase['exec'] = async (...statements) => {
    let rows: unknown = []
    for (const statement of statements) [rows] = await admin.query(statement)
    return rows as Record<string, unknown>[]
  }
  return {
    name,
    config: {
      'connection.url': `jdbc:mysql://${url.host}/${name}`,
      'connection.user': url.username,
      'connection.password': url.password
    },
    exec,
    async sessions() {
      const rows = await exec(
        `SELECT id FROM information_schema.processlist WHERE db = '${name}' AND id <> CONNECTION_ID()`
      )
      return rows.map((row) => Number(row['id'] ?? row['ID']))
    },
    async close() {
      await admin.query(`DROP DATABASE ${name}`)
      await admin.end()
    }
  }
}
