import {
  consumerGroupDescribeV0,
  describeGroupsV0,
  describeGroupsV1,
  describeGroupsV2,
  describeGroupsV3,
  describeGroupsV4,
  describeGroupsV5
} from '@platformatic/kafka'
import type { BrokerAddress } from '../../settings/clients/client-settings.ts'
import { errorName } from '../client/broker-errors.ts'
import type { NetworkClient } from '../client/network-client.ts'
import type { GroupClient } from '../contracts.ts'
import { isMarked } from './member-mark.ts'

/** Before version 3 brokers were not asked for rights, and nobody here wants to know them. */
const describeGroupsApi = [
  describeGroupsV0.api,
  describeGroupsV1.api,
  describeGroupsV2.api,
  describeGroupsV3.api,
  describeGroupsV4.api,
  describeGroupsV5.api
]
const consumerGroupDescribeApi = [consumerGroupDescribeV0.api]
const CONSUMER = 'consumer'
/** So brokers call a group they do not know as one of the kind that was asked for. */
const NOT_THERE: ReadonlySet<string> = new Set(['Dead', 'GROUP_ID_NOT_FOUND'])

interface DescribedMembers {
  /** `NONE` or Kafka's name of what is wrong with the group. */
  readonly error: string
  readonly members: readonly GroupClient[]
}

/**
 * Asks the group's coordinator who its members are, whichever of Kafka's two protocols they speak; none when
 * there is no such group.
 */
export async function describeMembers(
  network: NetworkClient,
  coordinator: BrokerAddress,
  groupId: string
): Promise<DescribedMembers> {
  const { groups } = await network.callForResponse(coordinator, describeGroupsApi, [groupId], false)
  const [group] = groups
  if (group === undefined) return { error: 'NONE', members: [] }
  const error = errorName(group.errorCode)
  if (NOT_THERE.has(error) || NOT_THERE.has(group.groupState)) {
    return newProtocolMembers(network, coordinator, groupId)
  }
  return {
    error,
    members: group.members.map((member) =>
      clientOf(member, group.protocolType === CONSUMER ? isMarked(member.memberMetadata) : null)
    )
  }
}

/**
 * A group of the newer protocol (KIP-848) is unknown to who asks for the older kind. Somebody in it speaks
 * that protocol, which nobody does here, and user data is not shown.
 */
async function newProtocolMembers(
  network: NetworkClient,
  coordinator: BrokerAddress,
  groupId: string
): Promise<DescribedMembers> {
  const { supported } = await network.connect(coordinator)
  if (!supported.has(consumerGroupDescribeV0.api.key)) return { error: 'NONE', members: [] }
  const { groups } = await network.callForResponse(
    coordinator,
    consumerGroupDescribeApi,
    [groupId],
    false
  )
  const [group] = groups
  const error = errorName(group?.errorCode ?? 0)
  if (group === undefined || NOT_THERE.has(error)) return { error: 'NONE', members: [] }
  return { error, members: group.members.map((each) => clientOf(each, null)) }
}

function clientOf(
  { clientId, clientHost }: { clientId: string; clientHost: string },
  isOurs: boolean | null
): GroupClient {
  // Kafka writes the address as Java prints one.
  return { name: `${clientId} at ${clientHost.replace(/^\//, '')}`, isOurs }
}
