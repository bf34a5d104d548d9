import { deleteGroupsV0, deleteGroupsV1, deleteGroupsV2, offsetDeleteV0 } from '@platformatic/kafka'
import type { BrokerAddress } from '../../settings/clients/client-settings.ts'
import { errorName } from '../client/broker-errors.ts'
import type { NetworkClient } from '../client/network-client.ts'
import type { TopicPartition } from '../contracts.ts'
import type { PartitionOutcome } from './offset-requests.ts'

const offsetDeleteApi = [offsetDeleteV0.api]
const deleteGroupsApi = [deleteGroupsV0.api, deleteGroupsV1.api, deleteGroupsV2.api]

interface DeletedOffsets {
  /** `NONE` or Kafka's name of what is wrong with the group as a whole. */
  readonly error: string
  readonly partitions: readonly PartitionOutcome[]
}

/** One request to the group's coordinator. */
export async function deleteOffsets(
  network: NetworkClient,
  coordinator: BrokerAddress,
  groupId: string,
  partitions: readonly TopicPartition[]
): Promise<DeletedOffsets> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, of]) => ({
    name,
    partitions: of.map(({ partition }) => ({ partitionIndex: partition }))
  }))
  const response = await network.callForResponse(coordinator, offsetDeleteApi, groupId, topics)
  return {
    error: errorName(response.errorCode),
    partitions: response.topics.flatMap(({ name, partitions: of }) =>
      of.map(({ partitionIndex, errorCode }) => ({
        topic: name,
        partition: partitionIndex,
        error: errorName(errorCode)
      }))
    )
  }
}

/** One request to the group's coordinator; answers `NONE` or Kafka's name of the error. */
export async function deleteGroup(
  network: NetworkClient,
  coordinator: BrokerAddress,
  groupId: string
): Promise<string> {
  const { results } = await network.callForResponse(coordinator, deleteGroupsApi, [groupId])
  return errorName(results[0]?.errorCode ?? 0)
}
