import { type TaskId, taskIdOf } from '../../storage/task-id.ts'

/**
 * Connectors and tasks as sets: what is configured, assigned, running or revoked. Connectors by name, tasks
 * by `<connector>-<number>` (`taskKey`), so that sets can be compared without looking into objects. Order of
 * insertion is kept.
 */
export interface WorkSet {
  readonly connectors: ReadonlySet<string>
  readonly tasks: ReadonlySet<string>
}

export const noWork: WorkSet = { connectors: new Set(), tasks: new Set() }

export function workSet(connectors: Iterable<string>, tasks: Iterable<string>): WorkSet {
  return { connectors: new Set(connectors), tasks: new Set(tasks) }
}

export function isEmpty(work: WorkSet): boolean {
  return work.connectors.size === 0 && work.tasks.size === 0
}

export function union(...sets: readonly WorkSet[]): WorkSet {
  return workSet(
    sets.flatMap((set) => [...set.connectors]),
    sets.flatMap((set) => [...set.tasks])
  )
}

/** What is in `work` and in none of `others`. */
export function without(work: WorkSet, ...others: readonly WorkSet[]): WorkSet {
  return workSet(
    [...work.connectors].filter((name) => others.every((other) => !other.connectors.has(name))),
    [...work.tasks].filter((key) => others.every((other) => !other.tasks.has(key)))
  )
}

export function intersection(work: WorkSet, other: WorkSet): WorkSet {
  return workSet(
    [...work.connectors].filter((name) => other.connectors.has(name)),
    [...work.tasks].filter((key) => other.tasks.has(key))
  )
}

export function sizeOf(work: WorkSet): number {
  return work.connectors.size + work.tasks.size
}

export function taskIdsOf(keys: Iterable<string>): TaskId[] {
  return [...keys].map(taskIdOf)
}

/** By connector, then by number: 2 before 10. */
export function compareTasks(a: string, b: string): number {
  const left = taskIdOf(a)
  const right = taskIdOf(b)
  if (left.connector !== right.connector) return left.connector < right.connector ? -1 : 1
  return left.task - right.task
}
