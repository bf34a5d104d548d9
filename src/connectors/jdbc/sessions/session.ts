import type { Clock } from '../../../clock.ts'
import {
  abortedError,
  type Column,
  type Connection,
  databaseError,
  type Row,
  type RowStream
} from '../database/database.ts'
import { abortable } from '../../../wait.ts'

/** A query under way. Until it has come to its end, or is left, its session can be asked nothing else. */
export interface OpenQuery extends RowStream {
  /**
   * Gives up the rest without waiting: the query is ended beside what goes on, whatever is asked of the
   * session next waits for that, and it is there that a failure shows.
   */
  leave(): void
}

/** What a session was asked and has not answered yet. */
interface Asked {
  /** For people: `the columns of a table`. */
  readonly what: string
  /** The statement, if it is one of a reader. */
  readonly sql: string | null
  /** On the monotonic clock. */
  readonly sinceMs: number
}

/** A connection with one owner of what is open on it. */
export interface Session extends Connection {
  query(...query: Parameters<Connection['query']>): Promise<OpenQuery>
  readonly asked: Asked | null
  /** A query is being read, or was left and is not at its end yet. */
  readonly isReading: boolean
  /** As `abort`; what is waited for rejects at once and says why, whatever the driver does. */
  giveUp(why: string): void
}

type Question = Exclude<keyof Connection, 'dialect' | 'catalog' | 'query' | 'abort' | 'close'>

/** What is asked, in words. */
const QUESTIONS: Readonly<Record<Question, string>> = {
  listTables: 'the list of tables',
  describeTable: 'the columns of a table',
  describeQuery: 'the columns of a query',
  now: 'the time',
  selfCheck: 'what an operator should know',
  openTransactions: 'the open transactions',
  writersElsewhere: 'where rows are committed',
  idHazards: 'how ids are handed out',
  writtenSince: 'a condition for new rows',
  indexesOf: 'the indexes of a table'
}

type Ask = (...of: unknown[]) => Promise<unknown>

export function sessionOver(connection: Connection, clock: Clock): Session {
  const owner = new SessionOwner(connection, clock)
  const questions: Record<string, Ask> = {}
  for (const [name, what] of Object.entries(QUESTIONS)) {
    const ask = connection[name as Question] as Ask | undefined
    // What a database cannot tell its session cannot either.
    if (ask !== undefined) {
      questions[name] = (...of) => owner.ask(what, () => ask.apply(connection, of))
    }
  }
  return {
    ...(questions as unknown as Pick<Connection, Question>),
    dialect: connection.dialect,
    ...(connection.catalog === undefined ? {} : { catalog: connection.catalog }),
    query: (...query) => owner.query(query),
    get asked() {
      return owner.asked
    },
    get isReading() {
      return owner.isReading
    },
    abort: () => owner.end(abortedError()),
    giveUp: (why) => owner.end(databaseError(why, { retriable: true })),
    close: () => connection.close()
  }
}

/**
 * A database answers a question behind an open query only when the query has ended, or inside the transaction
 * of that query; so none is ever sent there (I8): it waits for a query that was left, and is refused while
 * one is still being read, which ends the session instead of standing still.
 */
class SessionOwner {
  readonly #connection: Connection
  readonly #clock: Clock
  #query: SessionQuery | null = null
  #question: Asked | null = null
  /** Tells whoever waits that nothing more will come, and why. */
  readonly #ended = new AbortController()

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  get asked(): Asked | null {
    return this.#question ?? this.#query?.asked ?? null
  }

  get isReading(): boolean {
    return this.#query !== null && !this.#query.isAtEnd
  }

  query(query: Parameters<Connection['query']>): Promise<OpenQuery> {
    const [sql] = query
    return this.ask(
      'the first rows',
      async () => {
        const stream = await this.#connection.query(...query)
        this.#query = new SessionQuery(stream, {
          sql,
          nowMs: () => this.#clock.monotonicMs(),
          untilEnd: (work) => this.#untilEnd(work)
        })
        return this.#query
      },
      sql
    )
  }

  async ask<T>(what: string, work: () => Promise<T>, sql: string | null = null): Promise<T> {
    if (this.#question !== null) {
      throw this.#refusal(what, `it is asked for ${this.#question.what} already`)
    }
    this.#question = { what, sql, sinceMs: this.#clock.monotonicMs() }
    try {
      await this.#free(what)
      return await this.#untilEnd(work())
    } finally {
      this.#question = null
    }
  }

  end(why: Error): void {
    // In this order: otherwise the driver tells what it makes of it.
    this.#ended.abort(why)
    this.#connection.abort()
  }

  /** I8: nobody waits for a session that was ended. */
  #untilEnd<T>(work: Promise<T>): Promise<T> {
    return abortable(work, this.#ended.signal)
  }

  async #free(what: string): Promise<void> {
    const query = this.#query
    if (query === null) return
    const state = await query.settled()
    // I7: of what failed nothing is said here, it may repeat a query that is hidden.
    if (state === 'failed') throw this.#refusal(what, 'a query failed on it')
    if (state === 'open') throw this.#refusal(what, 'a query is still being read')
    this.#query = null
  }

  #refusal(what: string, why: string): Error {
    const { displayName } = this.#connection.dialect
    return databaseError(`The session of ${displayName} cannot be asked for ${what}: ${why}`, {
      retriable: true
    })
  }
}

interface QueryOwner {
  readonly sql: string
  nowMs(): number
  untilEnd<T>(work: Promise<T>): Promise<T>
}

class SessionQuery implements OpenQuery {
  readonly columns: readonly Column[]
  readonly sql?: string
  readonly #stream: RowStream
  readonly #owner: QueryOwner
  #state: 'open' | 'ended' | 'failed' = 'open'
  /** The last call of the stream, which takes one at a time. */
  #last: Promise<unknown> = Promise.resolve()
  #left: Promise<void> | null = null
  #asked: Asked | null = null

  constructor(stream: RowStream, owner: QueryOwner) {
    this.columns = stream.columns
    if (stream.sql !== undefined) this.sql = stream.sql
    this.#stream = stream
    this.#owner = owner
  }

  get asked(): Asked | null {
    return this.#asked
  }

  get isAtEnd(): boolean {
    return this.#state === 'ended'
  }

  next(): Promise<Row[] | null> {
    const rows = this.#noting('further rows', () => this.#stream.next())
    this.#last = rows
    return rows
  }

  leave(): void {
    this.#left ??= this.#end()
    // The next question to the session tells of a failure.
    this.#left.catch(() => undefined)
  }

  async close(): Promise<void> {
    this.leave()
    await this.#left
  }

  /** What became of it, once it is at its end if it was left. */
  async settled(): Promise<'open' | 'ended' | 'failed'> {
    await this.#left?.catch(() => undefined)
    return this.#state
  }

  async #end(): Promise<void> {
    await this.#last
    if (this.#state === 'ended') return
    await this.#noting('the end of a query', async () => {
      await this.#stream.close()
      return null
    })
  }

  async #noting(what: string, work: () => Promise<Row[] | null>): Promise<Row[] | null> {
    this.#asked = { what, sql: this.#owner.sql, sinceMs: this.#owner.nowMs() }
    try {
      const rows = await this.#owner.untilEnd(work())
      if (rows === null) this.#state = 'ended'
      return rows
    } catch (error) {
      this.#state = 'failed'
      throw error
    } finally {
      this.#asked = null
    }
  }
}
