import { configDef, parseConfig, type ConfigMap } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import { KAFKA_VERSION } from '../plugin/kafka-version.ts'
import type { Predicate, PredicatePlugin } from '../plugin/transformation.ts'
import { PACKAGE } from './record-side.ts'
import { regexComplaint, topicMatch } from './topic-match.ts'

const config = configDef({
  pattern: {
    type: 'string',
    nonEmpty: true,
    importance: 'medium',
    check: regexComplaint,
    doc: 'Java regular expression the whole topic has to match.'
  }
})

/** Holds for records whose topic matches a regular expression. */
class TopicNameMatches implements Predicate {
  #matches: (topic: string) => boolean = () => false

  configure(map: ConfigMap): void {
    this.#matches = topicMatch(parseConfig(config, map).pattern)
  }

  test(record: ConnectRecord): boolean {
    return this.#matches(record.topic)
  }
}

export const topicNameMatchesPlugin: PredicatePlugin = {
  type: 'predicate',
  className: `${PACKAGE}.predicates.TopicNameMatches`,
  version: KAFKA_VERSION,
  config,
  create: () => new TopicNameMatches()
}
