import type { ConfigMap } from '../config/config-def.ts'
import { ConnectError } from '../errors.ts'
import type { ConsumedRecord, KafkaClients } from '../kafka/contracts.ts'
import { topicSubscription } from '../settings/connector/connector-settings.ts'
import { abortable } from '../wait.ts'
import type { ConnectorClientProperties } from './connector-client-properties.ts'
import { SinkTopicsLook } from './offsets/sink-topics-look.ts'

/** Of more topics than these the first ones are shown. */
const MOST_TOPICS = 5

export interface SinkSampling {
  readonly clients: KafkaClients
  readonly clientProperties: ConnectorClientProperties
}

/** Some records of a sink's topics, and what is missing among them. */
interface SinkSample {
  readonly records: readonly ConsumedRecord[]
  readonly problems: readonly string[]
}

/**
 * At most `rows` records of each topic, the first ones or, for a connector that begins with what is written
 * after its start, the last. Throws ConnectError when they cannot be read.
 */
export async function sinkSample(
  { clients, clientProperties }: SinkSampling,
  config: ConfigMap,
  rows: number,
  signal: AbortSignal
): Promise<SinkSample> {
  const late = () => new ConnectError('REQUEST_TIMED_OUT', 'The topics could not be read in time')
  const options = { name: 'preview', clients, clientProperties }
  const found = SinkTopicsLook.with(options, config, signal, async (look) => ({
    there: [...(await look.topics()).keys()],
    from: look.reset === 'latest' ? ('latest' as const) : ('earliest' as const)
  }))
  const { there, from } = await abortable(found, signal, late)
  const topics = there.slice(0, MOST_TOPICS)
  const sampled = clients.sampleRecords(
    clientProperties.consumer(config),
    'connector-preview',
    { topics, records: rows, from },
    signal
  )
  const records = await abortable(sampled, signal, late)
  return { records, problems: missing(config, there, topics, records) }
}

function missing(
  config: ConfigMap,
  there: readonly string[],
  topics: readonly string[],
  records: readonly ConsumedRecord[]
): string[] {
  const subscription = topicSubscription(config)
  const named = subscription.kind === 'topics' ? subscription.topics : []
  const absent = named.filter((topic) => !there.includes(topic))
  const empty = topics.filter((each) => !records.some(({ topic }) => topic === each))
  return [
    ...absent.map((topic) => `Topic ${topic} is not there`),
    ...empty.map((topic) => `Topic ${topic} has no records`),
    ...(topics.length < there.length
      ? [`Of ${there.length} topics only ${topics.join(', ')} are shown`]
      : [])
  ]
}
