import type { Release } from '../release.ts'
import { type SqlType, varchar } from '../sql/sql-type.ts'
import type { SystemColumn, SystemView } from './objects.ts'

/**
 * What a user sees of the database beyond the dictionary's tables; values are SQLite literals or expressions.
 */
export interface SystemFacts {
  readonly user: string
  readonly seesAll: boolean
  /** Rows of V$TRANSACTION: address, session address, start time and date, start SCN, undo records. */
  readonly transactions: readonly {
    readonly id: number
    readonly session: number
    readonly startTime: string
    readonly startDate: Uint8Array
    readonly startScn: Uint8Array
    readonly records: Uint8Array
  }[]
  readonly readers: readonly { readonly id: number }[]
  /** Sessions with a statement that has a table locked and has changed nothing yet, and for how long. */
  readonly lockers: readonly { readonly session: number; readonly seconds: number }[]
  readonly instances: number
  /** Rows of ALL_DEPENDENCIES: owner, name, type, owner and name of what it reads, link or null. */
  readonly dependencies: readonly (readonly (string | null)[])[]
  readonly role: string
  readonly sessions: readonly {
    readonly id: number
    readonly serial: number
    readonly user: string
    readonly attributes: ReadonlyMap<string, string>
  }[]
  readonly nls: ReadonlyMap<string, string>
  readonly scn: Uint8Array
  readonly startedAt: Uint8Array
  readonly release: Release
  readonly number: (value: number) => Uint8Array
}

export const NAME = varchar(128)
export const LONG: SqlType = { name: 'LONG' }
export const FLAG = varchar(3)

export function text(value: string | null): string {
  return value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`
}

export function blob(value: Uint8Array): string {
  return `x'${Buffer.from(value).toString('hex')}'`
}

/** `NAME:expression` pairs of one type. */
export function columns(type: SqlType, spec: Readonly<Record<string, string>>): SystemColumn[] {
  return Object.entries(spec).map(([name, sql]) => ({ name, type, nullable: true, sql }))
}

export function view(
  name: string,
  list: SystemColumn[],
  from: string,
  guarded = false
): SystemView {
  return { kind: 'system', name, guarded, columns: list, from }
}

/** Rows given one by one, as a FROM clause; columns are column1, column2 … */
export function rows(list: readonly (readonly string[])[], width: number): string {
  if (list.length === 0) {
    const none = Array.from({ length: width }, (_, index) => `NULL AS column${index + 1}`)
    return `FROM (SELECT ${none.join(', ')} WHERE 0)`
  }
  return `FROM (VALUES ${list.map((row) => `(${row.join(', ')})`).join(', ')})`
}
