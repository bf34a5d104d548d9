import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import { type Attempt, retrying, within } from '../../wait.ts'
import { brokerError, isRetriableBrokerError } from './broker-errors.ts'
import type { ClientSettings } from './client-settings.ts'

interface ApiCall {
  /** What failed, and where, for messages. */
  readonly what: string
  /** Whether another attempt may succeed where an error does not say so itself. */
  readonly isPassing?: (error: unknown) => boolean
  /** Called behind each attempt that failed. */
  readonly onFailure?: () => Promise<void>
}

/**
 * An operation that may take several requests, and more attempts than one until `default.api.timeout.ms` is
 * over (I8). Rejects with ConnectError; WORKER_STOPPING when `closed` aborts.
 */
export async function apiCall<T>(
  clock: Clock,
  { apiTimeoutMs, backoff }: Pick<ClientSettings, 'apiTimeoutMs' | 'backoff'>,
  { what, isPassing = isRetriableBrokerError, onFailure }: ApiCall,
  closed: AbortSignal,
  operation: () => Promise<T>
): Promise<T> {
  let last: unknown = null
  const attempt = async ({ leftMs }: Attempt): Promise<T> => {
    closed.throwIfAborted()
    try {
      return await within(clock, operation(), Math.max(1, leftMs), () =>
        timedOut(what, apiTimeoutMs, last)
      )
    } catch (error) {
      last = error
      await onFailure?.()
      throw error
    }
  }
  try {
    return await retrying(clock, { backoff, limitMs: apiTimeoutMs, isPassing }, attempt, closed)
  } catch (error) {
    if (!closed.aborted) throw brokerError(error, what)
    throw new ConnectError('WORKER_STOPPING', `${what}: the client was closed`)
  }
}

function timedOut(what: string, timeoutMs: number, cause: unknown): ConnectError {
  if (cause === null) return new ConnectError('KAFKA_UNAVAILABLE', `${what} within ${timeoutMs} ms`)
  return brokerError(cause, `${what} within ${timeoutMs} ms`)
}
