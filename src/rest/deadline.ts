import { ConnectError } from '../errors.ts'

/**
 * Waits at most `ms` for the herder (I8). A request that ran out of time may still take effect later.
 * The timer does not keep the process alive: once the server is stopped nobody waits for the answer.
 */
export async function withDeadline<T>(
  work: Promise<T>,
  ms: number,
  stage: () => string
): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const doing = stage()
    const message = doing === '' ? 'Request timed out' : `Request timed out. ${doing}`
    late.reject(new ConnectError('REQUEST_TIMED_OUT', message))
  }, ms).unref()
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
