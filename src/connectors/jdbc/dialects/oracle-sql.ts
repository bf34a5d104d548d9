import type { TableFilter } from '../database.ts'

/** A statement and its binds by position. */
export interface OracleStatement {
  readonly sql: string
  readonly binds: readonly string[]
}

/** An IN list may hold 1000 expressions; each name is looked for in up to three spellings. */
const NAMES_PER_STATEMENT = 300

/** Recycle bin, materialized view logs, temporary update logs, and the overflow of index-organized tables. */
const NOT_A_TABLE = `%n NOT LIKE 'BIN$%' AND %n NOT LIKE 'MLOG$\\_%' ESCAPE '\\' AND %n NOT LIKE 'RUPD$\\_%' ESCAPE '\\' AND %n NOT LIKE 'SYS\\_IOT\\_OVER\\_%' ESCAPE '\\'`

const DICTIONARY = [
  { type: 'SYNONYM', view: 'ALL_SYNONYMS', name: 'synonym_name', more: '' },
  {
    type: 'TABLE',
    view: 'ALL_TABLES',
    name: 'table_name',
    more: `nested = 'NO' AND secondary = 'N' AND dropped = 'NO' AND ${NOT_A_TABLE.replaceAll('%n', 'table_name')}`
  },
  { type: 'VIEW', view: 'ALL_VIEWS', name: 'view_name', more: '' }
] as const

/**
 * Statements that answer (owner, name) of the tables looked for, in the order of JDBC's types. With names each is found by
 * the dictionary's own index: as written, in upper and in lower case. Without a schema pattern the schemas that
 * belong to the database itself are left out.
 */
export function listStatements(filter: TableFilter): OracleStatement[] {
  const { names, types, schemaPattern } = filter
  if (names !== null && names.length === 0) return []
  const spellings =
    names === null
      ? null
      : [...new Set(names.flatMap((name) => [name, name.toUpperCase(), name.toLowerCase()]))]
  return DICTIONARY.filter(({ type }) => types.includes(type)).flatMap(({ view, name, more }) => {
    return chunks(spellings).map((chunk) => {
      const binds: string[] = []
      const bind = (value: string): string => `:${binds.push(value)}`
      const conditions = [
        schemaPattern === null || schemaPattern === ''
          ? `owner NOT IN (SELECT username FROM all_users WHERE oracle_maintained = 'Y')`
          : /[%_\\]/.test(schemaPattern)
            ? `owner LIKE ${bind(schemaPattern)} ESCAPE '\\'`
            : `owner = ${bind(schemaPattern)}`
      ]
      if (chunk !== null) conditions.push(`${name} IN (${chunk.map(bind).join(',')})`)
      if (more !== '') conditions.push(more)
      return {
        sql: `SELECT owner, ${name} FROM ${view} WHERE ${conditions.join(' AND ')} ORDER BY owner, ${name}`,
        binds
      }
    })
  })
}

function chunks(names: readonly string[] | null): (readonly string[] | null)[] {
  if (names === null) return [null]
  const parts: string[][] = []
  for (let at = 0; at < names.length; at += NAMES_PER_STATEMENT * 3) {
    parts.push(names.slice(at, at + NAMES_PER_STATEMENT * 3))
  }
  return parts
}

/** Answers name, type, precision, scale, nullable (Y/N), identity (YES/NO), place in the primary key or null. */
export function describeStatement(owner: string | null, table: string): OracleStatement {
  const [where, binds] =
    owner === null ? [`SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')`, [table]] : [':2', [table, owner]]
  return {
    sql: `SELECT c.column_name, CASE WHEN c.data_type_owner = 'PUBLIC' OR c.data_type_owner IS NULL THEN c.data_type ELSE c.data_type_owner || '.' || c.data_type END, c.data_precision, c.data_scale, c.nullable, c.identity_column, k.position
FROM all_tab_columns c
LEFT JOIN (SELECT x.owner, x.table_name, y.column_name, y.position FROM all_constraints x
           JOIN all_cons_columns y ON y.owner = x.owner AND y.constraint_name = x.constraint_name AND y.table_name = x.table_name
           WHERE x.constraint_type = 'P') k
  ON k.owner = c.owner AND k.table_name = c.table_name AND k.column_name = c.column_name
WHERE c.table_name = :1 AND c.owner = ${where}
ORDER BY c.column_id`,
    binds
  }
}

/** Answers what a synonym stands for: owner, table, database link or null; the user's own before public ones. */
export function synonymStatement(owner: string | null, name: string): OracleStatement {
  const [where, binds] =
    owner === null ? [`SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')`, [name]] : [':2', [name, owner]]
  return {
    sql: `SELECT table_owner, table_name, db_link FROM all_synonyms WHERE synonym_name = :1 AND owner IN (${where}, 'PUBLIC') ORDER BY CASE owner WHEN 'PUBLIC' THEN 1 ELSE 0 END`,
    binds
  }
}

/** Fixes what text and numbers mean in this session, whatever the client's or the server's settings say. */
export const SESSION_STATEMENT = `ALTER SESSION SET TIME_ZONE = '+00:00' NLS_CALENDAR = 'GREGORIAN' NLS_NUMERIC_CHARACTERS = '.,' NLS_DATE_LANGUAGE = 'AMERICAN' NLS_DATE_FORMAT = 'SYYYY-MM-DD HH24:MI:SS' NLS_TIMESTAMP_FORMAT = 'SYYYY-MM-DD HH24:MI:SS.FF9' NLS_TIMESTAMP_TZ_FORMAT = 'SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM' NLS_COMP = 'BINARY' NLS_SORT = 'BINARY'`

/** What the driver has to make of these literals, digit by digit; see `keepMomentsExact`. */
export const PROBE = {
  sql: `SELECT TIMESTAMP '2001-02-03 04:05:06.123456789', TIMESTAMP '2001-02-03 04:05:06.987654321 +05:30', DATE '1582-10-04', 1234567890123456789012345678.0123456789 FROM DUAL`,
  expected: [
    '2001-02-03 04:05:06.123456789',
    '2001-02-02 22:35:06.987654321',
    '1582-10-04 00:00:00.000000000',
    '1234567890123456789012345678.0123456789'
  ]
} as const
