/** What stands where a secret stood. */
export const HIDDEN = '[hidden]'
/** The same inside an address. */
export const STARS = '****'

/** Collects a text whose parts are kept or replaced, from left to right. */
export class Rewrite {
  readonly #text: string
  #done = ''
  #from = 0

  constructor(text: string) {
    this.#text = text
  }

  replace(from: number, to: number, by: string): void {
    this.#done += this.#text.slice(this.#from, from) + by
    this.#from = to
  }

  end(): string {
    return this.#from === 0 ? this.#text : this.#done + this.#text.slice(this.#from)
  }
}

/** First place from `from` on where one of these characters stands, or where the text ends. */
export function endOf(text: string, from: number, stops: string): number {
  let at = from
  while (at < text.length && !stops.includes(text.charAt(at))) at++
  return at
}

export const BLANKS = ' \t\r\n\f\v\u00a0'

/** First place from `from` on where none of these characters stands. */
export function skip(text: string, from: number, chars: string): number {
  let at = from
  while (at < text.length && chars.includes(text.charAt(at))) at++
  return at
}
