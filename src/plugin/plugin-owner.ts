import { AsyncLocalStorage } from 'node:async_hooks'
import { loggers } from '../log.ts'

/** Whose plugin code runs: what that code leaves behind is told to it. */
export interface PluginOwner {
  /**
   * A rejection nobody awaits, an `error` event nobody hears, an exception out of a timer. Must not throw.
   */
  fail(error: unknown): void
}

const owners = new AsyncLocalStorage<PluginOwner>()

/** Runs `work`, and whatever comes of it at any later time, in the name of `owner` (I9). */
export function ownedBy<T>(owner: PluginOwner, work: () => T): T {
  return owners.run(owner, work)
}

const passer: PluginOwner = {
  fail(error) {
    loggers
      .get('org.apache.kafka.connect.runtime.Worker')
      .error('Plugin code left an error behind that nobody handled', { error })
  }
}

/**
 * As `ownedBy`, for plugin code that belongs to no task or connector: a request, a provider. What it leaves
 * behind is only told.
 */
export function ownedByNobody<T>(work: () => T): T {
  return ownedBy(passer, work)
}

/**
 * Called where the process learns of an error that nobody handled; answers whether it had an owner, who was
 * told then.
 */
export function tellOwner(error: unknown): boolean {
  const owner = owners.getStore()
  owner?.fail(error)
  return owner !== undefined
}
