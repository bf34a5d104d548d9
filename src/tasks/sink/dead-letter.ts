import type { RecordBytes } from '../../data/record.ts'
import {
  asError,
  ConfigError,
  ConnectError,
  DataError,
  isRetriable,
  NotFoundError,
  traceOf
} from '../../errors.ts'
import type { ConsumedRecord, ProducerRecord } from '../../kafka/contracts.ts'
import { shown } from '../../secrets/redact.ts'
import type { TaskId } from '../../storage/task-id.ts'
import type { RecordFailure } from '../pipeline/sink-passage.ts'

/** A record as it stood in Kafka, or, of one that a plugin made, as the plugin says it does. */
export type FailedRecord = RecordBytes &
  Pick<ConsumedRecord, 'topic' | 'partition' | 'timestamp'> & {
    readonly offset: number | bigint
  }

/** What a letter says of the failure of its record. */
interface FailureContext {
  readonly task: TaskId
  readonly failure: RecordFailure
  /** `errors.deadletterqueue.context.more` */
  readonly hasMore: boolean
}

/**
 * What a dead letter queue gets of a record: its bytes, headers and timestamp, and behind its own headers
 * those that say what went wrong. A record that fails a second time has two sets of them, as in a JVM worker.
 */
export function deadLetter(
  topic: string,
  record: FailedRecord,
  context: FailureContext | null
): ProducerRecord {
  const own = record.headers.map(({ key, value }) => [key, value] as const)
  return {
    topic,
    // Where it goes is the partitioner's business.
    partition: null,
    key: record.key,
    value: record.value,
    timestamp: record.timestamp,
    headers: context === null ? own : [...own, ...contextHeaders(record, context)]
  }
}

function contextHeaders(
  { topic, partition, offset }: FailedRecord,
  { task, failure, hasMore }: FailureContext
): (readonly [string, Uint8Array])[] {
  const error = asError(failure.error)
  const texts = {
    topic,
    partition,
    offset,
    'connector.name': task.connector,
    'task.id': task.task,
    stage: failure.stage.name,
    'class.name': failure.stage.className,
    'exception.class.name': javaClassOf(error),
    'exception.message': shown(error.message),
    'exception.stacktrace': traceOf(error),
    ...(hasMore ? databaseFacts(error) : {})
  }
  return Object.entries(texts).map(([name, value]) => [
    `__connect.errors.${name}`,
    Buffer.from(String(value))
  ])
}

/** Names that an error, or one that led to it, has among its facts; never a value (I7). */
function databaseFacts(error: Error): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  const names = { 'sql.state': 'code', table: 'table', column: 'column' }
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const facts = at instanceof ConnectError ? at.facts : {}
    for (const [header, fact] of Object.entries(names)) {
      const value = facts[fact]
      if (typeof value === 'string' || typeof value === 'number') found[header] ??= String(value)
    }
  }
  return found
}

/** What a JVM worker throws in the place of an error: tools tell letters apart by it. */
function javaClassOf(error: Error): string {
  const connect = 'org.apache.kafka.connect.errors'
  if (error instanceof DataError) return `${connect}.DataException`
  if (error instanceof ConfigError) return 'org.apache.kafka.common.config.ConfigException'
  if (error instanceof NotFoundError) return `${connect}.NotFoundException`
  if (isRetriable(error)) return `${connect}.RetriableException`
  return error instanceof ConnectError ? `${connect}.ConnectException` : error.name
}
