import { OracleError } from '../oracle-error.ts'
import type { Database } from '../store/database.ts'
import type { Constraint, Table, TableColumn, View } from '../store/objects.ts'
import type { QueryCompiler } from './query-compiler.ts'
import { NEW_TYPES, type SqlType, type SqlValue } from './sql-type.ts'
import type { ColumnDefinition, ConstraintDefinition, StatementSyntax } from './syntax.ts'

type Syntax<K extends StatementSyntax['kind']> = Extract<StatementSyntax, { kind: K }>

/** What a definition needs of its session. */
interface DefiningSession {
  readonly user: string
  readonly schema: string
  compiler(): QueryCompiler
  read(sql: string): (SqlValue | number)[][]
}

/** CREATE, ALTER, DROP, TRUNCATE and GRANT. The caller has committed. */
export class Definitions {
  readonly #database: Database
  readonly #session: DefiningSession

  constructor(database: Database, session: DefiningSession) {
    this.#database = database
    this.#session = session
  }

  run(syntax: StatementSyntax): void {
    switch (syntax.kind) {
      case 'createTable':
        return this.#createTable(syntax)
      case 'createIndex':
        return this.#createIndex(syntax)
      case 'createView':
        return this.#createView(syntax)
      case 'createSynonym':
        return this.#createSynonym(syntax)
      case 'createUser':
        return this.#database.addUser(syntax.name, syntax.password)
      case 'alterUser': {
        const user = this.#database.userNamed(syntax.name)
        if (syntax.change.password !== undefined) user.password = syntax.change.password
        if (syntax.change.lock !== undefined) user.locked = syntax.change.lock
        return
      }
      case 'grant':
        return this.#grant(syntax)
      case 'drop':
        return this.#drop(syntax)
      case 'truncate': {
        this.#database.rows.abandon(this.#table(syntax.table))
        this.#database.version += 1
        return
      }
      case 'alterTable':
        return this.#alterTable(syntax)
      case 'alterSession':
      case 'comment':
      case 'commit':
      case 'delete':
      case 'insert':
      case 'lock':
      case 'merge':
      case 'query':
      case 'rollback':
      case 'rollbackTo':
      case 'savepoint':
      case 'setTransaction':
      case 'sleep':
      case 'update':
        throw new OracleError(900)
    }
  }

  #place(path: readonly string[]): { owner: string; name: string } {
    const [first = '', second] = path
    const place =
      second === undefined
        ? { owner: this.#session.schema, name: first }
        : { owner: first, name: second }
    this.#database.userNamed(place.owner)
    return place
  }

  /** The table of this path; ORA-00942 when there is none, ORA-01031 when it is another's. */
  #table(path: readonly string[]): Table {
    const found = this.#database.resolve(path, this.#session.schema, this.#session.user)
    if (found.kind !== 'table') throw new OracleError(942)
    if (!this.#database.mayChange(this.#session.user, found.owner, found.name))
      throw new OracleError(1031)
    return found
  }

  #createTable(syntax: Syntax<'createTable'>): void {
    const { owner, name } = this.#place(syntax.name)
    const table: Table = {
      kind: 'table',
      id: this.#database.nextId(),
      owner,
      name,
      temporary: syntax.temporary,
      columns: [],
      constraints: [],
      indexes: [],
      storage: null,
      nextSlot: 0,
      nextRow: 1,
      nextIdentity: 1n
    }
    let rows: (SqlValue | number)[][] = []
    if (syntax.query === null)
      for (const definition of syntax.columns) this.#addColumn(table, definition)
    else {
      const { sql, columns } = this.#session.compiler().query(syntax.query, null)
      rows = this.#session.read(sql)
      for (const column of columns) {
        const type =
          column.type.name === 'CHAR' && column.constant === true ? { ...column.type } : column.type
        this.#addColumn(table, {
          ...column,
          type,
          notNull: !column.nullable && column.constant !== true,
          default: null,
          defaultText: null,
          identity: null
        })
      }
    }
    for (const definition of syntax.constraints) this.#addConstraint(table, definition)
    this.#database.add(table)
    this.#database.dictionary.add(table, this.#database.now())
    if (rows.length > 0) this.#fill(table, rows)
  }

  #fill(table: Table, rows: readonly (readonly (SqlValue | number)[])[]): void {
    const transaction = this.#database.begin({
      id: 0,
      serial: 0,
      user: this.#session.user,
      attributes: new Map()
    })
    for (const row of rows) {
      this.#database.rows.insert(table, table.nextRow, row as SqlValue[], transaction)
      table.nextRow += 1
    }
    this.#database.commit(transaction)
  }

  #checkType({ name }: SqlType): void {
    if (NEW_TYPES.has(name) && !this.#database.release.hasNewTypes) throw new OracleError(902)
  }

  #addColumn(table: Table, definition: ColumnDefinition): void {
    if (table.columns.some(({ name }) => name === definition.name)) throw new OracleError(957)
    this.#checkType(definition.type)
    const slot = this.#database.rows.addSlot(table)
    const column: TableColumn = {
      name: definition.name,
      slot,
      type: definition.type,
      nullable: !definition.notNull,
      default: definition.default,
      defaultText: definition.defaultText,
      identity: definition.identity
    }
    table.columns.push(column)
  }

  #addConstraint(table: Table, definition: ConstraintDefinition): void {
    for (const name of definition.columns) {
      const column = table.columns.find((candidate) => candidate.name === name)
      if (column === undefined) throw new OracleError(904, [`"${name}"`])
      if (definition.type === 'P') column.nullable = false
    }
    if (definition.type === 'P' && table.constraints.some(({ type }) => type === 'P'))
      throw new OracleError(2260)
    const generated = definition.name === null
    const constraint: Constraint = {
      name: definition.name ?? `SYS_C00${this.#database.nextId()}`,
      type: definition.type,
      columns: definition.columns,
      condition: definition.condition,
      generated,
      ...(definition.references === undefined
        ? {}
        : { parent: this.#keyOf(table, definition.references) })
    }
    table.constraints.push(constraint)
    if (definition.type === 'P' || definition.type === 'U')
      this.#database.rows.addIndex(table, definition.columns)
  }

  /** The key that a foreign key points to; a table may point to itself. */
  #keyOf(table: Table, path: readonly string[]): { owner: string; key: string } {
    const parent = path.at(-1) === table.name ? table : this.#table(path)
    const key = parent.constraints.find(({ type }) => type === 'P' || type === 'U')
    if (key === undefined) throw new OracleError(2270)
    return { owner: parent.owner, key: key.name }
  }

  #createIndex(syntax: Syntax<'createIndex'>): void {
    const { owner, name } = this.#place(syntax.name)
    const table = this.#table(syntax.table)
    for (const object of this.#database.objects()) {
      if (
        object.kind === 'table' &&
        object.indexes.some((index) => index.owner === owner && index.name === name)
      ) {
        throw new OracleError(955)
      }
    }
    for (const column of syntax.columns) {
      if (column !== null && !table.columns.some((candidate) => candidate.name === column)) {
        throw new OracleError(904, [`"${column}"`])
      }
    }
    table.indexes.push({ owner, name, unique: syntax.unique, columns: syntax.columns })
    this.#database.rows.addIndex(table, syntax.columns)
    this.#redefine(table)
  }

  /** Writes a changed table to the dictionary anew. */
  #redefine(table: Table): void {
    this.#database.dictionary.remove(table)
    this.#database.dictionary.add(table, this.#database.now())
    this.#database.version += 1
  }

  #createView(syntax: Syntax<'createView'>): void {
    const { owner, name } = this.#place(syntax.name)
    const { columns } = this.#session.compiler().query(syntax.query, null)
    const view: View = {
      kind: 'view',
      id: this.#database.nextId(),
      owner,
      name,
      materialized: syntax.materialized,
      columns: syntax.columns,
      query: syntax.query,
      text: syntax.text
    }
    const old = this.#database.find(owner, name)
    if (syntax.replace && old?.kind === 'view') this.#database.remove(old)
    this.#database.add(view)
    const named = columns.map((column, index) => ({
      ...column,
      name: syntax.columns[index] ?? column.name
    }))
    this.#database.dictionary.add(view, this.#database.now(), named)
  }

  #createSynonym(syntax: Syntax<'createSynonym'>): void {
    const place = this.#place(syntax.name)
    const owner = syntax.isPublic ? 'PUBLIC' : place.owner
    const [first = '', second] = syntax.target
    const target =
      second === undefined
        ? { owner: this.#session.schema, name: first, link: syntax.link }
        : { owner: first, name: second, link: syntax.link }
    const old = this.#database.find(owner, place.name)
    if (syntax.replace && old?.kind === 'synonym') this.#database.remove(old)
    const synonym = {
      kind: 'synonym',
      id: this.#database.nextId(),
      owner,
      name: place.name,
      target
    } as const
    this.#database.add(synonym)
    this.#database.dictionary.add(synonym, this.#database.now())
  }

  #grant(syntax: Syntax<'grant'>): void {
    const place = syntax.object === null ? { owner: '', name: '' } : this.#place(syntax.object)
    for (const user of syntax.users) {
      for (const privilege of syntax.privilege.split(/\s*,\s*/)) {
        if (syntax.revoke) this.#database.revoke(user, privilege, place.owner, place.name)
        else this.#database.grant(user, privilege, place.owner, place.name)
      }
    }
    this.#database.version += 1
  }

  #drop(syntax: Syntax<'drop'>): void {
    if (syntax.type === 'USER') {
      this.#database.dropUser(syntax.name[0] ?? '')
      return
    }
    const place = this.#place(syntax.name)
    if (syntax.type === 'INDEX') {
      this.#dropIndex(place)
      return
    }
    const owner = syntax.isPublic ? 'PUBLIC' : place.owner
    const object = this.#database.find(owner, place.name)
    const kind =
      object?.kind === 'view' && object.materialized
        ? 'MATERIALIZED VIEW'
        : object?.kind.toUpperCase()
    if (object === null || kind !== syntax.type) {
      throw new OracleError(syntax.type !== 'SYNONYM' ? 942 : syntax.isPublic ? 1432 : 1434)
    }
    if (!this.#database.mayChange(this.#session.user, object.owner, object.name))
      throw new OracleError(1031)
    this.#database.remove(object)
  }

  #dropIndex({ owner, name }: { owner: string; name: string }): void {
    for (const object of this.#database.objects()) {
      if (object.kind !== 'table') continue
      const place = object.indexes.findIndex(
        (index) => index.owner === owner && index.name === name
      )
      if (place < 0) continue
      object.indexes.splice(place, 1)
      this.#redefine(object)
      return
    }
    throw new OracleError(1418)
  }

  #alterTable({ table: path, action }: Syntax<'alterTable'>): void {
    const table = this.#table(path)
    const find = (name: string): TableColumn => {
      const column = table.columns.find((candidate) => candidate.name === name)
      if (column === undefined) throw new OracleError(904, [`"${name}"`])
      return column
    }
    if (action.type === 'renameTable') {
      this.#rename(table, action.to)
      return
    }
    if (action.type === 'add') {
      for (const definition of action.columns) {
        if (table.columns.some(({ name }) => name === definition.name)) throw new OracleError(1430)
        this.#addColumn(table, definition)
      }
    } else if (action.type === 'constrain') this.#addConstraint(table, action.constraint)
    else if (action.type === 'drop') {
      const gone = action.columns.map(find)
      table.columns = table.columns.filter((column) => !gone.includes(column))
    } else if (action.type === 'rename') find(action.from).name = action.to
    else {
      for (const { name, type, notNull } of action.columns) {
        const column = find(name)
        if (type !== null) {
          this.#checkType(type)
          column.type = type
        }
        if (notNull !== null) column.nullable = !notNull
      }
    }
    this.#redefine(table)
  }

  #rename(table: Table, name: string): void {
    if (this.#database.find(table.owner, name) !== null) throw new OracleError(955)
    const { storage } = table
    // The rows stay where they are.
    table.storage = null
    this.#database.remove(table)
    table.name = name
    table.storage = storage
    this.#database.add(table)
    this.#database.dictionary.add(table, this.#database.now())
  }
}
