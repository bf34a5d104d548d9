import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../../clock.ts'
import type { OpenTransaction, OpenTransactions, Row } from '../../database/database.ts'
import { mysqlWritersElsewhere } from './replication.ts'
import { PROCESSES, type Processes, processesOf } from './processes.ts'
import { unanswered } from '../shared/unanswered.ts'

/**
 * The server fills INNODB_TRX anew only when nobody has read it for a tenth of a second, and shows what it
 * knew before to all who come sooner (storage/innobase/trx/trx0i_s.cc, CACHE_MIN_IDLE_TIME).
 */
const STALE_MS = 100
const LONGEST_PAUSE_MS = 400

/** Rights (1044, 1045, 1142, 1143, 1227), and views, columns and words that are not there. */
const REFUSALS = new Set([1044, 1045, 1054, 1064, 1109, 1142, 1143, 1146, 1193, 1227, 1235])

/** In a transaction of our own: that the list shows what runs in it proves that it was made now. */
const inList = (token: string): string =>
  `SELECT /* ${token} */ trx_mysql_thread_id, trx_id, trx_started, TIMESTAMPDIFF(SECOND, trx_started, NOW()), trx_rows_modified + trx_lock_structs + trx_tables_locked + trx_rows_locked, trx_mysql_thread_id = CONNECTION_ID(), LOCATE('${token}', trx_query), trx_is_read_only + trx_autocommit_non_locking FROM information_schema.INNODB_TRX`

interface Session {
  /** A small statement, sent as text. */
  ask(sql: string): Promise<Row[]>
}

/**
 * Open transactions as InnoDB shows them to a user with the PROCESS privilege; those that cannot change
 * anything are left out. InnoDB knows a transaction when it first touches a table of its own, the time of a
 * statement is taken when that begins: statements that wait for a lock of the server, or work out their
 * values first, are taken from the process list until they show as transactions.
 */
export class MysqlTransactions {
  readonly #session: Session
  readonly #clock: Clock
  #lastReadMs = -Infinity

  constructor(session: Session, clock: Clock) {
    this.#session = session
    this.#clock = clock
  }

  async open(): Promise<OpenTransactions> {
    const waitMs = this.#lastReadMs + STALE_MS + 5 - this.#clock.monotonicMs()
    if (waitMs > 0) return this.#later(waitMs)
    try {
      // In this order: who begins to change something in between is in the process list or among the
      // transactions.
      const { appliers, statements } = processesOf(await this.#session.ask(PROCESSES))
      // Roles change while sessions live.
      const why = await mysqlWritersElsewhere(this.#session, appliers)
      return why === null ? await this.#read(statements) : { answer: 'unseen', why }
    } catch (error) {
      return unanswered(error, (code) => REFUSALS.has(Number(code)))
    }
  }

  async #read(statements: Processes['statements']): Promise<OpenTransactions> {
    const token = randomUUID()
    await this.#session.ask('START TRANSACTION WITH CONSISTENT SNAPSHOT')
    let rows: Row[]
    try {
      rows = await this.#session.ask(inList(token))
    } finally {
      this.#lastReadMs = this.#clock.monotonicMs()
      await this.#session.ask('COMMIT')
    }
    const isFresh = rows.some((row) => isOwn(row) && hasToken(row))
    // Others read it too: not in step with them.
    if (!isFresh) return this.#later(STALE_MS + Math.random() * (LONGEST_PAUSE_MS - STALE_MS))
    const transactions = rows.filter((row) => !isOwn(row) && mayWrite(row))
    const threads = new Set(transactions.map(([thread]) => Number(thread)))
    return {
      answer: 'seen',
      source: 'INNODB_TRX',
      open: [
        ...transactions.map(transactionOf),
        ...statements
          .filter(({ thread }) => !threads.has(thread))
          .map(({ thread, ageMs }) => ({ id: statementId(thread), ageMs }))
      ]
    }
  }

  #later(inMs: number): OpenTransactions {
    return {
      answer: 'later',
      inMs: Math.ceil(inMs),
      why: 'INNODB_TRX is read so often that the server never brings it up to date'
    }
  }
}

const isOwn = ([, , , , , own]: Row): boolean => Number(own) === 1
const hasToken = ([, , , , , , place]: Row): boolean => Number(place ?? 0) > 0
const mayWrite = ([, , , , , , , readsOnly]: Row): boolean => Number(readsOnly) === 0

function transactionOf([thread, transaction, started, age, changes]: Row): OpenTransaction {
  // A prepared transaction belongs to no session any more.
  if (Number(thread) === 0) {
    return { id: `prepared ${String(transaction)}`, ageMs: null, successor: true }
  }
  return {
    id: `${String(thread)} ${textOf(started)}`,
    // The start is cut to the second.
    ageMs: age === null ? null : (Number(age) + 1) * 1000,
    was: statementId(Number(thread)),
    ...(Number(changes) === 0 ? { readsOnly: true } : {})
  }
}

function statementId(thread: number): string {
  return `${thread} statement`
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value)
}
