import { parseInterval } from './interval-text.ts'
import type { BinaryOperator, Expression, OrderItem, Query } from './syntax.ts'
import { TypeParser } from './type-parser.ts'

const COMPARISONS: Readonly<Record<string, BinaryOperator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '^=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>='
}
/** Reserved words that stand for a value. */
const VALUES: ReadonlySet<string> = new Set(['SYSDATE', 'USER', 'UID', 'ROWNUM', 'ROWID', 'LEVEL'])

/** Reads conditions and values, weakest operator first. */
export abstract class ExpressionParser extends TypeParser {
  abstract parseQuery(): Query

  parseExpression(): Expression {
    let left = this.#and()
    while (this.is('OR')) {
      const { position } = this.advance()
      left = { kind: 'binary', operator: 'OR', left, right: this.#and(), position }
    }
    return left
  }

  parseOrderItems(): OrderItem[] {
    const items: OrderItem[] = []
    do {
      const expression = this.parseValue()
      const descending = this.take('DESC')
      if (!descending) this.take('ASC')
      let nullsFirst: boolean | null = null
      if (this.take('NULLS', 'FIRST')) nullsFirst = true
      else if (this.take('NULLS', 'LAST')) nullsFirst = false
      items.push({ expression, descending, nullsFirst })
    } while (this.take(','))
    return items
  }

  #and(): Expression {
    let left = this.#not()
    while (this.is('AND')) {
      const { position } = this.advance()
      left = { kind: 'binary', operator: 'AND', left, right: this.#not(), position }
    }
    return left
  }

  #not(): Expression {
    const { position } = this.token
    return this.take('NOT') ? { kind: 'not', operand: this.#not(), position } : this.#predicate()
  }

  #predicate(): Expression {
    const { position } = this.token
    if (this.take('EXISTS')) {
      this.expect(906, '(')
      const query = this.parseQuery()
      this.expect(907, ')')
      return { kind: 'exists', query, position }
    }
    const operand = this.parseValue()
    const operator = this.token.kind === 'symbol' ? COMPARISONS[this.token.text] : undefined
    if (operator !== undefined) {
      this.advance()
      return { kind: 'binary', operator, left: operand, right: this.parseValue(), position }
    }
    if (this.take('IS')) {
      const negated = this.take('NOT')
      this.expect(908, 'NULL')
      return { kind: 'isNull', operand, negated, position }
    }
    const negated = this.take('NOT')
    if (this.take('IN')) return this.#in(operand, negated, position)
    if (this.take('BETWEEN')) {
      const low = this.parseValue()
      this.expect(905, 'AND')
      return { kind: 'between', operand, low, high: this.parseValue(), negated, position }
    }
    if (this.take('LIKE')) {
      const pattern = this.parseValue()
      const escape = this.take('ESCAPE') ? this.parseValue() : null
      return { kind: 'like', operand, pattern, escape, negated, position }
    }
    return negated ? this.fail(920) : operand
  }

  #in(operand: Expression, negated: boolean, position: number): Expression {
    this.expect(906, '(')
    const choices = this.isOne('SELECT', 'WITH') ? this.parseQuery() : this.#list()
    this.expect(907, ')')
    return { kind: 'in', operand, choices, negated, position }
  }

  #list(): Expression[] {
    const list = [this.parseExpression()]
    while (this.take(',')) list.push(this.parseExpression())
    return list
  }

  parseValue(): Expression {
    let left = this.#product()
    while (this.isOne('+', '-', '||')) {
      const { text, position } = this.advance()
      left = {
        kind: 'binary',
        operator: text as BinaryOperator,
        left,
        right: this.#product(),
        position
      }
    }
    return left
  }

  #product(): Expression {
    let left = this.#unary()
    while (this.isOne('*', '/')) {
      const { text, position } = this.advance()
      left = {
        kind: 'binary',
        operator: text as BinaryOperator,
        left,
        right: this.#unary(),
        position
      }
    }
    return left
  }

  #unary(): Expression {
    const { position } = this.token
    if (this.take('-')) return { kind: 'negate', operand: this.#unary(), position }
    if (this.take('+')) return this.#unary()
    let value = this.#primary()
    while (this.is('AT')) {
      this.advance()
      if (this.take('LOCAL')) value = { kind: 'atZone', operand: value, zone: null, position }
      else {
        this.expect(905, 'TIME', 'ZONE')
        value = { kind: 'atZone', operand: value, zone: this.#primary(), position }
      }
    }
    return value
  }

  #primary(): Expression {
    const { kind, text, position } = this.token
    if (kind === 'number') {
      this.advance()
      return { kind: 'number', text, position }
    }
    if (kind === 'string') {
      this.advance()
      return { kind: 'string', text, position }
    }
    if (kind === 'bind') {
      this.advance()
      this.bindNames.push(text)
      return { kind: 'bind', index: this.bindNames.length - 1, position }
    }
    if (this.take('(')) return this.#parenthesis(position)
    if (kind === 'word') {
      const special = this.#special(text, position)
      if (special !== null) return special
    }
    return this.#named(position)
  }

  #parenthesis(position: number): Expression {
    if (this.isOne('SELECT', 'WITH')) {
      const query = this.parseQuery()
      this.expect(907, ')')
      return { kind: 'query', query, position }
    }
    const items = this.#list()
    this.expect(907, ')')
    const [first] = items
    return items.length === 1 && first !== undefined ? first : { kind: 'tuple', items, position }
  }

  #special(word: string, position: number): Expression | null {
    const string = this.at(1).kind === 'string'
    if (word === 'NULL') {
      this.advance()
      return { kind: 'null', position }
    }
    if ((word === 'DATE' || word === 'TIMESTAMP') && string) {
      this.advance()
      return { kind: 'moment', type: word, text: this.advance().text, position }
    }
    if (word === 'INTERVAL' && string) return this.#intervalLiteral(position)
    if (word === 'CASE') return this.#case(position)
    if (word === 'CAST' && this.at(1).text === '(') {
      this.advance()
      this.advance()
      const operand = this.parseValue()
      this.expect(905, 'AS')
      const type = this.parseType()
      this.expect(907, ')')
      return { kind: 'cast', operand, type, position }
    }
    if (word === 'EXTRACT' && this.at(1).text === '(') {
      this.advance()
      this.advance()
      const field = this.advance().text
      this.expect(923, 'FROM')
      const operand = this.parseValue()
      this.expect(907, ')')
      const part: Expression = { kind: 'string', text: field, position }
      return call('EXTRACT', [part, operand], position)
    }
    if (VALUES.has(word) && this.at(1).text !== '.') {
      this.advance()
      return { kind: 'column', path: [word], position }
    }
    return null
  }

  #intervalLiteral(position: number): Expression {
    this.advance()
    const { text } = this.advance()
    const from = this.advance().text
    if (this.is('(')) this.skipParentheses()
    let to = from
    if (this.take('TO')) {
      to = this.advance().text
      if (this.is('(')) this.skipParentheses()
    }
    const interval = parseInterval(text, from, to)
    return 'months' in interval
      ? { kind: 'interval', months: interval.months, position }
      : { kind: 'duration', nanos: interval.nanos, position }
  }

  #case(position: number): Expression {
    this.advance()
    const operand = this.is('WHEN') ? null : this.parseValue()
    const branches: { when: Expression; result: Expression }[] = []
    while (this.take('WHEN')) {
      const when = operand === null ? this.parseExpression() : this.parseValue()
      this.expect(905, 'THEN')
      branches.push({ when, result: this.parseValue() })
    }
    const otherwise = this.take('ELSE') ? this.parseValue() : null
    this.expect(905, 'END')
    return { kind: 'case', operand, branches, otherwise, position }
  }

  /** A column, or a call of a function. */
  #named(position: number): Expression {
    const path: string[] = [this.name(936)]
    while (this.is('.') && this.at(1).text !== '*') {
      this.advance()
      path.push(this.is('ROWID') ? this.advance().text : this.name(1747))
    }
    if (!this.is('(')) return { kind: 'column', path, position }
    this.advance()
    const star = this.take('*')
    const distinct = this.take('DISTINCT')
    const args = star || this.is(')') ? [] : this.#list()
    this.expect(907, ')')
    const over = this.take('OVER') ? this.#over() : null
    return { ...call(path.join('.'), args, position), star, distinct, over }
  }

  #over(): { partition: Expression[]; order: OrderItem[] } {
    this.expect(906, '(')
    const partition = this.take('PARTITION', 'BY') ? this.#list() : []
    const order = this.take('ORDER', 'BY') ? this.parseOrderItems() : []
    this.expect(907, ')')
    return { partition, order }
  }
}

function call(
  name: string,
  args: readonly Expression[],
  position: number
): Extract<Expression, { kind: 'call' }> {
  return { kind: 'call', name, args, star: false, distinct: false, over: null, position }
}
