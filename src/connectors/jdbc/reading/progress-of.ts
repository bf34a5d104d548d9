import type { RowCursor } from '../positions/cursor-value.ts'
import { FinalIds } from '../positions/final-ids.ts'
import type { LateCommitGuard, Plan } from '../late-commits/late-commit-guard.ts'
import { LookBackProgress, type RowIdentity } from '../late-commits/look-back.ts'
import { BulkProgress, IdProgress, type RowProgress } from '../positions/row-progress.ts'
import type { Position } from '../positions/source-offset.ts'
import { type Mode, modeUsesId } from '../database/mode.ts'
import { LimitedPositionGroups, PositionGroups } from '../positions/position-groups.ts'

/** What is read: rows behind the position, or once more some before it. */
export type Reading = Exclude<Plan, { kind: 'wait' }>

/** What goes on which row of a reading. */
export function progressOf(
  mode: Mode,
  reading: Reading,
  cursor: RowCursor,
  given: {
    readonly position: Position
    /** What every offset says of the configured start. */
    readonly start: string | null
    /** No two rows stand at one position. */
    readonly isUnique: boolean
    /** A suffix may cut the result. */
    readonly limited: boolean
    /** Only rows of one position are read, which is final. */
    readonly ties: boolean
    readonly guard: LateCommitGuard | null
    readonly identity: RowIdentity | null
  }
): RowProgress {
  const { position, start, isUnique, limited, ties, guard, identity } = given
  if (reading.kind === 'again' && identity !== null && guard !== null) {
    return new LookBackProgress(identity, guard, { ...reading, start })
  }
  if (mode === 'bulk') return new BulkProgress(position)
  const from = modeUsesId(mode) ? position : { ...position, id: null }
  const rows = isUnique
    ? new IdProgress(cursor, from, start)
    : limited
      ? new LimitedPositionGroups(cursor, from, start)
      : new PositionGroups(cursor, from, start)
  const finalId = reading.kind === 'read' && !ties ? reading.finalId : null
  return finalId === null ? rows : new FinalIds(cursor, rows, finalId)
}
