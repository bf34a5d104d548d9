import type { SinkRecord } from '../../../data/record.ts'
import { ConfigError } from '../../../errors.ts'

/**
 * Guards keys of topic, partition and offset. A transformation may give several topics one name, which is the
 * one that such a key has: then two records with the same offset are the same row, and only one of them would
 * be left.
 */
export class MergedTopics {
  /** The topic of Kafka behind each name, by table. */
  readonly #topics = new Map<string, Map<string, string>>()

  /** ConfigError for a record of another topic than those that had its name in this table before. */
  require({ topic, originalTopic }: SinkRecord, table: string): void {
    let ofTable = this.#topics.get(table)
    if (ofTable === undefined) {
      ofTable = new Map()
      this.#topics.set(table, ofTable)
    }
    const before = ofTable.get(topic)
    if (before === originalTopic) return
    if (before !== undefined) {
      throw new ConfigError(
        `Transformations call the topics ${before} and ${originalTopic} both ${topic}: by pk.mode=kafka records of theirs with the same offset would be one row of table ${table}, and one of them would be lost. Let them go to several tables, or take a key that the records have`
      )
    }
    ofTable.set(topic, originalTopic)
  }
}
