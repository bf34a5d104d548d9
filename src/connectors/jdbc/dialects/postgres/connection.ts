import type { Client, FieldDef } from 'pg'
import Cursor from 'pg-cursor'
import type { Clock } from '../../../../clock.ts'
import { ConnectError, isRetriable } from '../../../../errors.ts'
import {
  abortedError,
  type Column,
  type Connection,
  databaseError,
  type Dialect,
  type Finding,
  type IsolationMode,
  type OpenTransactions,
  type Row,
  type RowStream,
  type Source,
  type TableColumn,
  type TableFilter,
  type TableId
} from '../../database/database.ts'
import { readTimestampText, type TimestampParts } from '../../values/timestamp.ts'
import { postgresError } from './errors.ts'
import { endOf } from './session.ts'
import { beginReading, postgresTransactions, postgresWrittenSince } from './open-transactions.ts'
import { asciiLower } from '../shared/letter-case.ts'
import { likeName, likePrefix } from '../shared/like-pattern.ts'
import { postgresCopies } from './copies.ts'
import { ALLOWED, DESCRIBE_FIELDS, DESCRIBE_TABLE, TABLE_TYPES } from './dictionary.ts'
import { postgresIdHazards } from './id-hazards.ts'
import { literal } from './literal.ts'
import { postgresFindings, postgresIndexes } from './self-check.ts'
import { postgresColumn } from './types.ts'
import { BatchSize } from '../shared/batch-size.ts'
import { hasOuterJoin } from '../shared/outer-join.ts'
import { abortable, within } from '../../../../wait.ts'

/** Limit for questions to the dictionary; they take milliseconds. */
const DICTIONARY_LIMIT_MS = 60_000
const CLOSE_LIMIT_MS = 1000

const LOCKING = /\bFOR\s+(?:NO\s+KEY\s+)?(?:KEY\s+)?(?:UPDATE|SHARE)\b/i

/** Every value stays the text the server sent: our columns read it exactly. */
export const TEXT = { getTypeParser: () => (value: string) => value }

export interface PostgresSettings {
  readonly clock: Clock
  readonly database: string
  readonly isolation: IsolationMode
  readonly readOnly: boolean
  readonly lockWaitMs: number
  readonly answerLimitMs: number | null
  /** Tables the user may do nothing with are not listed. */
  readonly onlyAllowed: boolean
  /**
   * Settings of every transaction. They go with it: behind a pooler the next one may run in another session.
   */
  readonly settings: ReadonlyMap<string, string>
  /** Ends the running statement on the server and cuts the session. */
  readonly cancel: () => void
}

export class PostgresConnection implements Connection {
  readonly dialect: Dialect
  readonly catalog: string
  protected readonly client: Client
  readonly #end: AbortSignal
  protected readonly settings: PostgresSettings
  /** Fields a statement answered last time, so that they can be looked up before it runs again. */
  readonly #fields = new Map<string, FieldDef[]>()
  #isMarked = true
  /** Whether the database takes any bytes for text. */
  #takesAnyText = false
  #aborted = false

  constructor(dialect: Dialect, client: Client, settings: PostgresSettings) {
    this.dialect = dialect
    this.catalog = settings.database
    this.client = client
    this.#end = endOf(client)
    this.settings = settings
  }

  /**
   * Asks for what reading depends on. A database with the encoding SQL_ASCII takes any bytes for text, and
   * ends a statement at the first that are not UTF-8: they are fetched as they are, so that the row can be
   * named.
   */
  async prepare(): Promise<void> {
    const [row] = await this.rowsOf(`SELECT pg_catalog.getdatabaseencoding() = 'SQL_ASCII'`, [])
    this.#takesAnyText = row?.[0] === 't'
  }

  /** As the JDBC driver sees it: a server that lets nobody write is no primary. */
  async role(): Promise<'primary' | 'secondary'> {
    const [row] = await this.rowsOf(
      `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'`,
      []
    )
    return row?.[0] === 't' ? 'secondary' : 'primary'
  }

  async listTables(filter: TableFilter): Promise<TableId[]> {
    const conditions = [`(${TABLE_TYPES}) = ANY($1)`, `n.nspname NOT LIKE 'pg\\_toast%'`]
    const binds: unknown[] = [filter.types]
    if (this.settings.onlyAllowed) conditions.push(ALLOWED)
    const add = (condition: (place: string) => string, value: unknown): void => {
      binds.push(value)
      conditions.push(condition(`$${binds.length}`))
    }
    if (filter.schemaPattern !== null) add((at) => `n.nspname LIKE ${at}`, filter.schemaPattern)
    if (filter.catalogPattern !== null && filter.catalogPattern !== '') {
      add((at) => `current_database() LIKE ${at}`, likeName(filter.catalogPattern, '\\'))
    }
    if (filter.names !== null) {
      // The server's lower case is that of ASCII for names: others are found as they are written.
      add(
        (at) => `(c.relname = ANY(${at}) OR lower(c.relname) = ANY(${at}))`,
        [...new Set(filter.names.flatMap((name) => [name, asciiLower(name)]))]
      )
    }
    if (filter.prefix !== undefined) {
      add((at) => `c.relname LIKE ${at}`, likePrefix(filter.prefix, '\\'))
    }
    const limit = filter.atMost === undefined ? '' : ` LIMIT ${filter.atMost}`
    const rows = await this.rowsOf(
      `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${conditions.join(' AND ')} ORDER BY ${TABLE_TYPES}, n.nspname, c.relname${limit}`,
      binds
    )
    return rows.map(([schema, table]) => ({
      catalog: null,
      schema: String(schema),
      table: String(table)
    }))
  }

  async describeTable(table: TableId): Promise<TableColumn[]> {
    const rows = await this.rowsOf(DESCRIBE_TABLE, [table.schema ?? 'public', table.table])
    return rows.map(([name, oid, typmod, databaseType, notNull, autoIncrement, keyPosition]) => ({
      ...postgresColumn(
        { name: String(name), databaseType: String(databaseType), nullable: notNull !== 't' },
        Number(oid),
        Number(typmod),
        this.#takesAnyText
      ),
      autoIncrement: autoIncrement === 't',
      keyPosition: keyPosition === null ? null : Number(keyPosition)
    }))
  }

  selfCheck(): Promise<Finding[]> {
    return postgresFindings((sql) => this.rowsOf(sql, []))
  }

  indexesOf(table: TableId): Promise<(string | null)[][] | null> {
    return postgresIndexes((sql, binds) => this.rowsOf(sql, binds), table)
  }

  writersElsewhere(source: Source): Promise<string | null> {
    return postgresCopies((sql, binds) => this.rowsOf(sql, binds), source)
  }

  idHazards(table: TableId, column: string): Promise<string[]> {
    return postgresIdHazards((sql, binds) => this.rowsOf(sql, binds), table, column)
  }

  writtenSince(table: TableId, from: string, since: string): Promise<string | null> {
    return postgresWrittenSince((sql, binds) => this.rowsOf(sql, binds), table, { from, since })
  }

  openTransactions(): Promise<OpenTransactions> {
    return postgresTransactions((sql) => this.rowsOf(sql, []))
  }

  async describeQuery(sql: string): Promise<Column[]> {
    await this.#begin(true)
    let columns: Column[]
    try {
      columns = await this.#describe(await this.#fieldsOf(sql, []), sql)
    } catch (error) {
      // What was wrong counts, not that the session is gone as well.
      await this.rowsOf('ROLLBACK', []).catch(() => undefined)
      throw error
    }
    await this.rowsOf('ROLLBACK', [])
    return columns
  }

  /** What a query answers, without reading a row. The line break ends a comment at the end of the query. */
  async #fieldsOf(sql: string, binds: readonly unknown[]): Promise<FieldDef[]> {
    const text = `SELECT * FROM (${sql.trim().replace(/;$/, '')}\n) AS described LIMIT 0`
    const work = this.client.query({ text, values: [...binds], rowMode: 'array', types: TEXT })
    return (await this.#bounded(work, 'check the query', sql)).fields
  }

  async query(
    sql: string,
    binds: readonly unknown[],
    { fetchRows, table }: { fetchRows: number; table: TableId | null }
  ): Promise<RowStream> {
    // A query of the user may call what writes, as with the JVM connector, but not where somebody only looks.
    // A suffix that locks rows (`FOR UPDATE SKIP LOCKED`) is refused in a transaction that only reads.
    const onlyReads = table !== null && !LOCKING.test(sql)
    await this.#begin(this.settings.readOnly || onlyReads)
    const expected = this.#fields.get(sql) ?? (await this.#fieldsOf(sql, binds))
    let columns = await this.#describe(expected, sql)
    const size = new BatchSize(fetchRows)
    let cursor = this.#cursor(sql, binds)
    let first = await this.#read(cursor, size.rows, sql)
    this.#fields.set(sql, first.fields)
    if (signature(first.fields) !== signature(expected)) {
      // A column was added or changed since: describe what comes now.
      await this.#bounded(cursor.close(), 'end a query', sql)
      columns = await this.#describe(first.fields, sql)
      cursor = this.#cursor(sql, binds)
      first = await this.#read(cursor, size.rows, sql)
    }
    size.seen(first.rows)
    let ahead: Row[] | null = first.rows
    let open = true
    const end = async (): Promise<void> => {
      if (!open) return
      open = false
      await this.#bounded(cursor.close(), 'end a query', sql)
      await this.rowsOf('COMMIT', [])
    }
    return {
      columns,
      next: async () => {
        if (!open) return null
        let rows = ahead
        ahead = null
        if (rows === null) {
          rows = (await this.#read(cursor, size.rows, sql)).rows
          size.seen(rows)
        }
        if (rows.length > 0) return rows
        await end()
        return null
      },
      close: end
    }
  }

  async #begin(readOnly: boolean): Promise<void> {
    const { isolation, settings, lockWaitMs } = this.settings
    const wanted = isolation === 'DEFAULT' ? '' : ` ISOLATION LEVEL ${isolation.replace('_', ' ')}`
    const level = readOnly ? `${wanted} READ ONLY` : wanted
    const encoding = this.#takesAnyText ? ([['client_encoding', 'SQL_ASCII']] as const) : []
    const calls = [...settings, ...encoding].map(
      ([name, value]) => `set_config(${literal(name)}, ${literal(value)}, true)`
    )
    const fixed = `SELECT ${calls.join(', ')}`
    // For this transaction alone: behind a pool the session is also others'.
    const limited = lockWaitMs === 0 ? '' : `; ${limitLockWait(lockWaitMs)}`
    if (this.#isMarked) {
      try {
        await this.rowsOf(`${beginReading(level)}; ${fixed}${limited}`, [])
        return
      } catch (error) {
        if (isRetriable(error)) throw error
        // Servers that only speak the protocol may know no such locks: others then wait for this reader a
        // little.
        this.#isMarked = false
        await this.rowsOf('ROLLBACK', [])
      }
    }
    await this.rowsOf(`BEGIN${level}; ${fixed}`, [])
  }

  async now(): ReturnType<Connection['now']> {
    const rows = await this.rowsOf(
      `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')`,
      []
    )
    const parts: TimestampParts = { ms: 0, nanos: 0 }
    readTimestampText(String(rows[0]?.[0]), parts)
    return { ...parts, hasZone: true }
  }

  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    this.settings.cancel()
  }

  async close(): Promise<void> {
    if (this.#aborted) return
    this.#aborted = true
    try {
      await within(this.settings.clock, this.client.end(), CLOSE_LIMIT_MS, () =>
        databaseError('no farewell in time', { retriable: true })
      )
    } catch {
      // Whether the server heard the farewell does not matter: the socket goes either way.
      this.settings.cancel()
    }
  }

  #cursor(sql: string, binds: readonly unknown[]): Cursor {
    return this.client.query(new Cursor(sql, binds, { rowMode: 'array', types: TEXT }))
  }

  #read(cursor: Cursor, rows: number, sql: string): Promise<{ rows: Row[]; fields: FieldDef[] }> {
    const work = new Promise<{ rows: Row[]; fields: FieldDef[] }>((resolve, reject) => {
      cursor.read(rows, (error, batch, result) => {
        if (error) reject(error)
        else resolve({ rows: batch, fields: result?.fields ?? [] })
      })
    })
    return this.answer(work, this.settings.answerLimitMs, 'run the query', sql)
  }

  /** Nullability and printed type are not in the answer to a query: the dictionary knows them. */
  async #describe(fields: readonly FieldDef[], sql: string): Promise<Column[]> {
    if (fields.length === 0) return []
    const outer = hasOuterJoin(sql)
    const rows = await this.rowsOf(DESCRIBE_FIELDS, [
      fields.map((field) => field.dataTypeID),
      fields.map((field) => field.dataTypeModifier),
      fields.map((field) => field.tableID),
      fields.map((field) => field.columnID)
    ])
    return fields.map((field, index) => {
      const [databaseType, notNull, oid] = rows[index] ?? []
      const known = !outer && notNull !== null && notNull !== undefined
      const nullable = known ? notNull !== 't' : null
      const facts = { name: field.name, databaseType: String(databaseType), nullable }
      return postgresColumn(facts, Number(oid), field.dataTypeModifier, this.#takesAnyText)
    })
  }

  protected async rowsOf(sql: string, binds: readonly unknown[]): Promise<Row[]> {
    const work = this.client.query({
      text: sql,
      values: [...binds],
      rowMode: 'array',
      types: TEXT
    })
    const { rows } = await this.#bounded(work, 'answer', sql)
    return rows as Row[]
  }

  #bounded<T>(work: Promise<T>, what: string, sql: string): Promise<T> {
    return this.answer(work, DICTIONARY_LIMIT_MS, what, sql)
  }

  #limit<T>(work: Promise<T>, ms: number): Promise<T> {
    return within(this.settings.clock, work, ms, () => {
      this.abort()
      return databaseError(`no answer in ${ms} ms`, { retriable: true })
    })
  }

  protected abortedError(): Error {
    return abortedError()
  }

  protected errorOf(error: unknown, what: string, sql: string): Error {
    return postgresError(error, what, sql)
  }

  protected async answer<T>(
    work: Promise<T>,
    limitMs: number | null,
    what: string,
    sql: string
  ): Promise<T> {
    const answer = abortable(work, this.#end)
    try {
      return await (limitMs === null ? answer : this.#limit(answer, limitMs))
    } catch (error) {
      if (this.#aborted && !(error instanceof ConnectError)) throw this.abortedError()
      throw this.errorOf(error, `PostgreSQL did not ${what}`, sql)
    }
  }
}

/** Unless the server, the role or the address has set a limit. */
function limitLockWait(ms: number): string {
  return `SELECT set_config('lock_timeout', CASE current_setting('lock_timeout') WHEN '0' THEN '${ms}' ELSE current_setting('lock_timeout') END, true)`
}

function signature(fields: readonly FieldDef[]): string {
  return JSON.stringify(
    fields.map((field) => [
      field.name,
      field.dataTypeID,
      field.dataTypeModifier,
      field.tableID,
      field.columnID
    ])
  )
}
