import type { Column, TableFilter, TableId } from '../database.ts'
import { exactExpression } from './sqlserver-types.ts'

export interface SqlServerStatement {
  readonly sql: string
  /** For `@p1`, `@p2` … */
  readonly binds: readonly string[]
}

/** A name in brackets. */
export function bracketed(name: string): string {
  return `[${name.replaceAll(']', ']]')}]`
}

const OBJECT_TYPES: Readonly<Record<string, string>> = { U: 'TABLE', V: 'VIEW', SN: 'SYNONYM' }

/** A statement may have 2100 binds. */
const NAMES_PER_STATEMENT = 1000

/** Statements that answer catalog, schema and name of the tables looked for, in the order of JDBC's types. */
export function listStatements(filter: TableFilter): SqlServerStatement[] {
  const wanted = Object.entries(OBJECT_TYPES)
    .filter(([, type]) => filter.types.includes(type))
    .map(([code]) => `'${code}'`)
  if (wanted.length === 0) return []
  const { catalogPattern: catalog, names } = filter
  const from = catalog === null || catalog === '' ? '' : `${bracketed(catalog)}.`
  const shown = from === '' ? 'DB_NAME()' : `N'${(catalog ?? '').replaceAll("'", "''")}'`
  const parts: (readonly string[] | null)[] = names === null ? [null] : []
  for (let at = 0; at < (names?.length ?? 0); at += NAMES_PER_STATEMENT) {
    parts.push(names?.slice(at, at + NAMES_PER_STATEMENT) ?? null)
  }
  return parts.map((part) => {
    const binds: string[] = []
    const bind = (value: string): string => `@p${binds.push(value)}`
    const conditions = [`o.type IN (${wanted.join(',')})`, 'o.is_ms_shipped = 0']
    if (filter.schemaPattern !== null) {
      conditions.push(`s.name LIKE ${bind(filter.schemaPattern)} ESCAPE '\\'`)
    }
    if (part !== null) {
      conditions.push(
        `LOWER(o.name) IN (${part.map((name) => bind(name.toLowerCase())).join(',')})`
      )
    }
    return {
      sql: `SELECT ${shown}, s.name, o.name FROM ${from}sys.objects o JOIN ${from}sys.schemas s ON s.schema_id = o.schema_id WHERE ${conditions.join(' AND ')} ORDER BY CASE o.type WHEN 'SN' THEN 0 WHEN 'U' THEN 1 ELSE 2 END, s.name, o.name`,
      binds
    }
  })
}

/** Answers name, type as printed, nullable, identity (0/1), place in the primary key or null. */
export function describeStatement(table: TableId): SqlServerStatement {
  const at = table.catalog === null ? '' : `${bracketed(table.catalog)}.`
  return {
    sql: `SELECT c.name,
 CASE WHEN b.name IN ('decimal','numeric') THEN CONCAT(b.name, '(', c.precision, ',', c.scale, ')')
      WHEN b.name IN ('time','datetime2','datetimeoffset') THEN CONCAT(b.name, '(', c.scale, ')')
      WHEN b.name IN ('char','varchar','binary','varbinary') THEN CONCAT(b.name, '(', IIF(c.max_length = -1, 'max', CONVERT(varchar(10), c.max_length)), ')')
      WHEN b.name IN ('nchar','nvarchar') THEN CONCAT(b.name, '(', IIF(c.max_length = -1, 'max', CONVERT(varchar(10), c.max_length / 2)), ')')
      ELSE COALESCE(b.name, u.name) END,
 CONVERT(int, c.is_nullable), CONVERT(int, c.is_identity), k.key_ordinal
FROM ${at}sys.columns c
JOIN ${at}sys.objects o ON o.object_id = c.object_id
JOIN ${at}sys.schemas s ON s.schema_id = o.schema_id
JOIN ${at}sys.types u ON u.user_type_id = c.user_type_id
LEFT JOIN ${at}sys.types b ON b.user_type_id = c.system_type_id
LEFT JOIN (SELECT x.object_id, x.column_id, CONVERT(int, x.key_ordinal) AS key_ordinal FROM ${at}sys.index_columns x
           JOIN ${at}sys.indexes i ON i.object_id = x.object_id AND i.index_id = x.index_id WHERE i.is_primary_key = 1) k
  ON k.object_id = c.object_id AND k.column_id = c.column_id
WHERE s.name = @p1 AND o.name = @p2
ORDER BY c.column_id`,
    binds: [table.schema ?? 'dbo', table.table]
  }
}

/** Answers name, type as printed, nullable, error of the columns of a query; `parameters`: how many binds it has. */
export function describeQueryStatement(query: string, parameters: number): SqlServerStatement {
  const declared = Array.from({ length: parameters }, (_, index) => `@p${index + 1} nvarchar(4000)`)
  return {
    sql: `SELECT name, COALESCE(system_type_name, user_type_name), CONVERT(int, is_nullable), error_message FROM sys.dm_exec_describe_first_result_set(@p1, ${parameters === 0 ? 'NULL' : '@p2'}, 0) WHERE is_hidden = 0 OR error_number IS NOT NULL ORDER BY column_ordinal`,
    binds: parameters === 0 ? [query] : [query, declared.join(', ')]
  }
}

const WHOLE_ROW = 'SELECT * FROM '

/**
 * The query of a table with its columns named, those that would lose digits as text. `columns` are those of the table now, so
 * that a new one appears as it would with the asterisk. Names are left as the query writes them: the first word behind FROM.
 */
export function exactSelect(sql: string, columns: readonly Column[]): string {
  if (!sql.startsWith(WHOLE_ROW)) throw new TypeError(`Not a query of a whole table: ${sql}`)
  const rest = sql.slice(WHOLE_ROW.length)
  const table = /^(?:\[(?:[^\]]|\]\])*\]|[^\s.[\]]+)(?:\.(?:\[(?:[^\]]|\]\])*\]|[^\s.[\]]+))*/.exec(
    rest
  )?.[0]
  if (table === undefined) throw new TypeError(`Not a query of a whole table: ${sql}`)
  const list = columns.map((column) => {
    const name = `${table}.${bracketed(column.name)}`
    const exact = exactExpression(name, column)
    return exact === null ? name : `${exact} AS ${bracketed(column.name)}`
  })
  return `SELECT ${list.join(', ')} FROM ${rest}`
}
