import { extname } from 'node:path'
import type { StatementColumnMetadata } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../../../clock.ts'
import { abortedError, type Row } from '../../database/database.ts'
import { within } from '../../../../wait.ts'

/** What the thread can be asked, one thing at a time. */
export interface SqliteRequests {
  open: {
    readonly file: string
    readonly busyTimeoutMs: number
    readonly readOnly: boolean
    /** Rows and tables may be changed. */
    readonly writes: boolean
    /** Of times without an offset. */
    readonly zone: string
    /** Times that cannot be read are null in statements, and noted; else the statement fails. */
    readonly lenient: boolean
    readonly pragmas: readonly string[]
  }
  all: { readonly sql: string; readonly binds: readonly unknown[] }
  columns: { readonly sql: string }
  /** Begins a query; what was under way is given up. */
  query: { readonly sql: string; readonly binds: readonly unknown[]; readonly fetchRows: number }
  /** The next rows of the query, none at its end. */
  next: Record<never, never>
  end: Record<never, never>
  /** Problems with times that were met and not told yet, each text once. */
  problems: Record<never, never>
  /** Statements without parameters and rows. */
  exec: { readonly sql: string }
  /** Rolls back, if there is a transaction. */
  rollback: Record<never, never>
  inTransaction: Record<never, never>
  /** Runs a statement for each row; an error tells the index of its row. */
  write: { readonly sql: string; readonly rows: readonly (readonly unknown[])[] }
  /** A statement that answers rows, or changes some. */
  ask: { readonly sql: string; readonly binds: readonly unknown[] }
  close: Record<never, never>
}

export interface SqliteAnswers {
  open: null
  all: Row[]
  columns: StatementColumnMetadata[]
  query: { readonly columns: StatementColumnMetadata[]; readonly rows: Row[] }
  next: Row[]
  end: null
  problems: string[]
  exec: null
  rollback: null
  inTransaction: boolean
  write: null
  ask: { readonly rows: Row[]; readonly affected: number }
  close: null
}

export type SqliteQuestion = {
  [K in keyof SqliteRequests]: { readonly kind: K } & SqliteRequests[K]
}[keyof SqliteRequests]

export type SqliteReply =
  | { readonly answer: SqliteAnswers[keyof SqliteAnswers] }
  | { readonly error: ThreadError }

interface ThreadError {
  readonly message: string
  readonly errcode: number | undefined
  /** The row that failed, of several that were written. */
  readonly rowIndex: number | undefined
}

/** An error of SQLite, as it comes over from the thread. */
class SqliteError extends Error {
  readonly errcode: number | undefined
  readonly rowIndex: number | undefined

  constructor({ message, errcode, rowIndex }: ThreadError) {
    super(message)
    this.errcode = errcode
    this.rowIndex = rowIndex
  }
}

const CLOSE_LIMIT_MS = 1000

/**
 * SQLite computes in the thread that asks it, so a connection has a thread of its own: a statement that takes
 * long keeps neither other tasks nor the REST interface waiting (I9). Rows come in the batches they are asked
 * for.
 *
 * SQLite cannot be interrupted through Node: `abort` frees whoever waits at once, and the thread ends with
 * the step it is in.
 */
export class SqliteThread {
  readonly #clock: Clock
  readonly #worker: Worker
  #waiting: PromiseWithResolvers<unknown> | null = null
  #turn: Promise<unknown> = Promise.resolve()
  #ended: Error | null = null

  constructor(clock: Clock) {
    this.#clock = clock
    const entry = new URL(`./thread-main${extname(import.meta.url)}`, import.meta.url)
    this.#worker = new Worker(entry, { name: 'sqlite', execArgv: [] })
    // Only what is waited for keeps the process.
    this.#worker.unref()
    this.#worker.on('message', (reply: SqliteReply) => {
      if ('error' in reply) this.#waiting?.reject(new SqliteError(reply.error))
      else this.#waiting?.resolve(reply.answer)
    })
    this.#worker.on('error', (error) => this.#end(error))
    this.#worker.on('exit', () => this.#end(new Error('The thread of the database has ended')))
  }

  ask<K extends keyof SqliteRequests>(
    kind: K,
    request: SqliteRequests[K]
  ): Promise<SqliteAnswers[K]> {
    const answer = this.#turn.then(() => this.#send({ ...request, kind } as SqliteQuestion))
    this.#turn = answer.catch(() => undefined)
    return answer as Promise<SqliteAnswers[K]>
  }

  abort(): void {
    this.#end(abortedError())
  }

  /** Never rejects. */
  async close(): Promise<void> {
    const tooLate = (): Error => new Error('SQLite is busy')
    await within(this.#clock, this.ask('close', {}), CLOSE_LIMIT_MS, tooLate).catch(() => undefined)
    this.abort()
  }

  async #send(question: SqliteQuestion): Promise<unknown> {
    if (this.#ended !== null) throw this.#ended
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting = waiting
    this.#worker.ref()
    this.#worker.postMessage(question)
    try {
      return await waiting.promise
    } finally {
      this.#waiting = null
      this.#worker.unref()
    }
  }

  #end(reason: Error): void {
    if (this.#ended !== null) return
    this.#ended = reason
    this.#waiting?.reject(reason)
    this.#worker.unref()
    void this.#worker.terminate()
  }
}
