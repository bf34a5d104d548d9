import type { Clock } from '../../../clock.ts'
import type { OffsetMap, RecordOffset, SourceOffset } from '../../../data/record.ts'
import type { Connection, TableId } from '../database/database.ts'
import { GuardDoubts } from './guard-doubts.ts'
import { IdOrder } from './id-order.ts'
import { WHOLE_ROWS } from './largest-behind.ts'
import type { LateCommitFacts } from './late-commit-facts.ts'
import type { Level } from './late-commit-level.ts'
import { LateMemory } from './late-memory.ts'
import { LookBackWindow } from './look-back-window.ts'
import type { EmittedRow } from './seen-rows.ts'
import { TimeOrder } from './time-order.ts'
import { TransactionSight } from './transaction-sight.ts'
import { oldestOf, Waiting } from './waiting.ts'
import { comparePositions, lowerPosition, type Position } from '../positions/source-offset.ts'
import type { TableShape } from '../queries/table-shape.ts'
import { modeUsesTimestamp } from '../database/mode.ts'
import type { TableSettings } from '../settings/table-settings.ts'
import type { Timestamp } from '../values/timestamp.ts'

/** For so long those who were watched are remembered while nobody can see whether they have ended. */
const KEPT_MS = 3_600_000

/** Nothing can be read yet. `inMs` null: for a whole poll interval. */
export interface Wait {
  readonly kind: 'wait'
  readonly inMs: number | null
}

/**
 * Rows behind `position`: those with a time below `end`, if there is one; those with an id up to `finalId`
 * and what follows it without a gap, or any when it is null.
 */
export interface Read {
  readonly kind: 'read'
  readonly position: Position
  readonly end: Timestamp | null
  readonly finalId: number | bigint | null
}

/**
 * Rows behind `from` and up to a position have to be looked through again; `condition`: only those that meet
 * it.
 */
interface Again {
  readonly kind: 'again'
  readonly from: Position
  readonly upTo: Position
  readonly condition: string | null
}

/** What the next step of reading a table is. */
export type Plan = Wait | Read | Again

/** The table, or null for the query, whose rows are judged. */
interface Target {
  readonly table: TableId | null
  readonly settings: TableSettings
}

/** What an operator is told. */
interface GuardEvents {
  onLevel(level: Level): void
  /** The database's clock went back by so much. */
  onClockSetBack(ms: number): void
  /** Why the level may not keep what it promises. */
  onDoubt(text: string): void
}

/** What the parts of a guard have in common. */
export interface GuardParts {
  readonly settings: TableSettings
  readonly sight: TransactionSight
  readonly memory: LateMemory
  readonly window: LookBackWindow
  readonly waiting: Waiting
  readonly doubts: GuardDoubts
}

/** Which rows of a table are final, in the order of its mode. */
export interface FinalOrder {
  plan(connection: Connection, shape: TableShape, position: Position): Promise<Read | Wait>
  ended(how: { readonly cut: boolean; readonly more: boolean }): void
  /** The level has changed: what was final is so no longer. */
  restart(): void
  /** Rows are there that may not be read yet. */
  readonly isWaiting: boolean
  /** From where the next rows are read; null: from where reading stands. */
  readonly setBackTo: Position | null
}

/**
 * Decides for one table which rows are final: no transaction is left that could commit a row before them
 * (I6). Where transactions cannot be seen, or hold up the flow for too long, rows go out nevertheless and are
 * looked for again.
 *
 * One step at a time: `plan`, then the reading it asks for, then `ended`. A reading that is left half-way is
 * planned again.
 *
 * Four questions, one part each: whether transactions can be seen, and so the level (`TransactionSight`);
 * whom rows wait for (`Waiting`), for times (`TimeOrder`) or ids (`IdOrder`); what was emitted and from where
 * it has to be looked through again (`LateMemory`); and where the window begins while the level has one
 * (`LookBackWindow`). When the level falls, those watched are kept for an hour and the window begins; when it
 * rises, the window is looked through once more and whoever is open then, or a margin later, is watched for
 * its rows.
 */
export class LateCommitGuard {
  readonly #target: Target
  readonly #clock: Clock
  readonly #parts: GuardParts
  readonly #order: FinalOrder
  #connection: Connection | null = null

  constructor(
    target: Target,
    start: { readonly stored: OffsetMap | null; readonly position: Position },
    clock: Clock,
    events: GuardEvents
  ) {
    const { settings, table } = target
    const { lateCommits, mode, pollIntervalMs } = settings
    this.#target = target
    this.#clock = clock
    const sight = new TransactionSight(settings, clock, (level) => events.onLevel(level))
    const memory = new LateMemory(mode, lateCommits.seenMaxKeys, lateCommits.marginMs)
    if (start.stored !== null) memory.restore(start.stored, start.position)
    const window = new LookBackWindow(memory, lateCommits.windowMs, pollIntervalMs)
    const waiting = new Waiting({ sight, memory, window }, settings, clock)
    const doubts = new GuardDoubts(target, (text) => events.onDoubt(text))
    this.#parts = { settings, sight, memory, window, waiting, doubts }
    this.#order = modeUsesTimestamp(mode)
      ? new TimeOrder(this.#parts, clock, table, (ms) => events.onClockSetBack(ms))
      : new IdOrder(this.#parts, clock, table)
  }

  /** May ask the database. Errors are those of the connection. */
  async plan(connection: Connection, shape: TableShape, at: Position): Promise<Plan> {
    const { memory, sight, waiting, window } = this.#parts
    const position = this.#inMode(at)
    if (connection !== this.#connection) await this.#connect(connection, shape, position)
    let saw = sight.sees
    if (sight.isDue) {
      const { laterMs } = await waiting.look(connection)
      if (sight.level === null) return { kind: 'wait', inMs: laterMs }
      if (saw !== sight.sees) this.#order.restart()
      saw = sight.sees
    }
    this.#giveUpUnseen()
    const plan = await this.#order.plan(connection, shape, position)
    if (saw !== sight.sees) this.#order.restart()
    if (plan.kind === 'wait') window.release()
    // I6: what is behind that is read anyway; looked through as well, it would take the room of others.
    const upTo = lowerPosition(position, this.#order.setBackTo ?? position)
    for (let { due } = memory; due !== null; due = memory.due) {
      if (comparePositions(due.from, upTo) < 0) {
        const condition = await this.#condition(connection, shape, due.since)
        return { kind: 'again', from: due.from, upTo, condition }
      }
      // Nothing stands between the two.
      this.ended('again', { cut: false, more: false })
    }
    return plan
  }

  /**
   * The reading planned last came to its end. `cut`: rows were left because ids before them are missing;
   * `more`: because of a limit.
   */
  ended(kind: 'again' | 'read', how: { readonly cut: boolean; readonly more: boolean }): void {
    const { memory, window } = this.#parts
    if (kind === 'again') {
      // In this order: what the window still holds must not be forgotten.
      window.move()
      memory.done()
    } else {
      window.release()
      this.#order.ended(how)
    }
  }

  /** When to plan again after a reading came to its end; null: after a poll interval. */
  get nextInMs(): number | null {
    const { sight, waiting } = this.#parts
    if (this.#order.isWaiting) return 0
    return waiting.fences.oldestAtMs === null || !sight.sees ? null : waiting.napMs
  }

  /** Whether rows have to be handed to `note`. */
  get isWatching(): boolean {
    return this.#parts.memory.isWatching
  }

  /**
   * Everything before this row has been looked through; should the reading be left here, it goes on from
   * there.
   */
  lookedUpTo(at: Position): void {
    this.#parts.memory.lookedUpTo(at)
  }

  /** Rows of a stretch that was read again: so many were known, so many were not. */
  lookedBack(known: number, unknown: number): void {
    this.#parts.doubts.lookedBack(known, unknown)
  }

  /** See {@link GuardDoubts.rowsDiffer}. */
  get rowsDiffer(): boolean {
    return this.#parts.doubts.rowsDiffer
  }

  isSeen(row: EmittedRow): boolean {
    return this.#parts.memory.isSeen(row)
  }

  /** See {@link LateMemory.note}. */
  note(
    row: EmittedRow,
    offset: SourceOffset | null,
    position: Position,
    late: boolean
  ): RecordOffset | null {
    return this.#parts.memory.note(row, offset, position, late)
  }

  /** What is the case now, for operators. */
  get facts(): LateCommitFacts {
    const { sight, memory, waiting } = this.#parts
    const { holding } = waiting
    const sinceMs = waiting.fences.oldestAtMs
    return {
      level: sight.level,
      holding: holding.length,
      oldestHoldingMs: oldestOf(holding),
      heldBackMs:
        sinceMs === null || holding.length === 0 ? 0 : this.#clock.monotonicMs() - sinceMs,
      watched: memory.watched,
      remembered: memory.seen,
      forgotten: memory.hasForgotten,
      doubts: this.#parts.doubts.texts
    }
  }

  /** Nothing is taken over from another connection. */
  async #connect(connection: Connection, shape: TableShape, position: Position): Promise<void> {
    const { sight, memory } = this.#parts
    sight.connect(connection, shape)
    memory.useMarks((await this.#condition(connection, shape, '0')) !== null)
    await this.#parts.doubts.ask(connection, shape, position)
    this.#connection = connection
  }

  /** By which rows written since a mark are told; null: they are not. */
  async #condition(
    connection: Connection,
    { select }: TableShape,
    since: string | null
  ): Promise<string | null> {
    const { table } = this.#target
    if (since === null || table === null) return null
    const from = select.slice(WHOLE_ROWS.length)
    return (await connection.writtenSince?.(table, from, since)) ?? null
  }

  /**
   * Where nobody will say whether those watched have ended, what they have committed by now is looked for,
   * and they are forgotten.
   */
  #giveUpUnseen(): void {
    const { sight, memory } = this.#parts
    const { blindSinceMs, isConfigured } = sight
    if (isConfigured && !sight.hasWindow) memory.tieWindow(false)
    const isLong = blindSinceMs !== null && this.#clock.monotonicMs() - blindSinceMs > KEPT_MS
    if (isConfigured || isLong) memory.giveUpWatched()
  }

  /** Without what only another mode looks at, whose offset may have been adopted. */
  #inMode(position: Position): Position {
    const { mode } = this.#target.settings
    const { timestamp, reading, id } = position
    if (mode === 'timestamp' && id !== null) return { timestamp, reading, id: null }
    if (mode === 'incrementing' && timestamp !== null) return { timestamp: null, reading: null, id }
    return position
  }
}
