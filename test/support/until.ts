import { setTimeout as delay } from 'node:timers/promises'

/**
 * Waits until `probe` answers something truthy and returns it. The one place for the limits of waiting in
 * tests.
 */
export async function until<T>(
  probe: () => T | Promise<T>,
  what: string,
  timeoutMs = 100_000
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value) return value as NonNullable<T>
      last = value
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited ${timeoutMs} ms in vain until ${what}`, { cause: last })
    }
    await delay(50)
  }
}
