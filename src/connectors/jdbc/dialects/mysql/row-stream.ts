import type { EventEmitter } from 'node:events'
import type { Connection as DriverConnection } from 'mysql2'
import type { ConnectError } from '../../../../errors.ts'
import { withTimeout } from '../../../../clock.ts'
import { type Column, databaseError, type Row, type RowStream } from '../../database/database.ts'
import { BATCH_BYTES, rowBytes } from '../shared/batch-size.ts'
import { geometriesAsBytes, type MysqlTypeSettings, wireColumn, type WireField } from './types.ts'

interface Parts {
  readonly driver: DriverConnection
  /** The running command; the driver emits `fields`, `result` per row, `end` and `error` on it. */
  readonly command: unknown
  readonly fetchRows: number
  convert(error: unknown): ConnectError
  readonly zeroDatesAreNull: boolean
  readonly types: MysqlTypeSettings
  /** Gives a wait for rows its limit. */
  limit(work: Promise<void>): Promise<void>
  endOnServer(): Promise<void>
}

/** How long rows that are under way may keep coming after their query was ended. */
const CLOSE_LIMIT_MS = 5000
const ZERO_DATE = /^0000-00-00|^0$/

/** Rows of a running query. The socket is paused while enough rows wait, so that the server waits too (bounded memory, I8). */
export class MysqlRowStream implements RowStream {
  columns: readonly Column[] = []
  readonly opened: Promise<void>
  /** Resolves when no more rows can come, for whatever reason. */
  readonly ended: Promise<void>
  #onEnded: () => void = () => undefined
  #onFailed: (error: Error) => void = () => undefined
  readonly #parts: Parts
  #waiting: Row[] = []
  #waitingBytes = 0
  #ended = false
  #failure: unknown = null
  #discard = false
  #dates: number[] = []
  #wake: (() => void) | null = null

  constructor(parts: Parts) {
    this.#parts = parts
    const command = parts.command as EventEmitter
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve
    })
    this.opened = new Promise((resolve, reject) => {
      this.#onFailed = reject
      command.on('fields', (fields: WireField[] | undefined) => {
        if (fields === undefined) return
        this.#open(fields)
        resolve()
      })
      command.on('error', (error: unknown) => {
        this.fail(error as Error)
      })
      command.on('end', () => {
        this.#end(null)
        resolve()
      })
    })
    command.on('result', (row: Row) => this.#onRow(row))
  }

  async next(): Promise<Row[] | null> {
    const { fetchRows, driver } = this.#parts
    while (!this.#isFull && !this.#ended) {
      driver.resume()
      if (this.#isFull || this.#ended) break
      await this.#parts.limit(
        new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      )
    }
    if (this.#failure !== null) throw this.#parts.convert(this.#failure)
    if (this.#waiting.length === 0) return null
    if (this.#waiting.length <= fetchRows) {
      const rows = this.#waiting
      this.#waiting = []
      this.#waitingBytes = 0
      return rows
    }
    const rows = this.#waiting.splice(0, fetchRows)
    this.#waitingBytes = this.#waiting.reduce((bytes, row) => bytes + rowBytes(row), 0)
    return rows
  }

  get #isFull(): boolean {
    return this.#waiting.length >= this.#parts.fetchRows || this.#waitingBytes >= BATCH_BYTES
  }

  async close(): Promise<void> {
    if (this.#failure !== null) throw this.#parts.convert(this.#failure)
    if (this.#ended) return
    this.#discard = true
    this.#waiting = []
    // Rows still on their way are thrown away; the server is told not to send more.
    const killed = this.#parts.endOnServer()
    this.#parts.driver.resume()
    await killed
    await withTimeout(this.ended, CLOSE_LIMIT_MS, () =>
      databaseError('MySQL went on sending rows of a query that was ended', { retriable: true })
    )
  }

  /** Nothing more comes from the driver, which keeps the loss of a session from a command that streams. */
  fail(error: Error): void {
    if (this.#ended) return
    this.#end(error)
    this.#onFailed(error)
  }

  #open(fields: WireField[]): void {
    this.columns = fields.map((field) => wireColumn(field, this.#parts.types))
    // The driver makes its row parser of these fields after this.
    geometriesAsBytes(fields)
    if (!this.#parts.zeroDatesAreNull) return
    this.#dates = this.columns.flatMap(({ type }, index) =>
      type === 'date' || type === 'timestamp' ? [index] : []
    )
  }

  #onRow(row: Row): void {
    if (this.#discard) return
    for (const index of this.#dates) {
      if (ZERO_DATE.test(String(row[index]))) row[index] = null
    }
    this.#waiting.push(row)
    this.#waitingBytes += rowBytes(row)
    if (this.#isFull) {
      this.#parts.driver.pause()
      this.#notify()
    }
  }

  #end(error: unknown): void {
    this.#ended = true
    if (error !== null && !this.#discard) this.#failure = error
    this.#onEnded()
    this.#notify()
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
