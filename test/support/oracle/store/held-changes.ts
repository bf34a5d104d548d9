import type { Moment } from '../wire/moment.ts'

/**
 * A statement that knows what it takes for the present, has its table locked, and has changed nothing yet.
 */
interface Locker {
  readonly session: number
  readonly since: Moment
}

interface Hold {
  readonly sql: RegExp
  readonly released: Promise<void>
}

/**
 * Statements that change rows and are kept from their first change, as those that look for a long time for
 * what to change.
 */
export class HeldChanges {
  readonly lockers = new Set<Locker>()
  #holds: readonly Hold[] = []

  /** Statements whose text fits wait until the function answered is called. */
  hold(sql: RegExp): () => void {
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const hold = { sql, released }
    this.#holds = [...this.#holds, hold]
    return () => {
      this.#holds = this.#holds.filter((other) => other !== hold)
      release()
    }
  }

  /** Waits as long as the statement is held, or until it is broken off. */
  async before(sql: string, session: number, since: Moment, signal: AbortSignal): Promise<void> {
    const hold = this.#holds.find((one) => one.sql.test(sql))
    if (hold === undefined) return
    const locker = { session, since }
    this.lockers.add(locker)
    const broken = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await Promise.race([hold.released, broken])
    this.lockers.delete(locker)
  }
}

/** Resolves after a time, or when the wait is broken off. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
