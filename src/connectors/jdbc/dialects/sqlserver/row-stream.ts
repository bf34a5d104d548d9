import type { Request } from 'tedious'
import { withTimeout } from '../../../../clock.ts'
import type { ConnectError } from '../../../../errors.ts'
import { type Column, databaseError, type Row, type RowStream } from '../../database/database.ts'
import { BATCH_BYTES, rowBytes } from '../shared/batch-size.ts'

/** How long the server may take to confirm that a query was given up. */
const CANCEL_LIMIT_MS = 5000

interface Parts {
  readonly columns: readonly Column[]
  readonly fetchRows: number
  /** Sends the statement; `done` is called when it is over, with an error or none. */
  start(done: (error: Error | null | undefined) => void): Request
  convert(error: unknown): ConnectError
  /** Gives a wait for rows its limit. */
  limit(work: Promise<void>): Promise<void>
}

/** Rows of a running statement. It is paused while enough rows wait, so that the server waits too (bounded memory, I8). */
export class SqlServerRowStream implements RowStream {
  readonly columns: readonly Column[]
  /** Resolves with the first sign of a result, rejects when the statement fails before. */
  readonly opened: Promise<void>
  readonly #parts: Parts
  readonly #request: Request
  #waiting: Row[] = []
  #waitingBytes = 0
  #ended = false
  #discard = false
  #failure: unknown = null
  #wake: (() => void) | null = null

  constructor(parts: Parts) {
    this.#parts = parts
    this.columns = parts.columns
    this.#request = parts.start((error) => this.#end(error ?? null))
    this.#request.on('row', (columns: readonly { value: unknown }[]) => this.#onRow(columns))
    const begun = new Promise<void>((resolve) => {
      this.#request.once('columnMetadata', () => resolve())
    })
    this.opened = parts.limit(Promise.race([begun, this.#change()])).then(() => this.#check())
    // `ask` does not wait for it.
    this.opened.catch(() => undefined)
  }

  async next(): Promise<Row[] | null> {
    const { fetchRows, limit } = this.#parts
    this.#request.resume()
    while (!this.#isFull && !this.#ended) await limit(this.#change())
    this.#check()
    const rows = this.#waiting.splice(0, fetchRows)
    this.#waitingBytes = this.#waiting.reduce((bytes, row) => bytes + rowBytes(row), 0)
    return rows.length === 0 ? null : rows
  }

  async close(): Promise<void> {
    this.#check()
    if (this.#ended) return
    this.#discard = true
    this.#waiting = []
    this.#request.resume()
    this.#request.cancel()
    await withTimeout(this.#change(), CANCEL_LIMIT_MS, () =>
      databaseError('SQL Server did not give up a query in time', { retriable: true })
    )
  }

  /** Nothing more is to be expected. */
  fail(error: Error): void {
    if (!this.#ended) this.#end(error)
  }

  get #isFull(): boolean {
    return this.#waiting.length >= this.#parts.fetchRows || this.#waitingBytes >= BATCH_BYTES
  }

  #check(): void {
    if (this.#failure !== null) throw this.#parts.convert(this.#failure)
  }

  /** Resolves when there are enough rows or no more to come. */
  #change(): Promise<void> {
    if (this.#ended) return Promise.resolve()
    return new Promise((resolve) => {
      const before = this.#wake
      this.#wake = () => {
        before?.()
        resolve()
      }
    })
  }

  #onRow(columns: readonly { value: unknown }[]): void {
    if (this.#discard) return
    const row = columns.map(({ value }) => value)
    this.#waiting.push(row)
    this.#waitingBytes += rowBytes(row)
    if (!this.#isFull) return
    this.#request.pause()
    this.#notify()
  }

  #end(error: Error | null): void {
    if (this.#ended) return
    this.#ended = true
    if (error !== null && !this.#discard) this.#failure = error
    this.#notify()
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
