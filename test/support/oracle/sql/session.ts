import type { StatementSync } from 'node:sqlite'
import { OracleError } from '../oracle-error.ts'
import type { Database } from '../store/database.ts'
import { wait } from '../store/held-changes.ts'
import { type Mark, RowLocked, type Transaction } from '../store/transaction.ts'
import type { Moment } from '../wire/moment.ts'
import { type ChangeResult, Changes } from './changes.ts'
import { Definitions } from './definitions.ts'
import { FIRST_BIND } from './expression-compiler.ts'
import { type OutputColumn, QueryCompiler } from './query-compiler.ts'
import type { SessionContext } from './session-functions.ts'
import { parseStatement } from './statement-parser.ts'
import type { Column, SqlType, SqlValue } from './sql-type.ts'
import type { StatementSyntax } from './syntax.ts'
import { STANDARD_NLS, userEnvironment } from './user-environment.ts'
import { checkZone } from './zone.ts'

export interface BindValue {
  readonly type: SqlType
  readonly value: SqlValue
}

export interface Statement {
  readonly kind: 'query' | 'change' | 'other'
  readonly sql: string
  readonly syntax: StatementSyntax
  /** Binds by occurrence. */
  readonly binds: readonly string[]
}

/** A query that is being fetched from. */
export interface OpenQuery {
  readonly columns: readonly Column[]
  /** Up to so many rows; fewer only at the end. */
  next(rows: number): SqlValue[][]
  close(): void
}

type Outcome =
  | { readonly kind: 'query'; readonly query: OpenQuery }
  | ({ readonly kind: 'change' } & ChangeResult)
  | { readonly kind: 'done' }

type ChangeSyntax = Extract<StatementSyntax, { kind: 'insert' | 'update' | 'delete' | 'merge' }>

const SLEEP =
  /^\s*BEGIN\s+(?:SYS\.)?DBMS_(?:SESSION|LOCK)\.SLEEP\s*\(\s*([\d.]+)\s*\)\s*;\s*END\s*;\s*$/i
const MOST_COMPILED = 200

interface CompiledQuery {
  readonly sql: string
  readonly columns: readonly OutputColumn[]
}

/** A session that is logged on: parses and runs statements, one at a time, in transactions of its own. */
export class SqlSession {
  readonly identity: { readonly id: number; readonly serial: number }
  readonly user: string
  schema: string
  readonly attributes = new Map<string, string>()
  readonly nls = new Map(STANDARD_NLS)
  readonly #database: Database
  readonly #facts: { id: number; serial: number; user: string; attributes: Map<string, string> }
  readonly #open = new Set<OpenQuery>()
  readonly #compiled = new Map<string, CompiledQuery>()
  /** Prepared reads of changes, by their text. */
  readonly #reads = new Map<string, StatementSync>()
  /** How far the transaction had come when each was set. */
  readonly #savepoints = new Map<string, Mark>()
  #zone = '+00:00'
  #transaction: Transaction | null = null
  #readScn: number | null = null
  #readOnly = false
  #isolation = 'READ COMMITTED'
  #closed = false

  constructor(database: Database, user: string) {
    this.#database = database
    this.user = user
    this.schema = user
    this.identity = database.nextSession()
    this.#facts = { ...this.identity, user, attributes: this.attributes }
    database.sessions.add(this.#facts)
  }

  get inTransaction(): boolean {
    return this.#transaction !== null
  }

  get scn(): number {
    return this.#database.scn
  }

  get databaseRole(): string {
    return this.#database.role
  }

  get zone(): string {
    return this.#zone
  }

  prepare(sql: string): Statement {
    const sleep = SLEEP.exec(sql)
    if (sleep !== null) {
      return { kind: 'other', sql, syntax: { kind: 'sleep', seconds: Number(sleep[1]) }, binds: [] }
    }
    const { syntax, binds } = parseStatement(sql)
    const changes = ['insert', 'update', 'delete', 'merge']
    const kind =
      syntax.kind === 'query' ? 'query' : changes.includes(syntax.kind) ? 'change' : 'other'
    return { kind, sql, syntax, binds }
  }

  /** Columns of a query that is not run. */
  describe(statement: Statement, binds: readonly SqlType[]): Column[] {
    if (statement.syntax.kind !== 'query') return []
    this.#enter()
    return this.#compile(statement, binds).columns.map(plainColumn)
  }

  /** Runs a statement; waits for rows that others have locked until `signal` breaks it off. */
  async run(
    statement: Statement,
    binds: readonly BindValue[],
    signal: AbortSignal
  ): Promise<Outcome> {
    if (binds.length < statement.binds.length) throw new OracleError(1008)
    if (binds.length > statement.binds.length) throw new OracleError(1036)
    const { syntax } = statement
    switch (syntax.kind) {
      case 'query':
        return { kind: 'query', query: this.#query(statement, binds) }
      case 'insert':
      case 'update':
      case 'delete':
      case 'merge':
        return { kind: 'change', ...(await this.#change(statement, syntax, binds, signal)) }
      case 'commit':
        this.commit()
        return { kind: 'done' }
      case 'rollback':
        this.rollback()
        return { kind: 'done' }
      case 'savepoint':
        this.#savepoints.set(syntax.name, this.#transaction?.mark() ?? new Map())
        return { kind: 'done' }
      case 'rollbackTo': {
        const mark = this.#savepoints.get(syntax.name)
        if (mark === undefined) throw new OracleError(1086, [syntax.name])
        if (this.#transaction !== null) this.#database.rows.undo(this.#transaction, mark)
        return { kind: 'done' }
      }
      case 'alterSession':
        for (const [name, value] of syntax.settings) this.#set(name, value)
        return { kind: 'done' }
      case 'setTransaction':
        if (this.#transaction !== null || this.#readOnly) throw new OracleError(1453)
        this.#readOnly = syntax.mode === 'READ ONLY'
        if (this.#readOnly) this.#database.readers.add(this.#facts)
        if (syntax.mode !== 'READ COMMITTED') this.#readScn = this.#database.scn
        return { kind: 'done' }
      case 'sleep':
        await wait(syntax.seconds * 1000, signal)
        return { kind: 'done' }
      case 'comment':
      case 'lock':
        return { kind: 'done' }
      case 'alterTable':
      case 'alterUser':
      case 'createIndex':
      case 'createSynonym':
      case 'createTable':
      case 'createUser':
      case 'createView':
      case 'drop':
      case 'grant':
      case 'truncate':
        this.commit()
        this.#enter()
        new Definitions(this.#database, {
          user: this.user,
          schema: this.schema,
          compiler: () => this.#compiler([]),
          read: (sql) => this.#read(sql, [])
        }).run(syntax)
        return { kind: 'done' }
    }
  }

  commit(): void {
    if (this.#transaction !== null) this.#database.commit(this.#transaction)
    this.#savepoints.clear()
    this.#leave()
  }

  rollback(): void {
    this.#savepoints.clear()
    this.#giveUp()
  }

  /** A transaction that has changed nothing is none; a savepoint set before it stays. */
  #giveUp(): void {
    if (this.#transaction !== null) this.#database.rollback(this.#transaction)
    this.#leave()
  }

  #leave(): void {
    this.#transaction = null
    this.#readOnly = false
    this.#database.readers.delete(this.#facts)
    this.#readScn = this.#isolation === 'SERIALIZABLE' ? this.#readScn : null
  }

  /** Ends the session; what it did not commit is undone. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const query of Array.from(this.#open)) query.close()
    this.rollback()
    this.#database.sessions.delete(this.#facts)
  }

  #set(name: string, value: string): void {
    if (name === 'TIME_ZONE') {
      // The driver of Node writes UTC as -00:0.
      const zone = value.toUpperCase() === 'LOCAL' ? '+00:00' : value.replace(/:(\d)$/, ':0$1')
      checkZone(zone)
      this.#zone = zone
    } else if (name === 'CURRENT_SCHEMA') {
      this.#database.userNamed(value)
      this.schema = value
    } else if (name === 'ISOLATION_LEVEL') {
      this.#isolation = value
      this.#readScn = value === 'SERIALIZABLE' ? this.#database.scn : null
    } else if (name.startsWith('NLS_')) this.nls.set(name, value)
    else if (!['STATISTICS_LEVEL', 'OPTIMIZER_MODE', 'DDL_LOCK_TIMEOUT', '_'].includes(name))
      throw new OracleError(2248)
    this.#compiled.clear()
  }

  #context(now: Moment): SessionContext {
    return {
      zone: this.#zone,
      now,
      nls: this.nls,
      hostZone: this.#database.hostZone,
      scn: this.#database.scn,
      environment: (name) => userEnvironment(name, this)
    }
  }

  /** Makes SQLite's functions work for this session from now on. */
  #enter(context = this.#context(this.#database.now())): SessionContext {
    this.#database.context = context
    return context
  }

  #compiler(binds: readonly SqlType[]): QueryCompiler {
    const { user, schema } = this
    const context = {
      user,
      schema,
      zone: this.#zone,
      binds,
      hasNewTypes: this.#database.release.hasNewTypes,
      environment: (name: string) => userEnvironment(name, this)
    }
    return new QueryCompiler(this.#database, context, this.nls)
  }

  #compile(statement: Statement, binds: readonly SqlType[]): CompiledQuery {
    if (statement.syntax.kind !== 'query') throw new OracleError(900)
    const types = binds.map(({ name, size }) => `${name} ${size ?? ''}`).join(',')
    const key = `${this.#database.version} ${this.schema} ${types} ${statement.sql}`
    const known = this.#compiled.get(key)
    if (known !== undefined) return known
    const compiler = this.#compiler(binds)
    const compiled = compiler.query(statement.syntax.query, null)
    if (!compiler.volatile) {
      if (this.#compiled.size >= MOST_COMPILED) this.#compiled.clear()
      this.#compiled.set(key, compiled)
    }
    return compiled
  }

  #query(statement: Statement, binds: readonly BindValue[]): OpenQuery {
    const context = this.#enter()
    const types = binds.map(({ type }) => type)
    const { sql, columns } = this.#compile(statement, types)
    const prepared = this.#database.sqlite.prepare(sql)
    prepared.setReturnArrays(true)
    const rows = prepared.iterate(...this.#parameters(sql, binds)) as unknown as Iterator<
      SqlValue[]
    >
    this.#database.openQueries += 1
    let ended = false
    const close = (): void => {
      if (ended) return
      ended = true
      rows.return?.()
      this.#database.openQueries -= 1
      this.#open.delete(query)
    }
    const query: OpenQuery = {
      columns: columns.map(plainColumn),
      next: (count) => {
        this.#enter(context)
        const batch: SqlValue[][] = []
        while (!ended && batch.length < count) {
          const step = rows.next()
          if (step.done === true) close()
          else batch.push(step.value)
        }
        return batch
      },
      close
    }
    this.#open.add(query)
    return query
  }

  #read(sql: string, binds: readonly BindValue[]): (SqlValue | number)[][] {
    let prepared = this.#reads.get(sql)
    if (prepared === undefined) {
      prepared = this.#database.sqlite.prepare(sql)
      prepared.setReturnArrays(true)
      if (this.#reads.size >= MOST_COMPILED) this.#reads.clear()
      this.#reads.set(sql, prepared)
    }
    return prepared.all(...this.#parameters(sql, binds)) as unknown as (SqlValue | number)[][]
  }

  /** Snapshot, transaction and binds, as far as SQLite's text has places for them. */
  #parameters(sql: string, binds: readonly BindValue[]): (SqlValue | number)[] {
    const all = [
      this.#readScn ?? this.#database.scn,
      this.#transaction?.id ?? 0,
      ...binds.map(({ value }) => value)
    ]
    // Texts and names cannot hold a parameter: literals are cut out first.
    const places = sql.replace(/'[^']*'/g, '').matchAll(/\?(\d+)/g)
    const most = Math.max(0, ...[...places].map(([, place]) => Number(place)))
    return all.slice(0, Math.min(most, FIRST_BIND - 1 + binds.length))
  }

  async #change(
    { sql }: Statement,
    syntax: ChangeSyntax,
    binds: readonly BindValue[],
    signal: AbortSignal
  ): Promise<ChangeResult> {
    let context = this.#context(this.#database.now())
    await this.#database.held.before(sql, this.identity.id, context.now, signal)
    for (;;) {
      try {
        return this.#changeOnce(syntax, binds, context)
      } catch (error) {
        if (!(error instanceof RowLocked)) throw error
        await this.#waitFor(error.holder, signal)
        if (signal.aborted) throw new OracleError(1013)
        context = this.#context(this.#database.now())
      }
    }
  }

  #changeOnce(
    syntax: ChangeSyntax,
    binds: readonly BindValue[],
    context: SessionContext
  ): ChangeResult {
    if (this.#readOnly) throw new OracleError(1456)
    this.#enter(context)
    const before = this.#transaction
    const transaction = before ?? this.#database.begin(this.#facts)
    this.#transaction = transaction
    const mark = transaction.mark()
    try {
      const compiler = this.#compiler(binds.map(({ type }) => type))
      const session = {
        user: this.user,
        schema: this.schema,
        context,
        transaction,
        read: (sql: string) => this.#read(sql, binds)
      }
      const result = new Changes(this.#database, compiler, session).run(syntax)
      // A statement that changed nothing opens no transaction.
      if (before === null && transaction.changes === 0) this.#giveUp()
      return result
    } catch (error) {
      this.#database.rows.undo(transaction, mark)
      if (before === null) this.#giveUp()
      throw error
    }
  }

  async #waitFor(holder: Transaction, signal: AbortSignal): Promise<void> {
    const mine = this.#transaction
    for (let other: Transaction | null = holder; other !== null; other = other.waitsFor) {
      if (other === mine) throw new OracleError(60)
    }
    if (mine !== null) mine.waitsFor = holder
    const broken = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await Promise.race([holder.ended, broken])
    if (mine !== null) mine.waitsFor = null
  }
}

function plainColumn({ name, type, nullable }: OutputColumn): Column {
  return { name, type, nullable }
}
