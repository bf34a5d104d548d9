import type { Bind, Column, Dialect, TimestampColumn } from '../database/database.ts'
import type { Mode } from '../database/mode.ts'

/** The parts of a query that stay the same from poll to poll. */
export interface QueryShape {
  readonly dialect: Dialect
  /** `SELECT * FROM "s"."t"`, or the user's query, which may hold placeholders. */
  readonly select: string
  readonly mode: Mode
  /**
   * Columns to compare, with their names as SQL wants them; several timestamps mean the first that is not
   * null.
   */
  readonly timestamps: readonly { sql: string; column: TimestampColumn }[]
  readonly id: { sql: string; column: Column } | null
  readonly suffix: string
  /** Why rows may come from transactions that this database does not show. */
  readonly writersElsewhere?: string | null
}

export interface BoundQuery {
  readonly sql: string
  readonly binds: readonly unknown[]
}

/** Collects bind values in the order in which they stand in the text. */
export class Binder {
  readonly values: unknown[] = []

  add(make: (index: number) => Bind): string {
    const { sql, value } = make(this.values.length + 1)
    this.values.push(value)
    return sql
  }
}
