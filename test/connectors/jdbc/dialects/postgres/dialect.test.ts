import pg from 'pg'
import { dialectSuite } from '../../../../support/dialect-suite.ts'
import { postgresUrl, uniqueName } from '../../../../support/environment.ts'

dialectSuite('PostgreSQL', true, async () => {
  const url = new URL(postgresUrl())
  const schema = uniqueName('suite').replaceAll('-', '_')
  const client = new pg.Client(postgresUrl())
  await client.connect()
  await client.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}`)
  const application = uniqueName('jdbc-test')
  return {
    name: 'PostgreSQL',
    config: {
      'connection.url': `jdbc:postgresql://${url.host}${url.pathname}?ApplicationName=${application}&currentSchema=${schema}`,
      'connection.user': url.username,
      'connection.password': url.password,
      'schema.pattern': schema
    },
    exec: async (...statements) => {
      for (const statement of statements) await client.query(statement)
    },
    quoted: (name) => `"${name.replaceAll('"', '""')}"`,
    partitionName: (table) => `${schema}.${table}`,
    types: { id: 'bigint', timestamp: 'timestamp(6)', text: 'varchar(20)' },
    timestamp: (text) => `timestamp '${text}'`,
    slowQuery: {
      sql: 'SELECT pg_sleep(20)',
      runs: async () => {
        const { rows } = await client.query(
          "SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event = 'PgSleep'",
          [application]
        )
        return rows.length > 0
      }
    },
    cutSessions: async () => {
      await client.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
        [application]
      )
    },
    limit: (rows) => `LIMIT ${rows}`,
    close: async () => {
      await client.query(`DROP SCHEMA ${schema} CASCADE`)
      await client.end()
    }
  }
})
