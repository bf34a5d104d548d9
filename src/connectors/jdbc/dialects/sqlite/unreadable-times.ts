import type { Row, TableId } from '../../database/database.ts'
import { quoteName } from '../../database/table-name.ts'
import { NANOS_FUNCTION } from './times.ts'

/** SQL function of ours: what is wrong with a time; null for one that can be read, and for null. */
export const TIME_PROBLEM_FUNCTION = 'connect_time_problem'
/** Rows that are named; the table is read for them. */
const MOST_NAMED = 3
const QUOTES = { quotes: ['`', '`'] } as const
const TIMES = new RegExp(`${NANOS_FUNCTION}\\(((?:\`(?:[^\`]|\`\`)*\`|[\\w.])+)\\)`, 'g')

type Rows = (sql: string) => Promise<Row[]>

/**
 * The rows whose times a statement over a table could not read, in words:
 * `row (id=3): column d: '' is not a timestamp`.
 */
export async function unreadableTimes(
  rows: Rows,
  { table }: TableId,
  key: readonly string[],
  sql: string
): Promise<string[]> {
  const names = key.length === 0 ? ['rowid'] : key
  const keys = names.map((name) => (name === 'rowid' ? name : quoteName(QUOTES, name)))
  const found: string[] = []
  for (const time of new Set([...sql.matchAll(TIMES)].map(([, expression]) => expression ?? ''))) {
    const problem = `${TIME_PROBLEM_FUNCTION}(${time})`
    const broken = await rows(
      `SELECT ${problem}, ${keys.join(', ')} FROM ${quoteName(QUOTES, table)} WHERE ${problem} IS NOT NULL LIMIT ${MOST_NAMED}`
    )
    const column = /(?:`((?:[^`]|``)*)`|(\w+))$/.exec(time)
    const name = column?.[1]?.replaceAll('``', '`') ?? column?.[2] ?? time
    for (const [text, ...values] of broken) {
      const row = names.map((each, index) => `${each}=${String(values[index])}`).join(', ')
      found.push(`row (${row}): column ${name}: ${String(text)}`)
    }
  }
  return found
}
