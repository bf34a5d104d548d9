import { epochDay, MS_PER_DAY } from '../../../../data/calendar.ts'
import { INT64_MAX, INT64_MIN } from '../../../../data/values.ts'
import type { TableId } from '../../database/database.ts'
import type { TargetColumn, TargetTable, TargetType } from '../../database/writing.ts'
import { indexColumns } from '../shared/index-columns.ts'
import type { SqliteAsk } from './dictionary.ts'

/** What the file says of a table or view; null: there is none of this name. */
export async function sqliteTargetTable(ask: SqliteAsk, id: TableId): Promise<TargetTable | null> {
  const [found] = await ask(
    `SELECT type FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ?`,
    id.table
  )
  if (found === undefined) return null
  const columns = await ask(
    `SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1`,
    id.table
  )
  const keys = columns.filter(([, , , , place]) => place !== 0n)
  const unique = await ask(
    `SELECT l.name, i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE l."unique" = 1 AND l.partial = 0 AND l.origin <> 'pk' ORDER BY l.seq, i.seqno`,
    id.table
  )
  const parents = await ask(
    `SELECT DISTINCT "table" FROM pragma_foreign_key_list(?1) WHERE lower("table") <> lower(?1) ORDER BY 1`,
    id.table
  )
  const [triggers] = await ask(
    `SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?)`,
    id.table
  )
  return {
    id: { catalog: null, schema: null, table: id.table },
    kind: found[0] === 'view' ? 'view' : 'table',
    columns: columns.map((column) => targetColumn(column, keys.length)),
    primaryKey: keys
      .sort(([, , , , a], [, , , , b]) => Number(a) - Number(b))
      .map(([name]) => String(name)),
    uniqueKeys: indexColumns(unique).filter((names) => names.every((name) => name !== null)),
    parents: parents.map(([table]) => ({ catalog: null, schema: null, table: String(table) })),
    hasTriggers: triggers?.[0] !== 0n,
    refusesBulk: null
  }
}

function targetColumn(row: readonly unknown[], keys: number): TargetColumn {
  const [name, type, notNull, defaultValue, place, hidden] = row
  const databaseType = String(type)
  // `INTEGER PRIMARY KEY` is SQLite's row id, which counts itself up.
  const isRowId = keys === 1 && place !== 0n && databaseType.toUpperCase() === 'INTEGER'
  return {
    name: String(name),
    databaseType,
    type: targetType(databaseType),
    isNullable: notNull === 0n && place === 0n,
    hasDefault: defaultValue !== null,
    identity: isRowId ? 'by default' : null,
    isGenerated: hidden !== 0n
  }
}

/** So many digits a number keeps that becomes a double in a column of numbers; whole ones have 64 bits. */
const DOUBLE_DIGITS = 15

const TEXT: TargetType = {
  kind: 'string',
  max: null,
  unit: 'characters',
  refuses: null,
  booleansAreDigits: true
}

/**
 * SQLite makes numbers of texts that look like some in columns whose type it does not know. Of whole ones the
 * digits stay.
 */
const CHANGED_NUMBER = /^(?!(?:0|-?[1-9]\d{0,17})$)\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i

/**
 * The declared type, as for columns that are read. Lengths and digits that it names are not held against
 * values, for SQLite does not do so either.
 */
function targetType(declared: string): TargetType {
  const name = declared
    .toUpperCase()
    .trim()
    .replace(/\s*\(.*$/s, '')
  if (/^BOOL(EAN)?$/.test(name)) return { kind: 'boolean' }
  if (/^(TIMESTAMP|DATETIME)/.test(name)) return TIMESTAMP
  if (name === 'DATE') return DATE
  if (name === 'TIME') return { kind: 'time', resolutionNanos: 1_000_000 }
  if (/^(DECIMAL|DEC|NUMERIC|NUMBER)$/.test(name)) return NUMBER
  if (name.includes('INT')) {
    return { kind: 'integer', min: INT64_MIN, max: INT64_MAX, fractions: 'kept' }
  }
  if (/CHAR|CLOB|TEXT/.test(name)) return TEXT
  if (name === '') return TEXT
  if (name.includes('BLOB')) return { kind: 'bytes', max: null }
  if (/REAL|FLOA|DOUB/.test(name)) return { kind: 'float', bits: 64, takesNaN: false }
  if (name === 'JSON') return { kind: 'json' }
  return { kind: 'string', max: null, unit: 'characters', refuses: CHANGED_NUMBER }
}

const MIN_DAY = epochDay(0, 1, 1)
const MAX_DAY = epochDay(9999, 12, 31)

const DATE: TargetType = { kind: 'date', minDay: MIN_DAY, maxDay: MAX_DAY }
const TIMESTAMP: TargetType = {
  kind: 'timestamp',
  hasZone: true,
  resolutionNanos: 1,
  minMs: MIN_DAY * MS_PER_DAY,
  maxMs: (MAX_DAY + 1) * MS_PER_DAY - 1
}
const NUMBER: TargetType = {
  kind: 'decimal',
  precision: DOUBLE_DIGITS,
  scale: null,
  maxWhole: INT64_MAX,
  timesAsMs: true
}
