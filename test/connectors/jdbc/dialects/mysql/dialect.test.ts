import { dialectSuite } from '../../../../support/dialect-suite.ts'
import { createMysqlDatabase } from '../../../../support/mysql-database.ts'

dialectSuite('MySQL/MariaDB', true, async () => {
  const database = await createMysqlDatabase()
  return {
    name: 'MySQL/MariaDB',
    config: database.config,
    exec: async (...statements) => void (await database.exec(...statements)),
    quoted: (name) => `\`${name.replaceAll('`', '``')}\``,
    partitionName: (table) => `${database.name}.${table}`,
    types: { id: 'bigint', timestamp: 'datetime(6)', text: 'mediumtext' },
    wideText: "REPEAT('x', 200000)",
    timestamp: (text) => `'${text}'`,
    slowQuery: {
      sql: 'SELECT SLEEP(20)',
      runs: async () => {
        const running = await database.exec(
          `SELECT id FROM information_schema.processlist WHERE db = '${database.name}' AND info LIKE '%SLEEP(20)%' AND id <> CONNECTION_ID()`
        )
        return running.length > 0
      }
    },
    cutSessions: async () => {
      for (const id of await database.sessions()) await database.exec(`KILL ${id}`)
    },
    limit: (rows) => `LIMIT ${rows}`,
    close: () => database.close()
  }
})
