import type { Judge } from './judge.ts'
import type { ModelServer } from './server.ts'
import type { ModelTable } from './tables.ts'

/**
 * Per poll of a table: the time, who is open, the largest id, the rows, and those looked for again; in
 * windows of two polls.
 */
const MOST_PER_POLL = 8

/** What the database is asked: how often, and whether it can answer without reading everything. */
export class Questions {
  readonly #server: ModelServer
  readonly #judge: Judge
  readonly #tell: boolean
  readonly #judged = new Set<string>()
  count = 0

  constructor(server: ModelServer, judge: Judge, tell: boolean) {
    this.#server = server
    this.#judge = judge
    this.#tell = tell
  }

  onQuestion(question: string): void {
    this.count += 1
    if (this.#tell) this.#server.story.tell(`? ${question}`)
    if (!question.startsWith('SELECT') || this.#judged.has(question)) return
    const table = [...this.#server.tables.values()].find(({ sql }) =>
      question.includes(`FROM ${sql}`)
    )
    // At a first load there is nothing to begin from.
    if (table === undefined || !this.#judge.hasOffset(table.plan.name)) return
    this.#judged.add(question)
    const wrong = this.#unbounded(question, table)
    if (wrong !== null) this.#judge.fault(`${table.plan.name}: ${wrong}: ${question}`)
  }

  /** Nothing happens any more: however the database is asked, it is not hammered. */
  judgeCount(ms: number): void {
    const { tables } = this.#server.plan
    const polls = tables.map(({ pollIntervalMs }) => ms / Math.max(pollIntervalMs, 5) + 3)
    const most = polls.reduce((sum, count) => sum + count * MOST_PER_POLL, 0)
    if (this.count > most)
      this.#judge.fault(`${this.count} questions in ${ms} quiet ms, more than ${most}`)
  }

  #unbounded(sql: string, { plan }: ModelTable): string | null {
    const isMax = sql.startsWith('SELECT MAX')
    // Without a place to begin from it is a first load, or a look back over one.
    if (plan.mode === 'bulk' || (!isMax && !/>=? \?/.test(sql))) return null
    const steps = this.#server.explain(sql)
    const how = steps.join('; ')
    if (/^SCAN|; SCAN/.test(how.replaceAll(/SCAN late_commits/g, '')))
      return `reads all of it (${how})`
    if (how.includes('USE TEMP B-TREE FOR ORDER BY')) return `sorts all that is behind (${how})`
    // The largest of a table stands at the end of an index; that of a query has to be looked for, from where
    // reading stands.
    if (isMax) {
      const looksFor = sql.includes('late_commits') && !/>=? \?/.test(sql)
      return looksFor ? `looks through all of it (${how})` : null
    }
    return /[>=]\?/.test(how) ? null : `begins at the first row (${how})`
  }
}
