import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { avroConverterPlugin } from '../../src/converters/avro/avro-converter.ts'
import { jsonConverterPlugin } from '../../src/converters/json/json-converter.ts'
import { Decimal } from '../../src/data/logical-types.ts'
import { Struct } from '../../src/data/struct.ts'
import type { ProducerRecord } from '../../src/kafka/contracts.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Converter } from '../../src/plugin/converter.ts'
import { schema } from '../seven-columns.ts'

export type Format = 'avro' | 'json'
/** Which records: each with an id of its own, a few ids again and again, or one of many that is refused. */
export type Content = 'new' | 'hot' | 'bad'

export const PARTITIONS = 4
const HOT_KEYS = 10_000
/** One record of so many has an amount below 0, which the table refuses. */
const BAD_ONE_IN = 500
/** From here on ids are those of the last record of each partition: when they are there, everything is. */
export const LAST_IDS_FROM = 1_000_000_000

const jsonConverter = jsonConverterPlugin.create(new Map([['schemas.enable', 'true']]), 'value')

const PER_SEND = 5000
const MOST_IN_FLIGHT = 4

export interface FilledTopic {
  readonly topic: string
  readonly records: number
  /** How many rows there are when all is written. */
  readonly rows: number
}

interface Filling {
  readonly bootstrap: string
  /** Base of the Confluent interface, for Avro. */
  readonly registry: string
  readonly format: Format
  readonly content: Content
  readonly records: number
}

/** How a connector reads the records; Avro's converters are the worker's. */
export function converterConfig(format: Format): Record<string, string> {
  return {
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    ...(format === 'json' && {
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'true'
    })
  }
}

/** Makes a topic of four partitions. */
export async function startTopic(topic: string, bootstrap: string): Promise<void> {
  const client = new Map([['bootstrap.servers', bootstrap]])
  const admin = createKafkaClients(systemClock).admin(client, 'bench')
  const settings = new Map<string, string>()
  await admin.createTopic({ name: topic, partitions: PARTITIONS, replicationFactor: 1, settings })
  // A broker with much to do answers before it knows the topic.
  for (let looks = 0; looks < 600 && !(await admin.describeTopics([topic])).has(topic); looks++) {
    await delay(100)
  }
  await admin.close()
}

/** A new record of seven columns, in JSON with its schema. */
export function recordOf(topic: string, id: number): Promise<ProducerRecord> {
  const filling = { format: 'json', content: 'new', records: Infinity } as const
  return bytesOf(jsonConverter, topic, id, filling)
}

/** Makes a topic and fills it with records of seven columns. */
export async function fillTopic(topic: string, filling: Filling): Promise<FilledTopic> {
  const { bootstrap, content, records } = filling
  await startTopic(topic, bootstrap)
  const client = new Map([['bootstrap.servers', bootstrap]])
  const producer = createKafkaClients(systemClock).producer(client, 'bench')
  const converter = converterOf(filling)
  const underWay = new Set<Promise<unknown>>()
  for (let first = 0; first < records + PARTITIONS; first += PER_SEND) {
    if (underWay.size >= MOST_IN_FLIGHT) await Promise.race(underWay)
    const count = Math.min(PER_SEND, records + PARTITIONS - first)
    const values = await Promise.all(
      Array.from({ length: count }, (_, at) => bytesOf(converter, topic, first + at, filling))
    )
    const sending: Promise<unknown> = producer.send(values).finally(() => underWay.delete(sending))
    underWay.add(sending)
  }
  await Promise.all(underWay)
  await producer.close(30_000)
  const bad = content === 'bad' ? Math.floor(records / BAD_ONE_IN) : 0
  const ids = content === 'hot' ? Math.min(records, HOT_KEYS) : records
  return { topic, records: records + PARTITIONS, rows: ids - bad + PARTITIONS }
}

async function bytesOf(
  converter: Converter,
  topic: string,
  index: number,
  { content, records }: Pick<Filling, 'content' | 'records'>
): Promise<ProducerRecord> {
  const id = idOf(index, content, records)
  const value = await converter.fromConnectData(topic, schema, rowOf(id, index, content))
  const partition = index % PARTITIONS
  const key = Buffer.from(String(id))
  return { topic, partition, key, value, timestamp: null, headers: [] }
}

function idOf(index: number, content: Content, records: number): number {
  if (index >= records) return LAST_IDS_FROM + index
  return content === 'hot' ? index % HOT_KEYS : index
}

function rowOf(id: number, index: number, content: Content): Struct {
  const at = 1_700_000_000_000 + index * 977
  const isBad = content === 'bad' && index % BAD_ONE_IN === BAD_ONE_IN - 1
  return new Struct(schema, [
    id,
    `customer-${index % 977}`,
    new Decimal(isBad ? -1n : BigInt(index % 1_000_000), 2),
    index % 3 === 0 ? 'PAID' : 'OPEN',
    at,
    at + 5000,
    `a note of some forty characters, no ${index}`
  ])
}

function converterOf({ format, registry }: Filling): Converter {
  return format === 'avro'
    ? avroConverterPlugin.create(new Map([['schema.registry.url', registry]]), 'value')
    : jsonConverter
}
