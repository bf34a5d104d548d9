import type { Random } from '../../support/random.ts'
import type { ModelServer } from './database.ts'
import type { Process } from './timeline.ts'

/** What goes wrong between tasks and the database, and in it; all 0 when a schedule calms down. */
export interface DatabaseWeather {
  /** That a connection breaks before a statement gets there, and behind it, before its answer is back. */
  breaks: number
  /** That the answer to COMMIT is lost. */
  commitLost: number
  conflict: number
  resource: number
  unknown: number
  /** That a statement takes long. */
  slow: number
  /** That an error of a row leaves no transaction to go back in. */
  losesTransactions: boolean
  /** Whether the database says which row it refused. */
  namesRows: boolean
}

/** A task as its sessions know it. */
export interface SessionUser {
  readonly name: string
  readonly process: Process
  readonly server: ModelServer
  readonly random: Random
  readonly weather: DatabaseWeather
  /** Of rows that cannot be stored. */
  isBad(row: Readonly<Record<string, unknown>>): boolean
  /** What a transaction that begins now is to hold, for the judge. */
  mark(): unknown
  /** COMMIT is on its way, and nothing stops it any more. */
  onCommitSent(): void
}
