import type { Clock } from '../clock.ts'
import type { Change, ChangeHistory, NewChange } from './change-history.ts'
import { ChangeLogState } from './change-log-state.ts'

/** The history of a standalone worker; nothing outlives the process. */
export class MemoryChangeHistory implements ChangeHistory {
  readonly #workerId: string
  readonly #clock: Clock
  readonly #state = new ChangeLogState()
  #last = 0

  constructor(workerId: string, clock: Clock) {
    this.#workerId = workerId
    this.#clock = clock
  }

  async start(): Promise<void> {
    // Nothing to open.
  }

  add(change: NewChange): Promise<void> {
    const entered = {
      ...change,
      id: ++this.#last,
      at: this.#clock.now(),
      workerId: this.#workerId
    }
    this.#state.add(entered, JSON.stringify(entered).length)
    return Promise.resolve()
  }

  latest(connector: string | null, limit: number): Promise<readonly Change[]> {
    return Promise.resolve(this.#state.latest(connector, limit))
  }

  find(connector: string, id: number): Promise<Change | null> {
    return Promise.resolve(this.#state.find(connector, id))
  }

  async stop(): Promise<void> {
    // Nothing to close.
  }
}
