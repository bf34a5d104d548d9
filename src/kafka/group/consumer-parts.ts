import type { Clock } from '../../clock.ts'
import type { Logger } from '../../log.ts'
import {
  type ConsumingSettings,
  consumingSettings
} from '../../settings/clients/consumer-settings.ts'
import { groupReaderSettings } from '../client/client-settings.ts'
import { NetworkClient } from '../client/network-client.ts'
import type { GroupConsumerOptions, GroupMembership, RebalanceReason } from '../contracts.ts'
import { OffsetResets } from '../reading/offset-resets.ts'
import { PartitionFetcher } from '../reading/partition-fetcher.ts'
import { TopicWatch } from '../reading/topic-watch.ts'
import { Troubles } from '../reading/troubles.ts'
import { KafkaGroupMembership } from './group-membership.ts'
import type { HeartbeatThread } from './heartbeat-thread.ts'
import { GroupOffsets } from './group-offsets.ts'
import type { RoundParts } from './consumer-round.ts'
import { SubscriptionWatch } from './subscription-watch.ts'

/** What a consumer is made of. */
export interface ConsumerParts extends RoundParts {
  readonly settings: ConsumingSettings
  readonly membership: GroupMembership
  readonly fetcher: PartitionFetcher
  readonly troubles: Troubles
  readonly log: Logger
  /** Nothing is fetched from here on. Never rejects. */
  endReading(): Promise<void>
  close(): Promise<void>
}

interface ConsumerEvents {
  onRebalance(reason: RebalanceReason): void
  /** Of the cluster; `askedAtMs` (monotonic): it may be older than what is known otherwise. */
  onMetadata(askedAtMs: number): void
}

/** What the consumers of a worker have in common. */
export interface ConsumerSurroundings {
  readonly clock: Clock
  readonly heartbeats: HeartbeatThread
  readonly log: Logger
}

/** Opens no connection yet. Throws ConfigError. */
export function consumerParts(
  { clock, heartbeats, log }: ConsumerSurroundings,
  options: GroupConsumerOptions,
  clientId: string,
  { onRebalance, onMetadata }: ConsumerEvents
): ConsumerParts {
  const { client, bufferBytes } = options
  const reader = groupReaderSettings(client, clock)
  const settings = consumingSettings(client)
  const { groupId } = settings
  const troubles = new Troubles(clock)
  const asking = new NetworkClient(reader, clientId)
  const fetching = new NetworkClient(reader, clientId)
  const watch = new TopicWatch(clock, asking, reader, {
    createTopics: settings.autoCreateTopics,
    troubles,
    onAnswer: onMetadata
  })
  const { reset } = settings
  const { readCommitted, backoff } = reader
  const resets = new OffsetResets({
    clock,
    network: asking,
    watch,
    troubles,
    log,
    reset,
    readCommitted,
    backoff,
    groupId
  })
  const fetcher: PartitionFetcher = new PartitionFetcher({
    clock,
    settings: reader,
    network: fetching,
    watch,
    troubles,
    log,
    bufferBytes,
    failsOutOfRange: options.failsOutOfRange === true,
    onReset: () => resets.begin(fetcher)
  })
  const offsets = new GroupOffsets({
    clock,
    network: asking,
    groupId,
    backoff,
    onTrouble: (text) => {
      if (text === null) troubles.clear(groupId)
      else troubles.note(groupId, text)
    }
  })
  const membership = new KafkaGroupMembership(
    clock,
    {
      groupId,
      protocolType: 'consumer',
      ...(settings.groupInstanceId === null ? {} : { groupInstanceId: settings.groupInstanceId }),
      client,
      clientId,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      rebalanceTimeoutMs: settings.maxPollIntervalMs,
      heartbeatIntervalMs: settings.heartbeatIntervalMs,
      onRebalance
    },
    heartbeats,
    log
  )
  let reading: Promise<void> | null = null
  const endReading = (): Promise<void> => {
    // The loops know that it is over before what they wait for at the connections rejects.
    reading ??= Promise.allSettled([fetcher.close(), fetching.close()]).then(() => undefined)
    return reading
  }
  return {
    clock,
    backoff,
    settings,
    membership,
    watch,
    subscription: new SubscriptionWatch(options.subscription, settings.excludeInternalTopics),
    offsets,
    fetcher,
    troubles,
    log,
    endReading,
    close: async () => {
      const ended = [watch.close(), resets.close(), endReading()]
      await Promise.all([asking.close(), membership.close(), ...ended])
    }
  }
}
