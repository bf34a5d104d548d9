import type { StartPreview } from '../plugin/start-from.ts'
import type { TargetState } from '../storage/target-state.ts'
import type { StoredMap } from '../storage/offset-store.ts'
import type { MoveAuthor } from '../storage/start-from-record.ts'

export type { MoveAuthor } from '../storage/start-from-record.ts'

/**
 * What an operator asks for: the JSON of a start as the connector understands it, or the positions from
 * before the last move.
 */
export type StartFromWanted = { readonly start: unknown } | 'undo'

/** A move of a connector's positions as REST shows it. */
export interface MoveInfo {
  readonly id: string
  readonly at: string
  readonly by: MoveAuthor
  readonly request: unknown
  /** FAILED: nothing was moved, `problem` says why. */
  readonly state: 'RUNNING' | 'DONE' | 'FAILED'
  /** When it ended; null while it runs. */
  readonly ended: string | null
  readonly problem: string | null
  /** In which state the connector was, and is again. */
  readonly targetState: TargetState
  readonly offsets: readonly {
    readonly partition: StoredMap
    readonly old: StoredMap | null
    readonly new: StoredMap | null
  }[]
}

/**
 * Moving the positions of a connector that exists, whatever it is doing. Methods reject as those of Herder
 * do.
 */
export interface StartFrom {
  /** Moves of the connector, the last first; the one under way among them. */
  history(name: string): Promise<readonly MoveInfo[]>
  /** What a move would do. Changes nothing. */
  preview(name: string, wanted: StartFromWanted): Promise<readonly StartPreview[]>
  /**
   * Moves, and answers when that has ended; still RUNNING when it takes longer than a request should wait.
   */
  move(name: string, wanted: StartFromWanted, by: MoveAuthor): Promise<MoveInfo>
}
