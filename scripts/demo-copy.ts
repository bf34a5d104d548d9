import { relative, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { DemoOrder, DemoShop } from './demo-shop.ts'

/** What the demo's sink writes: the shop's tables once more, in a SQLite file of their own. */
export class DemoCopy {
  /** The sample of worker-config/ that writes it. */
  readonly connectorFile = 'worker-config/jdbc-sink-sqlite.json'
  /** Keys of the sample that are others here. */
  readonly config: Readonly<Record<string, string>>
  readonly place: string
  readonly #database: DatabaseSync
  readonly #shop: DemoShop

  constructor(folder: string, shop: DemoShop) {
    const file = resolve(folder, `copy-of-${shop.kind.toLowerCase()}.db`)
    this.place = relative('.', file)
    this.config = {
      'connection.url': `jdbc:sqlite:${file}`,
      topics: shop.topics.join(),
      'pk.fields': shop.idColumn
    }
    this.#shop = shop
    this.#database = new DatabaseSync(file)
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000')
  }

  /** The number of orders when each of them is here as it is in the shop; null: not yet. */
  async ordersWhenEqual(): Promise<number | null> {
    const [original, copy] = [await this.#shop.orders(), this.#orders()]
    const text = (orders: readonly DemoOrder[]): string =>
      JSON.stringify(orders.map(({ id, status, amount, note }) => [id, status, amount, note]))
    return text(original) === text(copy) ? original.length : null
  }

  close(): void {
    this.#database.close()
  }

  #orders(): DemoOrder[] {
    // The sink makes the tables with the first record.
    const exists = this.#database
      .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND lower(name) = 'orders'")
      .get()
    if (exists === undefined) return []
    const rows = this.#database
      .prepare(
        `SELECT id AS id, status AS status, ${this.#shop.amountColumn} AS amount, note AS note FROM orders ORDER BY id`
      )
      .all()
    return rows as unknown as DemoOrder[]
  }
}
