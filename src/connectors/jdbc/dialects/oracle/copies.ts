import type { Source } from '../../database/database.ts'
import type { OracleQuestion, OracleQuestions } from './questions.ts'
import { queryWords } from '../shared/query-words.ts'

/** An IN list may hold 1000 expressions. */
const NAMES_PER_STATEMENT = 900
/** So many objects are looked at for one table or query. */
const MOST_OBJECTS = 100
const LOSS = 'whether rows come over a database link or from a materialized view is not known'

const STRINGS_AND_COMMENTS = /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g

/**
 * Why rows are committed where their transactions cannot be seen: a link leads there, or they are put here by
 * a refresh.
 */
export async function oracleCopies(
  questions: OracleQuestions,
  { table, query }: Source,
  schema: string
): Promise<string | null> {
  if (query !== null && /@\s*["\w]/.test(query.replace(STRINGS_AND_COMMENTS, ' '))) {
    return 'the query reads over a database link'
  }
  const objects: [owner: string, name: string][] =
    query === null
      ? [[table?.schema ?? schema, table?.table ?? '']]
      : await namedObjects(questions, query)
  const seen = new Set<string>()
  for (let at = 0; at < objects.length && at < MOST_OBJECTS; at++) {
    const [owner, name] = objects[at] ?? ['', '']
    if (seen.has(`${owner}.${name}`)) continue
    seen.add(`${owner}.${name}`)
    const views = await questions.askIfAllowed(LOSS, ask(MATERIALIZED, owner, name))
    if (views !== null && views.length > 0) {
      return `${owner}.${name} is a materialized view, whose rows appear when it is refreshed`
    }
    const below = (await questions.askIfAllowed(LOSS, ask(READS, owner, name))) ?? []
    for (const [otherOwner, other, link] of below) {
      if (link !== null && link !== undefined) {
        return `${owner}.${name} reads over the database link ${String(link)}`
      }
      objects.push([String(otherOwner), String(other)])
    }
  }
  return null
}

const MATERIALIZED = 'SELECT mview_name FROM all_mviews WHERE owner = :1 AND mview_name = :2'
const READS = `SELECT referenced_owner, referenced_name, referenced_link_name FROM all_dependencies WHERE owner = :1 AND name = :2 AND type IN ('VIEW', 'SYNONYM') AND (referenced_owner IS NULL OR referenced_owner <> 'SYS')`

/** Views and synonyms by any of the names in a query, whoever owns them. */
async function namedObjects(
  questions: OracleQuestions,
  query: string
): Promise<[owner: string, name: string][]> {
  const words = queryWords(query)
  const objects: [string, string][] = []
  for (let at = 0; at < words.length; at += NAMES_PER_STATEMENT) {
    const part = words.slice(at, at + NAMES_PER_STATEMENT)
    const places = part.map((_, index) => `:${index + 1}`).join(',')
    const sql = `SELECT owner, object_name FROM all_objects WHERE object_name IN (${places}) AND object_type IN ('VIEW', 'MATERIALIZED VIEW', 'SYNONYM') AND owner NOT IN ('SYS', 'PUBLIC')`
    const rows = (await questions.askIfAllowed(LOSS, [{ sql, binds: part }])) ?? []
    for (const [owner, name] of rows) objects.push([String(owner), String(name)])
  }
  return objects
}

function ask(sql: string, ...binds: string[]): OracleQuestion {
  return [{ sql, binds }]
}
