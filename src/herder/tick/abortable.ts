import { ConnectError } from '../../errors.ts'

/** The outcome of `work`, unless `signal` aborts first: then nobody waits for it any more. `what` was stopped, for the error. */
export async function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal,
  what: string
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(new ConnectError('WORKER_STOPPING', `The ${what} was stopped`))
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
