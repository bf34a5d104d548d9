import {
  type Column,
  type Connection,
  databaseError,
  type Row,
  type RowStream
} from '../database.ts'

/** A query under way. Until it has come to its end, or is left, its session can be asked nothing else. */
export interface OpenQuery extends RowStream {
  /**
   * Gives up the rest without waiting: the query is ended beside what goes on, whatever is asked of the session next waits for that, and
   * it is there that a failure shows.
   */
  leave(): void
}

/** A connection with one owner of what is open on it. */
export interface Session extends Connection {
  query(...query: Parameters<Connection['query']>): Promise<OpenQuery>
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

export function sessionOver(connection: Connection): Session {
  const owner = new SessionOwner(connection)
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
    abort: () => connection.abort(),
    close: () => connection.close()
  }
}

/**
 * A database answers a question behind an open query only when the query has ended, or inside the transaction of that query; so none is
 * ever sent there (I8): it waits for a query that was left, and is refused while one is still being read, which ends the session
 * instead of standing still.
 */
class SessionOwner {
  readonly #connection: Connection
  #query: SessionQuery | null = null
  /** What is being asked. */
  #question: string | null = null

  constructor(connection: Connection) {
    this.#connection = connection
  }

  query(query: Parameters<Connection['query']>): Promise<OpenQuery> {
    return this.ask('a query', async () => {
      this.#query = new SessionQuery(await this.#connection.query(...query))
      return this.#query
    })
  }

  async ask<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#question !== null) throw this.#refusal(what, `${this.#question} is being asked`)
    this.#question = what
    try {
      await this.#free(what)
      return await work()
    } finally {
      this.#question = null
    }
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

class SessionQuery implements OpenQuery {
  readonly columns: readonly Column[]
  readonly #stream: RowStream
  #state: 'open' | 'ended' | 'failed' = 'open'
  /** The last call of the stream, which takes one at a time. */
  #last: Promise<unknown> = Promise.resolve()
  #left: Promise<void> | null = null

  constructor(stream: RowStream) {
    this.columns = stream.columns
    this.#stream = stream
  }

  next(): Promise<Row[] | null> {
    const rows = this.#noting(() => this.#stream.next())
    this.#last = rows
    return rows
  }

  leave(): void {
    this.#left ??= this.#noting(async () => {
      await this.#last
      await this.#stream.close()
      return null
    }).then(() => undefined)
    // Whoever asks something of the session next learns of a failure.
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

  async #noting(work: () => Promise<Row[] | null>): Promise<Row[] | null> {
    try {
      const rows = await work()
      if (rows === null) this.#state = 'ended'
      return rows
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }
}
