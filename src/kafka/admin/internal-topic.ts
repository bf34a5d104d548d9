import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ClusterAdmin, TopicLogOptions } from '../contracts.ts'

const mayNotCreate: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_VERSION'
])

/** No word about the topic. */
const authenticationFailed: ReadonlySet<string> = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE'
])

/**
 * A worker reads these topics whole when it starts, and compaction leaves the newest segment of a partition
 * alone: with the brokers' own 1 GiB or 7 days a start would read what a week wrote. The least values that
 * managed clusters accept.
 */
const SMALL_SEGMENTS = [
  ['segment.bytes', '52428800'],
  ['segment.ms', '14400000']
] as const
/** How clusters refuse settings that they do not let their users choose. */
const settingRefused: ReadonlySet<string> = new Set(['INVALID_CONFIG', 'POLICY_VIOLATION'])

type InternalTopic = Pick<
  TopicLogOptions,
  'topic' | 'create' | 'property' | 'purpose' | 'singlePartition'
>

/**
 * Creates a compacted topic, or checks the one that is there. Where creating is not allowed the topic must
 * exist already. Rejects with TOPIC_UNSUITABLE when the existing topic would lose data or has too many
 * partitions.
 */
export async function ensureInternalTopic(
  admin: ClusterAdmin,
  topic: InternalTopic,
  log: Logger
): Promise<void> {
  const created = await createIfMissing(admin, topic, log)
  if (!created) await checkCleanupPolicy(admin, topic, log)
  if (topic.singlePartition) await checkSinglePartition(admin, topic)
}

function kafkaErrorOf(error: unknown): string | null {
  const name = error instanceof ConnectError ? error.facts['kafkaError'] : null
  return typeof name === 'string' ? name : null
}

async function createIfMissing(
  admin: ClusterAdmin,
  { topic, create, property }: InternalTopic,
  log: Logger
): Promise<boolean> {
  const { partitions, replicationFactor } = create
  try {
    if ((await admin.describeTopics([topic])).has(topic)) return false
    return await createCompacted(admin, topic, create)
  } catch (error) {
    const reason = kafkaErrorOf(error)
    if (reason === null || authenticationFailed.has(reason)) throw error
    if (mayNotCreate.has(reason)) {
      log.debug(`Not allowed to create topic ${topic} (${reason}); using it as it is`)
      return false
    }
    throw new ConnectError(
      'TOPIC_UNSUITABLE',
      `Topic '${topic}' supplied via the '${property}' property could not be created with ${partitions} partitions and replication factor ${replicationFactor}: ${reason}`,
      { cause: error, topic }
    )
  }
}

async function createCompacted(
  admin: ClusterAdmin,
  name: string,
  { partitions, replicationFactor, settings }: InternalTopic['create']
): Promise<boolean> {
  const asked = new Map([...settings, ['cleanup.policy', 'compact']])
  try {
    return await admin.createTopic({
      name,
      partitions,
      replicationFactor,
      settings: new Map([...SMALL_SEGMENTS, ...asked])
    })
  } catch (error) {
    if (!settingRefused.has(kafkaErrorOf(error) ?? '')) throw error
    // Ours are a wish; what was asked for is not.
    return admin.createTopic({ name, partitions, replicationFactor, settings: asked })
  }
}

async function checkCleanupPolicy(
  admin: ClusterAdmin,
  { topic, property, purpose }: InternalTopic,
  log: Logger
): Promise<void> {
  const policy = await admin.topicSetting(topic, 'cleanup.policy')
  if (policy === null) {
    log.info(
      `The cleanup policy of topic ${topic} may not be read; it should be compact, or ${purpose} may be lost`
    )
    return
  }
  if (policy === 'compact') return
  throw new ConnectError(
    'TOPIC_UNSUITABLE',
    `Topic '${topic}' supplied via the '${property}' property is required to have 'cleanup.policy=compact' to guarantee consistency and durability of ${purpose}, but found the topic currently has 'cleanup.policy=${policy}'. Continuing would likely result in eventually losing ${purpose} and problems restarting this Connect cluster in the future. Change the '${property}' property in the Connect worker configurations to use a topic with 'cleanup.policy=compact'.`,
    { topic }
  )
}

async function checkSinglePartition(
  admin: ClusterAdmin,
  { topic, property }: InternalTopic
): Promise<void> {
  const partitions = (await admin.describeTopics([topic])).get(topic) ?? 1
  if (partitions <= 1) return
  throw new ConnectError(
    'TOPIC_UNSUITABLE',
    `Topic '${topic}' supplied via the '${property}' property is required to have a single partition in order to guarantee consistency of connector configurations, but found ${partitions} partitions.`,
    { topic }
  )
}
