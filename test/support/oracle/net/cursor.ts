import type { OpenQuery, Statement } from '../sql/session.ts'
import type { Column, TypeName } from '../sql/sql-type.ts'
import type { ValueShape } from './execute-request.ts'
import type { AskedStatement } from './server-state.ts'

/** A statement that a client has parsed, and where its rows are. */
export interface Cursor {
  readonly id: number
  readonly sql: string
  readonly statement: Statement
  binds: readonly ValueShape[]
  defines: readonly ValueShape[]
  /** Columns as the client was told; null before. */
  described: readonly Column[] | null
  open: OpenQuery | null
  fetched: number
  /** Its last execution, as tests see it. */
  asked: AskedStatement | null
}

export function sameColumns(one: readonly Column[] | null, other: readonly Column[]): boolean {
  return one !== null && JSON.stringify(one) === JSON.stringify(other)
}

const NEED_DEFINE: ReadonlySet<TypeName> = new Set(['CLOB', 'BLOB', 'XMLTYPE', 'JSON', 'VECTOR'])

/** A client that has not said how it wants LOBs gets no rows before it does. */
export function needsDefine(cursor: Cursor, columns: readonly Column[]): boolean {
  const lobs = columns.some(({ type }) => NEED_DEFINE.has(type.name))
  return lobs && cursor.defines.length === 0
}
