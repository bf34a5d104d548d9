import type { Dialect } from '../database/database.ts'
import { sqlStretches } from './sql-stretches.ts'

/**
 * `{d '2026-11-29'}`, `{ts …}`, `{t …}`, `{fn now()}`, `{oj …}`, `{escape '\'}`: JDBC 4.3, section 13.4,
 * "Escape Syntax".
 */
const ESCAPE = /^\{\s*(d|t|ts|fn|oj|escape)\b\s*/i
const LITERALS: Readonly<Record<string, string>> = {
  d: 'DATE ',
  t: 'TIME ',
  ts: 'TIMESTAMP ',
  escape: 'ESCAPE ',
  oj: ''
}
/** A function up to its first argument, or to its end when it has none. */
const CALL = /^(\w+)\s*(?:\(\s*\)|\()?/

/**
 * A query as its database understands it: a JDBC driver replaces the escapes of JDBC before it sends a
 * statement, and so has this to be done for queries that were written for one. Strings, quoted names and
 * comments stay as they are.
 */
export function nativeQuery({ jdbcEscapes: rules }: Dialect, query: string): string {
  if (rules === undefined || !/[{?]/.test(query)) return query
  /** Of each brace that is open: whether it belongs to an escape. */
  const open: boolean[] = []
  const native = (code: string): string => {
    let sql = ''
    let from = 0
    for (const { 0: mark, index } of code.matchAll(/[{}]|\?\?/g)) {
      if (index < from) continue
      sql += code.slice(from, index)
      from = index + mark.length
      if (mark === '??') sql += rules.doubledQuestionMarks ? '?' : mark
      else if (mark === '}') sql += open.pop() === true ? '' : mark
      else {
        const found = escapeAt(code.slice(index), rules.functions)
        open.push(found !== null)
        sql += found?.sql ?? mark
        from += found === null ? 0 : found.length - 1
      }
    }
    return sql + code.slice(from)
  }
  return sqlStretches(query)
    .map(({ kind, text }) =>
      kind === 'code' ? native(text) : kind === 'placeholder' ? `\${${text}}` : text
    )
    .join('')
}

function escapeAt(
  code: string,
  functions: ReadonlyMap<string, string>
): { readonly sql: string; readonly length: number } | null {
  const match = ESCAPE.exec(code)
  if (match === null) return null
  const kind = (match[1] ?? '').toLowerCase()
  const length = match[0].length
  if (kind !== 'fn') return { sql: LITERALS[kind] ?? '', length }
  const call = CALL.exec(code.slice(length))
  const native = functions.get((call?.[1] ?? '').toLowerCase())
  if (call === null || native === undefined) return { sql: '', length }
  return { sql: native, length: length + call[0].length }
}
