import { OracleError } from '../oracle-error.ts'

type TokenKind = 'word' | 'quoted' | 'number' | 'string' | 'bind' | 'symbol' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** Words in upper case, quoted names and strings without their quotes, binds by name. */
  readonly text: string
  readonly position: number
}

const PATTERNS: readonly (readonly [TokenKind | 'space', RegExp])[] = [
  ['space', /\s+|--[^\n]*|\/\*[\s\S]*?\*\//y],
  ['word', /[\p{L}][\p{L}\p{N}_$#]*/uy],
  ['quoted', /"[^"\0]+"/y],
  ['number', /(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?(?![\p{L}\p{N}_])/uy],
  ['bind', /:\s*(?:[\p{L}\p{N}_$#]+|"[^"]+")/uy],
  ['symbol', /\|\||<>|!=|\^=|<=|>=|:=|=>|[-+*/(),.=<>@?]/y]
]
const LONGEST_LITERAL = 4000
const QUOTES: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')', '<': '>' }

/**
 * Cuts a statement into tokens, an `end` last. ORA-00911 for a character SQL does not know (`;` among them),
 * ORA-01756 for an open text.
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  let position = 0
  while (position < sql.length) {
    const text = stringAt(sql, position)
    if (text !== null) {
      if (Buffer.byteLength(text.value) > LONGEST_LITERAL) throw new OracleError(1704, [], position)
      tokens.push({ kind: 'string', text: text.value, position })
      position = text.end
      continue
    }
    const { kind, value } = tokenAt(sql, position)
    if (kind !== 'space') tokens.push({ kind, text: plain(kind, value), position })
    position += value.length
  }
  tokens.push({ kind: 'end', text: '', position: sql.length })
  return tokens
}

function tokenAt(sql: string, position: number): { kind: TokenKind | 'space'; value: string } {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = position
    const value = pattern.exec(sql)?.[0]
    if (value !== undefined) return { kind, value }
  }
  throw new OracleError(sql[position] === '"' ? 1741 : 911, [], position)
}

function plain(kind: TokenKind | 'space', value: string): string {
  if (kind === 'word') return value.toUpperCase()
  if (kind === 'quoted') return value.slice(1, -1)
  if (kind !== 'bind') return value
  const name = value.slice(1).trim()
  return name.startsWith('"') ? name.slice(1, -1) : name.toUpperCase()
}

/** A text literal: `'it''s'`, `N'…'`, `q'[…]'`. */
function stringAt(sql: string, position: number): { value: string; end: number } | null {
  const quoted = /[nN]?[qQ]'([^\s])/y
  quoted.lastIndex = position
  const alternative = quoted.exec(sql)
  if (alternative !== null) {
    const open = alternative[1] ?? ''
    const start = quoted.lastIndex
    const end = sql.indexOf(`${QUOTES[open] ?? open}'`, start)
    if (end < 0) throw new OracleError(1756, [], position)
    return { value: sql.slice(start, end), end: end + 2 }
  }
  const usual = /[nN]?'((?:[^']|'')*)'/y
  usual.lastIndex = position
  const match = usual.exec(sql)
  if (match !== null) return { value: (match[1] ?? '').replaceAll("''", "'"), end: usual.lastIndex }
  if (sql[position] === "'") throw new OracleError(1756, [], position)
  return null
}
