import { globSync, readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface DemoOrder {
  readonly id: number
  readonly status: string
  readonly amount: number
  readonly note: string | null
}

/** A database with the sample tables, which the demo's connector reads and the demo changes. */
export interface DemoShop {
  /** What the demo says of it at the start. */
  readonly introduction: string
  /** What and where it is, in few words. */
  readonly place: string
  readonly kind: 'SQLite' | 'Oracle'
  /** The sample of worker-config/ that reads it. */
  readonly connectorFile: string
  readonly connectionUrl: string
  /** Topics of the customers and of the orders. */
  readonly topics: readonly [string, string]
  readonly idColumn: string
  readonly amountColumn: string
  /** All of them, by their ids. */
  orders(): Promise<DemoOrder[]>
  /** A new order, or every third time a change of an older one. */
  change(): Promise<void>
  close(): Promise<void>
}

const scripts = resolve(import.meta.dirname, '..', 'sql', 'sqlite')

/** The sample tables of sql/sqlite in a file of a folder, which later starts find again. */
export class SqliteShop implements DemoShop {
  readonly introduction: string
  readonly place: string
  readonly kind = 'SQLite'
  readonly connectorFile = 'worker-config/jdbc-source-sqlite.json'
  readonly connectionUrl: string
  readonly topics = ['shop.customers', 'shop.orders'] as const
  readonly idColumn = 'id'
  readonly amountColumn = 'amount_cents'
  readonly #database: DatabaseSync
  #changes = 0

  constructor(folder: string) {
    const file = resolve(folder, 'shop.db')
    this.connectionUrl = `jdbc:sqlite:${file}`
    this.#database = new DatabaseSync(file)
    // The worker reads while we write: neither must wait for the other.
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000')
    for (const script of globSync('*.sql', { cwd: scripts }).sort()) {
      this.#database.exec(readFileSync(resolve(scripts, script), 'utf8'))
    }
    this.place = relative('.', file)
    this.introduction = `${this.place} has ${this.#count('customers')} customers and ${this.#count('orders')} orders (sql/sqlite/)`
  }

  orders(): Promise<DemoOrder[]> {
    const rows = this.#database
      .prepare('SELECT id, status, amount_cents AS amount, note FROM orders ORDER BY id')
      .all()
    return Promise.resolve(rows as unknown as DemoOrder[])
  }

  change(): Promise<void> {
    this.#changes += 1
    if (this.#changes % 3 === 0) {
      this.#database.exec(
        "UPDATE orders SET status = 'paid' WHERE id = (SELECT min(id) FROM orders WHERE status = 'new')"
      )
    } else {
      this.#database
        .prepare('INSERT INTO orders (customer_id, amount_cents, note) VALUES (?, ?, ?)')
        .run(1 + (this.#changes % 3), 100 + Math.floor(Math.random() * 10_000), 'demo')
    }
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#database.close()
    return Promise.resolve()
  }

  #count(table: 'customers' | 'orders'): number {
    return Number(this.#database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])
  }
}
