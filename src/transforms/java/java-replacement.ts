import type { JavaFind } from '../../config/java-regex.ts'
import { DataError } from '../../errors.ts'

/**
 * Capture groups of a translated pattern, in their order: plain or named. Parentheses meant literally are
 * written as escapes there.
 */
const GROUPS = /\((?!\?)|\(\?<([a-zA-Z]\w*)>/g

/** Replaces what a pattern finds first, as Java's `Matcher.replaceFirst`. */
export class JavaReplacement {
  readonly #regex: JavaFind
  readonly #replacement: string
  /** Group number in Java → number in the translated pattern, which has groups of its own. */
  readonly #numbers: readonly number[]

  constructor(regex: JavaFind, replacement: string) {
    this.#regex = regex
    this.#replacement = replacement
    const names = [...regex.source.matchAll(GROUPS)].map((match) => match[1] ?? '')
    this.#numbers = [
      0,
      ...names.flatMap((name, index) => (/^hidden\d+$/.test(name) ? [] : [index + 1]))
    ]
  }

  /**
   * The text with the first match replaced. Throws DataError when the replacement refers to a group that is
   * not there.
   */
  first(text: string): string {
    const match = this.#regex.exec(text)
    if (match === null) return text
    return (
      text.slice(0, match.index) + this.#expand(match) + text.slice(match.index + match[0].length)
    )
  }

  #expand(match: RegExpExecArray): string {
    const source = this.#replacement
    let expanded = ''
    for (let at = 0; at < source.length; at++) {
      const char = source[at] as string
      if (char === '\\') {
        at++
        if (at === source.length) throw new DataError('character to be escaped is missing')
        expanded += source[at]
      } else if (char === '$') {
        const reference = this.#reference(match, at + 1)
        expanded += reference.text
        at = reference.end - 1
      } else expanded += char
    }
    return expanded
  }

  /** What stands behind the `$` before `at`. A number takes as many digits as there are groups for. */
  #reference(match: RegExpExecArray, at: number): { text: string; end: number } {
    const source = this.#replacement
    if (at === source.length) {
      throw new DataError('Illegal group reference: group index is missing')
    }
    if (source[at] === '{') return this.#named(match, at + 1)
    if (!/\d/.test(source[at] as string)) throw new DataError('Illegal group reference')
    let number = Number(source[at])
    let end = at + 1
    if (number >= this.#numbers.length) throw new DataError(`No group ${number}`)
    while (/^\d$/.test(source[end] ?? '')) {
      const longer = number * 10 + Number(source[end])
      if (longer >= this.#numbers.length) break
      number = longer
      end++
    }
    return { text: match[this.#numbers[number] as number] ?? '', end }
  }

  #named(match: RegExpExecArray, start: number): { text: string; end: number } {
    const source = this.#replacement
    const [name = ''] = /^[a-zA-Z0-9]*/.exec(source.slice(start)) ?? []
    if (name === '') throw new DataError('named capturing group has 0 length name')
    if (source[start + name.length] !== '}') {
      throw new DataError("named capturing group is missing trailing '}'")
    }
    if (/^\d/.test(name)) {
      throw new DataError(`capturing group name {${name}} starts with digit character`)
    }
    if (match.groups === undefined || !Object.hasOwn(match.groups, name)) {
      throw new DataError(`No group with name {${name}}`)
    }
    return { text: match.groups[name] ?? '', end: start + name.length + 1 }
  }
}
