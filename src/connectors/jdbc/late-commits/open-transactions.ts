import { type Clock } from '../../../clock.ts'
import type { Connection, OpenTransactions } from '../database.ts'

type Seen = Extract<OpenTransactions, { answer: 'seen' }>

/** Who was open at or after a moment of the monotonic clock. */
export interface Sample extends Seen {
  readonly atMs: number
}

const samples = new WeakMap<Connection, Sample>()

/** What was last seen over this connection, by whichever table asked; null: nothing yet. */
export function lastSample(connection: Connection): Sample | null {
  return samples.get(connection) ?? null
}

/** Asks who is open now. */
export async function askForTransactions(
  connection: Connection,
  clock: Clock
): Promise<Sample | Exclude<OpenTransactions, Seen>> {
  if (connection.openTransactions === undefined) {
    return { answer: 'unseen', why: `${connection.dialect.displayName} has no way to show them` }
  }
  const atMs = clock.monotonicMs()
  const found = await connection.openTransactions()
  if (found.answer !== 'seen') return found
  const sample = { ...found, atMs }
  samples.set(connection, sample)
  return sample
}
