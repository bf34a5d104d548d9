import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { makeTemporaryFolder } from './temporary-folder.ts'

interface SqliteFile {
  readonly database: DatabaseSync
  /** `jdbc:sqlite:…` */
  readonly url: string
  /** Closes and removes it. */
  close(): void
}

/**
 * A SQLite database in a folder of its own, made by `sql`. It waits five seconds for locks, as tasks read it
 * meanwhile.
 */
export function openSqliteFile(sql = ''): SqliteFile {
  const folder = makeTemporaryFolder()
  const file = join(folder, 'shop.db')
  const database = new DatabaseSync(file, { timeout: 5000 })
  database.exec(sql)
  return {
    database,
    url: `jdbc:sqlite:${file}`,
    close() {
      database.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** The same, closed and removed behind the test. */
export function sqliteFile(t: TestContext, sql = ''): SqliteFile {
  const file = openSqliteFile(sql)
  t.after(() => file.close())
  return file
}
