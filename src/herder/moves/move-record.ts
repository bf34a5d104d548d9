import { jsonDocument } from '../../storage/connect-json.ts'
import type { StoredMap, StoredOffset } from '../../storage/offset-store.ts'
import { storedMeaning } from '../../storage/offset-records.ts'
import type {
  FinishedMove,
  Move,
  MovedOffset,
  StartFromRecord
} from '../../storage/start-from-record.ts'

/** How many moves are remembered, and in how many bytes: a broker takes 1 MB in one record. */
const MAX_HISTORY = 20
const MAX_HISTORY_BYTES = 256 * 1024
/** One move with the old and new positions of all its tables. */
export const MAX_MOVE_BYTES = 600 * 1024

/** The new offsets beside those stored for the same partitions. */
export function movedOffsets(
  changes: readonly StoredOffset[],
  stored: readonly StoredOffset[]
): MovedOffset[] {
  const old = new Map<string, StoredMap | null>(
    stored.map(({ partition, offset }) => [storedMeaning(partition), offset])
  )
  return changes.map(({ partition, offset }) => ({
    partition,
    old: old.get(storedMeaning(partition)) ?? null,
    offset
  }))
}

export function sizeOfMove(move: Move): number {
  return Buffer.byteLength(jsonDocument(move))
}

/**
 * The record when its move has ended; the oldest moves are forgotten when there are too many, or they are too
 * long.
 */
export function finished(
  { running, history }: StartFromRecord,
  outcome: Pick<FinishedMove, 'ended' | 'state' | 'problem'>
): StartFromRecord {
  if (running === null) return { running, history }
  const { phase: _, config: __, ...move } = running
  const kept = [...history, { ...move, ...outcome }].slice(-MAX_HISTORY)
  while (kept.length > 1 && Buffer.byteLength(jsonDocument(kept)) > MAX_HISTORY_BYTES) kept.shift()
  return { running: null, history: kept }
}

/** The last move that took effect: the one to undo. */
export function lastDone(record: StartFromRecord | null): FinishedMove | null {
  return record?.history.findLast(({ kind, state }) => kind === 'move' && state === 'DONE') ?? null
}
