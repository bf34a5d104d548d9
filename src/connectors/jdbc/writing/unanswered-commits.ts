import type { SinkRecord } from '../../../data/record.ts'
import { errorClassOf, type WriteSession } from '../database/writing.ts'
import type { RowChange } from './row-changes.ts'
import { statementGroups } from './statement-groups.ts'

/** Changes of transactions whose COMMIT was not answered, and that come again. */
export class UnansweredCommits {
  /** null: every COMMIT was answered so far. */
  #records: WeakSet<SinkRecord> | null = null

  add(changes: readonly RowChange[]): void {
    this.#records ??= new WeakSet()
    for (const { record } of changes) this.#records.add(record)
  }

  /**
   * What is left of changes whose COMMIT was not answered before: it happened for all of them or for none
   * (I13), and every row was taken in its transaction. So when the first row of an insert is refused now, all
   * of them are there. A table without a key refuses none: its rows are written again, as at least once says.
   */
  async notThere(
    session: WriteSession,
    changes: readonly RowChange[]
  ): Promise<readonly RowChange[]> {
    const records = this.#records
    if (records === null) return changes
    const doubtful = changes.filter(({ record }) => records.has(record))
    const groups = statementGroups(doubtful, 'arrival')
    const inserts = groups.find(({ shape }) => shape.operation === 'insert')
    const [row] = inserts?.rows ?? []
    if (inserts === undefined || row === undefined) return changes
    const tried = async (): Promise<boolean> => {
      try {
        await session.begin()
        await session.write(inserts.shape, [row])
        return true
      } catch (error) {
        if (errorClassOf(error) !== 'data') throw error
        return false
      }
    }
    const isTaken = await tried()
    await session.rollback()
    return isTaken ? changes : changes.filter(({ record }) => !records.has(record))
  }
}
