import { jdbcSinkPlugin } from '../../src/connectors/jdbc/sink/sink-plugins.ts'
import type { SinkRecord } from '../../src/data/record.ts'
import { Schema } from '../../src/data/schema.ts'
import { Struct } from '../../src/data/struct.ts'
import type {
  PartitionOrigin,
  Revocation,
  RevocationSignal,
  SinkConnectorPlugin,
  SinkTask,
  TopicPartition,
  TopicPosition
} from '../../src/plugin/sink.ts'
import { recordingLog } from './recording-log.ts'

interface Report {
  readonly record: SinkRecord
  readonly error: unknown
}

interface RunningSink {
  readonly task: SinkTask
  /** As a worker does, until the batch is written: after a pause that the task asked for, and no longer. */
  put(records: readonly SinkRecord[]): Promise<void>
  /** Records that went to a dead letter queue. */
  readonly reports: Report[]
  readonly conditions: (string | null)[]
  readonly pausesMs: number[]
  /** Where the task wanted to read from. */
  readonly sought: TopicPosition[]
  /** What of a `put` that failed was written all the same. */
  readonly written: TopicPartition[]
  readonly logged: readonly string[]
  commits(): number
  /** As a worker that wants these partitions back. */
  revoke(revocation: Revocation): void
  /** As a worker that asks the task to stop, and waits for nothing yet. */
  beginStop(): void
  stop(): Promise<void>
}

/** What a test may change while its sink runs. */
export interface KafkaSaid {
  partitions: PartitionOrigin[]
  isMember?: boolean
  /** Members of the group that are not of this worker's kind. */
  strangers?: string[]
  /** Positions that the group was told to be asked whose they are. */
  readonly confirmed?: TopicPosition[]
}

interface Options {
  readonly plugin?: SinkConnectorPlugin
  /** Default: there is one. */
  readonly hasDeadLetterQueue?: boolean
  /** What Kafka says, where positions are kept in the database; partitions of it are the task's. */
  readonly kafka?: KafkaSaid
  readonly onReport?: (record: SinkRecord) => void | Promise<void>
}

/** Starts the one task of a sink with this configuration. */
export async function startJdbcSink(
  config: Readonly<Record<string, string>>,
  { plugin = jdbcSinkPlugin, hasDeadLetterQueue = true, onReport, kafka }: Options = {}
): Promise<RunningSink> {
  const given = new Map(Object.entries({ name: 'sink', ...config }))
  const { log, lines } = recordingLog()
  const [stopping, revoking] = [new AbortController(), new AbortController()]
  const lost = new AbortController()
  const reports: Report[] = []
  const conditions: (string | null)[] = []
  const pausesMs: number[] = []
  const sought: TopicPosition[] = []
  const written: TopicPartition[] = []
  let commits = 0
  const task = plugin.createTask(given, {
    connector: 'sink',
    task: 0,
    log,
    assignment: () => [],
    pause: () => undefined,
    resume: () => undefined,
    offset: (positions) => void sought.push(...positions),
    origins: () => Promise.resolve({ clusterId: 'cluster-1', partitions: kafka?.partitions ?? [] }),
    confirm: (positions) => {
      kafka?.confirmed?.push(...positions)
      return Promise.resolve(kafka?.isMember !== false)
    },
    strangers: () => Promise.resolve(kafka?.strangers ?? []),
    written: (partitions) => void written.push(...partitions),
    timeout: (ms) => void pausesMs.push(ms),
    requestCommit: () => void (commits += 1),
    errantRecords: hasDeadLetterQueue
      ? {
          async report(record, error) {
            await onReport?.(record)
            reports.push({ record, error })
          }
        }
      : null,
    reportCondition: (condition) => void conditions.push(condition),
    stopping: stopping.signal,
    revoking: revoking.signal as RevocationSignal,
    lost: lost.signal
  })
  try {
    await task.start?.()
    await task.open?.(kafka?.partitions ?? [])
  } catch (error) {
    await task.stop()
    throw error
  }
  return {
    task,
    reports,
    conditions,
    pausesMs,
    sought,
    written,
    logged: lines,
    commits: () => commits,
    put: (records) => task.put(records),
    revoke: (revocation) => {
      revoking.abort(revocation)
      if (revocation.reason !== 'rebalance') lost.abort(revocation)
    },
    beginStop: () => stopping.abort(),
    async stop() {
      stopping.abort()
      await task.stop()
    }
  }
}

interface RecordParts {
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly keySchema?: Schema | null
  readonly key?: unknown
  readonly valueSchema?: Schema | null
  readonly value?: unknown
  readonly headers?: SinkRecord['headers']
}

let offsets = 0

/** A record; its offset is the next one, whatever its partition. */
export function sinkRecord({
  topic = 'orders',
  partition = 0,
  offset = offsets++,
  keySchema = null,
  key = null,
  valueSchema = null,
  value = null,
  headers = []
}: RecordParts): SinkRecord {
  return {
    topic,
    kafkaPartition: partition,
    keySchema,
    key,
    valueSchema,
    value,
    timestamp: 1_700_000_000_000,
    headers,
    kafkaOffset: BigInt(offset),
    timestampType: 'CreateTime',
    originalTopic: topic,
    originalKafkaPartition: partition,
    originalKafkaOffset: BigInt(offset),
    originalBytes: null
  }
}

/** A struct of these values; absent ones are null. */
export function struct(schema: Schema, values: Readonly<Record<string, unknown>>): Struct {
  return new Struct(
    schema,
    schema.fields.map(({ name }) => values[name] ?? null)
  )
}

/** Records of the topic `orders`, as tests of sinks write them. */
export const KEY = Schema.struct([{ name: 'id', schema: Schema.INT32 }])
const ORDER_FIELDS = [
  { name: 'id', schema: Schema.INT32 },
  { name: 'name', schema: Schema.OPTIONAL_STRING },
  { name: 'price', schema: Schema.OPTIONAL_FLOAT64 }
]
export const ORDER = Schema.struct(ORDER_FIELDS)

export function order(id: number, values: Readonly<Record<string, unknown>> = {}): SinkRecord {
  return sinkRecord({
    keySchema: KEY,
    key: struct(KEY, { id }),
    valueSchema: ORDER,
    value: struct(ORDER, { id, ...values })
  })
}

export function deletion(id: number): SinkRecord {
  return sinkRecord({ keySchema: KEY, key: struct(KEY, { id }) })
}

const OLD_ORDER = Schema.struct(ORDER_FIELDS, { optional: true })
const SOURCE = Schema.struct([{ name: 'table', schema: Schema.STRING }])
const ENVELOPE = Schema.struct(
  [
    { name: 'before', schema: OLD_ORDER },
    { name: 'after', schema: OLD_ORDER },
    { name: 'source', schema: SOURCE },
    { name: 'op', schema: Schema.STRING }
  ],
  { name: 'shop.orders.Envelope' }
)

type Row = Readonly<Record<string, unknown>>

/** As Debezium sends changes of orders. */
export function envelope(
  op: string,
  before: Row | null,
  after: Row | null,
  source: Row
): SinkRecord {
  const row = (values: Row | null): unknown => (values === null ? null : struct(OLD_ORDER, values))
  return sinkRecord({
    keySchema: KEY,
    key: struct(KEY, { id: (after ?? before)?.['id'] ?? 0 }),
    valueSchema: ENVELOPE,
    value: struct(ENVELOPE, {
      before: row(before),
      after: row(after),
      source: struct(SOURCE, source),
      op
    })
  })
}

/** Puts the batches, and answers the task that did, which has ended. */
export async function putBatches(
  config: Readonly<Record<string, string>>,
  batches: readonly (readonly SinkRecord[])[]
): ReturnType<typeof startJdbcSink> {
  const sink = await startJdbcSink(config)
  try {
    for (const [index, batch] of batches.entries()) {
      const putting = sink.put(batch)
      // As a worker does, which may have the next batch by then, or not.
      const next = batches[index + 1]
      if (next !== undefined) sink.task.prepare?.(next)
      await putting
    }
  } finally {
    await sink.stop()
  }
  return sink
}
