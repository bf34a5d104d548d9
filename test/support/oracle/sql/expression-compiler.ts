import { OracleError } from '../oracle-error.ts'
import { encodeDaySecond, encodeYearMonth } from '../wire/interval.ts'
import { booleanBytes, mismatch } from './convert.ts'
import { BARE_FUNCTIONS, compileFunction } from './functions.ts'
import { literal, momentLiteral, numberLiteral, textLiteral } from './literals.ts'
import { type Compiled, findColumn, findTable, type Scope } from './scope.ts'
import {
  BOOLEAN,
  char,
  DATE,
  isDatetime,
  isText,
  NEW_TYPES,
  NULL,
  NUMBER,
  type SqlType,
  varchar
} from './sql-type.ts'
import type { BinaryOperator, Comparison, Expression, Query } from './syntax.ts'
import { commonType, convertible, unifiedType } from './type-rules.ts'

/** What is fixed when a statement is compiled. */
export interface CompileContext {
  readonly user: string
  readonly schema: string
  readonly zone: string
  readonly hasNewTypes: boolean
  /** Types of the binds, by occurrence; a missing one is a VARCHAR2. */
  readonly binds: readonly SqlType[]
  /** Answers what USERENV knows. */
  environment(name: string): string | null
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>='])
/** Where values of a bind stand among SQLite's parameters: the snapshot and the transaction come first. */
export const FIRST_BIND = 3

/** Turns expressions into SQLite's words. */
export abstract class ExpressionCompiler {
  readonly context: CompileContext

  constructor(context: CompileContext) {
    this.context = context
  }

  /** A query within an expression: its SQLite text and the types of its columns. */
  abstract subquery(query: Query, scope: Scope): { sql: string; columns: readonly Compiled[] }

  /** ORA-00920 for a value where a condition belongs. */
  condition(expression: Expression, scope: Scope): string {
    switch (expression.kind) {
      case 'not':
        return `NOT (${this.condition(expression.operand, scope)})`
      case 'binary':
        if (expression.operator === 'AND' || expression.operator === 'OR') {
          const [left, right] = [expression.left, expression.right].map((side) =>
            this.condition(side, scope)
          )
          return `(${left} ${expression.operator} ${right})`
        }
        if (!COMPARISONS.has(expression.operator)) break
        return this.#comparison(
          expression.operator as Comparison,
          expression.left,
          expression.right,
          scope
        )
      case 'isNull':
        return `${this.value(expression.operand, scope).sql} IS ${expression.negated ? 'NOT ' : ''}NULL`
      case 'between': {
        const low = this.#comparison('>=', expression.operand, expression.low, scope)
        const high = this.#comparison('<=', expression.operand, expression.high, scope)
        return `${expression.negated ? 'NOT ' : ''}(${low} AND ${high})`
      }
      case 'in':
        return this.#in(expression, scope)
      case 'like': {
        const operand = this.text(this.value(expression.operand, scope))
        const pattern = this.text(this.value(expression.pattern, scope))
        const escape =
          expression.escape === null ? "''" : this.text(this.value(expression.escape, scope))
        return `${expression.negated ? 'NOT ' : ''}o_like(${operand}, ${pattern}, ${escape})`
      }
      case 'exists':
        return `EXISTS (${this.subquery(expression.query, scope).sql})`
      case 'atZone':
      case 'bind':
      case 'call':
      case 'case':
      case 'cast':
      case 'column':
      case 'duration':
      case 'interval':
      case 'moment':
      case 'negate':
      case 'null':
      case 'number':
      case 'query':
      case 'string':
      case 'tuple':
        break
    }
    throw new OracleError(920, [], expression.position)
  }

  #in(expression: Extract<Expression, { kind: 'in' }>, scope: Scope): string {
    const { operand, choices, negated } = expression
    const not = negated ? 'NOT ' : ''
    if ('body' in choices) {
      const { sql, columns } = this.subquery(choices, scope)
      const items = operand.kind === 'tuple' ? operand.items : [operand]
      if (items.length !== columns.length) throw new OracleError(913, [], operand.position)
      const left = items.map((item, index) =>
        this.convertTo(this.value(item, scope), (columns[index] as Compiled).type)
      )
      return `(${left.join(', ')}) ${not}IN (${sql})`
    }
    const tests = choices.map((choice) => this.#comparison('=', operand, choice, scope))
    return `${not}(${tests.join(' OR ')})`
  }

  #comparison(operator: Comparison, left: Expression, right: Expression, scope: Scope): string {
    if (left.kind === 'tuple' && right.kind === 'tuple') {
      if (operator !== '=' || left.items.length !== right.items.length) throw new OracleError(1796)
      const tests = left.items.map((item, index) =>
        this.#comparison('=', item, right.items[index] as Expression, scope)
      )
      return `(${tests.join(' AND ')})`
    }
    const [one, other] = this.comparable(this.value(left, scope), this.value(right, scope))
    return `${one} ${operator} ${other}`
  }

  /** Two values in a form in which bytes compare as Oracle compares the values. */
  comparable(left: Compiled, right: Compiled): [string, string] {
    const [one, other] = [left.type, right.type]
    if (one.name === 'NULL' || other.name === 'NULL') return [left.sql, right.sql]
    for (const { name } of [one, other]) {
      if (['CLOB', 'BLOB', 'LONG', 'LONG_RAW', 'XMLTYPE'].includes(name)) {
        throw name.startsWith('LONG') ? new OracleError(997) : new OracleError(932, ['-', name])
      }
    }
    if (isText(one) && isText(other)) {
      if (one.name === 'CHAR' && other.name === 'CHAR')
        return [`rtrim(${left.sql})`, `rtrim(${right.sql})`]
      return [left.sql, right.sql]
    }
    const common = commonType(one, other)
    const instants = common === 'TIMESTAMP_TZ' || common === 'TIMESTAMP_LTZ'
    if (instants) return [this.#instant(left), this.#instant(right)]
    return [this.convertTo(left, { name: common }), this.convertTo(right, { name: common })]
  }

  /** The instant of a datetime in eleven bytes. */
  #instant(value: Compiled): string {
    if (value.type.name === 'TIMESTAMP_LTZ') return value.sql
    return `substr(${this.convertTo(value, { name: 'TIMESTAMP_TZ' })}, 1, 11)`
  }

  /** A form that sorts as Oracle sorts. */
  sortable(value: Compiled): string {
    const { name } = value.type
    if (['CLOB', 'BLOB', 'XMLTYPE'].includes(name)) throw new OracleError(932, ['-', name])
    if (name === 'LONG' || name === 'LONG_RAW') throw new OracleError(997)
    return name === 'TIMESTAMP_TZ' ? `substr(${value.sql}, 1, 11)` : value.sql
  }

  convertTo(value: Compiled, type: Pick<SqlType, 'name'>): string {
    const from = value.type.name
    if (from === type.name || from === 'NULL') return value.sql
    if (isText(value.type) && isText({ name: type.name })) return value.sql
    if (!convertible(from, type.name)) throw mismatch(from, type.name)
    return `o_convert(${value.sql}, '${from}', '${type.name}')`
  }

  text(value: Compiled): string {
    return this.convertTo(value, { name: 'VARCHAR2' })
  }

  value(expression: Expression, scope: Scope): Compiled {
    switch (expression.kind) {
      case 'null':
        return { sql: 'NULL', type: NULL, nullable: true, constant: true }
      case 'number':
        return numberLiteral(expression.text)
      case 'string': {
        const { text } = expression
        if (text === '') return { sql: 'NULL', type: varchar(1), nullable: true, constant: true }
        const type = char(Buffer.byteLength(text))
        return { sql: textLiteral(text), type, nullable: false, constant: true }
      }
      case 'bind': {
        const type = this.context.binds[expression.index] ?? varchar(4000)
        return { sql: `?${expression.index + FIRST_BIND}`, type, nullable: true, constant: true }
      }
      case 'moment':
        return momentLiteral(expression.type, expression.text)
      case 'interval':
        return literal(encodeYearMonth(expression.months), { name: 'INTERVAL_YM', precision: 2 })
      case 'duration':
        return literal(encodeDaySecond(expression.nanos), {
          name: 'INTERVAL_DS',
          precision: 2,
          scale: 6
        })
      case 'column':
        return this.#column(expression, scope)
      case 'negate': {
        const operand = this.value(expression.operand, scope)
        return { ...operand, sql: `o_negate(${this.convertTo(operand, NUMBER)})`, type: NUMBER }
      }
      case 'binary':
        if (
          expression.operator === 'AND' ||
          expression.operator === 'OR' ||
          COMPARISONS.has(expression.operator)
        )
          break
        return this.#arithmetic(
          expression.operator,
          this.value(expression.left, scope),
          this.value(expression.right, scope)
        )
      case 'case':
        return this.#case(expression, scope)
      case 'call':
        return compileFunction(this, expression, scope)
      case 'cast':
        if (NEW_TYPES.has(expression.type.name) && !this.context.hasNewTypes)
          throw new OracleError(902, [], expression.position)
        return this.#cast(this.value(expression.operand, scope), expression.type)
      case 'atZone': {
        const operand = this.value(expression.operand, scope)
        const zone =
          expression.zone === null
            ? textLiteral(this.context.zone)
            : this.text(this.value(expression.zone, scope))
        const sql = `o_at_zone(${this.convertTo(operand, { name: 'TIMESTAMP_TZ' })}, ${zone})`
        return { ...operand, sql, type: { name: 'TIMESTAMP_TZ', scale: operand.type.scale ?? 0 } }
      }
      case 'query': {
        const { sql, columns } = this.subquery(expression.query, scope)
        const [column] = columns
        if (column === undefined || columns.length > 1)
          throw new OracleError(913, [], expression.position)
        return { sql: `(${sql})`, type: column.type, nullable: true }
      }
      case 'between':
      case 'exists':
      case 'in':
      case 'isNull':
      case 'like':
      case 'not':
      case 'tuple':
        break
    }
    throw new OracleError(expression.kind === 'tuple' ? 907 : 936, [], expression.position)
  }

  #column(expression: Extract<Expression, { kind: 'column' }>, scope: Scope): Compiled {
    const { path, position } = expression
    const name = path.at(-1) ?? ''
    const qualifier = path.slice(0, -1)
    if (name === 'ROWID' || name === 'ORA_ROWSCN') {
      const source = findTable(scope, qualifier, name, position)
      if (name === 'ROWID') {
        return {
          sql: `o_rowid(${source.table.id}, ${source.alias}.rid)`,
          type: { name: 'ROWID' },
          nullable: true
        }
      }
      return { sql: `o_int(${source.alias}.born)`, type: NUMBER, nullable: true }
    }
    if (this.context.hasNewTypes && (name === 'TRUE' || name === 'FALSE') && path.length === 1)
      return literal(booleanBytes(name === 'TRUE'), BOOLEAN)
    const special = this.#pseudoColumn(path.join('.'))
    if (special !== null) return special
    if (name === 'NEXTVAL' || name === 'CURRVAL') throw new OracleError(2287, [], position)
    return findColumn(scope, path, position).column
  }

  #pseudoColumn(name: string): Compiled | null {
    if (name === 'ROWNUM')
      return { sql: 'o_int(row_number() OVER ())', type: NUMBER, nullable: false }
    const expression = {
      kind: 'call',
      name,
      args: [],
      star: false,
      distinct: false,
      over: null,
      position: 0
    } as const
    return BARE_FUNCTIONS.has(name)
      ? compileFunction(this, expression, { sources: [], parent: null })
      : null
  }

  #arithmetic(operator: BinaryOperator, left: Compiled, right: Compiled): Compiled {
    const nullable = left.nullable || right.nullable
    const constant = left.constant === true && right.constant === true
    const done = (sql: string, type: SqlType): Compiled => ({ sql, type, nullable, constant })
    if (operator === '||') {
      const sql = `nullif(coalesce(${this.text(left)}, '') || coalesce(${this.text(right)}, ''), '')`
      return done(sql, varchar((left.type.size ?? 40) + (right.type.size ?? 40)))
    }
    if (isDatetime(left.type) || isDatetime(right.type))
      return this.#datetimeArithmetic(operator, left, right, done)
    const name = { '+': 'add', '-': 'subtract', '*': 'multiply', '/': 'divide' }[
      operator as '+' | '-' | '*' | '/'
    ]
    const floating = [left, right].some(({ type }) => type.name.startsWith('BINARY'))
    const type: SqlType = floating ? { name: 'BINARY_DOUBLE' } : NUMBER
    const prefix = floating ? 'o_float_' : 'o_'
    return done(
      `${prefix}${name}(${this.convertTo(left, type)}, ${this.convertTo(right, type)})`,
      type
    )
  }

  #datetimeArithmetic(
    operator: BinaryOperator,
    left: Compiled,
    right: Compiled,
    done: (sql: string, type: SqlType) => Compiled
  ): Compiled {
    if (operator === '-' && isDatetime(left.type) && isDatetime(right.type)) {
      if (left.type.name === 'DATE' && right.type.name === 'DATE') {
        return done(`o_days_between(${left.sql}, ${right.sql})`, NUMBER)
      }
      const [one, other] = this.comparable(left, right)
      return done(`o_interval_between(${one}, ${other})`, {
        name: 'INTERVAL_DS',
        precision: 9,
        scale: 9
      })
    }
    const [moment, amount] = isDatetime(left.type) ? [left, right] : [right, left]
    if (
      (operator !== '+' && operator !== '-') ||
      isDatetime(amount.type) ||
      (operator === '-' && moment === right)
    ) {
      throw new OracleError(975)
    }
    const sign = operator === '-' ? -1 : 1
    if (amount.type.name === 'INTERVAL_DS' || amount.type.name === 'INTERVAL_YM') {
      const act = amount.type.name === 'INTERVAL_DS' ? 'o_add_interval' : 'o_add_year_month'
      return done(
        `${act}(${moment.sql}, '${moment.type.name}', ${amount.sql}, ${sign})`,
        moment.type
      )
    }
    // Days added to a timestamp make a DATE.
    const days =
      sign < 0 ? `o_negate(${this.convertTo(amount, NUMBER)})` : this.convertTo(amount, NUMBER)
    return done(`o_add_days(${this.convertTo(moment, DATE)}, 'DATE', ${days})`, DATE)
  }

  #case(expression: Extract<Expression, { kind: 'case' }>, scope: Scope): Compiled {
    const { operand, branches, otherwise } = expression
    const results = branches.map(({ result }) => this.value(result, scope))
    if (otherwise !== null) results.push(this.value(otherwise, scope))
    const type = this.unified(results)
    const parts = branches.map(({ when }, index) => {
      const test =
        operand === null ? this.condition(when, scope) : this.#comparison('=', operand, when, scope)
      return `WHEN ${test} THEN ${this.convertTo(results[index] as Compiled, type)}`
    })
    const last = results[branches.length]
    const rest = last === undefined ? '' : ` ELSE ${this.convertTo(last, type)}`
    return { sql: `CASE ${parts.join(' ')}${rest} END`, type, nullable: true }
  }

  unified(values: readonly Compiled[]): SqlType {
    return unifiedType(values.map(({ type }) => type))
  }

  #cast(operand: Compiled, type: SqlType): Compiled {
    let sql = this.convertTo(operand, type)
    if (
      type.name === 'NUMBER' &&
      type.scale !== null &&
      type.scale !== undefined &&
      type.scale !== -127
    ) {
      sql = `o_round(${sql}, ${type.scale})`
    } else if (type.name.startsWith('TIMESTAMP')) {
      sql = `o_fraction(${sql}, '${type.name}', ${type.scale ?? 6})`
    } else if ((type.name === 'VARCHAR2' || type.name === 'CHAR') && type.size !== undefined) {
      sql =
        type.name === 'CHAR'
          ? `o_pad(substr(${sql}, 1, ${type.size}), ${type.size})`
          : `substr(${sql}, 1, ${type.size})`
    }
    return { ...operand, sql, type }
  }
}
