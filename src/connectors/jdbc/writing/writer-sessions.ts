import type { Clock } from '../../../clock.ts'
import { ConfigError, isRetriable } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import { abortedError } from '../database/database.ts'
import { errorClassOf, type WriteSession, type WritingDialect } from '../database/writing.ts'
import type { SinkSettings } from '../settings/sink-settings.ts'
import { retrying } from '../../../wait.ts'

/** Limit for one attempt to connect. */
const CONNECT_LIMIT_MS = 15_000
/** Reports of records that cannot be written are waited for inside of transactions. */
const IDLE_SHARE = 2

interface WriterOpening {
  /** Connector and task, as the server shows them. */
  readonly applicationName: string
  readonly log: Logger
  /** Ends the attempt; the session stays. */
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** ConfigError for a database that this product does not write to. */
export function writingOf({ connection }: Pick<SinkSettings, 'connection'>): WritingDialect {
  const { writing, displayName } = connection.dialect
  if (writing !== undefined) return writing
  throw new ConfigError(`${displayName} cannot be written to by this connector`)
}

/** Of a connector whose settings were not read completely nothing else is known. */
type WriterSettings = Pick<SinkSettings, 'connection' | 'writeTimeoutMs'> &
  Partial<Pick<SinkSettings, 'exactlyOnce'>>

/** Opens one session that writes. Errors are those of the dialect. */
async function openWriter(
  settings: WriterSettings,
  { applicationName, log, signal, clock }: WriterOpening
): Promise<WriteSession> {
  const { url, user, password, properties, isolation, timeZone, lockWaitMs } = settings.connection
  return await writingOf(settings).open({
    url,
    user,
    password,
    properties,
    isolation,
    timeZone,
    lockWaitMs,
    timeoutMs: CONNECT_LIMIT_MS,
    signal,
    clock,
    log,
    applicationName,
    writeTimeoutMs: settings.writeTimeoutMs,
    // Who takes over must not wait for ever for rows that a process holds which stands still.
    idleTransactionMs: IDLE_SHARE * settings.writeTimeoutMs,
    ...(settings.exactlyOnce && { lastsLater: settings.exactlyOnce.lastsLater })
  })
}

/** Keeps one session for as long as it works. After an abort of the signal no other is opened. */
export class WriterSessions {
  readonly #settings: SinkSettings
  readonly #opening: WriterOpening
  #session: WriteSession | null = null
  #wasUsed = false
  /** Ends what is being opened. */
  #attempt = new AbortController()

  constructor(settings: SinkSettings, opening: WriterOpening) {
    this.#settings = settings
    this.#opening = opening
  }

  /** Whether the session now open has served before: its server may have ended it since. */
  get isUsed(): boolean {
    return this.#session !== null && this.#wasUsed
  }

  /** What was done with the session came to its end. */
  used(): void {
    this.#wasUsed = true
  }

  /**
   * The session; opens one when there is none. A refused login is tried `connection.attempts` times, as
   * accounts may be locked for a moment. Errors are those of the dialect.
   */
  async get(): Promise<WriteSession> {
    if (this.#session !== null) return this.#session
    const { attempts, backoffMs } = this.#settings.connection
    const { clock, log } = this.#opening
    this.#attempt = new AbortController()
    const signal = AbortSignal.any([this.#opening.signal, this.#attempt.signal])
    if (signal.aborted) throw abortedError()
    const session = await retrying(
      clock,
      {
        attempts,
        backoff: { firstMs: backoffMs, lastMs: backoffMs },
        isPassing: isRefusedLogin,
        onRetry: (error) => log.warn('The database refused the login and is asked again', { error })
      },
      () => openWriter(this.#settings, { ...this.#opening, signal }),
      signal
    )
    // Aborted while it was being opened: nobody else would end it.
    if (isAborted(signal)) {
      session.abort()
      throw abortedError()
    }
    this.#session = session
    this.#wasUsed = false
    return session
  }

  /** Ends the session at once, with what runs on it. */
  abort(): void {
    this.#attempt.abort()
    const session = this.#session
    this.#session = null
    session?.abort()
  }

  /** Ends the session politely, if there is one. */
  async close(): Promise<void> {
    const session = this.#session
    this.#session = null
    await session?.close()
  }
}

const isAborted = (signal: AbortSignal): boolean => signal.aborted

/** A session for one question of an operator. Errors are those of the dialect, and of `work`. */
export async function withWriter<T>(
  settings: WriterSettings,
  opening: WriterOpening,
  work: (session: WriteSession) => Promise<T>
): Promise<T> {
  const session = await openWriter(settings, opening)
  const abort = (): void => session.abort()
  opening.signal.addEventListener('abort', abort, { once: true })
  try {
    return await work(session)
  } finally {
    opening.signal.removeEventListener('abort', abort)
    await session.close()
  }
}

/** The server answered, and said no. */
function isRefusedLogin(error: unknown): boolean {
  const kind = errorClassOf(error)
  return (
    kind === 'privilege' ||
    (kind === null && !isRetriable(error) && !(error instanceof ConfigError))
  )
}
