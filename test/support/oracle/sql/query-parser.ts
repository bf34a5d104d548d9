import { ExpressionParser } from './expression-parser.ts'
import type { Block, Expression, FromItem, Query, QueryBody, SelectItem } from './syntax.ts'

/** Words that begin what may follow a table, and so are no alias. */
const AFTER_TABLE: ReadonlySet<string> = new Set(
  'JOIN INNER LEFT RIGHT FULL CROSS NATURAL ON USING WHERE GROUP ORDER HAVING UNION INTERSECT MINUS FETCH OFFSET FOR SET WHEN'.split(
    ' '
  )
)

export class QueryParser extends ExpressionParser {
  parseQuery(): Query {
    const named: { name: string; query: Query }[] = []
    if (this.take('WITH')) {
      do {
        const name = this.name(903)
        this.expect(905, 'AS')
        this.expect(906, '(')
        named.push({ name, query: this.parseQuery() })
        this.expect(907, ')')
      } while (this.take(','))
    }
    const body = this.#body()
    const order = this.take('ORDER') ? (this.expect(924, 'BY'), this.parseOrderItems()) : []
    const offset = this.#offset()
    const fetch = this.#fetch()
    const forUpdate = this.take('FOR')
    if (forUpdate) {
      this.expect(905, 'UPDATE')
      if (!this.take('NOWAIT')) this.take('SKIP', 'LOCKED')
    }
    return { with: named, body, order, offset, fetch, forUpdate }
  }

  #offset(): Expression | null {
    if (!this.take('OFFSET')) return null
    const rows = this.parseValue()
    if (!this.take('ROWS')) this.expect(905, 'ROW')
    return rows
  }

  #fetch(): Query['fetch'] {
    if (!this.take('FETCH')) return null
    if (!this.take('FIRST')) this.expect(905, 'NEXT')
    const { position } = this.token
    const rows: Expression = this.isOne('ROW', 'ROWS')
      ? { kind: 'number', text: '1', position }
      : this.parseValue()
    if (!this.take('ROWS')) this.expect(905, 'ROW')
    const withTies = this.take('WITH', 'TIES')
    if (!withTies) this.expect(905, 'ONLY')
    return { rows, withTies }
  }

  #body(): QueryBody {
    let left = this.#operand()
    for (;;) {
      if (this.take('UNION', 'ALL'))
        left = { kind: 'set', operator: 'UNION ALL', left, right: this.#operand() }
      else if (this.take('UNION'))
        left = { kind: 'set', operator: 'UNION', left, right: this.#operand() }
      else if (this.take('INTERSECT'))
        left = { kind: 'set', operator: 'INTERSECT', left, right: this.#operand() }
      else if (this.take('MINUS'))
        left = { kind: 'set', operator: 'EXCEPT', left, right: this.#operand() }
      else return left
    }
  }

  #operand(): QueryBody {
    if (!this.take('(')) return this.#block()
    const body = this.#body()
    this.expect(907, ')')
    return body
  }

  #block(): Block {
    this.expect(928, 'SELECT')
    const distinct = this.take('DISTINCT') || this.take('UNIQUE')
    if (!distinct) this.take('ALL')
    const items = [this.#item()]
    while (this.take(',')) items.push(this.#item())
    this.expect(923, 'FROM')
    const from = [this.parseFromItem()]
    while (this.take(',')) from.push(this.parseFromItem())
    const where = this.take('WHERE') ? this.parseExpression() : null
    const group: Expression[] = []
    if (this.take('GROUP')) {
      this.expect(924, 'BY')
      do group.push(this.parseValue())
      while (this.take(','))
    }
    const having = this.take('HAVING') ? this.parseExpression() : null
    return { kind: 'block', distinct, items, from, where, group, having }
  }

  #item(): SelectItem {
    const { position } = this.token
    if (this.take('*')) return { star: true, path: [], position }
    const star = this.#qualifiedStar()
    if (star !== null) return { star: true, path: star, position }
    const expression = this.parseValue()
    const text = this.textFrom(position)
    const alias = this.take('AS') ? this.name(923) : this.takeName()
    return { star: false, expression, alias, text }
  }

  /** `t.*`, `s.t.*`. */
  #qualifiedStar(): string[] | null {
    const path: string[] = []
    let ahead = 0
    for (; this.at(ahead + 1).text === '.' && this.at(ahead + 1).kind === 'symbol'; ahead += 2) {
      path.push(this.at(ahead).text)
    }
    if (path.length === 0 || this.at(ahead).kind !== 'symbol' || this.at(ahead).text !== '*')
      return null
    for (let taken = 0; taken <= ahead; taken++) this.advance()
    return path
  }

  parseFromItem(): FromItem {
    let left = this.parseTable()
    for (;;) {
      const type = this.#joinType()
      if (type === null) return left
      const right = this.parseTable()
      let on: Expression | null = null
      if (type !== 'CROSS') {
        this.expect(905, 'ON')
        on = this.parseExpression()
      }
      left = { kind: 'join', type, left, right, on }
    }
  }

  #joinType(): 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS' | null {
    if (this.take('JOIN') || this.take('INNER', 'JOIN')) return 'INNER'
    if (this.take('CROSS', 'JOIN')) return 'CROSS'
    for (const type of ['LEFT', 'RIGHT', 'FULL'] as const) {
      if (this.take(type, 'JOIN') || this.take(type, 'OUTER', 'JOIN')) return type
    }
    return null
  }

  parseTable(): FromItem {
    const { position } = this.token
    if (this.take('(')) {
      const query = this.parseQuery()
      this.expect(907, ')')
      return { kind: 'query', query, alias: this.parseAlias() }
    }
    const path = this.path(903)
    if (this.is('@')) this.fail(2019)
    let asOfScn: Expression | null = null
    if (this.take('AS', 'OF', 'SCN')) asOfScn = this.parseValue()
    return { kind: 'table', path, alias: this.parseAlias(), asOfScn, position }
  }

  /** There is no AS before the alias of a table. */
  parseAlias(): string | null {
    return this.token.kind === 'word' && AFTER_TABLE.has(this.token.text) ? null : this.takeName()
  }
}
