import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Config } from './jdbc-source.ts'

export interface SqliteShop {
  readonly database: DatabaseSync
  /** Keys to reach it, to follow the ids of its tables and to poll at once. */
  readonly config: Config
  close(): Promise<void>
}

/** A SQLite database in a folder of its own, made by `sql`. */
export async function sqliteShop(sql: string): Promise<SqliteShop> {
  const folder = await mkdtemp(join(tmpdir(), 'jdbc-shop-'))
  const file = join(folder, 'shop.db')
  const database = new DatabaseSync(file, { timeout: 5000 })
  database.exec(sql)
  return {
    database,
    config: {
      name: 'shop',
      'connection.url': `jdbc:sqlite:${file}`,
      'topic.prefix': 'x-',
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'poll.interval.ms': '10'
    },
    async close() {
      database.close()
      await rm(folder, { recursive: true })
    }
  }
}
