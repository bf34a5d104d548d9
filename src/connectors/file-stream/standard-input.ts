import { once } from 'node:events'
import type { Clock } from '../../clock.ts'
import { abortingAfter } from '../../wait.ts'

/** Reads standard input as it comes; ends every wait when `stopping` aborts. */
export function openStandardInput(
  clock: Clock,
  stopping: AbortSignal
): (waitMs: number) => Promise<Uint8Array | null> {
  const input = process.stdin
  stopping.addEventListener('abort', () => input.pause(), { once: true })
  const read = (): Buffer | null => input.read() as Buffer | null
  return async (waitMs) => {
    const bytes = read()
    if (bytes !== null || waitMs === 0 || stopping.aborted) return bytes
    return await abortingAfter(clock, waitMs, (limit) => readable(limit), stopping)
  }

  async function readable(limit: AbortSignal): Promise<Uint8Array | null> {
    try {
      await once(input, 'readable', { signal: limit })
      return read()
    } catch (error) {
      if (!limit.aborted) throw error
      return null
    }
  }
}
