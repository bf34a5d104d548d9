import { ValueProblem } from '../config/config-value.ts'
import { type JavaFind, javaFind, javaFullMatch } from '../config/java-regex.ts'
import { ConfigError, messageOf } from '../errors.ts'

/** A Java regular expression on topics. */
interface TopicPattern {
  /** Whether a topic as a whole matches. */
  matches(topic: string): boolean
  readonly find: JavaFind
}

/** Reads the value of a key that is a regular expression. Throws ValueProblem when Java would refuse it. */
export function topicPattern(pattern: string): TopicPattern {
  try {
    return { matches: javaFullMatch(pattern), find: javaFind(pattern) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ValueProblem(`Invalid regex: ${messageOf(error)}`, { cause: error })
  }
}

const REMEMBERED = 1000

/**
 * Asks once per topic: matching is guarded against endless patterns and therefore slow. I8: remembers a
 * bounded number.
 */
export function perTopic<T>(ask: (topic: string) => T): (topic: string) => T {
  const known = new Map<string, { readonly answer: T }>()
  return (topic) => {
    let entry = known.get(topic)
    if (entry === undefined) {
      entry = { answer: ask(topic) }
      if (known.size >= REMEMBERED) known.clear()
      known.set(topic, entry)
    }
    return entry.answer
  }
}
