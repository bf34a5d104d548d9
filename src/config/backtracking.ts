import { createContext, Script } from 'node:vm'
import { ConfigError } from '../errors.ts'

/** I8: how long one pattern may look at one text. */
const LIMIT_MS = 1000
/** A pattern that took longer is not tried again for so long. */
const REMEMBERED_MS = 600_000
const MOST_REMEMBERED = 1000
/** So much of each minute may be lost to patterns that have never answered. */
const LOST_PER_MINUTE_MS = 3000

const exec = new Script('regex.exec(text)')
let sandbox: { regex: RegExp | null; text: string } | null = null

/** Patterns that ran out of time → when, oldest first. */
const endless = new Map<string, number>()

/**
 * A pattern whose matching goes back and tries again, so that its time has no bound but the one set here. It
 * stands still with everything else on the thread: a pattern that ran out of time is remembered, and when
 * many did within a minute, those that nobody has seen answer are not tried at all.
 */
export class BacktrackingPattern {
  readonly #pattern: string
  readonly #regex: RegExp
  #hasAnswered = false

  /** `pattern` is shown in messages. */
  constructor(pattern: string, regex: RegExp) {
    this.#pattern = pattern
    this.#regex = regex
  }

  /** Throws ConfigError when there is no answer in time. */
  exec(text: string): RegExpExecArray | null {
    const now = performance.now()
    const failed = endless.get(this.#pattern)
    if (failed !== undefined && now - failed < REMEMBERED_MS) throw this.#tookLonger(text)
    if (!this.#hasAnswered && lostMs(now) >= LOST_PER_MINUTE_MS) {
      throw new ConfigError(
        `The regular expression ${this.#pattern} is not tried: others have taken too long within the last minute`
      )
    }
    sandbox ??= createContext({ regex: null, text: '' }) as { regex: RegExp | null; text: string }
    sandbox.regex = this.#regex
    sandbox.text = text
    try {
      const match = exec.runInContext(sandbox, { timeout: LIMIT_MS }) as RegExpExecArray | null
      this.#hasAnswered = true
      return match
    } catch (error) {
      remember(this.#pattern)
      throw this.#tookLonger(text, error)
    } finally {
      sandbox.text = ''
    }
  }

  #tookLonger(text: string, cause?: unknown): ConfigError {
    return new ConfigError(
      `The regular expression ${this.#pattern} took longer than ${LIMIT_MS} ms on '${text}'`,
      cause === undefined ? {} : { cause }
    )
  }
}

function remember(pattern: string): void {
  endless.delete(pattern)
  endless.set(pattern, performance.now())
  const [oldest] = endless.keys()
  if (endless.size > MOST_REMEMBERED && oldest !== undefined) endless.delete(oldest)
}

function lostMs(now: number): number {
  let lost = 0
  for (const at of endless.values()) if (now - at < 60_000) lost += LIMIT_MS
  return lost
}
