import { configDef } from '../config/config-def.ts'
import { predicatePlugin } from './kafka-plugins.ts'
import { perTopic, topicPattern } from './topic-match.ts'

const config = configDef({
  pattern: {
    type: 'string',
    nonEmpty: true,
    importance: 'medium',
    read: topicPattern,
    doc: 'Java regular expression the whole topic has to match.'
  }
})

/** Holds for records whose topic matches a regular expression. */
export const topicNameMatchesPlugin = predicatePlugin('TopicNameMatches', config, ({ pattern }) => {
  const matches = perTopic(pattern.matches)
  return { test: ({ topic }) => matches(topic) }
})
