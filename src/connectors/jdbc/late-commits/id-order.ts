import type { Clock } from '../../../clock.ts'
import type { Connection, TableId } from '../database/database.ts'
import { largestId } from './largest-behind.ts'
import type { FinalOrder, GuardParts, Read, Wait } from './late-commit-guard.ts'
import type { Found } from './waiting.ts'
import type { Position } from '../positions/source-offset.ts'
import type { TableShape } from '../queries/table-shape.ts'

type Id = number | bigint

/**
 * Which ids are final: those that follow the last final one without a gap; behind a gap, the largest id there
 * is makes a border.
 */
export class IdOrder implements FinalOrder {
  readonly #parts: GuardParts
  readonly #clock: Clock
  readonly #table: TableId | null
  /** Ids up to it are final. */
  #finalId: Id | null = null
  /** A row was seen whose id does not follow the last final one. */
  #idMissing = false

  constructor(parts: GuardParts, clock: Clock, table: TableId | null) {
    this.#parts = parts
    this.#clock = clock
    this.#table = table
  }

  async plan(connection: Connection, shape: TableShape, position: Position): Promise<Read | Wait> {
    const { sight, window, waiting, memory } = this.#parts
    const read: Read = { kind: 'read', position, end: null, finalId: null }
    if (sight.hasWindow) window.pollIds(this.#clock.monotonicMs(), position)
    if (!sight.sees) return read
    const { id } = position
    if (this.#finalId === null || (id !== null && id > this.#finalId)) this.#finalId = id
    if (this.#isMissing && waiting.fences.oldestAtMs === null) {
      if (await this.#isEmptyBehind(connection, shape, position))
        return { kind: 'wait', inMs: null }
    }
    let found: Found = { open: [], ended: true, laterMs: null }
    if (sight.sees && (this.#isMissing || memory.isWatching)) {
      found = await waiting.look(connection)
      waiting.overtake(() => position)
      const final = waiting.fences.takeFinal()
      if (final !== null) {
        this.#finalId = final.border as Id
        this.#idMissing = false
      }
    }
    if (!sight.sees) return { kind: 'wait', inMs: 0 }
    // A transaction that can fill the gap is still open.
    if (this.#isMissing && (this.#finalId === null || !found.ended)) {
      return { kind: 'wait', inMs: found.laterMs ?? waiting.napMs }
    }
    return { ...read, finalId: this.#finalId }
  }

  ended({ cut }: { readonly cut: boolean }): void {
    this.#idMissing = cut
    if (this.#finalId !== null && !cut) this.#parts.waiting.fences.clear()
  }

  restart(): void {
    this.#idMissing = false
  }

  get isWaiting(): boolean {
    return this.#idMissing
  }

  readonly setBackTo = null

  get #isMissing(): boolean {
    return this.#idMissing || this.#finalId === null
  }

  /**
   * Takes a border behind the position, for which one question is enough: whoever is open holds up a second
   * one as well.
   */
  async #isEmptyBehind(
    connection: Connection,
    shape: TableShape,
    position: Position
  ): Promise<boolean> {
    const { settings, sight, waiting } = this.#parts
    const { id, refused } = await largestId(connection, shape, this.#table, {
      position,
      zone: settings.values.timeZone
    })
    if (refused !== null) {
      // I7: what the database says of a masked query may repeat it.
      sight.giveUp(settings.queryIsMasked ? 'the largest id of the query' : refused)
    } else if (id !== null) {
      const nowMs = this.#clock.monotonicMs()
      waiting.fences.take(id, nowMs, settings.lateCommits.marginMs)
    } else this.#idMissing = false
    return refused === null && id === null && this.#finalId === null
  }
}
