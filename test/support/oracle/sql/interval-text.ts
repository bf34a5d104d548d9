import { OracleError } from '../oracle-error.ts'

const UNITS = ['DAY', 'HOUR', 'MINUTE', 'SECOND'] as const
const SECONDS_OF = { DAY: 86_400, HOUR: 3600, MINUTE: 60, SECOND: 1 } as const

/** The value of an interval literal, `'3 04:05:06.7' DAY TO SECOND`. ORA-01867 when the text does not fit. */
export function parseInterval(
  text: string,
  from: string,
  to: string
): { months: number } | { nanos: bigint } {
  const trimmed = text.trim()
  const negative = trimmed.startsWith('-')
  const parts = trimmed.replace(/^[+-]/, '').split(/[\s:]+|-/)
  if (parts.some((part) => !/^\d+(\.\d{1,9})?$/.test(part))) throw new OracleError(1867)
  const sign = negative ? -1 : 1
  if (from === 'YEAR' || from === 'MONTH') {
    const [first = 0, second = 0] = parts.map(Number)
    return { months: sign * (from === 'YEAR' ? first * 12 + second : first) }
  }
  const start = UNITS.findIndex((unit) => unit === from)
  const end = UNITS.findIndex((unit) => unit === to)
  if (start < 0 || end < start || parts.length !== end - start + 1) throw new OracleError(1867)
  let nanos = 0n
  for (const [index, part] of parts.entries()) {
    const [whole = '0', fraction = ''] = part.split('.')
    const unit = UNITS[start + index] ?? 'SECOND'
    nanos += BigInt(whole) * BigInt(SECONDS_OF[unit]) * 1_000_000_000n
    nanos += BigInt(fraction.padEnd(9, '0'))
  }
  return { nanos: negative ? -nanos : nanos }
}
