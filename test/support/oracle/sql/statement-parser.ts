import type { StatementSyntax } from './syntax.ts'
import { TableParser } from './table-parser.ts'

/**
 * A statement of the closed list this server knows; everything else is refused with the error Oracle gives.
 */
interface ParsedStatement {
  readonly syntax: StatementSyntax
  /** Binds by occurrence. */
  readonly binds: readonly string[]
}

export function parseStatement(sql: string): ParsedStatement {
  const parser = new StatementParser(sql)
  const syntax = parser.parse()
  return { syntax, binds: parser.bindNames }
}

class StatementParser extends TableParser {
  parse(): StatementSyntax {
    const syntax = this.#statement()
    if (this.token.kind !== 'end') this.fail(syntax.kind === 'createTable' ? 922 : 933)
    return syntax
  }

  #statement(): StatementSyntax {
    if (this.isOne('SELECT', 'WITH', '(')) return { kind: 'query', query: this.parseQuery() }
    if (this.take('INSERT')) return this.parseInsert()
    if (this.take('UPDATE')) return this.parseUpdate()
    if (this.take('DELETE')) return this.parseDelete()
    if (this.take('MERGE')) return this.parseMerge()
    if (this.take('CREATE')) return this.#create()
    if (this.take('DROP')) return this.#drop()
    if (this.take('TRUNCATE')) {
      this.expect(903, 'TABLE')
      return { kind: 'truncate', table: this.path(903) }
    }
    if (this.take('ALTER')) return this.#alter()
    if (this.take('GRANT')) return this.#grant(false)
    if (this.take('REVOKE')) return this.#grant(true)
    if (this.take('COMMENT')) return this.#comment()
    if (this.take('COMMIT')) return this.take('WORK') ? { kind: 'commit' } : { kind: 'commit' }
    if (this.take('SAVEPOINT')) return { kind: 'savepoint', name: this.name(3001) }
    if (this.take('ROLLBACK')) {
      this.take('WORK')
      if (!this.take('TO')) return { kind: 'rollback' }
      this.take('SAVEPOINT')
      return { kind: 'rollbackTo', name: this.name(3001) }
    }
    if (this.take('SET', 'TRANSACTION')) return this.#setTransaction()
    if (this.take('LOCK', 'TABLE')) return this.#lock()
    return this.fail(900)
  }

  #create(): StatementSyntax {
    const replace = this.take('OR', 'REPLACE')
    if (this.take('TABLE')) return this.parseCreateTable(false)
    if (this.take('GLOBAL', 'TEMPORARY', 'TABLE')) return this.parseCreateTable(true)
    if (this.isOne('INDEX', 'UNIQUE')) return this.#index()
    if (this.take('MATERIALIZED', 'VIEW')) return this.#view(false, true)
    if (this.take('VIEW')) return this.#view(replace, false)
    if (this.take('PUBLIC', 'SYNONYM')) return this.#synonym(replace, true)
    if (this.take('SYNONYM')) return this.#synonym(replace, false)
    if (this.take('USER')) {
      const name = this.name(1935)
      this.expect(922, 'IDENTIFIED', 'BY')
      const { text, kind, position } = this.advance()
      const password = kind === 'word' ? this.sql.slice(position, position + text.length) : text
      return { kind: 'createUser', name, password }
    }
    return this.fail(901)
  }

  #index(): StatementSyntax {
    const unique = this.take('UNIQUE')
    this.expect(968, 'INDEX')
    const name = this.path(953)
    this.expect(969, 'ON')
    const table = this.path(903)
    this.expect(906, '(')
    const columns: (string | null)[] = []
    do {
      const value = this.parseValue()
      const plain = value.kind === 'column' && value.path.length === 1
      columns.push(plain ? (value.path[0] ?? null) : null)
      if (!this.take('ASC')) this.take('DESC')
    } while (this.take(','))
    this.expect(907, ')')
    return { kind: 'createIndex', name, unique, table, columns }
  }

  #view(replace: boolean, materialized: boolean): StatementSyntax {
    const name = this.path(903)
    const columns: string[] = []
    if (this.take('(')) {
      do columns.push(this.name(904))
      while (this.take(','))
      this.expect(907, ')')
    }
    this.expect(905, 'AS')
    const { position } = this.token
    const query = this.parseQuery()
    const text = this.textFrom(position)
    if (this.take('WITH', 'READ')) this.expect(905, 'ONLY')
    return { kind: 'createView', name, replace, materialized, columns, query, text }
  }

  #synonym(replace: boolean, isPublic: boolean): StatementSyntax {
    const name = this.path(903)
    this.expect(905, 'FOR')
    const target = this.path(903)
    const link = this.take('@') ? this.path(1729).join('.') : null
    return { kind: 'createSynonym', name, replace, isPublic, target, link }
  }

  #drop(): StatementSyntax {
    const isPublic = this.take('PUBLIC')
    const materialized = this.take('MATERIALIZED')
    const { text: type } = this.advance()
    if (!['TABLE', 'VIEW', 'INDEX', 'SYNONYM', 'USER'].includes(type)) this.fail(950)
    const name = this.path(903)
    this.take('CASCADE', 'CONSTRAINTS')
    if (type === 'USER') this.take('CASCADE')
    this.take('PURGE')
    return { kind: 'drop', type: materialized ? 'MATERIALIZED VIEW' : type, name, isPublic }
  }

  #alter(): StatementSyntax {
    if (this.take('TABLE')) return this.parseAlterTable()
    if (this.take('USER')) {
      const name = this.name(1935)
      if (this.take('ACCOUNT')) {
        const lock = this.take('LOCK')
        if (!lock) this.expect(922, 'UNLOCK')
        return { kind: 'alterUser', name, change: { lock } }
      }
      this.expect(922, 'IDENTIFIED', 'BY')
      const { text, kind, position } = this.advance()
      const password = kind === 'word' ? this.sql.slice(position, position + text.length) : text
      return { kind: 'alterUser', name, change: { password } }
    }
    this.expect(940, 'SESSION')
    this.expect(922, 'SET')
    const settings: (readonly [string, string])[] = []
    do {
      const parameter = this.name(2248)
      this.expect(927, '=')
      const negative = this.take('-')
      settings.push([parameter, (negative ? '-' : '') + this.advance().text])
    } while (this.token.kind === 'word')
    return { kind: 'alterSession', settings }
  }

  #grant(revoke: boolean): StatementSyntax {
    const words: string[] = []
    while (!this.isOne('ON', 'TO', 'FROM') && this.token.kind === 'word')
      words.push(this.advance().text)
    const object = this.take('ON') ? this.path(903) : null
    this.expect(905, revoke ? 'FROM' : 'TO')
    const users: string[] = []
    do users.push(this.take('PUBLIC') ? 'PUBLIC' : this.name(987))
    while (this.take(','))
    return { kind: 'grant', privilege: words.join(' '), object, users, revoke }
  }

  #comment(): StatementSyntax {
    this.expect(905, 'ON')
    if (!this.take('COLUMN')) this.expect(905, 'TABLE')
    this.path(903)
    this.expect(905, 'IS')
    this.string(1780)
    return { kind: 'comment' }
  }

  #setTransaction(): StatementSyntax {
    if (this.take('READ', 'ONLY')) return { kind: 'setTransaction', mode: 'READ ONLY' }
    if (this.take('READ', 'WRITE')) return { kind: 'setTransaction', mode: 'READ COMMITTED' }
    this.expect(900, 'ISOLATION', 'LEVEL')
    if (this.take('SERIALIZABLE')) return { kind: 'setTransaction', mode: 'SERIALIZABLE' }
    this.expect(2179, 'READ', 'COMMITTED')
    return { kind: 'setTransaction', mode: 'READ COMMITTED' }
  }

  #lock(): StatementSyntax {
    this.path(903)
    this.expect(905, 'IN')
    while (this.token.kind === 'word' && !this.is('MODE')) this.advance()
    this.expect(905, 'MODE')
    this.take('NOWAIT')
    return { kind: 'lock' }
  }
}
