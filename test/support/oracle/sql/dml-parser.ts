import { QueryParser } from './query-parser.ts'
import type { Expression, SetClause, StatementSyntax } from './syntax.ts'

export class DmlParser extends QueryParser {
  protected parseInsert(): StatementSyntax {
    this.expect(925, 'INTO')
    const table = this.path(903)
    const columns = this.is('(') ? this.#columnPaths() : null
    if (this.take('VALUES')) return { kind: 'insert', table, columns, source: this.#values() }
    if (!this.isOne('SELECT', 'WITH', '(')) this.fail(926)
    return { kind: 'insert', table, columns, source: this.parseQuery() }
  }

  #columnPaths(): string[][] {
    this.expect(906, '(')
    const columns: string[][] = []
    do columns.push(this.path(904))
    while (this.take(','))
    this.expect(917, ')')
    return columns
  }

  #values(): (Expression | null)[] {
    this.expect(906, '(')
    const values: (Expression | null)[] = []
    do values.push(this.take('DEFAULT') ? null : this.parseValue())
    while (this.take(','))
    this.expect(917, ')')
    return values
  }

  protected parseUpdate(): StatementSyntax {
    const table = this.path(903)
    const alias = this.parseAlias()
    this.expect(971, 'SET')
    const set = this.#setClauses()
    const where = this.take('WHERE') ? this.parseExpression() : null
    return { kind: 'update', table, alias, set, where }
  }

  #setClauses(): SetClause[] {
    const set: SetClause[] = []
    do {
      const column = this.path(904)
      this.expect(927, '=')
      set.push({ column, value: this.take('DEFAULT') ? null : this.parseValue() })
    } while (this.take(','))
    return set
  }

  protected parseDelete(): StatementSyntax {
    this.take('FROM')
    const table = this.path(903)
    const alias = this.parseAlias()
    const where = this.take('WHERE') ? this.parseExpression() : null
    return { kind: 'delete', table, alias, where }
  }

  protected parseMerge(): StatementSyntax {
    this.expect(925, 'INTO')
    const table = this.path(903)
    const alias = this.parseAlias()
    this.expect(905, 'USING')
    const source = this.parseTable()
    this.expect(969, 'ON')
    this.expect(906, '(')
    const on = this.parseExpression()
    this.expect(907, ')')
    let update: Extract<StatementSyntax, { kind: 'merge' }>['update'] = null
    let insert: Extract<StatementSyntax, { kind: 'merge' }>['insert'] = null
    while (this.take('WHEN')) {
      if (this.take('MATCHED')) {
        this.expect(905, 'THEN')
        this.expect(905, 'UPDATE')
        this.expect(971, 'SET')
        const set = this.#setClauses()
        update = { set, where: this.take('WHERE') ? this.parseExpression() : null }
      } else {
        this.expect(905, 'NOT', 'MATCHED', 'THEN')
        this.expect(905, 'INSERT')
        const columns = this.is('(') ? this.#columnPaths() : null
        this.expect(926, 'VALUES')
        insert = { columns, values: this.#values() }
      }
    }
    if (update === null && insert === null) this.fail(905)
    return { kind: 'merge', table, alias, source, on, update, insert }
  }
}
