import { ConfigError } from '../errors.ts'
import { BacktrackingPattern } from './backtracking.ts'
import { JavaRegexTranslator } from './java-regex-translator.ts'
import { linearFullMatch } from './linear-regex.ts'

/** Longer patterns than anybody writes would take their time to be read alone. */
const LONGEST_PATTERN = 10_000

/**
 * A pattern of Java as a JavaScript expression that finds the same (`Matcher.find`). Possessive quantifiers,
 * atomic groups, inline flags, quoting, POSIX and Unicode properties and class intersections are understood;
 * groups keep their numbers unless the pattern has possessive or atomic parts. `(?i)` ignores case in every
 * script, as Java's `(?iu)` does. Throws ConfigError, with Java's words where Java refuses the pattern too.
 */
export function javaRegex(pattern: string): RegExp {
  if (pattern.length > LONGEST_PATTERN) {
    throw new ConfigError(
      `A regular expression has at most ${LONGEST_PATTERN} characters, not ${pattern.length}`
    )
  }
  let translator = new JavaRegexTranslator(pattern, false)
  let text = translator.translate()
  if (translator.renumbered) {
    translator = new JavaRegexTranslator(pattern, true)
    text = translator.translate()
  }
  try {
    return new RegExp(text, 'v')
  } catch (error) {
    throw new ConfigError(`The regular expression ${pattern} cannot be used by this worker`, {
      cause: error
    })
  }
}

/** Where dialects differ in what `.`, `^` and `$` mean. */
const LINE_ENDS = /[\n\v\f\r\x85\u2028\u2029]/

/**
 * Whether a text matches a Java pattern as a whole (`Matcher.matches`). I8: in time proportional to the text,
 * unless the pattern needs what only backtracking has (lookaround, references, possessive parts): then for a
 * second at most, and with a ConfigError where that is not enough.
 */
export function javaFullMatch(pattern: string): (text: string) => boolean {
  const { source } = javaRegex(pattern)
  const linear = linearFullMatch(source)
  const backtracking = new BacktrackingPattern(pattern, new RegExp(`^(?:${source})$`, 'v'))
  return (text) =>
    linear === null || LINE_ENDS.test(text) ? backtracking.exec(text) !== null : linear(text)
}

/**
 * What a Java pattern finds first in a text (`Matcher.find`), groups included; within the limits of a
 * backtracking one.
 */
export interface JavaFind {
  /** The expression of {@link javaRegex}. */
  readonly source: string
  exec(text: string): RegExpExecArray | null
}

export function javaFind(pattern: string): JavaFind {
  const regex = javaRegex(pattern)
  const backtracking = new BacktrackingPattern(pattern, regex)
  return { source: regex.source, exec: (text) => backtracking.exec(text) }
}
