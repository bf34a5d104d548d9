import { OracleError } from '../oracle-error.ts'

/**
 * A JSON document as the database prints it: without space between its parts, digits as they came. ORA-40441
 * when it is none.
 */
export function jsonText(text: string): string {
  try {
    JSON.parse(text)
  } catch {
    throw new OracleError(40_441)
  }
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, string: string | undefined) => string ?? '')
}

/** A vector as the database prints it: `[1.0E+000,-2.5E-001]`. ORA-51805 when the text is none. */
export function vectorText(text: string): string {
  const [, body = ''] = /^\s*\[([^[\]]+)\]\s*$/.exec(text) ?? []
  const numbers = body.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  if (numbers.some((number) => !Number.isFinite(number))) throw new OracleError(51_805)
  return `[${numbers.map(scientific).join(',')}]`
}

/** As BINARY_DOUBLEs are printed, too. */
export function scientific(value: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(3, '0')}`
}
