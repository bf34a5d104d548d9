import { configDef } from '../../../config/config-def.ts'
import { parseInitialTimestamp } from './configured-start.ts'
import { lowerOrUpper, problemOf, word } from './key-checks.ts'
import { queryParts } from '../sql/query-text.ts'
import { parseColumnMapping, parseColumnsMapping } from './table-pattern.ts'
import { instantOf } from '../values/time-text.ts'
import { TimeZone } from '../values/time-zone.ts'

const MODES = ['', 'bulk', 'timestamp', 'incrementing', 'timestamp+incrementing'] as const

const SELECT_ONLY = (key: string): string =>
  `Only SELECT statements are supported for '${key}'. Please provide a statement that starts with SELECT.`

/**
 * A query may start with SELECT, WITH, EXEC, VALUES, a parenthesis or a comment. Statements that write, and
 * CALL, are refused.
 */
function isQuery(text: string): boolean {
  return (
    text.trim() === '' || /^(SELECT|WITH|EXEC|EXECUTE|VALUES)\b|^(--|\/\*|\()/i.test(text.trim())
  )
}

function queryProblem(text: string, key: string): string | null {
  if (!isQuery(text)) return SELECT_ONLY(key)
  const problem = problemOf(() => queryParts(text))
  // I7: a masked query is not cited.
  return problem !== null && key === 'query.masked' ? 'a placeholder in it is not known' : problem
}

function checkInitial(value: string | null, all: ReadonlyMap<string, unknown>): void {
  const initial = parseInitialTimestamp(value)
  const zone = all.get('db.timezone')
  if (initial === null || initial === 'now' || typeof zone !== 'string') return
  // A broken zone is its own key's complaint.
  if (problemOf(() => new TimeZone(zone)) === null) instantOf(initial, new TimeZone(zone))
}

/** How new rows are found. */
export const modeKeys = configDef({
  mode: {
    type: 'string',
    default: '',
    importance: 'high',
    group: 'Mode',
    width: 'medium',
    displayName: 'Table Loading Mode',
    oneOf: MODES,
    dependents: [
      'incrementing.column.name',
      'timestamp.column.name',
      'incrementing.column.mapping',
      'timestamp.columns.mapping',
      'validate.non.null'
    ],
    doc: 'How new rows are found: bulk copies everything at each poll, incrementing follows a growing id, timestamp a modification time, timestamp+incrementing both.'
  },
  'incrementing.column.name': {
    type: 'string',
    default: '',
    importance: 'medium',
    group: 'Mode',
    width: 'medium',
    displayName: 'Incrementing Column Name',
    doc: 'Strictly growing id of new rows. Empty: the auto-increment column of the table.'
  },
  'timestamp.column.name': {
    type: 'list',
    default: [],
    importance: 'medium',
    group: 'Mode',
    width: 'medium',
    displayName: 'Timestamp Column Name',
    doc: 'Columns with the time of the last change; of several the first that is not null counts.'
  },
  'timestamp.columns.mapping': {
    type: 'list',
    default: [],
    importance: 'medium',
    group: 'Mode',
    width: 'long',
    displayName: 'Table to timestamp columns mappings',
    doc: 'Timestamp columns per table, as regex:[column1|column2]; exactly one expression must match each table of table.include.list.',
    check: (values: readonly string[]) => problemOf(() => values.map(parseColumnsMapping))
  },
  'incrementing.column.mapping': {
    type: 'list',
    default: [],
    importance: 'medium',
    group: 'Mode',
    width: 'long',
    displayName: 'Table to incrementing column mappings',
    doc: 'Incrementing column per table, as regex:column; exactly one expression must match each table of table.include.list.',
    check: (values: readonly string[]) => problemOf(() => values.map(parseColumnMapping))
  },
  'timestamp.initial': {
    type: 'string',
    shownType: 'long',
    default: null,
    importance: 'low',
    group: 'Mode',
    width: 'medium',
    displayName: 'Unix time value of initial timestamp',
    doc: 'Where to start: rows changed later are read. Epoch milliseconds, an instant (2026-11-01T08:00:00+08:00), a local time of db.timezone (2026-11-01T08:00:00), or -1, the present time of the database. A changed value moves a connector that runs already, once; an unchanged one never does.',
    check: (value: string | null, all) => problemOf(() => checkInitial(value, all))
  },
  'validate.non.null': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Mode',
    width: 'short',
    displayName: 'Validate Non Null',
    doc: 'Checks that the incrementing column and at least one timestamp column cannot be null: rows without a value are never read.'
  },
  query: {
    type: 'string',
    default: '',
    importance: 'medium',
    group: 'Mode',
    width: 'short',
    displayName: 'Query',
    doc: 'Query to run instead of copying tables. In the incremental modes the condition on new rows takes the place of ${bounds} in its text, or is appended as a WHERE clause: then a query with its own belongs into a sub-select.',
    check: (value: string) => queryProblem(value, 'query')
  },
  'query.masked': {
    type: 'password',
    default: '',
    importance: 'medium',
    group: 'Mode',
    width: 'short',
    displayName: 'Query (Masked)',
    doc: 'As query, but hidden in logs and answers.',
    check: (value: { value: string }) => queryProblem(value.value, 'query.masked')
  },
  'quote.sql.identifiers': {
    type: 'string',
    default: 'ALWAYS',
    importance: 'medium',
    group: 'Mode',
    width: 'medium',
    displayName: 'Quote Identifiers',
    doc: 'Whether names are quoted in SQL: always or never.',
    check: word(lowerOrUpper(['always', 'never']))
  },
  'query.suffix': {
    type: 'string',
    default: '',
    importance: 'low',
    group: 'Mode',
    width: 'medium',
    displayName: 'Query suffix',
    doc: 'Text appended to the end of every generated query, such as LIMIT 1000.'
  },
  'transaction.isolation.mode': {
    type: 'string',
    default: 'DEFAULT',
    importance: 'low',
    group: 'Mode',
    width: 'medium',
    displayName: 'Transaction Isolation Mode',
    doc: 'Isolation of the transactions that read.',
    check: word([
      'DEFAULT',
      'READ_UNCOMMITTED',
      'READ_COMMITTED',
      'REPEATABLE_READ',
      'SERIALIZABLE',
      'SQL_SERVER_SNAPSHOT'
    ])
  },
  'query.retry.attempts': {
    type: 'int',
    default: -1,
    importance: 'low',
    group: 'Mode',
    width: 'medium',
    displayName: 'Query Retry Attempts',
    doc: 'How often a query is tried again after an error that may pass, one poll interval apart. Zero and less: for ever, shown as a condition of the task.'
  }
})
