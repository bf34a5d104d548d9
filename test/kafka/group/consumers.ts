import type { TestContext } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import type {
  ConsumedRecord,
  GroupConsumer,
  GroupConsumerOptions,
  TopicPartition
} from '../../../src/kafka/contracts.ts'
import { KafkaGroupConsumer } from '../../../src/kafka/group/group-consumer.ts'
import { HeartbeatThread } from '../../../src/kafka/group/heartbeat-thread.ts'
import { uniqueName } from '../../support/environment.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { clientProperties } from '../support.ts'

const LIMITS = { records: 10_000, bytes: 10_000_000 }

export interface TestConsumer {
  readonly consumer: GroupConsumer
  readonly records: ConsumedRecord[]
  /** What it was told, in order: `assigned a-0,a-1`. */
  readonly told: string[]
  readonly lines: readonly string[]
  readonly values: () => string[]
  /** One poll; what came is added to `records`. */
  poll(timeoutMs?: number): Promise<readonly ConsumedRecord[]>
  /** Polls until it is stopped, or closed. */
  follow(): () => Promise<void>
}

export const names = (partitions: readonly TopicPartition[]): string =>
  partitions
    .map(({ topic, partition }) => `${topic}-${partition}`)
    .sort()
    .join()

/** A consumer that notes what it gets and is told. Closed when the test ends. */
export function startConsumer(
  t: TestContext,
  groupId: string,
  topics: readonly string[] | ((topic: string) => boolean),
  settings: Record<string, string> = {},
  options: Partial<GroupConsumerOptions> = {}
): TestConsumer {
  const records: ConsumedRecord[] = []
  const told: string[] = []
  const { log, lines } = recordingLog()
  const consumer = new KafkaGroupConsumer(
    { clock: systemClock, heartbeats: new HeartbeatThread(systemClock), log },
    {
      client: clientProperties({
        'group.id': groupId,
        'auto.offset.reset': 'earliest',
        'isolation.level': 'read_committed',
        'heartbeat.interval.ms': '100',
        ...settings
      }),
      clientId: 'unused',
      subscription:
        typeof topics === 'function'
          ? { kind: 'pattern', text: 'a pattern', matches: topics }
          : { kind: 'topics', topics },
      bufferBytes: 8_000_000,
      onAssigned: async (partitions) => void told.push(`assigned ${names(partitions)}`),
      onRevoked: async (partitions) => void told.push(`revoked ${names(partitions)}`),
      onLost: async (partitions) => void told.push(`lost ${names(partitions)}`),
      onRevoking: (reason) => void told.push(`revoking ${reason}`),
      ...options
    },
    uniqueName('consumer')
  )
  const poll = async (timeoutMs = 500): Promise<readonly ConsumedRecord[]> => {
    const polled = await consumer.poll(LIMITS, timeoutMs)
    records.push(...polled)
    return polled
  }
  t.after(() => consumer.close('the test ends', 5000))
  return {
    consumer,
    records,
    told,
    lines,
    values: () => records.map(({ value }) => String(value)),
    poll,
    follow: () => {
      let isFollowing = true
      const following = (async () => {
        while (isFollowing) await poll()
      })()
      return async () => {
        isFollowing = false
        consumer.wakeup()
        await following
      }
    }
  }
}
