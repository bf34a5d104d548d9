import type { WriteRow } from '../../src/connectors/jdbc/database/writing.ts'
import type { Random } from './random.ts'

/** Texts that mean something to somebody on their way: escapes, words, separators, ends of lines. */
const TEXTS = [
  '',
  ' ',
  '\\',
  '\\N',
  '\\.',
  '\\\\.',
  'NULL',
  'null',
  '{}',
  '{a,b}',
  '"',
  '""',
  "'",
  "''",
  '\t',
  '\n',
  '\r\n',
  'a\tb\nc\rd\\e"f\'g',
  '\b\f\v\u0001\u001a\u007f',
  ',',
  ';--',
  '$1 :1 ? %s ${x}',
  'é中文😀\u{10ffff}\ufeff',
  'e\u0301',
  '\u2028\u2029\u0085',
  '\u00a0 x ',
  'true',
  '0x41',
  '\\x41'
]
const DECIMALS = ['0', '-0.01', '1.5', '99999999.99', '-99999999.99', '0.10']
const FLOATS = [0, -1.5, 0.1, 1e300, -1e-300, 1.7976931348623157e308, 5e-324, 123456789.123]
const MOMENTS = [0, 1, 951_782_400_000, 1_709_202_030_123, 4_102_444_800_000]

/**
 * Rows of an id, a text, a decimal with two digits, a double, bytes and a wall clock with microseconds, with
 * nulls among them.
 */
export function hazardousRows(random: Random, count: number, emptyIsNull: boolean): WriteRow[] {
  const text = (): string => {
    const long = `${random.pick(TEXTS)}${random.pick(TEXTS)}${'x'.repeat(random.below(300))}${random.pick(TEXTS)}`
    return random.chance(0.7) ? (random.pick(TEXTS) ?? '') : long
  }
  const filled = (one: string): string => (emptyIsNull && one === '' ? ' ' : one)
  const bytes = (): Buffer => {
    const length = random.within(emptyIsNull ? 1 : 0, 40)
    return Buffer.from(Array.from({ length }, () => random.below(256)))
  }
  const time = (): object => {
    const ms = random.pick(MOMENTS) ?? 0
    return { ms, nanos: (ms % 1000) * 1_000_000 + random.below(1000) * 1000 }
  }
  const orNull = (value: unknown): unknown => (random.chance(0.15) ? null : value)
  return Array.from({ length: count }, (_, id) => [
    id,
    orNull(filled(TEXTS[id] ?? text())),
    orNull(random.pick(DECIMALS)),
    orNull(random.pick(FLOATS)),
    orNull(bytes()),
    orNull(time())
  ])
}
