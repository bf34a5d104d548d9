import type { DatabaseSync } from 'node:sqlite'
import type { Config } from './jdbc-source.ts'
import { openSqliteFile } from './sqlite-file.ts'

export interface SqliteShop {
  readonly database: DatabaseSync
  /** Keys to reach it, to follow the ids of its tables and to poll at once. */
  readonly config: Config
  close(): void
}

/** A SQLite database of its own, made by `sql`. */
export function sqliteShop(sql: string): SqliteShop {
  const { database, url, close } = openSqliteFile(sql)
  return {
    database,
    config: {
      name: 'shop',
      'connection.url': url,
      'topic.prefix': 'x-',
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'poll.interval.ms': '10'
    },
    close
  }
}
