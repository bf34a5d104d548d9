import { bigintToBytes } from '../../data/logical-types.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** Two characters for each 12 bits. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, bits) => `${ALPHABET[bits >> 6]}${ALPHABET[bits & 63]}`
)
const pair = (bits: number): string => PAIRS[bits] as string

/**
 * Base64 of the minimal two's complement of an integer (BigInteger.toByteArray); the usual small ones without
 * a buffer.
 */
export function integerToBase64(value: bigint): string {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) return bigintToBytes(value).toString('base64')
  let length = 1
  for (let limit = 0x80; number >= limit || number < -limit; limit *= 256) length++
  // 24 low bits beside up to 29 high ones keep every step within 32-bit integers.
  const high = Math.floor(number / 0x100_0000)
  const low = number - high * 0x100_0000
  const byteAt = (place: number): number =>
    (place < 3 ? low >> (8 * place) : high >> (8 * (place - 3))) & 0xff
  let text = ''
  for (; length >= 3; length -= 3) {
    const bits = (byteAt(length - 1) << 16) | (byteAt(length - 2) << 8) | byteAt(length - 3)
    text += pair(bits >> 12) + pair(bits & 0xfff)
  }
  if (length === 2) {
    const bits = (byteAt(1) << 16) | (byteAt(0) << 8)
    return `${text}${pair(bits >> 12)}${pair(bits & 0xfff).slice(0, 1)}=`
  }
  return length === 1 ? `${text}${pair(byteAt(0) << 4)}==` : text
}

const TRIPLETS: readonly string[] = Array.from({ length: 1000 }, (_, n) =>
  String(n).padStart(3, '0')
)

/**
 * Decimal digits of a safe integer; epoch milliseconds take this path, which is twice as fast as the engine's
 * own.
 */
export function integerToText(value: number): string {
  if (value < 1e9 || value >= 1e15) return `${value}`
  const millions = Math.floor(value / 1e6)
  const rest = value - millions * 1e6
  const thousands = Math.floor(rest / 1000)
  return `${millions}${TRIPLETS[thousands]}${TRIPLETS[rest - thousands * 1000]}`
}
