import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const scripts = resolve(import.meta.dirname, '..', 'sql', 'sqlite')

/** The demo's database: the sample tables of sql/sqlite, changed a little each time it is asked to. */
export class DemoShop {
  readonly file: string
  readonly #database: DatabaseSync
  #changes = 0

  constructor(file: string) {
    this.file = file
    this.#database = new DatabaseSync(file)
    // The worker reads while we write: neither must wait for the other.
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000')
    for (const script of globSync('*.sql', { cwd: scripts }).sort()) {
      this.#database.exec(readFileSync(resolve(scripts, script), 'utf8'))
    }
  }

  count(table: 'customers' | 'orders'): number {
    return Number(this.#database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])
  }

  /** A new order, or every third time a change of an older one. */
  change(): void {
    this.#changes += 1
    if (this.#changes % 3 === 0) {
      this.#database.exec(
        "UPDATE orders SET status = 'paid' WHERE id = (SELECT min(id) FROM orders WHERE status = 'new')"
      )
      return
    }
    this.#database
      .prepare('INSERT INTO orders (customer_id, amount_cents, note) VALUES (?, ?, ?)')
      .run(1 + (this.#changes % 3), 100 + Math.floor(Math.random() * 10_000), 'demo')
  }

  close(): void {
    this.#database.close()
  }
}
