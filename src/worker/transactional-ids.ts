import type { TaskId } from '../storage/task-id.ts'

/**
 * Who writes the records and offsets of a task exactly once: JVM workers of the group use the same name, so
 * either fences the other.
 */
export function taskTransactionalId(groupId: string, id: TaskId): string {
  return `${groupId}-${id.connector}-${id.task}`
}

/** Who writes the config topic as the leader of the group. */
export function leaderTransactionalId(groupId: string): string {
  return `connect-cluster-${groupId}`
}
