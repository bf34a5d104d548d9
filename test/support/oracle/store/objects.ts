import type { SqlType } from '../sql/sql-type.ts'
import type { Expression, Query } from '../sql/syntax.ts'

/** A column of a table; its values lie in SQLite's column `c<slot>`. */
export interface TableColumn {
  name: string
  readonly slot: number
  type: SqlType
  nullable: boolean
  readonly default: Expression | null
  readonly defaultText: string | null
  readonly identity: 'ALWAYS' | 'BY DEFAULT' | null
}

export interface Constraint {
  readonly name: string
  readonly type: 'P' | 'U' | 'R' | 'C'
  readonly columns: readonly string[]
  readonly condition: string | null
  readonly generated: boolean
  /** Of a foreign key: the key it points to; it is told of, not held. */
  readonly parent?: { readonly owner: string; readonly key: string }
}

interface Index {
  readonly owner: string
  readonly name: string
  readonly unique: boolean
  /** null: an expression. */
  readonly columns: readonly (string | null)[]
}

export interface Table {
  readonly kind: 'table'
  readonly id: number
  readonly owner: string
  name: string
  readonly temporary: boolean
  columns: TableColumn[]
  readonly constraints: Constraint[]
  readonly indexes: Index[]
  /** Number of the SQLite table with the rows; null while there never were any. */
  storage: number | null
  nextSlot: number
  /** Next number of a row and of an identity column. */
  nextRow: number
  nextIdentity: bigint
}

export interface View {
  readonly kind: 'view'
  readonly id: number
  readonly owner: string
  readonly name: string
  readonly materialized: boolean
  readonly columns: readonly string[]
  readonly query: Query
  readonly text: string
}

interface Synonym {
  readonly kind: 'synonym'
  readonly id: number
  readonly owner: string
  readonly name: string
  readonly target: { readonly owner: string; readonly name: string; readonly link: string | null }
}

export type SchemaObject = Table | View | Synonym

/** A column of a dictionary view, and the SQLite expression that makes it. */
export interface SystemColumn {
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
  readonly sql: string
}

/** A view of the dictionary: SQLite's text behind SELECT. */
export interface SystemView {
  readonly kind: 'system'
  readonly name: string
  /** Needs the right to read the dictionary. */
  readonly guarded: boolean
  readonly columns: readonly SystemColumn[]
  /** `FROM … WHERE …`. */
  readonly from: string
}
