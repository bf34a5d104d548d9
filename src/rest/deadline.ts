import type { Clock } from '../clock.ts'
import { ConnectError } from '../errors.ts'
import { abortable, within } from '../wait.ts'

/** What ends the wait of a request for the herder. */
export interface Patience {
  readonly clock: Clock
  /** Aborts when the server has stopped: then nobody waits for an answer. */
  readonly stopped: AbortSignal
}

/** Waits at most `ms` for the herder (I8). A request that ran out of time may still take effect later. */
export async function withDeadline<T>(
  { clock, stopped }: Patience,
  work: Promise<T>,
  ms: number,
  stage: () => string
): Promise<T> {
  const ended = (): Error => new ConnectError('WORKER_STOPPING', 'Worker is shutting down')
  return await within(clock, abortable(work, stopped, ended), ms, () => {
    const doing = stage()
    const message = doing === '' ? 'Request timed out' : `Request timed out. ${doing}`
    return new ConnectError('REQUEST_TIMED_OUT', message)
  })
}
