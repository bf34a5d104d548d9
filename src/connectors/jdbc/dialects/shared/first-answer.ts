import type { Clock } from '../../../../clock.ts'
import { ConfigError, type ConnectError, isRetriable } from '../../../../errors.ts'
import { abortedError, databaseError } from '../../database/database.ts'

interface Attempt<A, T> {
  readonly addresses: readonly A[]
  /** For all of them together. */
  readonly timeoutMs: number
  /** For each of them; null: its share of what is left. */
  readonly eachMs: number | null
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Throws errors of this room. */
  tryOne(address: A, limitMs: number): Promise<T>
  /** Whether the next address may do better after this error. */
  goesOn(error: ConnectError): boolean
  /** For an error that names them all: `Could not connect to PostgreSQL`. */
  readonly what: string
}

/** I8: the first address that serves, within one limit. None may use up the time of those behind it. */
export async function firstAnswer<A, T>(attempt: Attempt<A, T>): Promise<T> {
  const { addresses, timeoutMs, eachMs, signal, clock } = attempt
  const deadline = clock.monotonicMs() + timeoutMs
  const failures: ConnectError[] = []
  for (const [index, address] of addresses.entries()) {
    if (signal.aborted) throw abortedError()
    const left = deadline - clock.monotonicMs()
    if (left <= 0) break
    const share = left / (addresses.length - index)
    try {
      return await attempt.tryOne(address, Math.min(share, eachMs ?? share))
    } catch (error) {
      if (signal.aborted) throw abortedError()
      if (error instanceof ConfigError) throw error
      failures.push(error as ConnectError)
      if (!attempt.goesOn(error as ConnectError)) break
    }
  }
  throw failureOf(failures, attempt.what)
}

function failureOf(failures: readonly ConnectError[], what: string): ConnectError {
  const [only] = failures
  if (only === undefined) return databaseError(`${what}: no answer in time`, { retriable: true })
  if (failures.length === 1) return only
  const code = only.facts['code']
  return databaseError(failures.map(({ message }) => message).join('; '), {
    retriable: failures.some(isRetriable),
    cause: only,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {})
  })
}

/** In another order each time, as load balancing wants it. */
export function shuffled<A>(list: readonly A[]): A[] {
  const left = [...list]
  const order: A[] = []
  while (left.length > 0) {
    order.push(...left.splice(Math.floor(Math.random() * left.length), 1))
  }
  return order
}
