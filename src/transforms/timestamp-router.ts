import { configDef, type Parsed } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import { DataError } from '../errors.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { DateFormat } from './java/date-format.ts'
import { transformationPlugin } from './kafka-plugins.ts'

const config = configDef({
  'topic.format': {
    type: 'string',
    default: '${topic}-${timestamp}',
    importance: 'high',
    doc: 'The new topic; `${topic}` and `${timestamp}` stand for the topic and the timestamp of the record.'
  },
  'timestamp.format': {
    type: 'string',
    default: 'yyyyMMdd',
    importance: 'high',
    doc: 'How the timestamp is written, in UTC, as a pattern of `java.text.SimpleDateFormat`.'
  }
})

/** Sends records to topics named after their timestamps. */
class TimestampRouter implements Transformation {
  readonly #topicFormat: string
  readonly #timestampFormat: DateFormat

  constructor(settings: Parsed<typeof config>) {
    this.#topicFormat = settings['topic.format']
    this.#timestampFormat = new DateFormat(settings['timestamp.format'])
  }

  apply<R extends ConnectRecord>(record: R): R {
    const { timestamp } = record
    if (timestamp === null) {
      throw new DataError(
        `Timestamp missing on record: topic='${record.topic}', kafkaPartition=${record.kafkaPartition}`
      )
    }
    const text = this.#timestampFormat.format(timestamp)
    const topic = this.#topicFormat
      .replaceAll('${topic}', () => record.topic)
      .replaceAll('${timestamp}', () => text)
    return { ...record, topic }
  }
}

export const timestampRouterPlugin = transformationPlugin(
  'TimestampRouter',
  config,
  (settings) => new TimestampRouter(settings)
)
