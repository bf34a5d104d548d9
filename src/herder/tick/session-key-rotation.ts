import type { Clock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { Membership } from '../group/membership.ts'
import type { SessionKeys } from '../group/session-key.ts'
import type { TickStage } from '../work/tick-stage.ts'

interface SessionKeyRotationOptions {
  readonly membership: Membership
  readonly keys: SessionKeys
  readonly configStore: ConfigStore
  readonly stage: TickStage
  readonly clock: Clock
  readonly log: Logger
}

/**
 * In the tick: the leader hands out another key when that is due. Answers false when the key could not be
 * written.
 */
export async function rotateSessionKey(options: SessionKeyRotationOptions): Promise<boolean> {
  const { membership, keys, configStore, clock, stage, log } = options
  if (!membership.signed) return true
  if (!keys.known) {
    const { sessionKey } = configStore.snapshot()
    if (sessionKey !== null) keys.use(sessionKey)
  }
  if (!membership.isLeader || !keys.rotationDue(clock.now())) return true
  log.debug('Distributing new session key')
  try {
    const key = keys.generate(clock.now())
    await stage.during('writing a new session key to the config topic', () =>
      configStore.putSessionKey(key)
    )
    keys.use(key)
    return true
  } catch (error) {
    log.info(`Failed to write new session key to config topic: ${messageOf(error)}`, { error })
    return false
  }
}
