import { configDef, parseConfig, type ConfigMap } from '../config/config-def.ts'
import { javaFind, javaFullMatch } from '../config/java-regex.ts'
import type { ConnectRecord } from '../data/record.ts'
import { KAFKA_VERSION } from '../plugin/kafka-version.ts'
import type { Transformation, TransformationPlugin } from '../plugin/transformation.ts'
import { JavaReplacement } from './java/java-replacement.ts'
import { PACKAGE } from './record-side.ts'
import { perTopic, regexComplaint } from './topic-match.ts'

const config = configDef({
  regex: {
    type: 'string',
    importance: 'high',
    check: regexComplaint,
    doc: 'Java regular expression; topics it matches as a whole are renamed.'
  },
  replacement: {
    type: 'string',
    importance: 'high',
    doc: 'The new topic. `$1` or `${name}` stands for what a group of the expression matched, a backslash takes the next character as it is.'
  }
})

/** Sends records to another topic, by a regular expression on the topic. */
class RegexRouter implements Transformation {
  #topic: (topic: string) => string = (topic) => topic

  configure(map: ConfigMap): void {
    const { regex, replacement } = parseConfig(config, map)
    const matches = javaFullMatch(regex)
    // Replaced is what the pattern finds first, which may be less than the whole topic it matched.
    const replace = new JavaReplacement(javaFind(regex), replacement)
    this.#topic = perTopic((topic) => (matches(topic) ? replace.first(topic) : topic))
  }

  apply<R extends ConnectRecord>(record: R): R {
    const topic = this.#topic(record.topic)
    return topic === record.topic ? record : { ...record, topic }
  }
}

export const regexRouterPlugin: TransformationPlugin = {
  type: 'transformation',
  className: `${PACKAGE}.RegexRouter`,
  version: KAFKA_VERSION,
  config,
  create: () => new RegexRouter()
}
