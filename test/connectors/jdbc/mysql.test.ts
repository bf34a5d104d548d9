import mysql from 'mysql2/promise'
import { dialectSuite } from '../../support/dialect-suite.ts'
import { mysqlUrl, uniqueName } from '../../support/environment.ts'

dialectSuite('MySQL/MariaDB', true, async () => {
  const url = new URL(mysqlUrl())
  const database = uniqueName('suite').replaceAll('-', '_')
  const admin = await mysql.createConnection({ uri: mysqlUrl() })
  await admin.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`)
  await admin.query(`USE ${database}`)
  return {
    name: 'MySQL/MariaDB',
    config: {
      'connection.url': `jdbc:mysql://${url.host}/${database}`,
      'connection.user': url.username,
      'connection.password': url.password
    },
    exec: async (...statements) => {
      for (const statement of statements) await admin.query(statement)
    },
    quoted: (name) => `\`${name.replaceAll('`', '``')}\``,
    partitionName: (table) => `${database}.${table}`,
    types: { id: 'bigint', timestamp: 'datetime(6)', text: 'mediumtext' },
    wideText: "REPEAT('x', 200000)",
    timestamp: (text) => `'${text}'`,
    slowQuery: 'SELECT SLEEP(20)',
    cutSessions: async () => {
      const [sessions] = await admin.query(
        'SELECT id FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()',
        [database]
      )
      // A session that is over by now needs no killing.
      for (const { id } of sessions as { id: number }[]) {
        await admin.query(`KILL ${id}`).catch(() => undefined)
      }
    },
    limit: (rows) => `LIMIT ${rows}`,
    close: async () => {
      await admin.query(`DROP DATABASE ${database}`)
      await admin.end()
    }
  }
})
