import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { StoredConfig } from '../../storage/cluster-config.ts'
import type { ConnectorOffsets } from '../../worker/contracts.ts'

interface WayOptions {
  readonly offsets: Pick<ConnectorOffsets, 'inTheWay'>
  readonly clock: Clock
  readonly log: Logger
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal
}

/** A task that could not say that it leaves is a member until its session is over: 45 s by default. */
const LIMIT_MS = 60_000
const PAUSE_MS = 500

/**
 * I8: waits until offsets of a connector whose tasks have ended may be stored, and says for whom. Whoever is
 * still in the way after that is nobody of ours: rejects with SomebodyInTheWay.
 */
export async function untilNobodyIsInTheWay(
  { offsets, clock, log, stopping }: WayOptions,
  name: string,
  config: StoredConfig
): Promise<void> {
  const deadline = clock.monotonicMs() + LIMIT_MS
  let said: string | null = null
  for (;;) {
    const who = await offsets.inTheWay(name, config)
    if (who === null) return
    if (who !== said) log.info(`Offsets of connector ${name} wait to be stored. ${who}`)
    said = who
    if (clock.monotonicMs() >= deadline) throw new SomebodyInTheWay(name, who)
    await clock.sleep(PAUSE_MS, stopping)
    stopping.throwIfAborted()
  }
}

/** Members of the group of a sink that do not go: an operator has to end them. */
export class SomebodyInTheWay extends ConnectError {
  constructor(name: string, who: string) {
    super(
      'RETRIABLE',
      `Offsets of connector ${name} could not be stored within ${LIMIT_MS / 1000} s. ${who}. End them, or wait for them, and ask again`,
      { connector: name }
    )
  }
}
