import { withTimeout } from '../clock.ts'
import { ConnectError } from '../errors.ts'

/** Waits at most `ms` for the herder (I8). A request that ran out of time may still take effect later. */
export async function withDeadline<T>(
  work: Promise<T>,
  ms: number,
  stage: () => string
): Promise<T> {
  return await withTimeout(work, ms, () => {
    const doing = stage()
    return new ConnectError(
      'REQUEST_TIMED_OUT',
      doing === '' ? 'Request timed out' : `Request timed out. ${doing}`
    )
  })
}
