import { OracleError } from '../oracle-error.ts'
import type { Database } from '../store/database.ts'
import type { Table, TableColumn } from '../store/objects.ts'
import type { Transaction } from '../store/transaction.ts'
import { numberOf } from '../wire/number.ts'
import { rowAddress, rowidText } from '../wire/rowid.ts'
import type { QueryCompiler } from './query-compiler.ts'
import type { Scope, Source } from './scope.ts'
import type { SessionContext } from './session-functions.ts'
import { INTEGER, type SqlType, type SqlValue } from './sql-type.ts'
import { storedValue } from './stored-value.ts'
import type { Expression, Query, SetClause, StatementSyntax } from './syntax.ts'

type Syntax<K extends StatementSyntax['kind']> = Extract<StatementSyntax, { kind: K }>
type RawRow = readonly (SqlValue | number)[]

export interface ChangeResult {
  readonly rowCount: number
  readonly lastRowid: string | null
}

/** A value to store, and what it is. */
interface Given {
  readonly value: SqlValue
  readonly type: SqlType
}

/** What a change needs of its session. */
interface ChangeSession {
  readonly user: string
  readonly schema: string
  readonly context: SessionContext
  readonly transaction: Transaction
  /** All rows of a statement in SQLite's words. */
  read(sql: string): RawRow[]
}

/**
 * INSERT, UPDATE, DELETE and MERGE: SQLite finds the rows and values, the versions are written one by one.
 */
export class Changes {
  readonly #database: Database
  readonly #compiler: QueryCompiler
  readonly #session: ChangeSession
  readonly #written: { table: Table; version: number; values: readonly SqlValue[] }[] = []
  #lastRowid: string | null = null
  #rowCount = 0

  constructor(database: Database, compiler: QueryCompiler, session: ChangeSession) {
    this.#database = database
    this.#compiler = compiler
    this.#session = session
  }

  run(syntax: Syntax<'insert' | 'update' | 'delete' | 'merge'>): ChangeResult {
    const table = this.#target(syntax.table)
    if (syntax.kind === 'insert') this.#insert(table, syntax)
    else if (syntax.kind === 'update') this.#update(table, syntax)
    else if (syntax.kind === 'delete') this.#delete(table, syntax)
    else this.#merge(table, syntax)
    // Keys count when the statement is over, so that an UPDATE may shift them.
    for (const { version, values } of this.#written) {
      this.#database.rows.checkKeys(table, version, values, this.#session.transaction)
    }
    return { rowCount: this.#rowCount, lastRowid: this.#lastRowid }
  }

  #target(path: readonly string[]): Table {
    const { user, schema } = this.#session
    const found = this.#database.resolve(path, schema, user)
    if (found.kind === 'systemName') {
      this.#database.systemView(found.name, user, new Map())
      throw new OracleError(1031)
    }
    if (found.kind !== 'table') throw new OracleError(1732)
    if (!this.#database.mayChange(user, found.owner, found.name)) throw new OracleError(1031)
    return found
  }

  #insert(table: Table, syntax: Syntax<'insert'>): void {
    const columns = this.#columnsNamed(table, syntax.columns)
    const { source } = syntax
    if ('body' in source) {
      this.#insertQuery(table, columns, source)
      return
    }
    checkCounts(columns.length, source.length)
    const names = new Map(columns.map((column, index) => [column, source[index] ?? null]))
    const empty: Scope = { sources: [], parent: null }
    const { list, types } = this.#values(table, columns, names, empty)
    for (const row of this.#session.read(`SELECT ${list.join(', ')}`)) {
      this.#store(table, given(row, types), columns)
    }
  }

  #insertQuery(table: Table, columns: readonly TableColumn[], query: Query): void {
    const body = this.#compiler.query(query, null)
    checkCounts(columns.length, body.columns.length)
    const rows = this.#session.read(body.sql)
    const empty: Scope = { sources: [], parent: null }
    const { list, types } = this.#values(table, columns, new Map(), empty)
    for (const row of rows) {
      const [standards = []] = this.#session.read(`SELECT ${list.join(', ')}`)
      const values = given(standards, types)
      for (const [index, column] of columns.entries()) {
        values[table.columns.indexOf(column)] = {
          value: (row[index] ?? null) as SqlValue,
          type: (body.columns[index] as { type: SqlType }).type
        }
      }
      this.#store(table, values, columns)
    }
  }

  /** SQLite's words for each column of a new row: what is given, else its default. */
  #values(
    table: Table,
    columns: readonly TableColumn[],
    values: ReadonlyMap<TableColumn, Expression | null>,
    scope: Scope
  ): { list: string[]; types: SqlType[] } {
    const compiled = table.columns.map((column) => {
      const expression = (columns.includes(column) ? values.get(column) : null) ?? column.default
      if (expression === null) return { sql: 'NULL', type: column.type }
      return this.#compiler.value(expression, scope)
    })
    return { list: compiled.map(({ sql }) => sql), types: compiled.map(({ type }) => type) }
  }

  #columnsNamed(table: Table, paths: readonly (readonly string[])[] | null): TableColumn[] {
    if (paths === null) return table.columns
    const columns = paths.map((path) => columnNamed(table, path))
    if (new Set(columns).size < columns.length) throw new OracleError(957)
    return columns
  }

  #store(table: Table, values: Given[], named: readonly TableColumn[]): void {
    for (const [index, column] of table.columns.entries()) {
      if (column.identity === null) continue
      const value = values[index]?.value ?? null
      if (column.identity === 'ALWAYS' && named.includes(column) && value !== null)
        throw new OracleError(32_795)
      if (value !== null) continue
      values[index] = { value: numberOf(table.nextIdentity), type: INTEGER }
      table.nextIdentity += 1n
    }
    const row = table.nextRow
    table.nextRow += 1
    this.#write(table, row, values, false)
  }

  #write(table: Table, row: number, values: readonly Given[], isUpdate: boolean): void {
    const { context, transaction } = this.#session
    const stored = table.columns.map((column, index) =>
      storedValue(table, column, values[index] as Given, isUpdate, context)
    )
    const version = this.#database.rows.insert(table, row, stored, transaction)
    this.#written.push({ table, version, values: stored })
    this.#lastRowid = rowidText(rowAddress(table.id, row))
    this.#rowCount += 1
  }

  #update(table: Table, syntax: Syntax<'update'>): void {
    const { sql, source } = this.#compiler.tableSource(
      table,
      syntax.alias ?? table.name,
      syntax.alias === null ? table.owner : null
    )
    const scope: Scope = { sources: [source], parent: null }
    const set = this.#setters(table, syntax.set, scope)
    const where =
      syntax.where === null ? '' : ` WHERE ${this.#compiler.condition(syntax.where, scope)}`
    const list = [...this.#versionColumns(source), ...set.map((one) => one.sql)]
    for (const row of this.#session.read(`SELECT ${list.join(', ')} FROM ${sql}${where}`)) {
      this.#replace(table, row, set)
    }
  }

  #setters(
    table: Table,
    clauses: readonly SetClause[],
    scope: Scope
  ): { index: number; sql: string; type: SqlType }[] {
    const setters = clauses.map(({ column: path, value }) => {
      const column = columnNamed(table, path)
      const expression = value ?? column.default
      const compiled =
        expression === null
          ? { sql: 'NULL', type: column.type }
          : this.#compiler.value(expression, scope)
      return { index: table.columns.indexOf(column), sql: compiled.sql, type: compiled.type }
    })
    if (new Set(setters.map(({ index }) => index)).size < setters.length) throw new OracleError(957)
    return setters
  }

  #versionColumns(source: Source): string[] {
    return [
      ...['ver', 'rid', 'dtx'].map((name) => `${source.alias}.${name}`),
      ...source.columns.map(({ sql }) => sql)
    ]
  }

  /** `row`: version, row number, lock, the columns, the new values. */
  #replace(table: Table, row: RawRow, set: readonly { index: number; type: SqlType }[]): void {
    const values: Given[] = table.columns.map((column, index) => ({
      value: (row[index + 3] ?? null) as SqlValue,
      type: column.type
    }))
    const first = 3 + table.columns.length
    for (const [index, one] of set.entries()) {
      values[one.index] = { value: (row[first + index] ?? null) as SqlValue, type: one.type }
    }
    this.#end(table, row)
    this.#write(table, Number(row[1]), values, true)
  }

  #end(table: Table, row: RawRow): void {
    const { rows } = this.#database
    const { transaction } = this.#session
    rows.checkLock(row[2] as number | null, transaction)
    rows.end(rows.storageOf(table), Number(row[0]), transaction)
  }

  #delete(table: Table, syntax: Syntax<'delete'>): void {
    const { sql, source } = this.#compiler.tableSource(
      table,
      syntax.alias ?? table.name,
      syntax.alias === null ? table.owner : null
    )
    const scope: Scope = { sources: [source], parent: null }
    const where =
      syntax.where === null ? '' : ` WHERE ${this.#compiler.condition(syntax.where, scope)}`
    const list = this.#versionColumns(source).slice(0, 3)
    for (const row of this.#session.read(`SELECT ${list.join(', ')} FROM ${sql}${where}`)) {
      this.#end(table, row)
      this.#rowCount += 1
    }
  }

  #merge(table: Table, syntax: Syntax<'merge'>): void {
    const sources: Source[] = []
    const from = this.#compiler.from(syntax.source, { sources, parent: null }, sources)
    const onlySource: Scope = { sources: [...sources], parent: null }
    const { sql, source } = this.#compiler.tableSource(
      table,
      syntax.alias ?? table.name,
      syntax.alias === null ? table.owner : null
    )
    const scope: Scope = { sources: [...sources, source], parent: null }
    const on = this.#compiler.condition(syntax.on, scope)
    const set = syntax.update === null ? [] : this.#setters(table, syntax.update.set, scope)
    this.#checkJoinColumns(table, syntax.on, set)
    const test = syntax.update?.where ?? null
    const applies = test === null ? '1' : `coalesce(${this.#compiler.condition(test, scope)}, 0)`
    const columns = this.#columnsNamed(table, syntax.insert?.columns ?? null)
    if (syntax.insert !== null) checkCounts(columns.length, syntax.insert.values.length)
    const names = new Map(
      columns.map((column, index) => [column, syntax.insert?.values[index] ?? null])
    )
    const inserted = this.#values(table, columns, names, onlySource)
    const list = [
      ...this.#versionColumns(source),
      ...set.map((one) => one.sql),
      applies,
      ...inserted.list
    ]
    const seen = new Set<unknown>()
    const width = 3 + table.columns.length + set.length
    for (const row of this.#session.read(
      `SELECT ${list.join(', ')} FROM ${from} LEFT JOIN ${sql} ON ${on}`
    )) {
      if (row[0] === null) {
        if (syntax.insert !== null)
          this.#store(table, given(row.slice(width + 1), inserted.types), columns)
        continue
      }
      if (syntax.update === null || row[width] === 0) continue
      if (seen.has(row[0])) throw new OracleError(30_926)
      seen.add(row[0])
      this.#replace(table, row, set)
    }
  }

  /** Columns that decide what matches cannot be changed. */
  #checkJoinColumns(table: Table, on: Expression, set: readonly { index: number }[]): void {
    const text = JSON.stringify(on)
    for (const { index } of set) {
      const name = table.columns[index]?.name ?? ''
      if (text.includes(`"${table.name}","${name}"]`))
        throw new OracleError(38_104, [`"${table.name}"."${name}"`])
    }
  }
}

function given(row: RawRow, types: readonly SqlType[]): Given[] {
  return types.map((type, index) => ({ value: (row[index] ?? null) as SqlValue, type }))
}

function checkCounts(columns: number, values: number): void {
  if (values < columns) throw new OracleError(947)
  if (values > columns) throw new OracleError(913)
}

function columnNamed(table: Table, path: readonly string[]): TableColumn {
  const name = path.at(-1) ?? ''
  const column = table.columns.find((candidate) => candidate.name === name)
  if (column === undefined) throw new OracleError(904, [path.map((part) => `"${part}"`).join('.')])
  return column
}
