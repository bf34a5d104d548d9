import { asError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { tellOwner } from '../plugin/plugin-owner.ts'

/**
 * Errors that nobody handled, until the process ends. Those of plugin code fail its task or connector (I9);
 * an exception of our own leaves the worker in a state nobody knows, so that it has to end; a rejection of
 * our own is a step that failed, and is told.
 */
export function watchStrayErrors(log: Logger, onFatal: (error: Error) => void): void {
  process.on('unhandledRejection', (error: unknown) => {
    if (!tellOwner(error)) log.error('A promise was rejected, and nobody waited for it', { error })
  })
  process.on('uncaughtException', (error: unknown) => {
    if (tellOwner(error)) return
    log.error('An error that nobody handled ends the worker', { error })
    onFatal(asError(error))
  })
}
