import pg from 'pg'
import { setTimeout as delay } from 'node:timers/promises'
import { Random } from '../support/random.ts'

/** One version of a row, as it is in the table. */
export interface OrderVersion {
  readonly id: number
  readonly version: number
}

const WRITERS = 4
const LONGEST_HOLD_MS = 250

/**
 * Sessions that write orders at the same time: ids and times are taken when a row is written, commits come up
 * to a quarter of a second later and in any order, every tenth transaction is rolled back. A session that
 * breaks is opened again.
 */
export class OrderWriters {
  readonly #url: string
  readonly #random: Random
  readonly #updates: boolean
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>[] = []

  /** `updates`: half of the transactions write a new version of orders that exist. */
  private constructor(url: string, seed: number, updates: boolean) {
    this.#url = url
    this.#random = new Random(seed)
    this.#updates = updates
  }

  static async start(url: string, seed: number, updates: boolean): Promise<OrderWriters> {
    const admin = await open(url)
    await admin.query(
      `CREATE TABLE orders (id bigserial PRIMARY KEY, version int NOT NULL DEFAULT 1,
        at timestamptz NOT NULL DEFAULT clock_timestamp())`
    )
    await admin.query('CREATE INDEX ON orders (at, id)')
    await admin.end()
    const writers = new OrderWriters(url, seed, updates)
    for (let i = 0; i < WRITERS; i++) writers.#running.push(writers.#keepWriting())
    return writers
  }

  /** Ends all sessions; answers what is in the table then. */
  async stop(): Promise<OrderVersion[]> {
    this.#stopping.abort()
    await Promise.all(this.#running)
    const admin = await open(this.#url)
    const { rows } = await admin.query<{ id: string; version: number }>(
      'SELECT id, version FROM orders'
    )
    await admin.end()
    return rows.map(({ id, version }) => ({ id: Number(id), version }))
  }

  async #keepWriting(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const client = await open(this.#url)
        try {
          while (!signal.aborted) await this.#transaction(client)
        } finally {
          await client.end()
        }
      } catch {
        // The database is being restarted: whatever became of the transaction, the table tells in the end.
        await delay(100)
      }
    }
  }

  async #transaction(client: pg.Client): Promise<void> {
    const random = this.#random
    const hold = (): Promise<void> => delay(random.below(LONGEST_HOLD_MS))
    await client.query('BEGIN')
    for (let row = random.below(8); row >= 0; row--) {
      if (this.#updates && random.chance(0.5)) {
        await client.query(
          `UPDATE orders SET version = version + 1, at = clock_timestamp()
            WHERE id = (SELECT id FROM orders ORDER BY id DESC OFFSET $1 LIMIT 1 FOR UPDATE SKIP LOCKED)`,
          [random.below(30)]
        )
      } else {
        await client.query('INSERT INTO orders DEFAULT VALUES')
      }
      if (random.chance(0.2)) await hold()
    }
    await hold()
    await client.query(random.chance(0.1) ? 'ROLLBACK' : 'COMMIT')
  }
}

async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => undefined) // the next query of this session rejects and says it
  await client.connect()
  return client
}
