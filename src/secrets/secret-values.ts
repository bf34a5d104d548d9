import { BLANKS, endOf, HIDDEN, Rewrite, skip, STARS } from './rewrite.ts'
import { isSecretName, secretWords } from './secret-names.ts'

/** `password=…`, `"api.key": "…"`, `sslpassword: …`. */
export function withoutValues(text: string): string {
  const rewrite = new Rewrite(text)
  const words = secretWords()
  const urls = new JdbcUrls(text)
  let from = 0
  for (let match = words.exec(text); match !== null; match = words.exec(text)) {
    const start = nameStart(text, match.index, from)
    const end = nameEnd(text, words.lastIndex)
    from = end
    words.lastIndex = end
    const separator = separatorBehind(text, end)
    if (separator < 0 || !isSecretName(text.slice(start, end))) continue
    const value = skip(text, separator + 1, ' \t')
    const url = urls.around(start)
    if (isToBeSeen(text, start, end, separator, value)) continue
    const close = url === null ? valueEnd(text, value) : urlValueEnd(text, value, url)
    if (close === value) continue
    hide(rewrite, text, value, close)
    from = close
    words.lastIndex = close
  }
  return rewrite.end()
}

function hide(rewrite: Rewrite, text: string, from: number, to: number): void {
  const quote = /^\\?["']/.exec(text.slice(from, from + 2))?.[0] ?? ''
  const closed = quote !== '' && text.startsWith(quote, to - quote.length)
  rewrite.replace(from, to, closed ? `${quote}${HIDDEN}${quote}` : HIDDEN)
}

const isNamePart = (char: string): boolean => /[\w.-]/.test(char)

function nameStart(text: string, hit: number, from: number): number {
  let start = hit
  while (start > from && isNamePart(text.charAt(start - 1))) start--
  return start
}

function nameEnd(text: string, hit: number): number {
  let end = hit
  while (end < text.length && isNamePart(text.charAt(end))) end++
  return end
}

/** Where `=` or `:` stands behind a name, which may be in quotes; -1 when it does not. */
function separatorBehind(text: string, end: number): number {
  const quoted = /^\\?["']/.exec(text.slice(end, end + 2))?.[0] ?? ''
  const at = skip(text, end + quoted.length, ' \t')
  return text[at] === '=' || text[at] === ':' ? at : -1
}

/**
 * What stands behind the name of a secret and is none: hidden before, a reference, or the rest of a sentence.
 */
function isToBeSeen(
  text: string,
  start: number,
  end: number,
  separator: number,
  value: number
): boolean {
  const [before, after] = [
    text.slice(Math.max(0, start - 16), start),
    text.slice(value, value + 80)
  ]
  if (after.startsWith(HIDDEN) || after.startsWith(STARS)) return true
  if (/^\$\{[^}\s]{1,70}\}/.test(after)) return true
  if (text[separator] === '=') return false
  if (after.startsWith(':')) return true
  if (/configuration ["']?$/.test(before)) return true
  if (before.endsWith('using ') && /^(?:YES|NO)\b/.test(after)) return true
  const word = value > separator + 1 && /^[A-Za-z]?[a-z]+ [a-z]/.test(after)
  return word && !/passw|pwd/i.test(text.slice(Math.max(start, end - 40), end))
}

/** Up to the closing quote, or as far as no other setting begins. */
function valueEnd(text: string, value: number): number {
  const quote = /^\\?["']/.exec(text.slice(value, value + 2))?.[0]
  if (quote !== undefined) return quotedEnd(text, value, quote)
  const isEmpty = /^[)}\],;&"'](?:\s|$)/.test(text.slice(value, value + 2))
  if (isEmpty) return value
  for (let at = value; at < text.length; at++) {
    const char = text.charAt(at)
    if (BLANKS.includes(char)) return at
    if (char === '"' && /^"(?:[\s,:}\]]|$)/.test(text.slice(at, at + 2))) return at
    if ('&;,'.includes(char) && isSetting(text, at + 1)) return at
  }
  return text.length
}

/** `name=` */
function isSetting(text: string, at: number): boolean {
  return /^\s{0,3}[\w.%-]{1,100}=/.test(text.slice(at, at + 105))
}

function quotedEnd(text: string, value: number, quote: string): number {
  for (let at = value + quote.length; at < text.length; at++) {
    if (text.startsWith(quote, at)) return at + quote.length
    if (text[at] === '\\') at++
  }
  return endOf(text, value, '\n')
}

/** In a JDBC URL only the next parameter ends a value: nothing else tells its rest from what follows. */
function urlValueEnd(text: string, value: number, url: JdbcUrl): number {
  const isBraced = url.separator === ';' && text[value] === '{'
  for (let at = value; at < url.end; at++) {
    if (text[at] !== url.separator) continue
    if (isBraced ? text[at - 1] === '}' : isSetting(text, at + 1)) return at
  }
  return url.end
}

interface JdbcUrl {
  readonly start: number
  readonly end: number
  readonly separator: '&' | ';'
}

/**
 * The JDBC URLs of a text, asked for from left to right. One in double quotes ends with them, others with the
 * line.
 */
class JdbcUrls {
  readonly #text: string
  #current: JdbcUrl | null

  constructor(text: string) {
    this.#text = text
    this.#current = this.#next(0)
  }

  around(at: number): JdbcUrl | null {
    while (this.#current !== null && this.#current.end <= at) {
      this.#current = this.#next(this.#current.end)
    }
    return this.#current !== null && this.#current.start <= at ? this.#current : null
  }

  #next(from: number): JdbcUrl | null {
    const start = this.#text.indexOf('jdbc:', from)
    if (start < 0) return null
    const isQuoted = this.#text[start - 1] === '"'
    const end = endOf(this.#text, start, isQuoted ? '"' : '\n')
    const isSemicolon = /^jdbc:(?:jtds:)?sqlserver/i.test(this.#text.slice(start, start + 20))
    return { start, end, separator: isSemicolon ? ';' : '&' }
  }
}
