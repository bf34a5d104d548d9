import type { StreamFacts } from '../../../plugin/source.ts'
import type { BatchResult } from '../writing/batch-writer.ts'
import type { AfterError } from '../writing/sink-retries.ts'

/** What a task has written since it started, for operators. */
export class WrittenRows {
  readonly #rows = new Map<string, number>()
  #transactions = 0
  #bad = 0
  #retries = 0
  #databaseMs = 0

  add({ rows, bad }: BatchResult, ms: number): void {
    this.#transactions++
    this.#bad += bad.length
    this.#databaseMs += ms
    for (const [table, count] of rows) this.#rows.set(table, (this.#rows.get(table) ?? 0) + count)
  }

  failed(next: AfterError['next']): void {
    if (next === 'again' || next === 'later') this.#retries++
  }

  /** Each table, and the task as a whole under the name `task`, with `more` of it. */
  facts(more: StreamFacts = {}): ReadonlyMap<string, StreamFacts> {
    const tables = [...this.#rows].map(([table, rows]): [string, StreamFacts] => [
      `table ${table}`,
      { rows }
    ])
    const task = {
      transactions: this.#transactions,
      records_refused: this.#bad,
      retries: this.#retries,
      write_ms: Math.round(this.#databaseMs),
      ...more
    }
    return new Map([...tables, ['task', task]])
  }
}
