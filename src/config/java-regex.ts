import { createContext, Script } from 'node:vm'
import { ConfigError } from '../errors.ts'
import { JavaRegexTranslator } from './java-regex-translator.ts'

/**
 * A pattern of Java as a JavaScript expression that finds the same (`Matcher.find`). Possessive quantifiers, atomic groups, inline
 * flags, quoting, POSIX and Unicode properties and class intersections are understood; groups keep their numbers unless the
 * pattern has possessive or atomic parts. `(?i)` ignores case in every script, as Java's `(?iu)` does. Throws ConfigError, with Java's words where Java refuses the pattern too.
 */
export function javaRegex(pattern: string): RegExp {
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

const MATCH_TIMEOUT_MS = 1000
const test = new Script('regex.test(text)')
let sandbox: { regex: RegExp; text: string } | null = null

/**
 * Whether a text matches a Java pattern as a whole (`Matcher.matches`). I8: a pattern that backtracks without end
 * is given up after a second with a ConfigError.
 */
export function javaFullMatch(pattern: string): (text: string) => boolean {
  const regex = new RegExp(`^(?:${javaRegex(pattern).source})$`, 'v')
  return (text) => {
    sandbox ??= createContext({ regex, text }) as { regex: RegExp; text: string }
    sandbox.regex = regex
    sandbox.text = text
    try {
      return test.runInContext(sandbox, { timeout: MATCH_TIMEOUT_MS }) === true
    } catch (error) {
      throw new ConfigError(
        `The regular expression ${pattern} took longer than ${MATCH_TIMEOUT_MS} ms on '${text}'`,
        { cause: error }
      )
    }
  }
}
