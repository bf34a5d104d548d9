import { OracleError } from '../oracle-error.ts'
import { decodeNumber, numberText, roundDecimal } from '../wire/number.ts'

/** TO_CHAR of a NUMBER by a mask of 9, 0, G, D, comma, point, S, MI, FM and TM. ORA-01481 for others. */
export function formatNumber(value: Uint8Array, mask: string): string {
  const upper = mask.toUpperCase()
  if (/^TM9?$/.test(upper)) return numberText(decodeNumber(value))
  const match = /^(FM)?(S)?([09G,]*)(?:[D.]([09]*))?(S|MI)?$/.exec(upper)
  if (match === null) throw new OracleError(1481)
  const [, trimmed, leadingSign, whole = '', fraction, trailingSign] = match
  const places = fraction?.length ?? 0
  const { unscaled, scale } = roundDecimal(decodeNumber(value), places)
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const integer = digits.slice(0, digits.length - scale).replace(/^0+/, '')
  const rest = digits
    .slice(digits.length - scale)
    .padEnd(places, '0')
    .slice(0, places)
  const room = whole.replace(/[G,]/g, '').length
  if (integer.length > room) return '#'.repeat(mask.length + 1)
  const padded = integer.padStart(room, ' ')
  let result = ''
  let place = 0
  let started = false
  for (const letter of whole) {
    if (letter === 'G' || letter === ',') {
      result += started ? ',' : ' '
      continue
    }
    const digit = padded.charAt(place)
    place += 1
    started ||= digit !== ' ' || letter === '0'
    result += digit === ' ' ? (started ? '0' : ' ') : digit
  }
  if (!started && fraction === undefined) result = `${result.slice(0, -1)}0`
  if (fraction !== undefined) result += `.${trimmed === undefined ? rest : rest.replace(/0+$/, '')}`
  const negative = unscaled < 0n
  const body = result.trimStart()
  const sign = negative ? '-' : leadingSign === undefined && trailingSign === undefined ? ' ' : '+'
  const signed =
    trailingSign === undefined
      ? sign + body
      : body + (trailingSign === 'S' ? sign : negative ? '-' : ' ')
  return trimmed === undefined ? signed.padStart(result.length + 1) : signed.trim()
}
