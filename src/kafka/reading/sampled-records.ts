import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import { abortable } from '../../wait.ts'
import { brokerError } from '../client/broker-errors.ts'
import { addresses, type ReaderSettings, readerSettings } from '../client/client-settings.ts'
import { type BrokerNode, NetworkClient } from '../client/network-client.ts'
import type {
  ClientProperties,
  ConsumedRecord,
  RecordSample,
  TopicPartition
} from '../contracts.ts'
import { fetchRecords } from './fetch-request.ts'
import { FetchedRecords } from './fetched-records.ts'
import { listOffsets } from './list-offsets.ts'

/** One fetch of one partition brings so much at most, but at least one batch. */
const FETCH_BYTES = 1_048_576

/** Records of a partition from `from` on that lie before `end`. */
interface Stretch extends TopicPartition {
  readonly leader: BrokerNode
  readonly from: number
  readonly end: number
}

/** See KafkaClients. */
export async function sampleRecords(
  clock: Clock,
  client: ClientProperties,
  clientId: string,
  sample: RecordSample,
  signal: AbortSignal
): Promise<readonly ConsumedRecord[]> {
  const settings = readerSettings(client, clock)
  const network = new NetworkClient(settings, clientId)
  const doing = `read topics ${sample.topics.join(', ')}`
  try {
    return await abortable(new Sampling(settings, network, sample).records(), signal)
  } catch (error) {
    signal.throwIfAborted()
    throw brokerError(error, `Failed to ${doing} at ${addresses(settings)}`)
  } finally {
    await network.close()
  }
}

class Sampling {
  readonly #settings: ReaderSettings
  readonly #network: NetworkClient
  readonly #sample: RecordSample

  constructor(settings: ReaderSettings, network: NetworkClient, sample: RecordSample) {
    this.#settings = settings
    this.#network = network
    this.#sample = sample
  }

  async records(): Promise<ConsumedRecord[]> {
    const all: ConsumedRecord[] = []
    for (const topic of this.#sample.topics) all.push(...(await this.#recordsOf(topic)))
    return all
  }

  /** About as many of each partition that has any, in the order of their offsets. */
  async #recordsOf(topic: string): Promise<ConsumedRecord[]> {
    const { records: most, from } = this.#sample
    const stretches = await this.#stretches(topic)
    const each = Math.ceil(most / Math.max(1, stretches.length))
    const records: ConsumedRecord[] = []
    for (const stretch of stretches) {
      const start = from === 'earliest' ? stretch.from : Math.max(stretch.from, stretch.end - each)
      records.push(...(await this.#read({ ...stretch, from: start }, each)))
      if (records.length >= most) return records.slice(0, most)
    }
    return records
  }

  async #stretches(topic: string): Promise<Stretch[]> {
    const partitions = await this.#led(topic)
    const byLeader = Map.groupBy(partitions, ({ leader }) => leader)
    const stretches: Stretch[] = []
    for (const [leader, led] of byLeader) {
      const first = await this.#offsets(leader, led, 'earliest')
      const end = await this.#offsets(leader, led, 'latest')
      for (const { partition } of led) {
        const stretch = { from: first.get(partition) ?? 0, end: end.get(partition) ?? 0 }
        if (stretch.from < stretch.end) stretches.push({ topic, partition, leader, ...stretch })
      }
    }
    return stretches.sort((a, b) => a.partition - b.partition)
  }

  async #led(topic: string): Promise<(TopicPartition & { readonly leader: BrokerNode })[]> {
    const found = (await this.#network.topics([topic])).get(topic)
    if (found === undefined || found.error !== 'NONE') {
      throw refused({ topic }, found?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION')
    }
    return found.partitions.map(({ partition, leader }) => {
      if (leader === null) throw refused({ topic, partition }, 'LEADER_NOT_AVAILABLE')
      return { topic, partition, leader }
    })
  }

  async #offsets(
    leader: BrokerNode,
    partitions: readonly TopicPartition[],
    at: 'earliest' | 'latest'
  ): Promise<ReadonlyMap<number, number>> {
    const { readCommitted } = this.#settings
    const offsets = new Map<number, number>()
    for (const each of await listOffsets(this.#network, leader, partitions, at, readCommitted)) {
      if (each.error !== 'NONE') throw refused(each, each.error)
      offsets.set(each.partition, each.offset ?? 0)
    }
    return offsets
  }

  async #read({ topic, partition, leader, from, end }: Stretch, most: number) {
    const { fetch, readCommitted, checkCrcs } = this.#settings
    const bytes = { minBytes: 1, maxBytes: FETCH_BYTES, maxPartitionBytes: FETCH_BYTES }
    const records: ConsumedRecord[] = []
    for (let offset = from; offset < end && records.length < most; ) {
      const position = { topic, partition, offset, leaderEpoch: -1, lastEpoch: -1 }
      const limits = { ...bytes, maxWaitMs: fetch.maxWaitMs, readCommitted }
      const [answer] = await fetchRecords(this.#network, leader, [position], limits)
      if (answer === undefined) break
      if (answer.error !== 'NONE') throw refused(answer, answer.error)
      const fetched = new FetchedRecords(answer, offset, checkCrcs)
      while (records.length < most && (await fetched.prepare())) {
        fetched.take(most - records.length, FETCH_BYTES, records)
      }
      // Nothing that may be read lies behind it: an open transaction, or the end has moved.
      if (fetched.position === offset) break
      offset = fetched.position
    }
    return records
  }
}

function refused(
  of: { readonly topic: string; readonly partition?: number },
  error: string
): Error {
  const what =
    of.partition === undefined ? `Topic ${of.topic}` : `Partition ${of.topic}-${of.partition}`
  return new ConnectError('KAFKA_ERROR', `${what}: ${error}`, { ...of, kafkaError: error })
}
