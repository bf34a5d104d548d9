import type {
  ColumnFacts,
  Dialect,
  Row,
  TableColumn,
  TableFilter,
  TableId
} from '../../database/database.ts'
import { quoteName } from '../../database/table-name.ts'
import type { TimeZone } from '../../values/time-zone.ts'
import { indexColumns } from '../shared/index-columns.ts'
import { declaredColumn } from './types.ts'

/** Answers all rows of a small statement. */
export type SqliteAsk = (sql: string, ...binds: string[]) => Promise<Row[]>

export async function sqliteTables(ask: SqliteAsk, filter: TableFilter): Promise<TableId[]> {
  const types = new Set(filter.types)
  const names = filter.names?.map((name) => name.toLowerCase()) ?? null
  const rows = await ask(
    `SELECT name, upper(type) FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name`
  )
  return rows
    .map(([name, type]) => ({ name: String(name), type: String(type) }))
    .filter(({ type }) => types.has(type))
    .filter(({ name }) => names === null || names.includes(name.toLowerCase()))
    .map(({ name }) => ({ catalog: null, schema: null, table: name }))
}

/** What `PRAGMA table_xinfo` says of a column. */
interface DeclaredColumn {
  readonly name: string
  readonly type: string
  readonly isNotNull: boolean
  /** Counted from 1 among the columns of the primary key; 0: none of them. */
  readonly keyPosition: number
}

async function declaredColumns(
  ask: SqliteAsk,
  dialect: Dialect,
  table: string
): Promise<DeclaredColumn[]> {
  const rows = await ask(`PRAGMA table_xinfo(${quoteName(dialect, table)})`)
  return rows
    .filter(([, , , , , , hidden]) => hidden !== 1n)
    .map(([, name, type, notNull, , keyPosition]) => ({
      name: String(name),
      type: String(type),
      isNotNull: notNull === 1n,
      keyPosition: Number(keyPosition)
    }))
}

/** No columns when there is no such table. */
export async function sqliteColumns(
  ask: SqliteAsk,
  dialect: Dialect,
  table: string,
  zone: TimeZone
): Promise<TableColumn[]> {
  const declared = await declaredColumns(ask, dialect, table)
  const keys = declared.filter(({ keyPosition }) => keyPosition > 0).length
  return declared.map(({ name, type, isNotNull, keyPosition }) => {
    // `INTEGER PRIMARY KEY` is SQLite's row id: never null, counted up by itself.
    const autoIncrement = keys === 1 && keyPosition === 1 && type.toUpperCase() === 'INTEGER'
    const nullable = !isNotNull && !autoIncrement
    const facts: ColumnFacts = { name, databaseType: type, nullable }
    return {
      ...declaredColumn(facts, zone),
      autoIncrement,
      keyPosition: keyPosition > 0 ? keyPosition : null
    }
  })
}

/**
 * The key of a table without an index of its own is found by its rows' numbers, which serves as well. null:
 * there is no such table.
 */
export async function sqliteIndexes(
  ask: SqliteAsk,
  dialect: Dialect,
  table: string
): Promise<(string | null)[][] | null> {
  const [found] = await ask(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`, table)
  if (found === undefined) return null
  const key = (await declaredColumns(ask, dialect, table))
    .filter(({ keyPosition }) => keyPosition > 0)
    .sort((a, b) => a.keyPosition - b.keyPosition)
    .map(({ name }) => name)
  const rows = await ask(
    `SELECT l.name, i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE l.partial = 0 ORDER BY l.seq, i.seqno`,
    table
  )
  return [...(key.length === 0 ? [] : [key]), ...indexColumns(rows)]
}
