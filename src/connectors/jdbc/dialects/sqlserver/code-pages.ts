/** Code pages of one byte for each character, by the names a decoder knows them by. */
const NAMES: Readonly<Record<number, string>> = {
  874: 'windows-874',
  1250: 'windows-1250',
  1251: 'windows-1251',
  1252: 'windows-1252',
  1253: 'windows-1253',
  1254: 'windows-1254',
  1255: 'windows-1255',
  1256: 'windows-1256',
  1257: 'windows-1257',
  1258: 'windows-1258'
}
// oxlint-disable-next-line no-control-regex
const NOT_ASCII = /[^\u0000-\u007f]/u

/**
 * Characters that a column of this code page cannot hold: the server would put a question mark in their place
 * (I16). Of a page with characters of several bytes only ASCII is known to fit.
 */
export function charactersRefused(codePage: unknown): RegExp {
  const name = NAMES[Number(codePage)]
  if (name === undefined) return NOT_ASCII
  const upper = Uint8Array.from({ length: 128 }, (_, index) => 128 + index)
  const held = Array.from(new TextDecoder(name).decode(upper)).filter((one) => one !== '\ufffd')
  const list = held.map((one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`).join('')
  return new RegExp(`[^\\u{0}-\\u{7f}${list}]`, 'u')
}
