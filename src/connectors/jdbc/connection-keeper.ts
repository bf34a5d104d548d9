import type { Clock } from '../../clock.ts'
import { isRetriable, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { abortedError } from './database.ts'
import { type Session, sessionOver } from './sessions/session.ts'
import type { ConnectionSettings } from './settings/source-settings.ts'

/** Limit for one attempt to connect; below the 90 s a REST request may take. */
export const CONNECT_LIMIT_MS = 15_000

/** Opens one connection. Errors are those of the dialect. */
export async function openConnection(
  settings: ConnectionSettings,
  log: Logger,
  signal: AbortSignal,
  timeoutMs = CONNECT_LIMIT_MS
): Promise<Session> {
  const { dialect, url, user, password, properties, timeZone, isolation, readOnly } = settings
  const connection = await dialect.open({
    url,
    user,
    password,
    properties,
    timeZone,
    isolation,
    readOnly: readOnly === true,
    timeoutMs,
    signal,
    log
  })
  return sessionOver(connection)
}

/**
 * Keeps one connection for as long as it works. `abort` of the signal ends it at once, with what runs on it; nothing is
 * opened afterwards.
 */
export class ConnectionKeeper {
  readonly #settings: ConnectionSettings
  readonly #log: Logger
  readonly #signal: AbortSignal
  readonly #clock: Clock
  #connection: Session | null = null
  #failures = 0
  #nextAttemptMs = 0
  #firstUse: ((connection: Session) => Promise<boolean>) | null = null

  constructor(settings: ConnectionSettings, log: Logger, signal: AbortSignal, clock: Clock) {
    this.#settings = settings
    this.#log = log
    this.#signal = signal
    this.#clock = clock
    signal.addEventListener('abort', () => this.#connection?.abort(), { once: true })
  }

  /**
   * Does this once, with the first connection that opens, before anybody else has it. false: the connection is of no more use,
   * and another is opened.
   */
  beforeFirstUse(work: (connection: Session) => Promise<boolean>): void {
    this.#firstUse = work
  }

  /**
   * The connection; tries once to open one when there is none. null: that failed, and the next attempt waits for
   * `connection.backoff.ms`. Throws the error when it will not pass by itself, and each time `connection.attempts` are used up.
   */
  async get(): Promise<Session | null> {
    if (this.#connection !== null) return this.#connection
    if (this.#signal.aborted) throw abortedError()
    if (this.#clock.monotonicMs() < this.#nextAttemptMs) return null
    const { attempts, backoffMs, dialect } = this.#settings
    try {
      let connection = await this.#open()
      const first = this.#firstUse
      this.#firstUse = null
      if (first !== null && !(await first(connection))) {
        await this.close()
        connection = await this.#open()
      }
      this.#failures = 0
      return connection
    } catch (error) {
      this.#failures += 1
      if (!isRetriable(error) || this.#isAborted() || this.#failures % attempts === 0) throw error
      this.#nextAttemptMs = this.#clock.monotonicMs() + backoffMs
      this.#log.warn(
        `Attempt ${this.#failures} of ${attempts} to connect to ${dialect.displayName} failed, next in ${backoffMs} ms: ${messageOf(error)}`
      )
      return null
    }
  }

  /** Ends the connection, if there is one. */
  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = null
    await connection?.close()
  }

  async #open(): Promise<Session> {
    if (this.#isAborted()) throw abortedError()
    const connection = await openConnection(this.#settings, this.#log, this.#signal)
    // Aborted while it was being opened: nobody would end it.
    if (this.#isAborted()) {
      connection.abort()
      throw abortedError()
    }
    this.#connection = connection
    return connection
  }

  #isAborted(): boolean {
    return this.#signal.aborted
  }
}
