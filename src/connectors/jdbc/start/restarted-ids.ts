import type { Clock } from '../../../clock.ts'
import { isRetriable, messageOf } from '../../../errors.ts'
import { databaseError } from '../database/database.ts'
import type { Session } from '../sessions/session.ts'
import type { ReaderTarget } from '../reading/table-reader.ts'
import { lastPosition } from './start-preview.ts'
import type { Position } from '../positions/source-offset.ts'

const LOOK_EVERY_MS = 60_000

/**
 * Looks now and then whether the ids of a table begin below what was read: after TRUNCATE … RESTART IDENTITY,
 * or in a table put in its place.
 */
export class RestartedIds {
  readonly #clock: Clock
  readonly #nextMs = new WeakMap<ReaderTarget, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * After a poll without rows. What an operator should know, null: nothing, undefined: that was not looked at
   * this time.
   */
  async look(
    target: ReaderTarget,
    position: Position,
    session: Session
  ): Promise<string | null | undefined> {
    const { mode, query } = target.settings
    // A query may be costly, and its rows need not keep their ids.
    if (mode !== 'incrementing' || query !== null || position.id === null) return undefined
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < (this.#nextMs.get(target) ?? 0)) return undefined
    this.#nextMs.set(target, nowMs + LOOK_EVERY_MS)
    const id = await largestId(target, session)
    if (id === null || id >= position.id) return null
    return `${target.name}: its largest id is ${id}, but it was read up to ${position.id}: ids began anew, or the newest rows were deleted. Rows up to ${position.id} are not read; a start-from moves the position`
  }
}

async function largestId(target: ReaderTarget, session: Session): Promise<Position['id']> {
  try {
    return (await lastPosition(target, session)).id
  } catch (error) {
    throw databaseError(`${target.name}: ${messageOf(error)}`, {
      retriable: isRetriable(error),
      cause: error
    })
  }
}
