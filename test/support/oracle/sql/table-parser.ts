import { DmlParser } from './dml-parser.ts'
import type {
  ColumnChange,
  ColumnDefinition,
  ConstraintDefinition,
  StatementSyntax
} from './syntax.ts'

interface TableParts {
  readonly columns: ColumnDefinition[]
  readonly constraints: ConstraintDefinition[]
}

/** CREATE TABLE and ALTER TABLE. */
export class TableParser extends DmlParser {
  protected parseCreateTable(temporary: boolean): StatementSyntax {
    const name = this.path(903)
    const parts: TableParts = { columns: [], constraints: [] }
    if (this.take('(')) {
      do this.#element(parts)
      while (this.take(','))
      this.expect(907, ')')
    }
    this.#skipStorage()
    const query = this.take('AS') ? this.parseQuery() : null
    if (query === null && parts.columns.length === 0) this.fail(906)
    return { kind: 'createTable', name, temporary, ...parts, query }
  }

  #skipStorage(): void {
    if (this.take('ON', 'COMMIT')) {
      if (!this.take('DELETE', 'ROWS')) this.expect(922, 'PRESERVE', 'ROWS')
    }
    if (this.take('ORGANIZATION')) this.expect(922, 'INDEX')
    if (this.take('TABLESPACE')) this.name(922)
  }

  #element(parts: TableParts): void {
    if (this.isOne('CONSTRAINT', 'PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK')) {
      parts.constraints.push(this.#constraint())
    } else this.#column(parts)
  }

  #constraint(): ConstraintDefinition {
    const name = this.take('CONSTRAINT') ? this.name(904) : null
    if (this.take('PRIMARY', 'KEY')) {
      return { name, type: 'P', columns: this.#names(), condition: null, ...this.#indexClause() }
    }
    if (this.take('UNIQUE')) {
      return { name, type: 'U', columns: this.#names(), condition: null, ...this.#indexClause() }
    }
    if (this.take('FOREIGN', 'KEY')) {
      const columns = this.#names()
      this.expect(905, 'REFERENCES')
      return { name, type: 'R', columns, condition: null, references: this.#reference() }
    }
    this.expect(904, 'CHECK')
    return { name, type: 'C', columns: [], condition: this.#check() }
  }

  #indexClause(): object {
    if (this.take('USING', 'INDEX') && this.take('TABLESPACE')) this.name(922)
    return {}
  }

  #names(): string[] {
    this.expect(906, '(')
    const names: string[] = []
    do names.push(this.name(904))
    while (this.take(','))
    this.expect(907, ')')
    return names
  }

  #reference(): string[] {
    const table = this.path(903)
    if (this.is('(')) this.#names()
    if (this.take('ON', 'DELETE') && !this.take('CASCADE')) this.expect(905, 'SET', 'NULL')
    return table
  }

  #check(): string {
    const { position } = this.token
    this.skipParentheses()
    return this.textFrom(position).slice(1, -1)
  }

  #column(parts: TableParts): void {
    const name = this.name(904)
    const type = this.parseType()
    let notNull = false
    let identity: ColumnDefinition['identity'] = null
    let standard: Pick<ColumnDefinition, 'default' | 'defaultText'> = {
      default: null,
      defaultText: null
    }
    for (;;) {
      const own = (
        kind: 'P' | 'U' | 'R' | 'C',
        more: Partial<Pick<ConstraintDefinition, 'condition' | 'references'>> = {}
      ): void => {
        parts.constraints.push({
          name: label,
          type: kind,
          columns: [name],
          condition: null,
          ...more
        })
      }
      const label = this.take('CONSTRAINT') ? this.name(904) : null
      if (this.take('NOT', 'NULL')) notNull = true
      else if (this.take('NULL')) continue
      else if (this.take('PRIMARY', 'KEY')) own('P')
      else if (this.take('UNIQUE')) own('U')
      else if (this.take('REFERENCES')) own('R', { references: this.#reference() })
      else if (this.take('CHECK')) own('C', { condition: this.#check() })
      else if (this.take('GENERATED')) {
        identity = this.#identity()
        notNull = true
      } else if (this.take('DEFAULT')) standard = this.#default()
      else if (label !== null) this.fail(904)
      else break
    }
    parts.columns.push({ name, type, notNull, ...standard, identity })
  }

  #identity(): 'ALWAYS' | 'BY DEFAULT' {
    const always = this.take('ALWAYS')
    if (!always) this.expect(905, 'BY', 'DEFAULT')
    if (!always) this.take('ON', 'NULL')
    this.expect(905, 'AS', 'IDENTITY')
    if (this.is('(')) this.skipParentheses()
    return always ? 'ALWAYS' : 'BY DEFAULT'
  }

  #default(): Pick<ColumnDefinition, 'default' | 'defaultText'> {
    this.take('ON', 'NULL')
    const { position } = this.token
    const value = this.parseValue()
    return { default: value, defaultText: this.textFrom(position) }
  }

  protected parseAlterTable(): StatementSyntax {
    const table = this.path(903)
    if (this.take('ADD')) return this.#add(table)
    if (this.take('DROP')) {
      if (this.take('COLUMN')) {
        return { kind: 'alterTable', table, action: { type: 'drop', columns: [this.name(904)] } }
      }
      return { kind: 'alterTable', table, action: { type: 'drop', columns: this.#names() } }
    }
    if (this.take('RENAME', 'COLUMN')) {
      const from = this.name(904)
      this.expect(905, 'TO')
      return { kind: 'alterTable', table, action: { type: 'rename', from, to: this.name(904) } }
    }
    if (this.take('RENAME', 'TO')) {
      return { kind: 'alterTable', table, action: { type: 'renameTable', to: this.name(903) } }
    }
    if (this.take('MODIFY')) return this.#modify(table)
    return this.fail(1735)
  }

  #add(table: string[]): StatementSyntax {
    const parts: TableParts = { columns: [], constraints: [] }
    if (this.take('(')) {
      do this.#element(parts)
      while (this.take(','))
      this.expect(907, ')')
    } else this.#element(parts)
    const [constraint] = parts.constraints
    if (parts.columns.length === 0 && constraint !== undefined) {
      return { kind: 'alterTable', table, action: { type: 'constrain', constraint } }
    }
    return { kind: 'alterTable', table, action: { type: 'add', columns: parts.columns } }
  }

  #modify(table: string[]): StatementSyntax {
    const columns: ColumnChange[] = []
    const change = (): void => {
      const name = this.name(904)
      const plain = this.isOne('NULL', 'NOT')
      const type = plain ? null : this.parseType()
      let notNull: boolean | null = null
      if (this.take('NOT', 'NULL')) notNull = true
      else if (this.take('NULL')) notNull = false
      columns.push({ name, type, notNull })
    }
    if (this.take('(')) {
      do change()
      while (this.take(','))
      this.expect(907, ')')
    } else change()
    return { kind: 'alterTable', table, action: { type: 'modify', columns } }
  }
}
