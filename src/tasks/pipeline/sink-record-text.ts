import type { SinkRecord } from '../../data/record.ts'
import type { ConsumedRecord } from '../../kafka/contracts.ts'
import { literalOrWhy } from './record-text.ts'

/** What a plugin calls one of the records it is to write; null when it does not know. */
export type SinkRecordNamer = (record: SinkRecord) => string | null

/** Names a record without showing its value: as its plugin calls it, else by its key; where it stood. */
export function describeSinkRecord(record: SinkRecord, nameOf: SinkRecordNamer): string {
  const { originalTopic, originalKafkaPartition, originalKafkaOffset, key, keySchema } = record
  const name = nameOf(record) ?? (key === null ? null : `key ${literalOrWhy(keySchema, key)}`)
  return `${name === null ? '' : `${name}, `}topic ${originalTopic}, partition ${originalKafkaPartition}, offset ${originalKafkaOffset}`
}

/** Where a record stood, in the words of a JVM worker: for `errors.log.include.messages`. */
export function consumedRecordText(
  record: Pick<ConsumedRecord, 'topic' | 'partition' | 'offset' | 'timestamp' | 'timestampType'>
): string {
  const { topic, partition, offset, timestamp, timestampType } = record
  const time =
    timestampType === 'NoTimestampType'
      ? ''
      : `, timestamp=${timestamp}, timestampType=${timestampType}`
  return `consumed record is {topic='${topic}', partition=${partition}, offset=${offset}${time}}`
}
