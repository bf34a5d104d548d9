import { RE2JS } from 're2js'

/**
 * Matches in time proportional to the text, or null: for what the engine cannot say (lookaround, references,
 * intersections of classes) and for what it reads otherwise. `source` is an expression for JavaScript's `v`
 * flag as the translator of Java's patterns writes it. The answer is right for texts without line ends, where
 * all dialects agree on `.`, `^` and `$`.
 */
export function linearFullMatch(source: string): ((text: string) => boolean) | null {
  const translated = new LinearTranslator(source).translate()
  if (translated === null) return null
  try {
    const regex = RE2JS.compile(`(?:${translated})`)
    return (text) => regex.testExact(text)
  } catch {
    // What the engine does not know it refuses: properties of other names, counts above a thousand.
    return null
  }
}

/** From the `v` flag's syntax to that of RE2. */
class LinearTranslator {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  translate(): string | null {
    let text = ''
    while (this.#at < this.#source.length) {
      const part = this.#part()
      if (part === null) return null
      text += part
    }
    return text
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#source)
    if (match !== null) this.#at += match[0].length
    return match
  }

  #part(): string | null {
    // The beginning and the end of the text, as the translator writes them.
    if (this.#match(/\(\?<!\[\^\]\)/y) !== null) return '\\A'
    if (this.#match(/\(\?!\[\^\]\)/y) !== null) return '\\z'
    if (this.#match(/\(\?(?:[=!]|<[=!])/y) !== null) return null
    const char = this.#source.charAt(this.#at)
    if (char === '\\') return this.#escape()
    if (char === '[') {
      const inner = this.#class()
      return inner === null ? null : `[${inner.negated ? '^' : ''}${inner.text}]`
    }
    this.#at++
    return char
  }

  #escape(): string | null {
    const code = this.#match(/\\u\{([0-9a-f]+)\}/y)
    if (code !== null) return `\\x{${code[1]}}`
    const property = this.#match(/\\([pP])\{(?:Script=|General_Category=)?(\w+)\}/y)
    if (property !== null) return `\\${property[1]}{${property[2]}}`
    return this.#match(/\\(?:[bBtnvfr]|x[0-9a-f]{2}|[^a-zA-Z0-9])/y)?.[0] ?? this.#wideEscape()
  }

  #wideEscape(): string | null {
    const code = this.#match(/\\u([0-9a-f]{4})/y)
    return code === null ? null : `\\x{${code[1]}}`
  }

  /**
   * A class inside another joins it unless it is a complement; a class that is all of another stands for it.
   */
  #class(): { text: string; negated: boolean } | null {
    this.#at++
    const negated = this.#match(/\^/y) !== null
    let text = ''
    let complement = false
    let items = 0
    while (this.#source[this.#at] !== ']') {
      items++
      if (this.#at >= this.#source.length || this.#match(/&&/y) !== null) return null
      if (this.#source[this.#at] === '[') {
        const inner = this.#class()
        if (inner === null) return null
        complement ||= inner.negated
        text += inner.text
      } else {
        const part = this.#source[this.#at] === '\\' ? this.#escape() : this.#match(/[^]/y)?.[0]
        if (part === null || part === undefined) return null
        text += part
      }
    }
    this.#at++
    if (text === '' || (complement && items > 1)) return null
    return { text, negated: negated !== complement }
  }
}
