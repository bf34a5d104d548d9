import { ConfigError } from '../errors.ts'

/**
 * The text of a `.properties` file. Java reads such files as ISO-8859-1, so a file written as UTF-8 shows
 * garbled letters there. Bytes that are valid UTF-8 are read as UTF-8 here, everything else as ISO-8859-1:
 * files of both kinds mean what their author saw. A byte order mark is dropped.
 */
export function decodeProperties(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Not UTF-8, which is an answer rather than a failure: every byte sequence is valid ISO-8859-1.
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  }
}

const isBlank = (char: string | undefined): boolean =>
  char === ' ' || char === '\t' || char === '\f'
const isLineEnd = (char: string | undefined): boolean => char === '\n' || char === '\r'

/**
 * Logical lines as `java.util.Properties.load` sees them: comments and blank lines gone, a line that ends in
 * an odd number of backslashes joined with the next one without that one's leading blanks. Escapes are still
 * in place.
 */
function* logicalLines(text: string): Generator<string> {
  let line = ''
  let skippingBlanks = true
  let joined = false
  let escaped = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (skippingBlanks) {
      if (isBlank(char)) continue
      if (!joined && isLineEnd(char)) continue
      skippingBlanks = false
      joined = false
    }
    if (line === '' && (char === '#' || char === '!')) {
      while (at + 1 < text.length && !isLineEnd(text[at + 1])) at++
      at++
      skippingBlanks = true
      continue
    }
    if (!isLineEnd(char)) {
      line += char
      escaped = char === '\\' ? !escaped : false
      continue
    }
    skippingBlanks = true
    if (line === '') continue
    if (!escaped) {
      yield line
      line = ''
      continue
    }
    line = line.slice(0, -1)
    if (at + 1 === text.length) {
      // Java's oddity: nothing follows to join, so even an empty line counts, as a pair of empty strings.
      yield line
      return
    }
    escaped = false
    joined = true
    if (char === '\r' && text[at + 1] === '\n') at++
  }
  if (line !== '') yield escaped ? line.slice(0, -1) : line
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n', f: '\f' }

function unescape(text: string): string {
  return text.replace(/\\(?:u(.{0,4})|([^]))/gs, (_, hex: string | undefined, char: string) => {
    if (hex === undefined) return ESCAPES[char] ?? char
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new ConfigError('Malformed \\uxxxx encoding.')
    return String.fromCharCode(Number.parseInt(hex, 16))
  })
}

function split(line: string): [key: string, value: string] {
  let end = 0
  let escaped = false
  while (end < line.length) {
    const char = line[end]
    if (!escaped && (char === '=' || char === ':' || isBlank(char))) break
    escaped = char === '\\' ? !escaped : false
    end++
  }
  let start = end
  let separated = false
  while (start < line.length) {
    const char = line[start]
    if (!isBlank(char)) {
      if (separated || (char !== '=' && char !== ':')) break
      separated = true
    }
    start++
  }
  return [unescape(line.slice(0, end)), unescape(line.slice(start))]
}

/**
 * Key and value pairs exactly as `java.util.Properties.load` answers them; of a key given twice the last
 * value counts. Throws ConfigError for a broken `\uXXXX`.
 */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) properties.set(...split(line))
  return properties
}
