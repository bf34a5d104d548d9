export interface TaskId {
  readonly connector: string
  readonly task: number
}

/** `X-N`, as keys of records and messages have it. */
export function taskKey(id: TaskId): string {
  return `${id.connector}-${id.task}`
}

/**
 * The inverse of `taskKey`, of text that anybody may have written; null: it names no task. The name X may
 * hold dashes itself.
 */
export function parseTaskId(text: string): TaskId | null {
  return /-\d{1,9}$/.test(text) ? taskIdOf(text) : null
}

/** The inverse of `taskKey`, of its own output. */
export function taskIdOf(key: string): TaskId {
  const dash = key.lastIndexOf('-')
  return { connector: key.slice(0, dash), task: Number(key.slice(dash + 1)) }
}
