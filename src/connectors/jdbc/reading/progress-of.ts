import type { RowCursor } from './cursor-value.ts'
import { FinalIds } from './final-ids.ts'
import type { LateCommitGuard, Plan } from '../late-commits/late-commit-guard.ts'
import { LookBackProgress, type RowIdentity } from '../late-commits/look-back.ts'
import { BulkProgress, IdProgress, type RowProgress } from './row-progress.ts'
import type { Position } from '../offsets/source-offset.ts'
import type { Mode } from '../settings/mode.ts'
import { LimitedTimestampGroups, TimestampGroups } from './timestamp-groups.ts'

/** What is read: rows behind the position, or once more some before it. */
export type Reading = Exclude<Plan, { kind: 'wait' }>

/** What goes on which row of a reading. `start`: what every offset says of the configured start; `limited`: a suffix may cut the result. */
export function progressOf(
  mode: Mode,
  reading: Reading,
  cursor: RowCursor,
  given: {
    readonly position: Position
    readonly start: string | null
    readonly limited: boolean
    readonly guard: LateCommitGuard | null
    readonly identity: RowIdentity | null
  }
): RowProgress {
  const { position, start, limited, guard, identity } = given
  if (reading.kind === 'again' && identity !== null && guard !== null) {
    return new LookBackProgress(identity, guard, { ...reading, start })
  }
  switch (mode) {
    case 'bulk':
      return new BulkProgress(position)
    case 'incrementing':
    case 'timestamp+incrementing': {
      const ids = new IdProgress(cursor, position, start)
      const finalId = reading.kind === 'read' ? reading.finalId : null
      return finalId === null ? ids : new FinalIds(cursor, ids, finalId)
    }
    case 'timestamp':
      return limited
        ? new LimitedTimestampGroups(cursor, position, start)
        : new TimestampGroups(cursor, position, start)
  }
}
