import type { RealPlan, TablePlan } from './plan.ts'

/** What a writer puts into a row. */
export interface RowValues {
  readonly code: string
  readonly version: number
  readonly note: string | null
  readonly amount: string | null
}

/** A row as the database shows it in the end. */
export interface RowFound {
  readonly code: string
  readonly version: number
  readonly id: bigint
}

/** A session of a client, which keeps its transaction until it is told. */
export interface Session {
  begin(): Promise<void>
  run(sql: string): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  close(): Promise<void>
}

/** Where the copies of a world's tables are, and the account that writes them. */
export interface CopyPlace {
  /** Keys of the sink. */
  readonly config: Readonly<Record<string, string>>
  quoted(name: string): string
  readonly types: Readonly<Record<'text' | 'whole' | 'amount' | 'moment', string>>
  /** Makes a table of the sink's account. */
  create(table: string, columns: string): Promise<void>
  run(sql: string): Promise<void>
  /** These columns of the rows of a table, in their order; no rows while it is not there. */
  rows(table: string, columns: readonly string[]): Promise<unknown[][]>
  endSessions(): Promise<void>
  lockAccount(): Promise<void>
  unlockAccount(): Promise<void>
  /** Nobody else writes to a table for a while. */
  hold(table: string, forMs: number): Promise<void>
  revoke(table: string): Promise<void>
  grant(table: string): Promise<void>
}

/** Where one world lives: a schema of its own, with an account of its own for the connector. */
export interface Home {
  /** Keys of the connector. */
  readonly config: Readonly<Record<string, string>>
  /** As `table.whitelist` wants it. */
  listed(table: TablePlan): string
  createTable(table: TablePlan): Promise<void>
  insert(table: TablePlan, row: RowValues): string
  /** Many rows in one statement; null: this database has no such statement. */
  insertMany(table: TablePlan, first: RowValues, count: number): string | null
  update(table: TablePlan, row: RowValues): string
  session(): Promise<Session>
  rows(table: TablePlan): Promise<RowFound[]>
  /** Of the connector. */
  endSessions(): Promise<void>
  grant(table: TablePlan): Promise<void>
  revoke(table: TablePlan): Promise<void>
  hide(table: TablePlan): Promise<void>
  show(table: TablePlan): Promise<void>
  lock(): Promise<void>
  unlock(): Promise<void>
  addColumn(table: TablePlan, name: string): Promise<void>
  /** Its ids go on. */
  empty(table: TablePlan): Promise<void>
  readonly copies: CopyPlace
  close(): Promise<void>
}

export interface WorldDatabase {
  home(plan: RealPlan): Promise<Home>
  /** null: not ours to restart. */
  readonly restart: (() => Promise<void>) | null
  close(): Promise<void>
}

/** The rows that a question found; none when it says that there is no such table. */
export async function unlessAbsent(rows: Promise<unknown[][]>): Promise<unknown[][]> {
  try {
    return await rows
  } catch (error) {
    if (!/does not exist|doesn't exist|no such table|ORA-00942/.test(String(error))) throw error
    return []
  }
}

/** A text in quotes. */
export function literal(text: string | null): string {
  return text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`
}

const LOST =
  /terminating connection|shutting down|connection terminated|connection lost|ECONNRESET|not queryable/i
const DONE = /exist|duplicate|no such grant/i

/**
 * Does something to a world though its server restarts; `nothing` when it was done before its answer was
 * lost.
 */
export async function throughRestart<T>(work: () => Promise<T>, nothing: T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!LOST.test(String(error))) throw error
  }
  try {
    return await work()
  } catch (error) {
    if (!DONE.test(String(error))) throw error
    return nothing
  }
}
