import { ConnectError, messageOf } from '../errors.ts'
import { referencesIn } from './reference-syntax.ts'

/** Parts of this length that a text has in common with a value give it away. */
const FRAGMENT = 5
/** A shorter value is too likely to be part of some other word. */
const SHORTEST_ANYWHERE = 4
/** What every address begins with is no secret. */
const COMMON_START = /^jdbc:[\w:]{1,40}:(?:@?\/\/)?/i

/**
 * I7: what references to config providers stand for, kept out of answers: nobody learns a value by asking
 * about the name of its reference. Values become their references again; what repeats a part of one is
 * hidden.
 */
export class HiddenValues {
  /** Longest value first, so that none is found inside another. */
  readonly #values: readonly (readonly [value: string, reference: string])[]
  readonly #fragments = new Set<string>()

  /** `references`: text of the reference → what it stands for. */
  constructor(references: ReadonlyMap<string, string>) {
    const values = new Map<string, string>()
    for (const [reference, value] of references) {
      for (const part of [value, ...value.split(/[\s,]+/)]) {
        if (part !== '' && !values.has(part)) values.set(part, reference)
      }
    }
    this.#values = [...values].sort(([a], [b]) => b.length - a.length)
    for (const value of references.values()) this.#addFragments(value.replace(COMMON_START, ''))
  }

  get isEmpty(): boolean {
    return this.#values.length === 0
  }

  /** A text without the values. */
  text(text: string): string {
    if (this.isEmpty) return text
    let safe = text
    for (const [value, reference] of this.#values) {
      if (value.length >= SHORTEST_ANYWHERE && safe.includes(value)) {
        safe = safe.replaceAll(value, () => reference)
      }
    }
    return this.#withoutFragments(safe)
  }

  /**
   * The same for a text about the key that has the reference, where even a short value is known to be one.
   */
  own(text: string, value: string, reference: string): string {
    return this.text(value === '' ? text : text.replaceAll(value, () => reference))
  }

  /** All texts in an answer of plain objects and lists, names of fields left alone. */
  all<T>(answer: T): T {
    if (this.isEmpty) return answer
    if (typeof answer === 'string') return this.text(answer) as T
    if (typeof answer !== 'object' || answer === null) return answer
    if (Array.isArray(answer)) return answer.map((part: unknown) => this.all(part)) as T
    if (answer instanceof Map) {
      return new Map([...answer].map(([key, part]) => [this.all(key), this.all(part)])) as T
    }
    return Object.fromEntries(
      Object.entries(answer).map(([name, part]) => [name, this.all(part as unknown)])
    ) as T
  }

  /** An error without the values; what it was caused by goes with them. */
  error(error: unknown): unknown {
    if (this.isEmpty || !(error instanceof ConnectError)) return error
    const whole = messageOf(error)
    if (this.text(whole) === whole) return error
    return new ConnectError(error.code, this.text(error.message), { status: error.status })
  }

  #addFragments(value: string): void {
    for (let at = 0; at + FRAGMENT <= value.length; at++) {
      this.#fragments.add(value.slice(at, at + FRAGMENT))
    }
  }

  /** References stay readable: their own text may have something in common with a value. */
  #withoutFragments(text: string): string {
    let safe = ''
    let from = 0
    for (const { start, end } of referencesIn(text)) {
      safe += this.#stretch(text.slice(from, start)) + text.slice(start, end)
      from = end
    }
    return safe + this.#stretch(text.slice(from))
  }

  #stretch(text: string): string {
    let safe = ''
    let hiddenTo = 0
    for (let at = 0; at < text.length; at++) {
      const isFound = this.#fragments.has(text.slice(at, at + FRAGMENT))
      if (isFound && at >= hiddenTo) safe += '[hidden]'
      if (isFound) hiddenTo = at + FRAGMENT
      if (at >= hiddenTo) safe += text.charAt(at)
    }
    return safe
  }
}
