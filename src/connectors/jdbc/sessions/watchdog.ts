import { pauseAfter } from '../../../wait.ts'
import type { Clock } from '../../../clock.ts'
import type { WatchLimits } from '../settings/source-settings.ts'
import type { Session } from './session.ts'
import { MS_PER_DAY } from '../../../data/calendar.ts'

/** Between two looks. */
const LOOK_EVERY_MS = 1000
const LONGEST_STATEMENT = 500
const LONGEST_PATIENCE_MS = MS_PER_DAY

/** Something whose turn comes again and again. */
export interface Watched {
  /** For people: `table public.orders`. */
  readonly name: string
  /** On the monotonic clock. */
  readonly dueAtMs: number
  /** Statements of it may not be shown. */
  readonly isMasked: boolean
}

/** What a task does, as it looks from beside it. */
interface WatchedTask {
  readonly all: readonly Watched[]
  /** The one being read, or left amid its rows. */
  readonly current: Watched | null
  readonly session: Session | null
}

interface Step {
  readonly what: string
  readonly of: Watched | null
  readonly sinceMs: number
}

/**
 * Looks at a task from beside it, so that one that stands still says why even while it does nothing else
 * (I8). Only what a step of the task waits for counts: rows that come are signs of life, and so is each step
 * that ends.
 *
 * States of a step: in time → reported → given up, which ends its session. A statement that may take long by
 * itself gets twice the time at each further attempt.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #limits: WatchLimits
  readonly #look: () => WatchedTask
  readonly #report: (text: string | null) => void
  #step: Step | null = null
  #stepsEndedMs: number
  #isPaused = false
  /** How often in a row the session was given up because of it. */
  readonly #givenUp = new WeakMap<Watched, number>()
  /** Reported since they last ended in time. */
  readonly #slow = new WeakSet<Watched>()
  /** What was said last of a wait, so that it is said in the same words for as long as it lasts. */
  #stall: { readonly sinceMs: number; readonly text: string } | null = null
  /** Named as overdue, and since when it was. */
  #overdue: { readonly name: string; readonly dueAtMs: number; readonly text: string } | null = null

  constructor(
    clock: Clock,
    limits: WatchLimits,
    look: () => WatchedTask,
    report: (text: string | null) => void
  ) {
    this.#clock = clock
    this.#limits = limits
    this.#look = look
    this.#report = report
    this.#stepsEndedMs = clock.monotonicMs()
  }

  /** Does a step of the task under watch. Steps never overlap. */
  async during<T>(what: string, of: Watched | null, work: () => Promise<T>): Promise<T> {
    this.#isPaused = false
    this.#step = { what, of, sinceMs: this.#clock.monotonicMs() }
    try {
      return await work()
    } finally {
      this.#step = null
      this.#stepsEndedMs = this.#clock.monotonicMs()
      if (this.#stall !== null) this.#report(null)
      this.#stall = null
    }
  }

  /** No step follows until further notice, and that is as it should be. */
  paused(): void {
    this.#isPaused = true
  }

  /** The table was read to its end. A table that needed long for it will need long again. */
  readToEnd(of: Watched): void {
    if (!this.#slow.delete(of)) this.#givenUp.delete(of)
  }

  /** For how long no step has been done. */
  get idleMs(): number {
    return this.#step === null ? this.#clock.monotonicMs() - this.#stepsEndedMs : 0
  }

  get sawPause(): boolean {
    return this.#isPaused
  }

  /** Looks again and again. `also` is done after each look. */
  async run(signal: AbortSignal, also: () => void): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(LOOK_EVERY_MS, signal)
      if (signal.aborted) return
      this.#report(this.#condition())
      also()
    }
  }

  #condition(): string | null {
    const nowMs = this.#clock.monotonicMs()
    const task = this.#look()
    const step = this.#step
    if (step !== null) {
      const asked = task.session?.asked ?? null
      const sinceMs = Math.max(step.sinceMs, asked?.sinceMs ?? 0)
      if (nowMs - sinceMs >= this.#limits.reportMs) {
        if (this.#stall?.sinceMs !== sinceMs) {
          this.#stall = { sinceMs, text: this.#stallText(step, task, sinceMs) }
        }
        const { text } = this.#stall
        if (step.of !== null) this.#slow.add(step.of)
        const others = task.all.some((each) => each !== step.of && each.dueAtMs <= nowMs)
        if (asked !== null) this.#giveUpIfDue(step, task, nowMs - sinceMs, text)
        return text + (others ? '; other tables wait for it' : '')
      }
    }
    return this.#overdueText(task, nowMs)
  }

  #giveUpIfDue(step: Step, { session }: WatchedTask, waitedMs: number, text: string): void {
    const { reconnectMs } = this.#limits
    if (reconnectMs === null) return
    const before = step.of === null ? 0 : (this.#givenUp.get(step.of) ?? 0)
    const patience = { firstMs: reconnectMs, lastMs: LONGEST_PATIENCE_MS }
    if (waitedMs < pauseAfter(before + 1, patience)) return
    if (step.of !== null) this.#givenUp.set(step.of, before + 1)
    session?.giveUp(`the session was given up: ${text}`)
  }

  #stallText({ what, of }: Step, { session }: WatchedTask, sinceMs: number): string {
    const asked = session?.asked ?? null
    const since = this.#timeOf(sinceMs)
    const name = of === null ? '' : `${of.name}: `
    if (asked === null) return `${name}${what} since ${since}`
    // I7: a masked query is not shown.
    const shown = of?.isMasked === true ? null : asked.sql
    const statement =
      shown === null
        ? ''
        : `: ${shown.slice(0, LONGEST_STATEMENT)}${shown.length > LONGEST_STATEMENT ? '…' : ''}`
    return `${name}the database has not answered since ${since} when asked for ${asked.what}${statement}`
  }

  /** The one that waits longest for its turn; named once, for as long as it waits. */
  #overdueText({ all, current, session }: WatchedTask, nowMs: number): string | null {
    // Without a session there are other words.
    if (this.#isPaused || session === null) return null
    const { reportMs } = this.#limits
    const before = this.#overdue
    if (before !== null) {
      const still = all.some(
        ({ name, dueAtMs }) => name === before.name && dueAtMs === before.dueAtMs
      )
      if (still) return before.text
    }
    this.#overdue = null
    let longest: Watched | null = null
    for (const each of all) {
      const isRead = each === current || each === this.#step?.of
      const isDue = !isRead && nowMs - each.dueAtMs >= reportMs
      if (isDue && (longest === null || each.dueAtMs < longest.dueAtMs)) longest = each
    }
    if (longest === null) return null
    const { name, dueAtMs } = longest
    const why =
      this.idleMs >= reportMs
        ? 'the worker has not asked for rows, which it does when Kafka has taken those before'
        : current === null
          ? 'the tables before it take their time'
          : `${current.name} is read first`
    const text = `${name} is due since ${this.#timeOf(dueAtMs)} and has not been read: ${why}`
    this.#overdue = { name, dueAtMs, text }
    return text
  }

  #timeOf(monotonicMs: number): string {
    const agoMs = this.#clock.monotonicMs() - monotonicMs
    return new Date(this.#clock.now() - agoMs).toISOString()
  }
}
