import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { dialectSuite } from '../../support/dialect-suite.ts'

dialectSuite('SQLite', false, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jdbc-sqlite-'))
  const file = join(folder, 'test.db')
  const database = new DatabaseSync(file, { timeout: 5000 })
  return {
    name: 'SQLite',
    config: { 'connection.url': `jdbc:sqlite:${file}` },
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
    close: async () => {
      database.close()
      await rm(folder, { recursive: true })
    }
  }
})
