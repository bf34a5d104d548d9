import { javaFullMatch, javaRegex } from '../config/java-regex.ts'
import { messageOf } from '../errors.ts'

/** What is wrong with a Java regular expression; null when nothing is. */
export function regexComplaint(pattern: string): string | null {
  try {
    javaRegex(pattern)
    return null
  } catch (error) {
    return `Invalid regex: ${messageOf(error)}`
  }
}

const REMEMBERED = 1000

/** Asks once per topic: matching is guarded against endless patterns and therefore slow. I8: remembers a bounded number. */
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

/** Whether a topic as a whole matches a Java regular expression. Throws ConfigError when the pattern is none. */
export function topicMatch(pattern: string): (topic: string) => boolean {
  return perTopic(javaFullMatch(pattern))
}
