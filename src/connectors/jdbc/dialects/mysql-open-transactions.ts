import { randomUUID } from 'node:crypto'
import { isRetriable, messageOf } from '../../../errors.ts'
import type { OpenTransactions, Row } from '../database.ts'

/**
 * The server fills INNODB_TRX anew only when nobody has read it for a tenth of a second, and shows what it knew before to all who
 * come sooner (storage/innobase/trx/trx0i_s.cc, CACHE_MIN_IDLE_TIME).
 */
const STALE_MS = 100
const LONGEST_PAUSE_MS = 400

/** Which servers have transactions elsewhere: replicas, and members of a cluster with several writers. */
const ELSEWHERE = `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'wsrep_on')`

interface Session {
  /** A small statement, sent as text. */
  ask(sql: string): Promise<Row[]>
}

/** Open transactions as InnoDB shows them to who has the PROCESS privilege. Pure readers are left out. */
export class MysqlTransactions {
  readonly #session: Session
  #lastReadMs = -Infinity
  #elsewhere: string | null | undefined

  constructor(session: Session) {
    this.#session = session
  }

  async open(): Promise<OpenTransactions> {
    const waitMs = this.#lastReadMs + STALE_MS + 5 - performance.now()
    if (waitMs > 0) return this.#later(waitMs)
    try {
      this.#elsewhere ??= await this.#writersElsewhere()
      if (this.#elsewhere !== '') return { answer: 'unseen', why: this.#elsewhere ?? '' }
      return await this.#read()
    } catch (error) {
      if (isRetriable(error)) throw error
      return { answer: 'unseen', why: messageOf(error) }
    }
  }

  async #read(): Promise<OpenTransactions> {
    // A transaction of our own shows what runs in it: that it runs just this proves that the list was made now.
    const token = randomUUID()
    await this.#session.ask('START TRANSACTION WITH CONSISTENT SNAPSHOT')
    let rows: Row[]
    try {
      rows = await this.#session.ask(
        `SELECT /* ${token} */ trx_mysql_thread_id, trx_id, trx_started, TIMESTAMPDIFF(SECOND, trx_started, NOW()), trx_rows_modified + trx_lock_structs + trx_tables_locked + trx_rows_locked, trx_mysql_thread_id = CONNECTION_ID(), LOCATE('${token}', trx_query) FROM information_schema.INNODB_TRX`
      )
    } finally {
      this.#lastReadMs = performance.now()
      await this.#session.ask('COMMIT')
    }
    const isFresh = rows.some((row) => Number(row[5]) === 1 && Number(row[6] ?? 0) > 0)
    // Others read it too: not in step with them.
    if (!isFresh) return this.#later(STALE_MS + Math.random() * (LONGEST_PAUSE_MS - STALE_MS))
    return {
      answer: 'seen',
      source: 'INNODB_TRX',
      open: rows
        .filter((row) => Number(row[5]) !== 1 && Number(row[4]) > 0)
        .map(([thread, transaction, started, age]) =>
          // One that was prepared belongs to no session any more.
          Number(thread) === 0
            ? { id: `prepared ${String(transaction)}`, ageMs: null, successor: true }
            : {
                id: `${String(thread)} ${textOf(started)}`,
                // The start is cut to the second.
                ageMs: age === null ? null : (Number(age) + 1) * 1000
              }
        )
    }
  }

  #later(inMs: number): OpenTransactions {
    return {
      answer: 'later',
      inMs: Math.ceil(inMs),
      why: 'INNODB_TRX is read so often that the server never brings it up to date'
    }
  }

  /** Why rows may come from transactions that are not shown; empty when there is no such reason. */
  async #writersElsewhere(): Promise<string> {
    const settings = new Map(
      (await this.#session.ask(ELSEWHERE)).map(([name, value]) => [
        String(name).toLowerCase(),
        String(value).toUpperCase()
      ])
    )
    if (/^(ON|1)$/.test(settings.get('read_only') ?? '')) {
      return 'the server is read-only: a replica does not show the transactions of its source'
    }
    if (settings.get('wsrep_on') === 'ON') {
      return 'the server is a member of a cluster whose other members write too'
    }
    return ''
  }
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value)
}
