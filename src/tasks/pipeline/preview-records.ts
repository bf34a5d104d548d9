import type { ConfigMap } from '../../config/config-def.ts'
import type { SourceRecord } from '../../data/record.ts'
import type { Schema } from '../../data/schema.ts'
import { topicNameProblem } from '../../data/topic-name.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import type { Converter, DryRun } from '../../plugin/converter.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { closeConversion, taskConverters } from './converters.ts'
import { readableBytes, readableSchema, readableValue } from './readable.ts'
import type { Converters, NamedConverter } from './converters.ts'
import type { Stage } from './retry-with-tolerance.ts'
import { type TransformationChain, transformationChain } from './transformation-chain.ts'

/** A record as it would be in Kafka, as REST shows it. */
export type PreviewedRecord = Readonly<Record<string, unknown>>

type Bytes = ReturnType<typeof readableBytes>

interface Converted {
  readonly bytes: Bytes
  readonly registers: DryRun['registers']
}

/** What writes the records, in Kafka Connect's words. */
const WRITER = 'org.apache.kafka.connect.runtime.WorkerSourceTask'

/** Thrown to where a record's fate is known. */
class StageFailure extends Error {
  readonly stage: Stage
  readonly executing: string

  constructor(stage: Stage, executing: string, cause: unknown) {
    super(messageOf(cause), { cause })
    this.stage = stage
    this.executing = executing
  }
}

/**
 * What the transformations and converters of a connector would make of these records. Nothing is sent, and no schema is registered. Throws
 * ConfigError when they cannot be made; what fails for one record is told with it.
 */
export async function previewRecords(
  records: readonly SourceRecord[],
  parts: { connector: ConfigMap; worker: ConfigMap; plugins: Plugins; signal: AbortSignal }
): Promise<PreviewedRecord[]> {
  const { connector, worker, plugins, signal } = parts
  const chain = transformationChain(connector, plugins)
  const converters = taskConverters(connector, worker, plugins)
  const tolerant = connector.get('errors.tolerance')?.trim().toLowerCase() === 'all'
  try {
    const shown: PreviewedRecord[] = []
    for (const record of records) {
      if (signal.aborted) break
      shown.push(await previewed(record, chain, converters, tolerant))
    }
    return shown
  } finally {
    await closeConversion(chain, converters)
  }
}

async function previewed(
  original: SourceRecord,
  chain: TransformationChain,
  converters: Converters,
  tolerant: boolean
): Promise<PreviewedRecord> {
  let record = original
  const fate = (outcome: string, more: Readonly<Record<string, unknown>>): PreviewedRecord => ({
    outcome,
    ...connectView(record),
    ...more,
    source_partition: original.sourcePartition,
    source_offset: original.sourceOffset
  })
  try {
    for (let index = 0; index < chain.length; index++) {
      const input = record
      const executing = chain.className(index)
      const output = await at('TRANSFORMATION', executing, () => chain.applyOne(index, input))
      if (output === null) return fate('dropped', { dropped_by: executing })
      record = output
    }
    const view = await kafkaView(record, converters)
    await at('KAFKA_PRODUCE', WRITER, () => checkTopicName(record.topic))
    return fate('sent', view)
  } catch (error) {
    if (!(error instanceof StageFailure)) throw error
    const { stage, executing, message } = error
    return fate(tolerant ? 'left out' : 'fails the task', {
      error: { stage, class: executing, message }
    })
  }
}

function checkTopicName(topic: string): void {
  const problem = topicNameProblem(topic)
  if (problem !== null) throw new ConnectError('KAFKA_ERROR', problem)
}

async function at<T>(stage: Stage, executing: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new StageFailure(stage, executing, error)
  }
}

function connectView(record: SourceRecord): Readonly<Record<string, unknown>> {
  const { topic, kafkaPartition, timestamp, keySchema, key, valueSchema, value, headers } = record
  return {
    topic,
    partition: kafkaPartition,
    timestamp,
    key: readableValue(keySchema, key),
    value: readableValue(valueSchema, value),
    headers: headers.map((header) => ({
      key: header.key,
      value: readableValue(header.schema, header.value),
      schema: readableSchema(header.schema)
    })),
    schema: { key: readableSchema(keySchema), value: readableSchema(valueSchema) }
  }
}

async function kafkaView(
  record: SourceRecord,
  { key, value, header }: Converters
): Promise<Readonly<Record<string, unknown>>> {
  const { topic } = record
  const headers = await at('HEADER_CONVERTER', header.className, () =>
    record.headers.map((each) => ({
      key: each.key,
      value: readableBytes(
        header.converter.fromConnectHeader(topic, each.key, each.schema, each.value)
      )
    }))
  )
  const keyBytes = await at('KEY_CONVERTER', key.className, () =>
    convert(key, record, record.keySchema, record.key)
  )
  const valueBytes = await at('VALUE_CONVERTER', value.className, () =>
    convert(value, record, record.valueSchema, record.value)
  )
  return {
    kafka: { key: keyBytes.bytes, value: valueBytes.bytes, headers },
    registers: { key: keyBytes.registers, value: valueBytes.registers }
  }
}

async function convert(
  { converter }: NamedConverter<Converter>,
  { topic, headers }: SourceRecord,
  schema: Schema | null,
  value: unknown
): Promise<Converted> {
  if (converter.dryRun !== undefined) {
    const { bytes, registers } = await converter.dryRun(topic, schema, value)
    return { bytes: readableBytes(bytes), registers }
  }
  const bytes = await converter.fromConnectData(topic, schema, value, headers)
  return { bytes: readableBytes(bytes), registers: null }
}
