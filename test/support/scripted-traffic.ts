import { type ScriptedDatabase, ScriptedTask } from './scripted-database.ts'

/** What a database answers that shows nobody who is open. */
export const UNSEEN = { answer: 'unseen', why: 'the script hides them' } as const

/** A task that has begun. */
export async function started(
  database: ScriptedDatabase,
  config: Record<string, string>
): Promise<ScriptedTask> {
  return await new ScriptedTask(database, config).start()
}

/** One row each second. */
export async function traffic(
  database: ScriptedDatabase,
  task: ScriptedTask,
  from: number,
  count: number
): Promise<void> {
  for (let id = from; id < from + count; id++) {
    database.insert(id, database.nowMs)
    await task.pollFor(1000)
  }
}

/** Ids from one on. */
export const upTo = (last: number, without: number[] = []): number[] =>
  Array.from({ length: last }, (_, index) => index + 1).filter((id) => !without.includes(id))

export const sorted = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b)
