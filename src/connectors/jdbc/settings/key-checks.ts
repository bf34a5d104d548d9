import { messageOf } from '../../../errors.ts'

/** null when `attempt` succeeds, else what is wrong: the form a check of a configuration key answers. */
export function problemOf(attempt: () => unknown): string | null {
  try {
    attempt()
    return null
  } catch (error) {
    return messageOf(error)
  }
}

/** Words that the JVM connector takes all in lower or all in upper case. */
export function lowerOrUpper(words: readonly string[]): readonly string[] {
  return words.flatMap((text) => [text, text.toUpperCase()])
}

export function word(words: readonly string[]): (value: string | null) => string | null {
  return (value) => (value === null || words.includes(value) ? null : 'Invalid enumerator')
}
