import { OracleError } from './oracle-error.ts'
import type { FaultFilter } from './net/faults.ts'
import type { AskedStatement, ServerState } from './net/server-state.ts'
import { SqlSession } from './sql/session.ts'
import { convert } from './sql/convert.ts'
import { NULL } from './sql/sql-type.ts'

/** Opens and closes the port. */
interface Listener {
  open(): Promise<void>
  close(): Promise<void>
}

/** What a test can do to the server behind the client's back. */
export class OracleControl {
  readonly #server: ServerState
  readonly #listener: Listener
  readonly #user: string

  constructor(server: ServerState, listener: Listener, user: string) {
    this.#server = server
    this.#listener = listener
    this.#user = user
  }

  /**
   * Runs statements and commits; by default as the server's own user. Answers the rows of the last query, as
   * texts.
   */
  async execute(
    sql: string | readonly string[],
    user: string = this.#user
  ): Promise<(string | null)[][]> {
    const session = new SqlSession(this.#server.database, user)
    session.nls.set('NLS_DATE_FORMAT', 'YYYY-MM-DD HH24:MI:SS')
    session.nls.set('NLS_TIMESTAMP_FORMAT', 'YYYY-MM-DD HH24:MI:SS.FF9')
    session.nls.set('NLS_TIMESTAMP_TZ_FORMAT', 'YYYY-MM-DD HH24:MI:SS.FF9 TZR')
    const { signal } = new AbortController()
    let answer: (string | null)[][] = []
    try {
      for (const one of typeof sql === 'string' ? [sql] : sql) {
        const outcome = await session.run(session.prepare(one), [], signal)
        if (outcome.kind !== 'query') continue
        const { columns } = outcome.query
        const context = this.#server.database.context
        answer = outcome.query.next(Infinity).map((row) =>
          columns.map(({ type }, index) => {
            const text = convert(row[index] ?? null, (type ?? NULL).name, 'VARCHAR2', context)
            return text === null ? null : String(text)
          })
        )
      }
      session.commit()
      return answer
    } finally {
      session.close()
    }
  }

  /**
   * Makes tables of one shape, `columns` as in CREATE TABLE, fast enough for a dictionary of tens of
   * thousands.
   */
  async createTables(names: Iterable<string>, columns: string): Promise<void> {
    const { sqlite } = this.#server.database
    sqlite.exec('BEGIN')
    try {
      for (const name of names) await this.execute(`CREATE TABLE ${name} (${columns})`)
    } finally {
      sqlite.exec('COMMIT')
    }
  }

  /** The next statements (or fetches, commits, logons …) answer this error. */
  failNext(code: number, filter: FaultFilter = {}): void {
    this.#server.faults.add({ kind: 'error', code }, filter)
  }

  /** The next statements take so long before they begin; they can be broken off meanwhile. */
  delayNext(ms: number, filter: FaultFilter = {}): void {
    this.#server.faults.add({ kind: 'delay', ms }, filter)
  }

  /** The connection of the next statement breaks. */
  dropNext(filter: FaultFilter = {}): void {
    this.#server.faults.add({ kind: 'drop', afterRows: 0 }, filter)
  }

  /** The connection of the next query breaks at the fetch after so many rows. */
  dropMidFetch(afterRows: number, filter: FaultFilter = {}): void {
    this.#server.faults.add({ kind: 'drop', afterRows }, { ...filter, on: 'fetch' })
  }

  /**
   * Statements that change rows take the time, lock their table and wait before their first change, until the
   * function answered is called.
   */
  holdChanges(sql: RegExp): () => void {
    return this.#server.database.held.hold(sql)
  }

  /**
   * The role of the database, how many instances have it open, and which objects read which (rows of
   * ALL_DEPENDENCIES).
   */
  set(facts: {
    readonly role?: string
    readonly instances?: number
    readonly dependencies?: readonly (readonly (string | null)[])[]
  }): void {
    const { database } = this.#server
    database.dependencies = facts.dependencies ?? database.dependencies
    database.role = facts.role ?? database.role
    database.instances = facts.instances ?? database.instances
  }

  clearFaults(): void {
    this.#server.faults.clear()
    this.#server.endPauses()
  }

  /** Breaks all connections now (of one user); answers how many. */
  dropSessions(user?: string): number {
    const sessions = [...this.#server.sessions].filter(
      (one) => user === undefined || one.user === user
    )
    for (const session of sessions) session.drop()
    return sessions.length
  }

  /** Logons fail with this code (28000, 1017, 12514 …) until null is given. */
  refuseLogons(code: number | null, user: string | null = null): void {
    this.#server.refuse(code, user)
  }

  /** Calls that take their time just now. */
  get delayed(): number {
    return this.#server.pauses
  }

  /** Calls that clients have broken off so far. */
  get breaks(): number {
    return this.#server.breaks
  }

  /** How often clients have given a password, right or wrong. */
  get logons(): number {
    return this.#server.logons
  }

  /** Sessions end when a client gives its module and action, until told otherwise. */
  refuseNames(refused: boolean): void {
    this.#server.refusesNames = refused
  }

  /** The port refuses connections; sessions stay. */
  closeListener(): Promise<void> {
    return this.#listener.close()
  }

  openListener(): Promise<void> {
    return this.#listener.open()
  }

  /** Moves the database's clock. */
  setClockOffset(ms: number): void {
    this.#server.database.clockOffsetMs = ms
  }

  get sessions(): { user: string; inTransaction: boolean }[] {
    return [...this.#server.sessions].flatMap(({ sql }) =>
      sql === null ? [] : [{ user: sql.user, inTransaction: sql.inTransaction }]
    )
  }

  /** Statements that clients executed, oldest first. */
  get statements(): readonly Readonly<AskedStatement>[] {
    return this.#server.statements
  }

  clearStatements(): void {
    this.#server.statements.length = 0
  }

  /** Bugs of this server that a client ran into; a test should find none. */
  get failures(): readonly unknown[] {
    return this.#server.failures.filter((failure) => !(failure instanceof OracleError))
  }
}
