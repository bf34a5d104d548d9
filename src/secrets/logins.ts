import { BLANKS, endOf, Rewrite, STARS } from './rewrite.ts'

/**
 * `jdbc:oracle:thin:user/password@…`; both may be in quotes (escaped ones inside JSON), and may then hold
 * anything.
 */
export function withoutOracleLogins(text: string): string {
  const rewrite = new Rewrite(text)
  const start = /jdbc:oracle:\w{1,20}:/gi
  for (let match = start.exec(text); match !== null; match = start.exec(text)) {
    const user = quotedOrPlain(text, start.lastIndex, `${BLANKS}/@"`)
    start.lastIndex = Math.max(user, start.lastIndex)
    if (text[user] !== '/') continue
    const end = oraclePasswordEnd(text, user + 1)
    if (text[end] === '@') rewrite.replace(user + 1, end, STARS)
    start.lastIndex = Math.max(end, start.lastIndex)
  }
  return rewrite.end()
}

/** The @ behind the password, or where to go on when there is none. */
function oraclePasswordEnd(text: string, from: number): number {
  if (/^\\?"/.test(text.slice(from, from + 2))) {
    const end = quotedOrPlain(text, from, '')
    if (text[end] === '@') return end
  }
  const word = endOf(text, from, `${BLANKS}"`)
  const last = text.slice(from, word).lastIndexOf('@')
  if (last > 0) return from + last
  // A quote that closes nothing belongs to the password.
  return endOf(text, word, `${BLANKS}@`)
}

/** Behind a word in double quotes, or behind one that ends at one of `stops`. */
function quotedOrPlain(text: string, from: number, stops: string): number {
  const quote = text[from] === '\\' ? from + 1 : from
  if (text[quote] !== '"') return endOf(text, from, stops)
  const close = endOf(text, quote + 1, '"\n')
  return text[close] === '"' ? close + 1 : close
}

const JDBC = /("?)jdbc:\w{1,20}(?::\w{1,20})?:$/

/**
 * `scheme://user:password@host`. A blank ends the address, but for one of JDBC, in which anything may have
 * been written.
 */
export function withoutUserInfo(text: string): string {
  const rewrite = new Rewrite(text)
  let searched = 0
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    const from = at + 3
    const [, quote] = JDBC.exec(text.slice(Math.max(0, at - 50), at + 1)) ?? []
    const stops = quote === undefined ? `${BLANKS}"` : `\r\n${quote}`
    const slash = endOf(text, from, `${stops}/`)
    const authority = withoutParameters(text.slice(from, slash))
    const colon = from + authority.indexOf(':')
    if (colon < from) continue
    let last = from + authority.lastIndexOf('@')
    if (last < from && text[slash] === '/' && slash >= searched && !isHost(authority)) {
      // What looks like a port is none: the password holds a slash.
      searched = endOf(text, slash, stops)
      last = slash + text.slice(slash, searched).lastIndexOf('@')
      if (last < slash) continue
    }
    if (last <= colon) continue
    rewrite.replace(colon + 1, last, STARS)
    at = last - 3
  }
  return rewrite.end()
}

/** Behind `//host:port` parameters may follow with values of their own. */
function withoutParameters(authority: string): string {
  const parameters = authority.search(/[;?][\w.]{1,40}=/)
  return parameters < 0 ? authority : authority.slice(0, parameters)
}

function isHost(authority: string): boolean {
  return authority.startsWith('[') || /:\d*$/.test(authority.slice(-8))
}
