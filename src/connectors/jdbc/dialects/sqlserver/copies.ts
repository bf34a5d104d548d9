import { isRetriable } from '../../../../errors.ts'
import type { Row, Source } from '../../database/database.ts'
import { queryWords } from '../shared/query-words.ts'
import { bracketed, type SqlServerStatement } from './dictionary.ts'

type Ask = (sql: string, binds: readonly string[]) => Promise<Row[]>

/** A statement may have 2100 binds. */
const MOST_WORDS = 1000
/** Functions that read from elsewhere. */
const ROWSETS = ['openquery', 'openrowset', 'opendatasource']

/**
 * What the objects that `start` finds read: views and synonyms what they stand for. Answers name, reason, and
 * the database a name leads to: what a subscription or merge replication writes here, external tables, and
 * what lies behind a linked server.
 */
function copiesStatement(at: string, start: string, binds: readonly string[]): SqlServerStatement {
  return {
    sql: `WITH used (id, depth) AS (
SELECT o.object_id, 0 FROM ${at}sys.objects o JOIN ${at}sys.schemas s ON s.schema_id = o.schema_id WHERE ${start}
UNION ALL SELECT e.referenced_id, u.depth + 1 FROM used u JOIN ${at}sys.sql_expression_dependencies e ON e.referencing_id = u.id
WHERE e.referenced_class = 1 AND e.referenced_id <> u.id AND u.depth < 8)
SELECT o.name, CASE WHEN t.is_merge_published = 1 THEN 'written by merge replication'
 WHEN t.is_sync_tran_subscribed = 1 OR EXISTS (SELECT 1 FROM ${at}sys.procedures p WHERE p.name IN ('sp_MSins_' + s.name + o.name, 'sp_MSins_' + o.name)) THEN 'the copy of a subscription'
 WHEN PARSENAME(y.base_object_name, 4) IS NOT NULL THEN 'on the linked server ' + PARSENAME(y.base_object_name, 4)
 WHEN e.referenced_server_name IS NOT NULL THEN 'on the linked server ' + e.referenced_server_name END,
 COALESCE(e.referenced_database_name, PARSENAME(y.base_object_name, 3))
FROM (SELECT DISTINCT id FROM used) u JOIN ${at}sys.objects o ON o.object_id = u.id
JOIN ${at}sys.schemas s ON s.schema_id = o.schema_id
LEFT JOIN ${at}sys.tables t ON t.object_id = u.id
LEFT JOIN ${at}sys.synonyms y ON y.object_id = u.id
LEFT JOIN ${at}sys.sql_expression_dependencies e ON e.referencing_id = u.id AND (e.referenced_server_name IS NOT NULL OR e.referenced_database_name IS NOT NULL)`,
    binds
  }
}

interface SqlServerCopies {
  readonly why: string | null
  /** Other databases that rows come from. */
  readonly databases: readonly string[]
}

/**
 * Whose transactions cannot be seen here, if anything that is read is a copy or elsewhere; of a query
 * everything it names counts.
 */
export async function sqlServerCopies(ask: Ask, source: Source): Promise<SqlServerCopies> {
  const { table, query } = source
  const words = query === null ? [] : queryWords(query).slice(0, MOST_WORDS)
  const rowset = ROWSETS.find((name) => words.includes(name))
  if (rowset !== undefined) return { why: `the query reads by ${rowset}`, databases: [] }
  const places = words.map((_, index) => `@p${index + 1}`).join(',')
  const statements =
    query === null
      ? [
          copiesStatement(
            table?.catalog === null || table === null ? '' : `${bracketed(table.catalog)}.`,
            's.name = @p1 AND o.name = @p2',
            [table?.schema ?? 'dbo', table?.table ?? '']
          )
        ]
      : words.length === 0
        ? []
        : [
            copiesStatement('', `o.name IN (${places}) AND o.type IN ('U','V','SN')`, words),
            {
              sql: `SELECT name, 'a linked server', NULL FROM sys.servers WHERE is_linked = 1 AND name IN (${places}) UNION ALL SELECT NULL, NULL, name FROM sys.databases WHERE database_id > 4 AND name IN (${places})`,
              binds: words
            }
          ]
  const rows: Row[] = []
  for (const { sql, binds } of statements) rows.push(...(await answered(ask, sql, binds)))
  const [name, kind] = rows.find(([, kindOfCopy]) => typeof kindOfCopy === 'string') ?? []
  return {
    why:
      kind === undefined
        ? null
        : `${String(name)} is ${String(kind)}, whose rows are committed elsewhere`,
    databases: [
      ...new Set(rows.flatMap(([, , database]) => (typeof database === 'string' ? [database] : [])))
    ]
  }
}

/** What a server does not have, or does not let an account see, is not known. */
async function answered(ask: Ask, sql: string, binds: readonly string[]): Promise<Row[]> {
  try {
    return await ask(sql, binds)
  } catch (error) {
    if (isRetriable(error)) throw error
    return []
  }
}
