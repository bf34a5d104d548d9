import { ConfigError } from '../errors.ts'
import { escapeClasses, propertyClass } from './java-regex-class.ts'

const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, f: 12, r: 13, a: 7, e: 27 }

/** Groups in groups, classes in classes, flags behind flags: as many as the stack can hold with ease. */
const DEEPEST = 200

interface Atom {
  readonly text: string
  /** Assertions cannot be repeated in JavaScript unless wrapped. */
  readonly assertion?: boolean
}

/**
 * Reads a pattern of `java.util.regex.Pattern` once, from left to right, and writes the same for JavaScript's
 * `v` flag.
 */
export class JavaRegexTranslator {
  readonly #source: string
  readonly #nameGroups: boolean
  #at = 0
  #groups = 0
  #hidden = 0
  #depth = 0
  readonly #names = new Set<string>()

  constructor(source: string, nameGroups: boolean) {
    this.#source = source
    this.#nameGroups = nameGroups
  }

  /**
   * Whether groups were added to hold a possessive or atomic part, so that plain numbers no longer count
   * right.
   */
  get renumbered(): boolean {
    return this.#hidden > 0 && this.#groups > 0
  }

  translate(): string {
    const text = this.#alternatives()
    if (this.#at < this.#source.length) this.#fail("Unmatched closing ')'", this.#at - 1)
    return text
  }

  #fail(problem: string, index: number): never {
    const near = index < 0 ? '' : ` near index ${index}`
    const mark = index >= 0 && index < this.#source.length ? `\n${' '.repeat(index)}^` : ''
    throw new ConfigError(`${problem}${near}\n${this.#source}${mark}`)
  }

  #peek(text: string): boolean {
    return this.#source.startsWith(text, this.#at)
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false
    this.#at += text.length
    return true
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#source)
    if (match !== null) this.#at += match[0].length
    return match
  }

  /**
   * Up to the end or a closing parenthesis. A `(?i)` reaches to the end of its group, over every `|` on the
   * way.
   */
  #alternatives(): string {
    let text = ''
    const flags: string[] = []
    while (this.#at < this.#source.length && !this.#peek(')')) {
      if (this.#take('|')) {
        text += `${')'.repeat(flags.length)}|${flags.join('')}`
        continue
      }
      const inline = this.#match(/\(\?([a-zA-Z]*(?:-[a-zA-Z]*)?)\)/y)
      if (inline !== null) {
        const opened = `(?${this.#flags(inline[1] ?? '')}:`
        if (opened !== '(?:') {
          if (flags.length === DEEPEST) this.#fail('Too many inline flags', this.#at)
          flags.push(opened)
          text += opened
        }
        continue
      }
      text += this.#quantified(this.#atom())
    }
    return text + ')'.repeat(flags.length)
  }

  /** Flags behind `(?`; `end` characters were read after them. */
  #flags(flags: string, end = 1): string {
    for (const [index, flag] of flags.split('').entries()) {
      const at = this.#at - end - flags.length + index
      if (!'imsuxdU-'.includes(flag)) this.#fail('Unknown inline modifier', at)
      if ('xdU'.includes(flag)) this.#fail(`Inline flag '${flag}' is not supported here`, at)
    }
    return flags.replace(/u/g, '').replace(/-$/, '')
  }

  #quantified(atom: Atom): string {
    const quantifier = this.#match(/([*+?]|\{\d+(?:,\d*)?\})([+?]?)/y)
    if (quantifier === null) {
      if (this.#match(/\{\d/y) !== null) {
        this.#fail('Unclosed counted closure', this.#source.length)
      }
      if (this.#peek('{')) this.#fail('Illegal repetition', this.#at + 1)
      return atom.text
    }
    const [, count = '', kind] = quantifier
    const base = atom.assertion === true ? `(?:${atom.text})` : atom.text
    return kind === '+' ? this.#atomic(`${base}${count}`) : `${base}${count}${kind}`
  }

  /** JavaScript has no atomic groups; a lookahead is one, and what it saw is matched again by reference. */
  #atomic(text: string): string {
    const name = `hidden${++this.#hidden}`
    return `(?:(?=(?<${name}>${text}))\\k<${name}>)`
  }

  #atom(): Atom {
    const char = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0)
    switch (char) {
      case '(':
        return this.#group()
      case '[':
        this.#at++
        return { text: this.#bracket() }
      case '\\':
        return this.#escape()
      case '.':
        this.#at++
        return { text: '.' }
      case '^':
      case '$':
        this.#at++
        return { text: char, assertion: true }
      case '*':
      case '+':
      case '?':
        return this.#fail(`Dangling meta character '${char}'`, this.#at)
      case '{':
        return this.#fail('Illegal repetition', this.#at + 1)
      default:
        this.#at += char.length
        return { text: literal(char) }
    }
  }

  #group(): Atom {
    if (++this.#depth > DEEPEST) this.#fail('Groups in each other are too deep', this.#at)
    this.#at++
    const atomic = this.#take('?>')
    const look = atomic ? null : this.#match(/\?(?:[=!]|<[=!])/y)
    const named = atomic || look !== null ? null : this.#match(/\?<([a-zA-Z][a-zA-Z0-9]*)>/y)
    const plain = atomic || look !== null || named !== null ? null : this.#match(/\?([a-zA-Z-]*):/y)
    let open = '('
    if (look !== null) open = `(${look[0]}`
    else if (plain !== null) open = `(?${this.#flags(plain[1] ?? '')}:`
    else if (named !== null) {
      this.#groups++
      this.#names.add(named[1] ?? '')
      open = `(?<${named[1]}>`
    } else if (!atomic) {
      if (this.#peek('?')) this.#fail('Unknown inline modifier', this.#at + 1)
      this.#groups++
      if (this.#nameGroups) open = `(?<group${this.#groups}>`
    }
    const inner = this.#alternatives()
    this.#depth--
    if (!this.#take(')')) this.#fail('Unclosed group', this.#source.length)
    if (atomic) return { text: this.#atomic(inner) }
    return { text: `${open}${inner})`, assertion: look !== null }
  }

  #escape(): Atom {
    const start = this.#at++
    if (this.#at >= this.#source.length) {
      this.#fail('Unexpected internal error', this.#source.length)
    }
    if (this.#take('Q')) return { text: this.#quoted(literal) }
    const anchor = this.#match(/[bBAzZR]/y)?.[0]
    if (anchor !== undefined) return ANCHORS[anchor] as Atom
    const reference = this.#match(/k<([a-zA-Z][a-zA-Z0-9]*)>/y)
    if (reference !== null) {
      const name = reference[1] ?? ''
      if (!this.#names.has(name))
        this.#fail(`named capturing group <${name}> does not exist`, this.#at - 1)
      return { text: `\\k<${name}>` }
    }
    const number = this.#match(/[1-9]/y)
    if (number !== null) {
      if (Number(number[0]) > this.#groups)
        this.#fail('Reference to a group that is not there', start)
      return { text: this.#nameGroups ? `\\k<group${number[0]}>` : `(?:\\${number[0]})` }
    }
    return { text: this.#charOrClass(start).text }
  }

  /** What stands behind `\Q`, up to `\E` or the end. */
  #quoted(write: (char: string) => string): string {
    const end = this.#source.indexOf('\\E', this.#at)
    const text = this.#source.slice(this.#at, end < 0 ? undefined : end)
    this.#at = end < 0 ? this.#source.length : end + 2
    const all = Array.from(text, write).join('')
    return all === '' ? '(?:)' : all
  }

  /**
   * The escapes that mean one character or a class of them, inside and outside of brackets. `start` is where
   * the backslash stands.
   */
  #charOrClass(start: number): { text: string; code: number | null } {
    const property = this.#match(/([pP])(?:\{([\w=]+)\}|(\w))/y)
    if (property !== null) {
      const [, letter, long, short] = property
      const text = propertyClass(long ?? short ?? '', letter === 'P')
      if (text === null)
        this.#fail(`Unknown character property name {${long ?? short}}`, this.#at - 1)
      return { text, code: null }
    }
    const hex = this.#match(/x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})/y)
    if (hex !== null) return one(Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16))
    const octal = this.#match(/0([0-3][0-7]{0,2}|[0-7]{1,2})/y)
    if (octal !== null) return one(Number.parseInt(octal[1] ?? '', 8))
    const control = this.#match(/c([^])/y)
    if (control !== null) return one((control[1] ?? '').charCodeAt(0) ^ 64)
    const char = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0)
    const known = escapeClasses[char]
    if (known === undefined && /[a-zA-Z0-9]/.test(char) && CONTROLS[char] === undefined) {
      return this.#fail('Illegal/unsupported escape sequence', start + 1)
    }
    this.#at += char.length
    return known === undefined
      ? one(CONTROLS[char] ?? char.codePointAt(0) ?? 0)
      : { text: known, code: null }
  }

  /** Behind `[`: unions, nested classes and `&&`. */
  #bracket(): string {
    if (++this.#depth > DEEPEST) this.#fail('Classes in each other are too deep', this.#at)
    const negated = this.#take('^')
    const operands: string[] = []
    let union = ''
    for (;;) {
      if (this.#at >= this.#source.length) {
        this.#fail('Unclosed character class', this.#source.length - 1)
      }
      if (this.#peek(']') && (union !== '' || operands.length > 0)) break
      if (this.#take('&&')) {
        operands.push(union)
        union = ''
      } else if (this.#take('[')) union += this.#bracket()
      else if (this.#take('\\Q')) union += this.#quoted(escaped)
      else union += this.#range()
    }
    this.#at++
    this.#depth--
    operands.push(union)
    const filled = operands.filter((operand) => operand !== '')
    const inner = filled.length === 1 ? filled[0] : filled.map((part) => `[${part}]`).join('&&')
    return `[${negated ? '^' : ''}${inner}]`
  }

  #range(): string {
    const low = this.#member()
    if (low.code === null || !this.#peek('-') || this.#source[this.#at + 1] === ']') return low.text
    if (this.#source[this.#at + 1] === '[') return low.text
    this.#at++
    const high = this.#member()
    if (high.code === null) return `${low.text}\\-${high.text}`
    if (high.code < low.code) this.#fail('Illegal character range', this.#at - 1)
    return `${low.text}-${high.text}`
  }

  #member(): { text: string; code: number | null } {
    if (this.#peek('\\')) return this.#charOrClass(this.#at++)
    const code = this.#source.codePointAt(this.#at)
    if (code === undefined) return this.#fail('Unclosed character class', this.#source.length - 1)
    this.#at += code > 0xffff ? 2 : 1
    return one(code)
  }
}

const ANCHORS: Readonly<Record<string, Atom>> = {
  b: { text: '\\b', assertion: true },
  B: { text: '\\B', assertion: true },
  A: { text: '(?<![^])', assertion: true },
  z: { text: '(?![^])', assertion: true },
  Z: { text: '(?=(?:\\r\\n|[\\n\\r\\x85\\u2028\\u2029])?(?![^]))', assertion: true },
  R: { text: '(?:\\r\\n|[\\n\\v\\f\\r\\x85\\u2028\\u2029])' }
}

const escaped = (char: string): string => one(char.codePointAt(0) ?? 0).text
const literal = (char: string): string => (/[\w -]/.test(char) ? char : escaped(char))

function one(code: number): { text: string; code: number } {
  const char = String.fromCodePoint(code)
  return { text: /^[a-zA-Z0-9]$/.test(char) ? char : `\\u{${code.toString(16)}}`, code }
}
