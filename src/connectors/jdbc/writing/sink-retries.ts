import { ConnectError, isRetriable, messageOf } from '../../../errors.ts'
import { pauseAfter } from '../../../wait.ts'
import { errorClassOf, type WriteErrorClass } from '../database/writing.ts'
import type { SinkRetrySettings } from '../settings/sink-settings.ts'

/** Conflicts pass soon: others commit. Drawn at random, so that two tasks do not meet again. */
const CONFLICT_PAUSE = { firstMs: 20, lastMs: 1000, spread: [0.5, 1] } as const

/**
 * What to do after an error of a batch. `forgets`: with another session, and after another look at the
 * tables.
 */
export type AfterError =
  /** The same batch at once, or after a short pause. */
  | {
      readonly next: 'again'
      readonly pauseMs: number
      readonly forgets: boolean
      /** null: not worth a word yet. */
      readonly condition: string | null
    }
  /** The same batch after a pause that others may see: `condition` says why. */
  | {
      readonly next: 'later'
      readonly pauseMs: number
      readonly forgets: boolean
      readonly condition: string
    }
  /** The same batch, with errors nobody knows put down to rows. */
  | { readonly next: 'isolate' }
  | { readonly next: 'fail' }

interface Circumstances {
  /** The session had served before, so that its end says nothing of the server. */
  readonly sessionWasUsed: boolean
  /** Somebody takes records that cannot be written. */
  readonly isolates: boolean
  readonly nowMs: number
}

/** Counts the errors since the last success, and decides what follows from each by its class. */
export class SinkRetries {
  readonly #settings: SinkRetrySettings
  readonly #database: string
  #conflicts = 0
  #unknown = 0
  #outages = 0
  #outageSinceMs: number | null = null
  #refreshed = false

  /** `database`: what it is called in conditions. */
  constructor(settings: SinkRetrySettings, database: string) {
    this.#settings = settings
    this.#database = database
  }

  succeeded(): void {
    this.#conflicts = 0
    this.#unknown = 0
    this.#outages = 0
    this.#outageSinceMs = null
    this.#refreshed = false
  }

  after(error: unknown, circumstances: Circumstances): AfterError {
    switch (classOf(error)) {
      case 'outage':
      case 'resource':
        return this.#afterOutage(error, circumstances)
      case 'conflict':
        if (this.#conflicts < this.#settings.maxRetries) {
          this.#conflicts++
          const pauseMs = pauseAfter(this.#conflicts, CONFLICT_PAUSE)
          const condition = `Others were in the way of a batch ${this.#conflicts} times: ${messageOf(error)}`
          return {
            next: 'again',
            pauseMs,
            forgets: false,
            condition: this.#conflicts > 1 ? condition : null
          }
        }
        return this.#waits(error, circumstances, {
          trouble: 'Others are in the way',
          forgets: false
        })
      case 'structure':
        if (this.#refreshed) return { next: 'fail' }
        this.#refreshed = true
        return { next: 'again', pauseMs: 0, forgets: true, condition: null }
      case 'unknown':
        return this.#afterUnknown(error, circumstances.isolates)
      case 'data':
      case 'privilege':
      case null:
        return { next: 'fail' }
    }
  }

  #afterOutage(error: unknown, circumstances: Circumstances): AfterError {
    // A server ends idle sessions, and what stands in between forgets them.
    if (this.#outages === 0 && circumstances.sessionWasUsed) {
      this.#outages++
      return { next: 'again', pauseMs: 0, forgets: true, condition: null }
    }
    const what = errorClassOf(error) === 'resource' ? 'has no room' : 'is away'
    const trouble = troubleOf(error) ?? `${this.#database} ${what}`
    return this.#waits(error, circumstances, { trouble, forgets: true })
  }

  /** For as long as it lasts, or `outage.max.wait.ms`: a lock that somebody forgot, too. */
  #waits(
    error: unknown,
    { nowMs }: Circumstances,
    { trouble, forgets }: { readonly trouble: string; readonly forgets: boolean }
  ): AfterError {
    this.#outages++
    this.#outageSinceMs ??= nowMs
    const lastsMs = nowMs - this.#outageSinceMs
    const { outageMaxMs, backoff } = this.#settings
    if (outageMaxMs !== null && lastsMs >= outageMaxMs) return { next: 'fail' }
    const pauseMs = Math.round(pauseAfter(this.#outages, backoff))
    return {
      next: 'later',
      pauseMs,
      forgets,
      condition: `${trouble} for ${Math.round(lastsMs / 1000)} s, next attempt in ${pauseMs} ms: ${messageOf(error)}`
    }
  }

  #afterUnknown(error: unknown, isolates: boolean): AfterError {
    const { maxRetries, backoff } = this.#settings
    if (this.#unknown >= maxRetries) return isolates ? { next: 'isolate' } : { next: 'fail' }
    this.#unknown++
    const pauseMs = Math.round(pauseAfter(1, { ...backoff, spread: [1, 1] }))
    return {
      next: 'later',
      pauseMs,
      forgets: true,
      condition: `Attempt ${this.#unknown} of ${maxRetries + 1} to write a batch failed, next in ${pauseMs} ms: ${messageOf(error)}`
    }
  }
}

/** What the error says is the matter, where it is not the database. */
function troubleOf(error: unknown): string | null {
  return error instanceof ConnectError
    ? ((error.facts['trouble'] as string | undefined) ?? null)
    : null
}

/** An error that says nothing of itself but that it may pass comes from the network. */
function classOf(error: unknown): WriteErrorClass | null {
  const kind = errorClassOf(error)
  return kind === null && isRetriable(error) ? 'outage' : kind
}
