import { configDef } from '../config/config-def.ts'
import { JavaReplacement } from './java/java-replacement.ts'
import { transformationPlugin } from './kafka-plugins.ts'
import { perTopic, topicPattern } from './topic-match.ts'

const config = configDef({
  regex: {
    type: 'string',
    importance: 'high',
    read: topicPattern,
    doc: 'Java regular expression; topics it matches as a whole are renamed.'
  },
  replacement: {
    type: 'string',
    importance: 'high',
    doc: 'The new topic. `$1` or `${name}` stands for what a group of the expression matched, a backslash takes the next character as it is.'
  }
})

/** Sends records to another topic, by a regular expression on the topic. */
export const regexRouterPlugin = transformationPlugin(
  'RegexRouter',
  config,
  ({ regex, replacement }) => {
    // Replaced is what the pattern finds first, which may be less than the whole topic it matched.
    const replace = new JavaReplacement(regex.find, replacement)
    const renamed = perTopic((topic) => (regex.matches(topic) ? replace.first(topic) : topic))
    return {
      apply(record) {
        const topic = renamed(record.topic)
        return topic === record.topic ? record : { ...record, topic }
      }
    }
  }
)
