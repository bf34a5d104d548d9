import { isRetriable, messageOf } from '../../../../errors.ts'
import type { OpenTransaction, OpenTransactions, Row } from '../../database/database.ts'
import { isMissingOrForbidden } from './questions.ts'

/** All instances of a cluster first: on one alone its own view says the same. */
const VIEWS = ['GV$', 'V$'] as const
type Prefix = (typeof VIEWS)[number]

const ROLE = `SELECT SYS_CONTEXT('USERENV', 'DATABASE_ROLE') FROM DUAL`

/**
 * How many instances have the database open; whether the software can run more than one. Both may be asked by
 * everybody.
 */
const ACTIVE_INSTANCES = 'SELECT COUNT(*) FROM V$ACTIVE_INSTANCES'
const CLUSTER_OPTION = `SELECT VALUE FROM V$OPTION WHERE PARAMETER = 'Real Application Clusters'`

/** When the database answers nothing for the moment, and no refusal either. */
const AGAIN_IN_MS = 500

interface Session {
  ask(sql: string): Promise<Row[]>
}

/**
 * A statement of somebody that has its table locked, or waits for that; `transaction` null: it has changed
 * nothing yet.
 */
interface Locker {
  readonly id: string
  readonly transaction: string | null
  readonly ageMs: number | null
}

/**
 * Open transactions by the numbers that name them for good: undo segment, slot and sequence, which they have
 * from their first change on. What a statement takes for the present is fixed before, when it begins: where
 * GV$LOCK may be read, those who have a table locked and changed nothing so far count as well, by instance
 * and session.
 */
export class OracleTransactions {
  readonly #session: Session
  #isPrimary = false
  #showsLocks = true

  constructor(session: Session) {
    this.#session = session
  }

  async open(): Promise<OpenTransactions> {
    try {
      const why = (await this.#whyNotHere()) ?? ''
      return why === '' ? await this.#read() : { answer: 'unseen', why }
    } catch (error) {
      if (isRetriable(error) && !isOfParallelQuery(error)) throw error
      if (isMissingOrForbidden(error)) return { answer: 'unseen', why: messageOf(error) }
      // A server of a parallel query, or something nobody has seen yet: it says nothing of what may be seen.
      return { answer: 'later', inMs: AGAIN_IN_MS, why: messageOf(error) }
    }
  }

  /** A session outlives the change of a standby into a primary, never the other way round. */
  async #whyNotHere(): Promise<string | null> {
    if (this.#isPrimary) return null
    let role: string
    try {
      const [[answer] = []] = await this.#session.ask(ROLE)
      role = String(answer)
    } catch (error) {
      if (!isMissingOrForbidden(error)) throw error
      return `whether the database is a primary cannot be asked: ${messageOf(error)}`
    }
    this.#isPrimary = role === 'PRIMARY'
    return this.#isPrimary
      ? null
      : `the database is a ${role}, which does not show the transactions of its primary`
  }

  async #read(): Promise<OpenTransactions> {
    const refusals: string[] = []
    for (const view of VIEWS) {
      // In this order: who changes a row in between is in either answer.
      const lockers = await this.#lockers(view)
      let rows: Row[]
      try {
        rows = await this.#session.ask(
          `SELECT XIDUSN, XIDSLOT, XIDSQN, FLOOR((SYSDATE - START_DATE) * 86400) FROM ${view}TRANSACTION WHERE XIDSQN > 0`
        )
      } catch (error) {
        if (!isMissingOrForbidden(error)) throw error
        refusals.push(`${view}TRANSACTION: ${messageOf(error)}`)
        continue
      }
      const others = view === 'V$' ? await this.#otherInstances() : null
      if (others !== null) return { answer: 'unseen', why: [...refusals, others].join('; ') }
      return { answer: 'seen', source: `${view}TRANSACTION`, open: transactionsOf(rows, lockers) }
    }
    return { answer: 'unseen', why: refusals.join('; ') }
  }

  async #lockers(view: Prefix): Promise<Locker[]> {
    if (!this.#showsLocks) return []
    const instance = view === 'GV$' ? 'INST_ID' : '1'
    try {
      const rows = await this.#session.ask(
        `SELECT ${instance}, SID, TYPE, ID1, ID2, CTIME FROM ${view}LOCK WHERE TYPE = 'TM' AND (LMODE >= 3 OR REQUEST >= 3) OR TYPE = 'TX' AND LMODE = 6`
      )
      return lockersOf(rows)
    } catch (error) {
      if (!isMissingOrForbidden(error)) throw error
      if (view === 'V$') this.#showsLocks = false
      return []
    }
  }

  /** Why this instance's view does not show all; null: there is no other instance. */
  async #otherInstances(): Promise<string | null> {
    const cluster = 'V$TRANSACTION shows those of one instance only, GV$TRANSACTION may not be read'
    const instances = await this.#firstOf(ACTIVE_INSTANCES)
    if (instances !== null)
      return Number(instances) > 1 ? `${instances} instances: ${cluster}` : null
    const option = await this.#firstOf(CLUSTER_OPTION)
    if (option !== null) return option === 'FALSE' ? null : cluster
    return `whether there are other instances cannot be asked: ${cluster}`
  }

  async #firstOf(sql: string): Promise<string | null> {
    try {
      const [[value] = []] = await this.#session.ask(sql)
      return value === undefined ? null : String(value)
    } catch (error) {
      if (!isMissingOrForbidden(error)) throw error
      return null
    }
  }
}

/**
 * A session's number, and that of its transaction: the lock of which is its segment and slot in one number,
 * and its sequence.
 */
function lockersOf(rows: readonly Row[]): Locker[] {
  const lockers = new Map<string, { transaction: string | null; ageMs: number | null }>()
  const of = ([instance, session]: Row): string => `dml ${String(instance)}.${String(session)}`
  for (const row of rows) {
    const [, , type, , , seconds] = row
    if (type !== 'TM') continue
    const ageMs = secondsToMs(seconds)
    const known = lockers.get(of(row))
    if (known === undefined) lockers.set(of(row), { transaction: null, ageMs })
    else known.ageMs = Math.max(known.ageMs ?? 0, ageMs ?? 0)
  }
  for (const row of rows) {
    const [, , type, place, sequence] = row
    const locker = type === 'TX' ? lockers.get(of(row)) : undefined
    const slot = Number(place)
    if (locker !== undefined) {
      locker.transaction = `${Math.floor(slot / 65_536)}.${slot % 65_536}.${String(sequence)}`
    }
  }
  return [...lockers].map(([id, facts]) => ({ id, ...facts }))
}

function transactionsOf(rows: readonly Row[], lockers: readonly Locker[]): OpenTransaction[] {
  const was = new Map(lockers.map(({ id, transaction }) => [transaction, id]))
  return [
    ...rows.map(([segment, slot, sequence, age]): OpenTransaction => {
      const id = `${String(segment)}.${String(slot)}.${String(sequence)}`
      const before = was.get(id)
      return { id, ageMs: secondsToMs(age), ...(before === undefined ? {} : { was: before }) }
    }),
    ...lockers
      .filter(({ transaction }) => transaction === null)
      .map(({ id, ageMs }): OpenTransaction => ({ id, ageMs }))
  ]
}

/** What the database counts in seconds it has cut. */
function secondsToMs(seconds: unknown): number | null {
  return seconds === null || seconds === undefined ? null : Math.max(0, Number(seconds) + 1) * 1000
}

/** Of servers that are too few or died: GV$ views are read by one on each instance. */
function isOfParallelQuery(error: unknown): boolean {
  return /ORA-(12801|12805|12827|12850|12853)\b/.test(messageOf(error))
}
