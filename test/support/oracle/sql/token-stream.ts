import { OracleError } from '../oracle-error.ts'
import { type Token, tokenize } from './tokens.ts'

/** Words that cannot be names unless quoted. */
const RESERVED: ReadonlySet<string> = new Set(
  `ACCESS ADD ALL ALTER AND ANY AS ASC AUDIT BETWEEN BY CHAR CHECK CLUSTER COLUMN COLUMN_VALUE COMMENT COMPRESS CONNECT CREATE
  CURRENT DATE DECIMAL DEFAULT DELETE DESC DISTINCT DROP ELSE EXCLUSIVE EXISTS FILE FLOAT FOR FROM GRANT GROUP HAVING
  IDENTIFIED IMMEDIATE IN INCREMENT INDEX INITIAL INSERT INTEGER INTERSECT INTO IS LEVEL LIKE LOCK LONG MAXEXTENTS MINUS
  MLSLABEL MODE MODIFY NESTED_TABLE_ID NOAUDIT NOCOMPRESS NOT NOWAIT NULL NUMBER OF OFFLINE ON ONLINE OPTION OR ORDER
  PCTFREE PRIOR PUBLIC RAW RENAME RESOURCE REVOKE ROW ROWID ROWNUM ROWS SELECT SESSION SET SHARE SIZE SMALLINT START
  SUCCESSFUL SYNONYM SYSDATE TABLE THEN TO TRIGGER UID UNION UNIQUE UPDATE USER VALIDATE VALUES VARCHAR VARCHAR2 VIEW
  WHENEVER WHERE WITH`.split(/\s+/)
)

/** Walks over the tokens of a statement. */
export class TokenStream {
  readonly sql: string
  readonly #tokens: readonly Token[]
  #place = 0
  /** Binds by occurrence, as drivers number them. */
  readonly bindNames: string[] = []

  constructor(sql: string) {
    this.sql = sql
    this.#tokens = tokenize(sql)
  }

  get token(): Token {
    return this.at(0)
  }

  at(ahead: number): Token {
    const last = this.#tokens.length - 1
    return this.#tokens[Math.min(this.#place + ahead, last)] as Token
  }

  advance(): Token {
    const { token } = this
    this.#place += 1
    return token
  }

  get place(): number {
    return this.#place
  }

  rewind(place: number): void {
    this.#place = place
  }

  /** Where the last token taken ends, without the space behind it. */
  textFrom(position: number): string {
    return this.sql.slice(position, this.token.position).replace(/(\s|--[^\n]*\n?)+$/, '')
  }

  fail(code: number, ...facts: string[]): never {
    throw new OracleError(code, facts, this.token.position)
  }

  is(...words: readonly string[]): boolean {
    return words.every((word, ahead) => {
      const { kind, text } = this.at(ahead)
      return (kind === 'word' || kind === 'symbol') && text === word
    })
  }

  isOne(...words: readonly string[]): boolean {
    return words.some((word) => this.is(word))
  }

  take(...words: readonly string[]): boolean {
    if (!this.is(...words)) return false
    this.#place += words.length
    return true
  }

  expect(code: number, ...words: readonly string[]): void {
    if (!this.take(...words)) this.fail(code)
  }

  /** A name that stands here; null when there is none. */
  takeName(): string | null {
    const { kind, text } = this.token
    if (kind !== 'quoted' && (kind !== 'word' || RESERVED.has(text))) return null
    this.advance()
    if (Buffer.byteLength(text) > 128) this.fail(972)
    return text
  }

  name(code: number): string {
    return this.takeName() ?? this.fail(code)
  }

  /** `a`, `a.b`, `a.b.c`. */
  path(code: number): string[] {
    const path = [this.name(code)]
    while (this.take('.')) path.push(this.name(code))
    return path
  }

  number(): number | null {
    const { kind, text } = this.token
    if (kind !== 'number') return null
    this.advance()
    return Number(text)
  }

  string(code: number): string {
    if (this.token.kind !== 'string') this.fail(code)
    return this.advance().text
  }

  /** Takes a bracket and all it holds, unread. */
  skipParentheses(): void {
    this.expect(906, '(')
    for (let depth = 1; depth > 0; ) {
      if (this.token.kind === 'end') this.fail(907)
      if (this.is('(')) depth += 1
      if (this.is(')')) depth -= 1
      this.advance()
    }
  }
}
