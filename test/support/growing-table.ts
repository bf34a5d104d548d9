import { setTimeout as delay } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { openSqliteFile } from './sqlite-file.ts'

/**
 * A table `orders` (id from 1, note, at) in SQLite that grows by itself, a row every few milliseconds, until
 * told to stop; with `together` so many rows of one moment every 100 ms.
 */
export function growingTable(
  t: TestContext,
  together: number | null = null
): { url: string; stop(): Promise<number> } {
  const { database, url, close } = openSqliteFile('PRAGMA journal_mode=WAL')
  database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT, at TIMESTAMP(3) NOT NULL)')
  const insert = database.prepare(
    "INSERT INTO orders (note, at) VALUES (?, strftime('%Y-%m-%d %H:%M:%f', ?))"
  )
  let rows = 0
  const stopping = new AbortController()
  const growing = (async () => {
    while (!stopping.signal.aborted) {
      if (together === null) {
        for (let i = 0; i < 5; i++) insert.run(`row ${rows++}`, 'now')
      } else {
        const moment = new Date().toISOString()
        database.exec('BEGIN')
        for (let i = 0; i < together; i++) insert.run(`row ${rows++}`, moment)
        database.exec('COMMIT')
      }
      await delay(together === null ? 5 : 100)
    }
  })()
  t.after(async () => {
    stopping.abort()
    await growing
    close()
  })
  return {
    url,
    async stop() {
      stopping.abort()
      await growing
      return rows
    }
  }
}
