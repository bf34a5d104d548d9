import type { Column, TableFilter, TableId } from '../../database/database.ts'
import { likeName, likePrefix } from '../shared/like-pattern.ts'
import { exactExpression } from './types.ts'

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

/** What else has a meaning in a LIKE pattern here. */
const SPECIAL = '_['

/** Databases by a name in which `%` stands for any text, as far as they may be opened. */
export function databasesStatement(pattern: string): SqlServerStatement {
  return {
    sql: `SELECT name FROM sys.databases WHERE name LIKE @p1 ESCAPE '\\' AND database_id > 4 AND HAS_DBACCESS(name) = 1 ORDER BY name`,
    binds: [likeName(pattern, '\\', SPECIAL)]
  }
}

/** A pattern of JDBC, in which a bracket stands for itself. */
function schemaLike(pattern: string): string {
  return pattern.replaceAll('[', '\\[')
}

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
      conditions.push(`s.name LIKE ${bind(schemaLike(filter.schemaPattern))} ESCAPE '\\'`)
    }
    if (part !== null) {
      // The server's lower case is that of the database's language: names are found as they are written, too.
      const [written, lower] = [part, part.map((name) => name.toLowerCase())].map((names) =>
        names.map(bind).join(',')
      )
      conditions.push(`(o.name IN (${written}) OR LOWER(o.name) IN (${lower}))`)
    }
    if (filter.prefix !== undefined) {
      conditions.push(`o.name LIKE ${bind(likePrefix(filter.prefix, '\\', SPECIAL))} ESCAPE '\\'`)
    }
    const most = filter.atMost === undefined ? '' : `TOP (${filter.atMost}) `
    return {
      sql: `SELECT ${most}${shown}, s.name, o.name FROM ${from}sys.objects o JOIN ${from}sys.schemas s ON s.schema_id = o.schema_id WHERE ${conditions.join(' AND ')} ORDER BY CASE o.type WHEN 'SN' THEN 0 WHEN 'U' THEN 1 ELSE 2 END, s.name, o.name`,
      binds
    }
  })
}

/**
 * Answers name, type as printed, nullable, identity (0/1), place in the primary key or null, and whether
 * `SELECT *` leaves it out: hidden columns (which releases before 2016 do not have), and sparse ones that a
 * column set stands for.
 */
export function describeStatement(table: TableId, knowsHidden = true): SqlServerStatement {
  const at = table.catalog === null ? '' : `${bracketed(table.catalog)}.`
  return {
    sql: `SELECT c.name,
 CASE WHEN b.name IN ('decimal','numeric') THEN CONCAT(b.name, '(', c.precision, ',', c.scale, ')')
      WHEN b.name IN ('time','datetime2','datetimeoffset') THEN CONCAT(b.name, '(', c.scale, ')')
      WHEN b.name IN ('char','varchar','binary','varbinary') THEN CONCAT(b.name, '(', IIF(c.max_length = -1, 'max', CONVERT(varchar(10), c.max_length)), ')')
      WHEN b.name IN ('nchar','nvarchar') THEN CONCAT(b.name, '(', IIF(c.max_length = -1, 'max', CONVERT(varchar(10), c.max_length / 2)), ')')
      ELSE COALESCE(b.name, u.name) END,
 CONVERT(int, c.is_nullable), CONVERT(int, c.is_identity), k.key_ordinal,
 CASE WHEN ${knowsHidden ? 'c.is_hidden' : '0'} = 1 OR c.is_sparse = 1 AND EXISTS (SELECT 1 FROM ${at}sys.columns x WHERE x.object_id = c.object_id AND x.is_column_set = 1) THEN 1 ELSE 0 END
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

/** Whatever changes when the columns of a table do, from one view alone. */
export function columnsMarkStatement(table: TableId): SqlServerStatement {
  const parts = [table.catalog, table.schema ?? 'dbo', table.table]
  const at = table.catalog === null ? '' : `${bracketed(table.catalog)}.`
  return {
    sql: `SELECT c.column_id, c.name, c.system_type_id, c.user_type_id, c.max_length, c.precision, c.scale, c.is_nullable FROM ${at}sys.columns c WHERE c.object_id = OBJECT_ID(@p1) ORDER BY c.column_id`,
    binds: [parts.flatMap((part) => (part === null ? [] : [bracketed(part)])).join('.')]
  }
}

/**
 * Answers index and column, in the order of the index; indexes of some rows only, and disabled ones, serve no
 * poll.
 */
export function indexStatement(table: TableId): SqlServerStatement {
  const at = table.catalog === null ? '' : `${bracketed(table.catalog)}.`
  return {
    sql: `SELECT i.name, c.name FROM ${at}sys.indexes i
JOIN ${at}sys.objects o ON o.object_id = i.object_id
JOIN ${at}sys.schemas s ON s.schema_id = o.schema_id
JOIN ${at}sys.index_columns x ON x.object_id = i.object_id AND x.index_id = i.index_id AND x.key_ordinal > 0
JOIN ${at}sys.columns c ON c.object_id = x.object_id AND c.column_id = x.column_id
WHERE s.name = @p1 AND o.name = @p2 AND i.is_disabled = 0 AND i.has_filter = 0
ORDER BY i.index_id, x.key_ordinal`,
    binds: [table.schema ?? 'dbo', table.table]
  }
}

/** Answers a row for a table, none for a view. */
export function isTableStatement(table: TableId): SqlServerStatement {
  const at = table.catalog === null ? '' : `${bracketed(table.catalog)}.`
  return {
    sql: `SELECT 1 FROM ${at}sys.tables t JOIN ${at}sys.schemas s ON s.schema_id = t.schema_id WHERE s.name = @p1 AND t.name = @p2`,
    binds: [table.schema ?? 'dbo', table.table]
  }
}

/**
 * Answers name, type as printed, nullable, error of the columns of a query; `parameters`: how many binds it
 * has.
 */
export function describeQueryStatement(query: string, parameters: number): SqlServerStatement {
  const declared = Array.from({ length: parameters }, (_, index) => `@p${index + 1} nvarchar(4000)`)
  return {
    sql: `SELECT name, COALESCE(system_type_name, user_type_name), CONVERT(int, is_nullable), error_message FROM sys.dm_exec_describe_first_result_set(@p1, ${parameters === 0 ? 'NULL' : '@p2'}, 0) WHERE is_hidden = 0 OR error_number IS NOT NULL ORDER BY column_ordinal`,
    binds: parameters === 0 ? [query] : [query, declared.join(', ')]
  }
}

const WHOLE_ROW = 'SELECT * FROM '

/**
 * The query of a table with its columns named, those that would lose digits as text. `columns` are those of
 * the table now, so that a new one appears as it would with the asterisk. Names are left as the query writes
 * them: the first word behind FROM.
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
