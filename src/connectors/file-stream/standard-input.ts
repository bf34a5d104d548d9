import { once } from 'node:events'

/** Reads standard input as it comes; ends every wait when `stopping` aborts. */
export function openStandardInput(
  stopping: AbortSignal
): (waitMs: number) => Promise<Uint8Array | null> {
  const input = process.stdin
  stopping.addEventListener('abort', () => input.pause(), { once: true })
  const read = (): Buffer | null => input.read() as Buffer | null
  return async (waitMs) => {
    const bytes = read()
    if (bytes !== null || waitMs === 0 || stopping.aborted) return bytes
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(waitMs)])
    try {
      await once(input, 'readable', { signal })
      return read()
    } catch (error) {
      if (!signal.aborted) throw error
      return null
    }
  }
}
