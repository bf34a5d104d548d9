import type { Clock } from '../../../clock.ts'
import { ConfigError, isRetriable, messageOf } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import { KeyFileError } from '../../../tls/key-file-error.ts'
import { abortedError, databaseError } from '../database/database.ts'
import type { ConnectionSettings } from '../settings/source-settings.ts'
import { type Session, sessionOver } from './session.ts'
import { pauseAfter, within } from '../../../wait.ts'

/** Limit for one attempt to connect; below the 90 s a REST request may take. */
const CONNECT_LIMIT_MS = 15_000
/** A session that was idle for so long may have been ended by its server, or by what stands in between. */
const CHECK_AFTER_IDLE_MS = 1000
const CHECK_LIMIT_MS = 5000
const LONGEST_BACKOFF_MS = 600_000

interface Opening {
  readonly log: Logger
  /** Ends the attempt, and the session with what runs on it. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** For the whole attempt; default: CONNECT_LIMIT_MS. */
  readonly timeoutMs?: number
}

/** Opens one connection. Errors are those of the dialect. */
export async function openConnection(
  settings: ConnectionSettings,
  { log, signal, clock, timeoutMs = CONNECT_LIMIT_MS }: Opening
): Promise<Session> {
  const { dialect, url, user, password, properties, timeZone, isolation, readOnly, lockWaitMs } =
    settings
  const options = {
    url,
    user,
    password,
    properties,
    timeZone,
    isolation,
    leavesOutUnreadable: settings.leavesOutUnreadable,
    readOnly: readOnly === true,
    lockWaitMs,
    timeoutMs,
    signal,
    clock,
    log
  }
  try {
    return sessionOver(await dialect.open(options), clock)
  } catch (error) {
    throw readOnly === true ? withoutProbe(error, log) : error
  }
}

/**
 * I7: an operator who only asks learns nothing of the files of the worker's machine. Whether there is one,
 * and what is in it, the log says.
 */
function withoutProbe(error: unknown, log: Logger): unknown {
  if (!(error instanceof KeyFileError)) return error
  log.warn('A file of keys or certificates that a configuration names cannot be used', { error })
  const [setting = ''] = /^[\w.-]*/.exec(error.message) ?? []
  return new ConfigError(`${setting}: its file cannot be used; the log of this worker says why`)
}

/**
 * Keeps one session for as long as it works: it is checked before it is used after a time of idling, and
 * replaced at once. `abort` of the signal ends it, with what runs on it; nothing is opened afterwards.
 */
export class ConnectionKeeper {
  readonly #settings: ConnectionSettings
  readonly #log: Logger
  readonly #signal: AbortSignal
  readonly #clock: Clock
  readonly #onTrouble: (text: string | null) => void
  #session: Session | null = null
  #usedAtMs = 0
  #failures = 0
  #nextAttemptMs = 0
  #wasOpen = false
  #firstUse: ((session: Session) => Promise<boolean>) | null = null

  /** `onTrouble` is told why there is no connection, and null when there is one. */
  constructor(
    settings: ConnectionSettings,
    log: Logger,
    signal: AbortSignal,
    clock: Clock,
    onTrouble: (text: string | null) => void = () => undefined
  ) {
    this.#settings = settings
    this.#log = log
    this.#signal = signal
    this.#clock = clock
    this.#onTrouble = onTrouble
    signal.addEventListener('abort', () => this.#session?.abort(), { once: true })
  }

  /**
   * Does this once, with the first connection that opens, before anybody else has it. false: the connection
   * is of no more use, and another is opened.
   */
  beforeFirstUse(work: (session: Session) => Promise<boolean>): void {
    this.#firstUse = work
  }

  /** The session that is open now. */
  get session(): Session | null {
    return this.#session
  }

  /**
   * The session; tries once to open one when there is none. null: that failed, and the next attempt waits for
   * `connection.backoff.ms`. Each time `connection.attempts` are used up the error is thrown. With settings
   * that have worked before all errors may pass: a password is replaced, a right given back. With others what
   * the server refuses is final after these attempts, as for the JVM connector: an account may be locked for
   * a moment.
   */
  async get(): Promise<Session | null> {
    const kept = this.#session
    if (kept !== null && (await this.#works(kept))) {
      this.#usedAtMs = this.#clock.monotonicMs()
      return kept
    }
    if (this.#isAborted()) throw abortedError()
    if (this.#clock.monotonicMs() < this.#nextAttemptMs) return null
    try {
      const session = await this.#openFirst()
      this.#failures = 0
      this.#wasOpen = true
      this.#usedAtMs = this.#clock.monotonicMs()
      this.#onTrouble(null)
      return session
    } catch (error) {
      if (this.#isAborted()) throw error
      return this.#failed(error)
    }
  }

  /** Ends the session, if there is one. */
  async close(): Promise<void> {
    const session = this.#session
    this.#session = null
    await session?.close()
  }

  #failed(error: unknown): null {
    const { attempts, backoffMs, dialect } = this.#settings
    const isPassing = isRetriable(error)
    if (error instanceof ConfigError && !this.#wasOpen) throw error
    this.#failures += 1
    // Accounts are locked after some refusals: a wrong password is tried less and less often.
    const lastMs = Math.max(backoffMs, LONGEST_BACKOFF_MS)
    const waitMs = pauseAfter(isPassing ? 1 : this.#failures, { firstMs: backoffMs, lastMs })
    this.#nextAttemptMs = this.#clock.monotonicMs() + waitMs
    const attempt = ((this.#failures - 1) % attempts) + 1
    const text = `Attempt ${attempt} of ${attempts} to connect to ${dialect.displayName} failed, next in ${waitMs} ms: ${messageOf(error)}`
    this.#log.warn(text)
    this.#onTrouble(text)
    if (attempt < attempts) return null
    if (isPassing || !this.#wasOpen) throw error
    throw databaseError(messageOf(error), { retriable: true, cause: error })
  }

  /** A session with an open query is in use. */
  async #works(session: Session): Promise<boolean> {
    const idleMs = this.#clock.monotonicMs() - this.#usedAtMs
    if (session.isReading || idleMs < CHECK_AFTER_IDLE_MS) return true
    try {
      await within(this.#clock, session.now(), CHECK_LIMIT_MS, () =>
        databaseError(`no answer in ${CHECK_LIMIT_MS} ms`, { retriable: true })
      )
      return true
    } catch (error) {
      this.#session = null
      session.abort()
      this.#log.info('A session that was idle does not work any more and is replaced', { error })
      return false
    }
  }

  async #openFirst(): Promise<Session> {
    const session = await this.#open()
    const first = this.#firstUse
    this.#firstUse = null
    if (first === null || (await first(session))) return session
    await this.close()
    return await this.#open()
  }

  async #open(): Promise<Session> {
    if (this.#isAborted()) throw abortedError()
    const session = await openConnection(this.#settings, {
      log: this.#log,
      signal: this.#signal,
      clock: this.#clock
    })
    // Aborted while it was being opened: nobody would end it.
    if (this.#isAborted()) {
      session.abort()
      throw abortedError()
    }
    this.#session = session
    return session
  }

  #isAborted(): boolean {
    return this.#signal.aborted
  }
}
