import { Schema, type SchemaOptions } from './schema.ts'

export const DECIMAL_NAME = 'org.apache.kafka.connect.data.Decimal'
export const DATE_NAME = 'org.apache.kafka.connect.data.Date'
export const TIME_NAME = 'org.apache.kafka.connect.data.Time'
export const TIMESTAMP_NAME = 'org.apache.kafka.connect.data.Timestamp'

/** An exact decimal: `unscaled × 10^-scale`, as java.math.BigDecimal. */
export class Decimal {
  readonly unscaled: bigint
  readonly scale: number

  constructor(unscaled: bigint, scale: number) {
    this.unscaled = unscaled
    this.scale = scale
  }

  /** Exact plain or scientific notation (`-12.50`, `1E+3`); throws SyntaxError on anything else. */
  static parse(text: string): Decimal {
    const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text.trim())
    if (match === null || `${match[2] ?? ''}${match[3] ?? ''}` === '') {
      throw new SyntaxError(`Not a decimal number: ${text}`)
    }
    const fraction = match[3] ?? ''
    const digits = BigInt(`${match[2] ?? ''}${fraction}`)
    return new Decimal(match[1] === '-' ? -digits : digits, fraction.length - Number(match[4] ?? 0))
  }

  /** The same number at another scale, or null when digits other than zero would be lost (I5). */
  withScale(scale: number): Decimal | null {
    if (scale === this.scale) return this
    if (scale > this.scale) {
      return new Decimal(this.unscaled * 10n ** BigInt(scale - this.scale), scale)
    }
    const divisor = 10n ** BigInt(this.scale - scale)
    return this.unscaled % divisor === 0n ? new Decimal(this.unscaled / divisor, scale) : null
  }

  /** Plain notation without exponent, all digits kept (BigDecimal.toPlainString). */
  toString(): string {
    const negative = this.unscaled < 0n
    const digits = (negative ? -this.unscaled : this.unscaled).toString()
    const sign = negative ? '-' : ''
    if (this.scale <= 0) {
      return digits === '0' ? '0' : `${sign}${digits}${'0'.repeat(-this.scale)}`
    }
    const padded = digits.length > this.scale ? digits : digits.padStart(this.scale + 1, '0')
    const point = padded.length - this.scale
    return `${sign}${padded.slice(0, point)}.${padded.slice(point)}`
  }
}

/** Minimal big-endian two's complement, as java.math.BigInteger.toByteArray. */
export function bigintToBytes(value: bigint): Buffer {
  let length = 1
  while (value < -(1n << BigInt(8 * length - 1)) || value >= 1n << BigInt(8 * length - 1)) length++
  const hex = BigInt.asUintN(8 * length, value)
    .toString(16)
    .padStart(2 * length, '0')
  return Buffer.from(hex, 'hex')
}

/** A JavaScript number holds what so many bytes say. */
const SAFE_BYTES = 6

/** Inverse of {@link bigintToBytes}; empty bytes are 0. */
export function bytesToBigint(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  if (bytes.length <= SAFE_BYTES) {
    let value = ((bytes[0] as number) << 24) >> 24
    for (let at = 1; at < bytes.length; at++) value = value * 256 + (bytes[at] as number)
    return BigInt(value)
  }
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex}`))
}

export function decimalSchema(scale: number, options: SchemaOptions = {}): Schema {
  return new Schema('bytes', {
    ...options,
    name: DECIMAL_NAME,
    version: 1,
    parameters: new Map([['scale', String(scale)], ...(options.parameters ?? [])])
  })
}

export function dateSchema(options: SchemaOptions = {}): Schema {
  return new Schema('int32', { ...options, name: DATE_NAME, version: 1 })
}

export function timeSchema(options: SchemaOptions = {}): Schema {
  return new Schema('int32', { ...options, name: TIME_NAME, version: 1 })
}

export function timestampSchema(options: SchemaOptions = {}): Schema {
  return new Schema('int64', { ...options, name: TIMESTAMP_NAME, version: 1 })
}
