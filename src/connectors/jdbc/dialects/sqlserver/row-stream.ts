import type { Request } from 'tedious'
import type { Clock } from '../../../../clock.ts'
import type { ConnectError } from '../../../../errors.ts'
import { type Column, databaseError, type Row, type RowStream } from '../../database/database.ts'
import { RowQueue } from '../shared/row-queue.ts'
import { within } from '../../../../wait.ts'

/** How long the server may take to confirm that a query was given up. */
const CANCEL_LIMIT_MS = 5000

interface Parts {
  readonly columns: readonly Column[]
  readonly fetchRows: number
  readonly clock: Clock
  /** Sends the statement; `done` is called when it is over, with an error or none. */
  start(done: (error: Error | null | undefined) => void): Request
  convert(error: unknown): ConnectError
  /** Gives a wait for rows its limit. */
  limit(work: Promise<void>): Promise<void>
}

/** Rows of a running statement. The request is paused while enough rows wait. */
export class SqlServerRowStream implements RowStream {
  readonly columns: readonly Column[]
  /** Resolves with the first sign of a result, rejects when the statement fails before. */
  readonly opened: Promise<void>
  readonly #parts: Parts
  readonly #request: Request
  readonly #queue: RowQueue

  constructor(parts: Parts) {
    this.#parts = parts
    this.columns = parts.columns
    this.#queue = new RowQueue(parts.fetchRows, () => this.#request)
    this.#request = parts.start((error) => this.#queue.end(error ?? null))
    this.#request.on('row', (columns: readonly { value: unknown }[]) => {
      this.#queue.push(columns.map(({ value }) => value))
    })
    const begun = new Promise<void>((resolve) => {
      this.#request.once('columnMetadata', () => resolve())
      void this.#queue.over.then(resolve)
    })
    this.opened = parts.limit(begun).then(() => this.#check())
    // `ask` does not wait for it.
    this.opened.catch(() => undefined)
  }

  async next(): Promise<Row[] | null> {
    const rows = await this.#queue.take((work) => this.#parts.limit(work))
    this.#check()
    return rows.length === 0 ? null : rows
  }

  async close(): Promise<void> {
    this.#check()
    if (this.#queue.isOver) return
    this.#queue.discard()
    this.#request.cancel()
    await within(this.#parts.clock, this.#queue.over, CANCEL_LIMIT_MS, () =>
      databaseError('SQL Server did not give up a query in time', { retriable: true })
    )
  }

  /** Nothing more is to be expected. */
  fail(error: Error): void {
    this.#queue.end(error)
  }

  #check(): void {
    if (this.#queue.failure !== null) throw this.#parts.convert(this.#queue.failure)
  }
}
