import { errorClassOf, type TargetTable } from '../database/writing.ts'

/**
 * Makes a table that another task may be making at the same moment, and answers the one that is there then.
 * Rejects with what `make` rejected with where there is none, or where that says nothing of the table.
 */
export async function madeTable(
  make: () => Promise<void>,
  find: () => Promise<TargetTable | null>
): Promise<TargetTable | null> {
  let failure: unknown = null
  try {
    await make()
  } catch (error) {
    if (concernsNoTable(error)) throw error
    failure = error
  }
  const table = await find()
  if (table === null && failure !== null) throw failure
  return table
}

/** It says nothing of the table: looking again does not help. */
export function concernsNoTable(error: unknown): boolean {
  const kind = errorClassOf(error)
  return kind === null || kind === 'outage' || kind === 'privilege'
}
