import pg from 'pg'
import { postgresUrl, uniqueName } from './environment.ts'
import type { TestDatabase } from './mysql-database.ts'

/** A database of its own on the PostgreSQL server. */
export async function createPostgresDatabase(): Promise<TestDatabase> {
  const url = new URL(postgresUrl())
  const name = uniqueName('suite').replaceAll('-', '_')
  const admin = new pg.Client(postgresUrl())
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  url.pathname = `/${name}`
  const clients: pg.Client[] = []
  const connect = async (): Promise<TestDatabase['exec']> => {
    const client = new pg.Client(url.toString())
    // A test may end its session.
    client.on('error', () => undefined)
    await client.connect()
    clients.push(client)
    return async (...statements) => {
      let rows: unknown[] = []
      for (const statement of statements) rows = (await client.query(statement)).rows
      return rows as Record<string, unknown>[]
    }
  }
  const exec = await connect()
  return {
    name,
    config: {
      'connection.url': `jdbc:postgresql://${url.host}/${name}`,
      'connection.user': url.username,
      'connection.password': url.password
    },
    exec,
    connect,
    async sessions() {
      const rows = await exec(
        `SELECT pid FROM pg_stat_activity WHERE datname = '${name}' AND backend_type = 'client backend' AND pid <> pg_backend_pid()`
      )
      return rows.map((row) => Number(row['pid']))
    },
    async close() {
      for (const client of clients) await client.end()
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    }
  }
}
