import { dialectSuite } from '../../../../support/dialect-suite.ts'
import { openSqliteFile } from '../../../../support/sqlite-file.ts'

dialectSuite('SQLite', false, async () => {
  const { database, url, close } = openSqliteFile()
  return {
    name: 'SQLite',
    config: { 'connection.url': url },
    exec: (...statements) => {
      for (const statement of statements) database.exec(statement)
      return Promise.resolve()
    },
    quoted: (name) => `\`${name.replaceAll('`', '``')}\``,
    partitionName: (table) => table,
    types: { id: 'BIGINT', timestamp: 'TIMESTAMP(6)', text: 'VARCHAR(20)' },
    timestamp: (text) => `'${text}'`,
    comparable: (column) => `connect_epoch_nanos(${column})`,
    slowQuery: null,
    cutSessions: null,
    limit: (rows) => `LIMIT ${rows}`,
    close: async () => close()
  }
})
