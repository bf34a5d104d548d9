import { messageOf } from '../../../errors.ts'
import type { OpenTransactions, Row } from '../database.ts'
import { isRefusal } from './oracle-questions.ts'

/** All instances of a cluster first: on one alone its own view says the same. */
const VIEWS = ['GV$TRANSACTION', 'V$TRANSACTION'] as const

const ROLE = `SELECT SYS_CONTEXT('USERENV', 'DATABASE_ROLE') FROM DUAL`

interface Session {
  ask(sql: string): Promise<Row[]>
}

/** Open transactions by the numbers that name them for good: undo segment, slot and sequence. Readers have none. */
export class OracleTransactions {
  readonly #session: Session
  /** The view that may be read; null: none may, for the reason given. */
  #view: string | null | undefined
  #why = ''

  constructor(session: Session) {
    this.#session = session
  }

  async open(): Promise<OpenTransactions> {
    if (this.#view === undefined) await this.#chooseView()
    if (this.#view === null || this.#view === undefined) {
      return { answer: 'unseen', why: this.#why }
    }
    const rows = await this.#tried(this.#view)
    if (rows === null) {
      this.#view = null
      return { answer: 'unseen', why: this.#why }
    }
    return {
      answer: 'seen',
      source: this.#view,
      open: rows.map(([segment, slot, sequence, ageSeconds]) => ({
        id: `${String(segment)}.${String(slot)}.${String(sequence)}`,
        // The start is cut to the second.
        ageMs: ageSeconds === null ? null : Math.max(0, Number(ageSeconds) + 1) * 1000
      }))
    }
  }

  async #chooseView(): Promise<void> {
    if (await this.#isStandby()) {
      this.#why = 'the database is a standby, which does not show the transactions of its primary'
      this.#view = null
      return
    }
    const reasons: string[] = []
    for (const view of VIEWS) {
      if ((await this.#tried(view)) !== null) {
        this.#view = view
        return
      }
      reasons.push(this.#why)
    }
    this.#why = [...new Set(reasons)].join('; ')
    this.#view = null
  }

  async #isStandby(): Promise<boolean> {
    try {
      const [[role] = []] = await this.#session.ask(ROLE)
      return /STANDBY/i.test(String(role))
    } catch (error) {
      if (!isRefusal(error)) throw error
      // Releases that do not know the word have other ways to keep a standby from being read.
      return false
    }
  }

  /** null: refused, see `#why`. */
  async #tried(view: string): Promise<Row[] | null> {
    try {
      return await this.#session.ask(
        `SELECT XIDUSN, XIDSLOT, XIDSQN, FLOOR((SYSDATE - START_DATE) * 86400) FROM ${view}`
      )
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.#why = `${view}: ${messageOf(error)}`
      return null
    }
  }
}
