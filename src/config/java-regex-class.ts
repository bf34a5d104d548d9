/**
 * Character classes of Java's regular expressions, as the text JavaScript's `v` flag takes inside brackets.
 */

const SPACE = ' \\t\\n\\v\\f\\r'
const HORIZONTAL = ' \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000'
const VERTICAL = '\\n\\v\\f\\r\\x85\\u2028\\u2029'

/** `\d`, `\s` … : what stands inside the brackets, and whether it is the complement. */
export const escapeClasses: Readonly<Record<string, string>> = {
  d: '[0-9]',
  D: '[^0-9]',
  w: '[a-zA-Z0-9_]',
  W: '[^a-zA-Z0-9_]',
  s: `[${SPACE}]`,
  S: `[^${SPACE}]`,
  h: `[${HORIZONTAL}]`,
  H: `[^${HORIZONTAL}]`,
  v: `[${VERTICAL}]`,
  V: `[^${VERTICAL}]`
}

const PUNCTUATION = '!-\\/:-@\\[-`\\{-~'

const posix: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\x00-\\x7f',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: PUNCTUATION,
  Graph: '!-~',
  Print: ' -~',
  Blank: ' \\t',
  Cntrl: '\\x00-\\x1f\\x7f',
  XDigit: '0-9a-fA-F',
  Space: SPACE
}

const java: Readonly<Record<string, string>> = {
  javaLowerCase: '\\p{Lowercase}',
  javaUpperCase: '\\p{Uppercase}',
  javaLetter: '\\p{L}',
  javaDigit: '\\p{Nd}',
  javaLetterOrDigit: '\\p{L}\\p{Nd}',
  javaAlphabetic: '\\p{Alphabetic}'
}

function understood(property: string): boolean {
  try {
    RegExp(`\\p{${property}}`, 'v')
    return true
  } catch {
    // The one way to ask the engine whether it knows a property; unknown ones are refused by the caller.
    return false
  }
}

/** `\p{name}` or its complement as a bracketed class; null when JavaScript has no such property. */
export function propertyClass(name: string, negated: boolean): string | null {
  const not = negated ? '^' : ''
  const known = posix[name] ?? java[name]
  if (known !== undefined) return `[${not}${known}]`
  const [, key, value] = /^(?:(\w+)=)?(\w+)$/.exec(name) ?? []
  if (value === undefined) return null
  const plain = value.replace(/^Is/i, '')
  const candidates =
    key === undefined
      ? [plain, `Script=${plain}`]
      : /^(?:sc|script)$/i.test(key)
        ? [`Script=${plain}`]
        : /^(?:gc|general_category)$/i.test(key)
          ? [`General_Category=${plain}`]
          : []
  const found = candidates.find(understood)
  return found === undefined ? null : `[${not}\\p{${found}}]`
}
