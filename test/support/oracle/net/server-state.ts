import type { Database } from '../store/database.ts'
import { OracleError } from '../oracle-error.ts'
import type { Release } from '../release.ts'
import { Faults } from './faults.ts'
import type { Session } from './session.ts'

export interface AskedStatement {
  readonly user: string
  readonly sql: string
  rows: number
}

/** What all sessions of a server share. */
export class ServerState {
  readonly database: Database
  readonly service: string
  readonly sid: string
  readonly release: Release
  readonly faults = new Faults()
  readonly sessions = new Set<Session>()
  /** Statements executed, oldest first, and how many rows of each were fetched. */
  readonly statements: AskedStatement[] = []
  /** Errors that are none of Oracle's: bugs of this server. */
  readonly failures: unknown[] = []
  /** Calls that clients have broken off. */
  breaks = 0
  /** How often a client gave a password, right or wrong. */
  logons = 0
  /** Sessions that say what program they are end. */
  refusesNames = false
  #refused: { code: number; user: string | null } | null = null
  readonly #pauses = new Set<() => void>()

  constructor(database: Database, names: { service: string; sid: string }) {
    this.database = database
    this.release = database.release
    this.service = names.service
    this.sid = names.sid
  }

  /** The listener's error for a target that is not here. */
  refusal(service: string | null, sid: string | null): number | null {
    if (service !== null) return same(service, this.service) ? null : 12_514
    if (sid !== null) return same(sid, this.sid) ? null : 12_505
    return null
  }

  refuse(code: number | null, user: string | null): void {
    this.#refused = code === null ? null : { code, user }
  }

  checkLogon(user: string): void {
    if (this.database.userNamed(user).locked) throw new OracleError(28_000)
    const refused = this.#refused
    if (refused !== null && (refused.user === null || refused.user === user)) {
      throw new OracleError(refused.code)
    }
  }

  note(user: string, sql: string): AskedStatement {
    const asked = { user, sql, rows: 0 }
    this.statements.push(asked)
    return asked
  }

  failed(error: unknown): void {
    if (!(error instanceof OracleError)) this.failures.push(error)
  }

  /** Waits; over early when the call is broken off or the server stops. */
  pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#pauses.delete(end)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      this.#pauses.add(end)
      signal.addEventListener('abort', end, { once: true })
    })
  }

  get pauses(): number {
    return this.#pauses.size
  }

  endPauses(): void {
    for (const end of Array.from(this.#pauses)) end()
  }
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
