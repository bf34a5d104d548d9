import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { AssignorName, ConsumingSettings } from '../../settings/clients/consumer-settings.ts'
import { type BackoffSettings, retrying } from '../../wait.ts'
import { isRetriableBrokerError } from '../client/broker-errors.ts'
import type { TopicMetadata } from '../client/network-client.ts'
import { partitionKey } from '../client/partition-key.ts'
import type { ConsumerPosition, GroupMembership, GroupRound, TopicPartition } from '../contracts.ts'
import type { TopicWatch } from '../reading/topic-watch.ts'
import type { Assignor, HeldAssignment } from './assignors/assignor.ts'
import { assignors } from './assignors/assignors.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription
} from './consumer-protocol.ts'
import type { GroupOffsets } from './group-offsets.ts'
import { marked } from './member-mark.ts'
import type { SubscriptionWatch } from './subscription-watch.ts'

export interface RoundParts {
  readonly clock: Clock
  readonly backoff: BackoffSettings
  readonly settings: ConsumingSettings
  readonly membership: GroupMembership
  readonly watch: TopicWatch
  readonly subscription: SubscriptionWatch
  readonly offsets: GroupOffsets
}

/** What the member holds when it joins, and since which round; null: it is no member yet. */
export type Held = { readonly round: GroupRound; readonly partitions: readonly TopicPartition[] }

export interface CompletedRound {
  readonly round: GroupRound
  readonly partitions: readonly TopicPartition[]
  /** Of partitions the member did not hold before, by `partitionKey`, where something is committed. */
  readonly committed: ReadonlyMap<string, ConsumerPosition>
}

/** What a member brings to a join. */
interface Joining {
  /** Which it knows, the one it likes best first. */
  readonly names: readonly AssignorName[]
  /** null: nothing. */
  readonly held: Held | null
  /** What it got in its last round, held or not any more; null: none yet. */
  readonly last: HeldAssignment | null
}

/**
 * Joins the group: tells what it subscribes to and holds, shares the partitions of all members out when it is
 * made the leader, and reads where it is to go on with what it is given.
 */
export async function joinRound(
  parts: RoundParts,
  { names, held, last }: Joining,
  signal: AbortSignal
): Promise<CompletedRound> {
  const { settings, membership, subscription, offsets } = parts
  const topics = subscription.join(await askFor(parts, subscription.wanted, signal))
  const metadata = (name: AssignorName): Uint8Array =>
    encodeSubscription({
      topics,
      userData: marked(assignors[name].userData(last)),
      ownedPartitions: held?.partitions ?? [],
      generation: held?.round.generation ?? null,
      rack: settings.rack === '' ? null : settings.rack
    })
  const round = await membership.join(
    names.map((name) => ({ name, metadata: metadata(name) })),
    ({ protocol, members, assignmentStands }) =>
      assignmentStands ? Promise.resolve(new Map()) : shareOut(parts, protocol, members, signal),
    signal
  )
  const { partitions } = decodeAssignment(round.assignment)
  const stillHeld = held?.round.memberId === round.memberId ? held.partitions : []
  const keys = new Set(stillHeld.map(({ topic, partition }) => partitionKey(topic, partition)))
  const added = partitions.filter(
    ({ topic, partition }) => !keys.has(partitionKey(topic, partition))
  )
  return { round, partitions, committed: await offsets.committed(added, signal) }
}

/** The assignment of each member, in bytes. */
async function shareOut(
  parts: RoundParts,
  protocol: string,
  members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly metadata: Uint8Array
  }[],
  signal: AbortSignal
): Promise<ReadonlyMap<string, Uint8Array>> {
  const subscriptions = members.map(({ metadata, ...member }) => ({
    ...member,
    ...decodeSubscription(metadata)
  }))
  const names = new Set(subscriptions.flatMap(({ topics }) => topics))
  const topics = await askFor(parts, [...names], signal)
  parts.subscription.lead(topics)
  const racks = [...topics.values()].map(
    ({ name, error, partitions }) =>
      [name, error === 'NONE' ? partitions.map((each) => each.racks) : []] as const
  )
  const assigned = assignorOf(protocol).assign(subscriptions, new Map(racks))
  return new Map(
    [...assigned].map(([memberId, of]) => [
      memberId,
      encodeAssignment({ partitions: of, userData: null })
    ])
  )
}

function assignorOf(protocol: string): Assignor {
  const found = Object.entries(assignors).find(([name]) => name === protocol)
  if (found !== undefined) return found[1]
  throw new ConnectError('KAFKA_ERROR', `The group agreed on an unknown assignor: ${protocol}`)
}

function askFor(
  { clock, backoff, watch }: RoundParts,
  names: readonly string[] | null,
  signal: AbortSignal
): Promise<ReadonlyMap<string, TopicMetadata>> {
  const policy = { backoff, isPassing: isRetriableBrokerError }
  return retrying(clock, policy, () => watch.ask(names), signal)
}
