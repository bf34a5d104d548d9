import {
  type Column,
  type Connection,
  databaseError,
  type Dialect,
  type OpenTransactions,
  type Row,
  type RowStream,
  type TableColumn,
  type TableId,
  type TimestampColumn
} from '../../src/connectors/jdbc/database/database.ts'
import { dialects } from '../../src/connectors/jdbc/dialects/dialects.ts'
import { timestampOfMs, type TimestampParts } from '../../src/connectors/jdbc/values/timestamp.ts'

/** A database of tables `(id, ts, version)` without a network. */
export interface ModelServer {
  /** What its clock shows. */
  readonly now: number
  /** Columns show steps of so many milliseconds. */
  readonly stepMs: number
  read(sql: string, binds: readonly unknown[]): Row[]
  transactions(): OpenTransactions
  /** A little happens while somebody waits for an answer. */
  breathe(): void
  /** Whether this call of a session fails. */
  breaks(): boolean
  idHazards?(): string[]
  /** Whether rows written since a transaction was listed can be told from older ones: by their version. */
  readonly hasMarks?: boolean
}

const facts = { databaseType: 'model', nullable: false }

function columnsOf(stepMs: number): TableColumn[] {
  const ts: TimestampColumn = {
    ...facts,
    name: 'ts',
    type: 'timestamp',
    hasZone: true,
    resolutionNanos: stepMs * 1_000_000,
    read(raw: unknown, into: TimestampParts) {
      const { ms, nanos } = timestampOfMs(Number(raw))
      into.ms = ms
      into.nanos = nanos
    }
  }
  const whole = (name: string): Column => ({ ...facts, name, type: 'int64', read: Number })
  return [whole('id'), ts, whole('version')].map((column) => ({
    ...column,
    autoIncrement: column.name === 'id',
    keyPosition: column.name === 'id' ? 1 : null
  }))
}

/** The model's side of a connector: `jdbc:model:` and the number under which a database was put here. */
class ModelDialect implements Dialect {
  readonly name = 'ModelDatabaseDialect'
  readonly displayName = 'the model'
  readonly subProtocols = ['model']
  readonly urlExample = 'jdbc:model:1'
  readonly quotes = ['"', '"'] as const
  readonly databases = new Map<string, ModelServer>()

  open({ url }: { readonly url: { readonly rest: string } }): Promise<Connection> {
    const found = this.databases.get(url.rest)
    if (found === undefined) throw new Error(`There is no model ${url.rest}`)
    return Promise.resolve(new ModelConnection(this, found))
  }

  nameParts({ table }: { readonly table: string }): string[] {
    return [table]
  }

  timestampExpression(names: readonly string[]): string {
    return names[0] ?? ''
  }

  bindTimestamp({ ms }: { readonly ms: number }): { sql: string; value: bigint } {
    return { sql: '?', value: BigInt(ms) }
  }

  firstRow(sql: string): string {
    return `${sql} LIMIT 1`
  }

  bindId(id: number | bigint): { sql: string; value: bigint } {
    return { sql: '?', value: BigInt(id) }
  }
}

class ModelConnection implements Connection {
  readonly dialect: Dialect
  readonly #database: ModelServer
  readonly #columns: TableColumn[]
  #lost = false
  #isReading = false

  constructor(dialect: Dialect, database: ModelServer) {
    this.dialect = dialect
    this.#database = database
    this.#columns = columnsOf(database.stepMs)
  }

  async listTables(): Promise<[]> {
    return Promise.resolve([])
  }

  async describeTable(): Promise<TableColumn[]> {
    return this.#answer(() => this.#columns)
  }

  async describeQuery(): Promise<Column[]> {
    return this.#answer(() => this.#columns)
  }

  async now(): ReturnType<Connection['now']> {
    return this.#answer(() => ({ ...timestampOfMs(this.#database.now), hasZone: true }))
  }

  async idHazards(): Promise<string[]> {
    return this.#answer(() => this.#database.idHazards?.() ?? [])
  }

  async writtenSince(_: TableId, from: string, since: string): Promise<string | null> {
    const { hasMarks = false } = this.#database
    return Promise.resolve(hasMarks ? `${from}.version > ${since}` : null)
  }

  /** A question behind an open query would not be answered, or answered inside its transaction. */
  async openTransactions(): Promise<OpenTransactions> {
    if (this.#isReading) throw new Error('asked for open transactions amid a query')
    return this.#answer(() => this.#database.transactions())
  }

  async query(
    sql: string,
    binds: readonly unknown[],
    { fetchRows }: { fetchRows: number }
  ): Promise<RowStream> {
    // The rows of the moment at which the query began.
    const rows = await this.#answer(() => this.#database.read(sql, binds))
    const [, of] = /^SELECT MAX\(.*?(\w+)"?\)/.exec(sql) ?? []
    const columns = this.#columns.filter(({ name }) => of === undefined || name === of)
    let at = 0
    this.#isReading = true
    return {
      columns,
      next: () =>
        this.#answer(() => {
          const batch = rows.slice(at, (at += fetchRows))
          if (batch.length > 0) return batch
          this.#isReading = false
          return null
        }),
      close: () => {
        this.#isReading = false
        return Promise.resolve()
      }
    }
  }

  abort(): void {
    this.#lost = true
  }

  close(): Promise<void> {
    this.#lost = true
    return Promise.resolve()
  }

  async #answer<T>(make: () => T): Promise<T> {
    this.#database.breathe()
    if (this.#lost || this.#database.breaks()) {
      this.#lost = true
      throw databaseError('the model lost the session', { retriable: true })
    }
    const answer = make()
    this.#database.breathe()
    return await Promise.resolve(answer)
  }
}

/** The one dialect of all models, known to the connector. */
export const model = new ModelDialect()
;(dialects as Dialect[]).push(model)
