import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import { abortingAfter } from '../../wait.ts'
import type { Membership } from '../group/membership.ts'
import type { Commands } from '../work/command-queue.ts'
import type { ConnectorCommands } from '../work/commands.ts'

interface TaskHaltOptions {
  readonly membership: Membership
  readonly commands: Commands<ConnectorCommands>
  readonly clock: Clock
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
}

/**
 * Stops a connector and waits until the group has gone through a round in which no member has one of its
 * tasks any more (I2). Members stop what is taken from them before they join again, and one that cannot is
 * put out of the group: that bounds the wait.
 */
export async function haltConnector(options: TaskHaltOptions, connector: string): Promise<void> {
  const { clock, stopping } = options
  const limitMs = 2 * (options.rebalanceTimeoutMs + options.sessionTimeoutMs)
  await abortingAfter(
    clock,
    limitMs,
    (signal) => halted(options, connector, signal),
    stopping
  ).catch((error: unknown) => {
    stopping.throwIfAborted()
    if (!isTimeout(error)) throw error
    throw new ConnectError(
      'REQUEST_TIMED_OUT',
      `The tasks of connector ${connector} did not end in ${limitMs} ms`
    )
  })
}

async function halted(
  { commands, membership }: TaskHaltOptions,
  connector: string,
  signal: AbortSignal
): Promise<void> {
  for (;;) {
    const since = await commands.run({ kind: 'haltConnector', name: connector })
    if (await membership.whenNoTasksOf(connector, since, signal)) return
    // This worker leads no longer: the command goes on here, or says who leads instead.
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError'
}
