import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { TokenRequest } from '../../settings/clients/login-settings.ts'
import { abortingAfter, retrying } from '../../wait.ts'

export interface AccessToken {
  readonly value: string
}

const ATTEMPTS = 3
/** A token is replaced when this share of its life has passed, as Java's sasl.login.refresh.window.factor. */
const REFRESH_AT = 0.8

/** Access tokens by the client-credentials grant, kept until most of their life has passed. */
export class OAuthTokenSource {
  readonly #clock: Clock
  readonly #options: TokenRequest
  #current: { token: AccessToken; refreshAt: number } | null = null
  #fetching: Promise<AccessToken> | null = null

  constructor(clock: Clock, options: TokenRequest) {
    this.#clock = clock
    this.#options = options
  }

  /**
   * Rejects with ConnectError that names the endpoint, never the credentials (I7), after at most three
   * bounded attempts.
   */
  async token(): Promise<AccessToken> {
    if (this.#current !== null && this.#clock.monotonicMs() < this.#current.refreshAt) {
      return this.#current.token
    }
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null
    })
    return this.#fetching
  }

  #fetch(): Promise<AccessToken> {
    const { retryBackoffMs, connectTimeoutMs, readTimeoutMs } = this.#options
    return retrying(
      this.#clock,
      {
        backoff: { firstMs: retryBackoffMs, lastMs: Number.POSITIVE_INFINITY },
        attempts: ATTEMPTS,
        isPassing: (error) => !(error instanceof ConnectError) || error.retriable
      },
      () =>
        abortingAfter(this.#clock, connectTimeoutMs + readTimeoutMs, (limit) =>
          this.#request(limit)
        )
    )
  }

  async #request(signal: AbortSignal): Promise<AccessToken> {
    const { endpoint, clientId, clientSecret, scope } = this.#options
    const body = new URLSearchParams({ grant_type: 'client_credentials' })
    if (scope !== null) body.set('scope', scope)
    let status: number
    let answer: string
    try {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: {
          accept: 'application/json',
          authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
        },
        body,
        signal
      })
      status = response.status
      answer = await response.text()
    } catch (cause) {
      throw new ConnectError(
        'KAFKA_UNAVAILABLE',
        `No answer from the OAuth token endpoint ${endpoint}`,
        { cause }
      )
    }
    if (status < 200 || status > 299) {
      const code = status >= 500 || status === 429 ? 'KAFKA_UNAVAILABLE' : 'KAFKA_ERROR'
      throw new ConnectError(code, `The OAuth token endpoint ${endpoint} answered ${status}`)
    }
    return this.#keep(answer)
  }

  #keep(answer: string): AccessToken {
    const parsed = parsedAnswer(answer)
    const value = parsed['access_token']
    if (typeof value !== 'string' || value === '') {
      throw new ConnectError(
        'KAFKA_ERROR',
        `The OAuth token endpoint ${this.#options.endpoint} answered without an access_token`
      )
    }
    const seconds = Number(parsed['expires_in'] ?? 0)
    const lifeMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0
    const token = { value }
    this.#current = { token, refreshAt: this.#clock.monotonicMs() + lifeMs * REFRESH_AT }
    return token
  }
}

function parsedAnswer(answer: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(answer)
    if (typeof parsed === 'object' && parsed !== null) return { ...parsed }
  } catch {
    // The text may hold a token: neither it nor the parser's message goes into an error.
  }
  return {}
}
