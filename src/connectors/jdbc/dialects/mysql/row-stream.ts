import type { EventEmitter } from 'node:events'
import type { Connection as DriverConnection } from 'mysql2'
import type { ConnectError } from '../../../../errors.ts'
import type { Clock } from '../../../../clock.ts'
import { type Column, databaseError, type Row, type RowStream } from '../../database/database.ts'
import { RowQueue } from '../shared/row-queue.ts'
import { geometriesAsBytes, type MysqlTypeSettings, wireColumn, type WireField } from './types.ts'
import { within } from '../../../../wait.ts'

interface Parts {
  readonly driver: DriverConnection
  /** The running command; the driver emits `fields`, `result` per row, `end` and `error` on it. */
  readonly command: unknown
  readonly fetchRows: number
  readonly clock: Clock
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

/** Rows of a running query. The socket is paused while enough rows wait. */
export class MysqlRowStream implements RowStream {
  columns: readonly Column[] = []
  readonly opened: Promise<void>
  /** Resolves when no more rows can come, for whatever reason. */
  readonly ended: Promise<void>
  #onFailed: (error: Error) => void = () => undefined
  readonly #parts: Parts
  readonly #queue: RowQueue
  #dates: number[] = []

  constructor(parts: Parts) {
    this.#parts = parts
    this.#queue = new RowQueue(parts.fetchRows, () => parts.driver)
    this.ended = this.#queue.over
    const command = parts.command as EventEmitter
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
        this.#queue.end()
        resolve()
      })
    })
    command.on('result', (row: Row) => this.#onRow(row))
  }

  async next(): Promise<Row[] | null> {
    const rows = await this.#queue.take((work) => this.#parts.limit(work))
    this.#check()
    return rows.length === 0 ? null : rows
  }

  async close(): Promise<void> {
    this.#check()
    if (this.#queue.isOver) return
    // Rows still on their way are thrown away; the server is told not to send more.
    const killed = this.#parts.endOnServer()
    this.#queue.discard()
    await killed
    await within(this.#parts.clock, this.ended, CLOSE_LIMIT_MS, () =>
      databaseError('MySQL went on sending rows of a query that was ended', { retriable: true })
    )
  }

  /** Nothing more comes from the driver, which keeps the loss of a session from a command that streams. */
  fail(error: Error): void {
    if (this.#queue.isOver) return
    this.#queue.end(error)
    this.#onFailed(error)
  }

  #check(): void {
    if (this.#queue.failure !== null) throw this.#parts.convert(this.#queue.failure)
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
    for (const index of this.#dates) {
      if (ZERO_DATE.test(String(row[index]))) row[index] = null
    }
    this.#queue.push(row)
  }
}
