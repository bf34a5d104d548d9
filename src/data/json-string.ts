/**
 * Anything but plain characters: quote, backslash, control characters and surrogates are left out of the
 * ranges.
 */
const NEEDS_CARE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/
const ESCAPE_OR_SURROGATE = /\\(?:u[0-9a-f]{4}|.)|[\ud800-\udfff]/g

/**
 * A JSON string as Jackson writes it: `"`, `\` and control characters are escaped, and so are surrogates (😀
 * becomes `\uD83D\uDE00`, half a pair survives), hexadecimal in capitals. Everything else is written as it
 * is.
 */
export function jsonString(text: string): string {
  return NEEDS_CARE.test(text) ? withCare(text) : `"${text}"`
}

function withCare(text: string): string {
  return JSON.stringify(text).replace(ESCAPE_OR_SURROGATE, (found) => {
    if (found.length === 1) return `\\u${found.charCodeAt(0).toString(16).toUpperCase()}`
    return found.length === 6 ? `\\u${found.slice(2).toUpperCase()}` : found
  })
}
