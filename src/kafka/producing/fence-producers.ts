import type { Clock } from '../../clock.ts'
import { clientSettings } from '../client/client-settings.ts'
import type { ClientProperties } from '../contracts.ts'
import { NetworkClient } from '../client/network-client.ts'
import { TransactionCoordinator } from './transaction-coordinator.ts'

/**
 * No transaction follows under this epoch. Every broker takes so short a limit, whatever its
 * `transaction.max.timeout.ms`.
 */
const TRANSACTION_TIMEOUT_MS = 1000

/**
 * Takes a new epoch for each transactional id, as the producers that follow will: what older ones still send
 * is refused.
 */
export async function fenceProducers(
  clock: Clock,
  client: ClientProperties,
  clientId: string,
  transactionalIds: readonly string[],
  timeoutMs: number
): Promise<void> {
  const network = new NetworkClient(clientSettings(client, clock), clientId)
  const limit = new AbortController()
  try {
    await Promise.all(
      transactionalIds.map((id) =>
        new TransactionCoordinator(clock, network, id).nextEpoch(
          TRANSACTION_TIMEOUT_MS,
          null,
          timeoutMs,
          limit.signal
        )
      )
    )
  } finally {
    limit.abort()
    await network.close()
  }
}
