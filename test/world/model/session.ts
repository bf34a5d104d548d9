import {
  type Column,
  type Connection,
  databaseError,
  type Dialect,
  type OpenTransactions,
  type RowStream,
  type TableColumn,
  type TableId,
  type TimestampColumn
} from '../../../src/connectors/jdbc/database/database.ts'
import {
  timestampOfMs,
  type TimestampParts
} from '../../../src/connectors/jdbc/values/timestamp.ts'
import type { Random } from '../../support/random.ts'
import type { ModelServer } from './server.ts'
import type { ModelTable } from './tables.ts'

const facts = { databaseType: 'model', nullable: false as boolean }

/** What the dictionary says of ids that each session takes in blocks. */
export const BLOCKS = 'the sequence hands out blocks of ids to each session'

/** What a session is asked, and whether it holds. */
interface SessionEvents {
  /** Before each statement. */
  onQuestion(sql: string): void
  /**
   * A session was asked while a result of another question is open: a real one would answer never, or
   * wrongly.
   */
  onTalkedOver(question: string, open: string): void
  onLost(): void
}

/** A server, and how its sessions behave. */
export interface ModelAccess {
  readonly server: ModelServer
  readonly random: Random
  readonly events: SessionEvents
  /** Chance that a call of a session is its last. */
  fragile: number
  /** The session ends at its next call. */
  breaksNext: boolean
}

/** The connector's side of a model: `jdbc:world:` and the name under which it was put here. */
export class WorldDialect implements Dialect {
  readonly name = 'WorldDatabaseDialect'
  readonly displayName = 'the model'
  readonly subProtocols = ['world']
  readonly urlExample = 'jdbc:world:1'
  readonly quotes = ['"', '"'] as const
  readonly worlds = new Map<string, ModelAccess>()

  open({ url }: { readonly url: { readonly rest: string } }): Promise<Connection> {
    const access = this.worlds.get(url.rest)
    if (access === undefined) throw new Error(`There is no world ${url.rest}`)
    access.server.pass(access.random.within(1, 20))
    access.breaksNext = false
    if (access.server.nowMs < access.server.awayUntilMs) return Promise.reject(lost('is away'))
    return Promise.resolve(new ModelSession(this, access))
  }

  nameParts({ table }: { readonly table: string }): string[] {
    return [table]
  }

  timestampExpression(names: readonly string[]): string {
    return names.length === 1 ? (names[0] ?? '') : `COALESCE(${names.join(',')})`
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

function lost(how: string): Error {
  return databaseError(`the model ${how}`, { retriable: true })
}

function columnsOf({ plan }: ModelTable): TableColumn[] {
  const int = (name: string): Column => ({
    ...facts,
    name,
    type: 'int64',
    read: (raw) => {
      const number = Number(raw)
      return Number.isSafeInteger(number) ? number : (raw as bigint)
    }
  })
  const time = (name: string): TimestampColumn => ({
    ...facts,
    name,
    nullable: true,
    type: 'timestamp',
    hasZone: !plan.wallClock,
    resolutionNanos: plan.stepMs * 1_000_000,
    read(raw: unknown, into: TimestampParts) {
      const { ms, nanos } = timestampOfMs(Number(raw))
      into.ms = ms
      into.nanos = nanos
    }
  })
  const text = (name: string): Column => ({
    ...facts,
    name,
    nullable: name === 'note',
    type: 'string',
    read: String
  })
  const columns = [
    int('id'),
    time('changed'),
    time('created'),
    int('version'),
    int('kind'),
    text('note'),
    text('key')
  ]
  return columns.map((column) => ({
    ...column,
    autoIncrement: column.name === 'id',
    keyPosition: column.name === 'key' ? 1 : null
  }))
}

/** What a maximum is called does not matter; it has the type of what it is the maximum of. */
function columnsOfResult(sql: string, all: readonly Column[]): readonly Column[] {
  if (!sql.startsWith('SELECT MAX')) return all
  const isId = /^SELECT MAX\([^()]*\bid"?\)/.test(sql)
  return all.filter(({ name }) => name === (isId ? 'id' : 'changed'))
}

/**
 * One session, which like a real one does one thing at a time: as long as a result is open nothing else may
 * be asked.
 */
class ModelSession implements Connection {
  readonly dialect: Dialect
  readonly #access: ModelAccess
  #lost = false
  /** The statement whose rows were neither read to their end nor given up. */
  #open: string | null = null

  constructor(dialect: Dialect, access: ModelAccess) {
    this.dialect = dialect
    this.#access = access
  }

  async listTables(): Promise<TableId[]> {
    const { tables } = this.#access.server
    return await this.#ask('the list of tables', () =>
      [...tables.keys()].map((table) => ({ catalog: null, schema: null, table }))
    )
  }

  async describeTable({ table }: TableId): Promise<TableColumn[]> {
    return await this.#ask(`the columns of ${table}`, () => {
      const found = this.#access.server.tables.get(table)
      return found === undefined ? [] : columnsOf(found)
    })
  }

  async describeQuery(sql: string): Promise<Column[]> {
    return await this.#ask(`the columns of ${sql}`, () => columnsOf(this.#tableIn(sql)))
  }

  async now(): ReturnType<Connection['now']> {
    const { server } = this.#access
    return await this.#ask('the time', () => {
      server.toldTimeAtMs = server.nowMs
      return { ...timestampOfMs(server.clockMs), hasZone: true }
    })
  }

  async openTransactions(): Promise<OpenTransactions> {
    const { server, random } = this.#access
    const answer = await this.#ask('open transactions', () => server.transactions(random))
    if (answer === 'error') throw lost('cannot tell who is open')
    return answer
  }

  async writtenSince(_: TableId, from: string, since: string): Promise<string | null> {
    // Versions are numbered in the order of writing, and so are rows.
    const { marks } = this.#access.server.plan
    return await Promise.resolve(marks ? `${from}.rowid >= ${BigInt(since)}` : null)
  }

  async idHazards({ table }: TableId): Promise<string[]> {
    return await this.#ask(`the sequence of ${table}`, () => {
      const { ids } = this.#access.server.tables.get(table)?.plan ?? {}
      return ids?.kind === 'blocks' ? [BLOCKS] : []
    })
  }

  async query(
    sql: string,
    binds: readonly unknown[],
    { fetchRows }: { fetchRows: number }
  ): Promise<RowStream> {
    const all = columnsOf(this.#tableIn(sql))
    // The rows of the moment at which the query began.
    const rows = await this.#ask(sql, () => this.#access.server.read(sql, binds))
    this.#open = sql
    let at = 0
    let ended = false
    const end = (): void => {
      ended = true
      this.#open = null
    }
    return {
      columns: columnsOfResult(sql, all),
      next: async () => {
        const batch = await this.#answer(() => rows.slice(at, (at += fetchRows)))
        if (batch.length > 0) return batch
        if (!ended) end()
        return null
      },
      close: async () => {
        if (!ended) await this.#answer(end)
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

  #tableIn(sql: string): ModelTable {
    for (const table of this.#access.server.tables.values()) {
      if (sql.includes(`FROM ${table.sql}`)) return table
    }
    throw new Error(`No table of this world in ${sql}`)
  }

  async #ask<T>(question: string, make: () => T): Promise<T> {
    const { events } = this.#access
    events.onQuestion(question)
    if (this.#open !== null) {
      events.onTalkedOver(question, this.#open)
      throw databaseError('the session was asked while a result is open', { retriable: false })
    }
    return await this.#answer(make)
  }

  async #answer<T>(make: () => T): Promise<T> {
    const { server, random, fragile } = this.#access
    server.pass(random.within(0, 3))
    const breaks = this.#access.breaksNext || random.chance(fragile)
    if (this.#lost || breaks || server.nowMs < server.awayUntilMs) {
      if (!this.#lost) this.#access.events.onLost()
      this.#access.breaksNext = false
      this.#lost = true
      throw lost('lost the session')
    }
    const answer = make()
    server.pass(random.within(0, 2))
    return await Promise.resolve(answer)
  }
}
