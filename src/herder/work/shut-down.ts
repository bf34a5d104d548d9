import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { within } from '../../wait.ts'

/** Ends a herder: bounded, never rejects. */
export async function shutDown(
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  limitMs: number,
  halt: () => Promise<void>
): Promise<void> {
  const late = (): Error =>
    new ConnectError('WORKER_STOPPING', `The herder did not stop in ${limitMs} ms`)
  try {
    await within(clock, halt(), limitMs, late)
  } catch (error) {
    log.error('The herder did not stop cleanly', { error })
  }
  log.info('Herder stopped')
}

/** One step after the other; a step that fails does not keep the others from being taken. */
export async function inOrder(
  log: Logger,
  steps: readonly (readonly [what: string, step: () => Promise<void>])[]
): Promise<void> {
  for (const [what, step] of steps) {
    try {
      await step()
    } catch (error) {
      log.error(`Failed to ${what} while shutting down`, { error })
    }
  }
}
