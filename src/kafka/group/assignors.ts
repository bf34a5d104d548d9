import { ConnectError } from '../../errors.ts'
import type { TopicPartition } from '../contracts.ts'
import type { Subscription } from './consumer-protocol.ts'

interface Member extends Subscription {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** Shares the partitions of all members out, by the name the members agreed on. */
export function assign(
  protocol: string,
  members: readonly Member[],
  partitions: ReadonlyMap<string, number>
): ReadonlyMap<string, readonly TopicPartition[]> {
  if (protocol === 'range') return range(members, partitions)
  throw new ConnectError('KAFKA_ERROR', `The group agreed on an unknown assignor: ${protocol}`)
}

function range(
  members: readonly Member[],
  partitions: ReadonlyMap<string, number>
): ReadonlyMap<string, readonly TopicPartition[]> {
  const assigned = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]))
  const order = members.toSorted((a, b) =>
    (a.groupInstanceId ?? a.memberId) < (b.groupInstanceId ?? b.memberId) ? -1 : 1
  )
  for (const [topic, count] of partitions) {
    const ofTopic = order.filter(({ topics }) => topics.includes(topic))
    let next = 0
    for (const [index, { memberId }] of ofTopic.entries()) {
      const share = Math.floor(count / ofTopic.length) + (index < count % ofTopic.length ? 1 : 0)
      for (let left = share; left > 0; left--) {
        assigned.get(memberId)?.push({ topic, partition: next++ })
      }
    }
  }
  return assigned
}
