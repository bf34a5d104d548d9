import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { doubleToString, floatToString } from '../../src/data/java-numbers.ts'
import { Random } from '../support/random.ts'

describe('The text of doubles', () => {
  it('is that of Java 19 and later', () => {
    const texts: [number, string][] = [
      [0, '0.0'],
      [-0, '-0.0'],
      [1, '1.0'],
      [-2.5, '-2.5'],
      [0.001, '0.001'],
      [2e-3, '0.002'],
      [0.00099, '9.9E-4'],
      [9_999_999, '9999999.0'],
      [1e7, '1.0E7'],
      [-123_456_789.5, '-1.234567895E8'],
      [1e10, '1.0E10'],
      [1e23, '1.0E23'],
      [Number.MIN_VALUE, '4.9E-324'],
      [2.2250738585072014e-308, '2.2250738585072014E-308'],
      [Number.MAX_VALUE, '1.7976931348623157E308'],
      [Number.NaN, 'NaN'],
      [Number.NEGATIVE_INFINITY, '-Infinity']
    ]
    for (const [value, text] of texts) assert.equal(doubleToString(value), text)
  })

  it('has fewer digits than that of Java 17 where fewer are enough', () => {
    assert.equal(doubleToString(2e23), '2.0E23') // 1.9999999999999998E23
    assert.equal(doubleToString(2 ** -44), '5.684341886080802E-14') // 5.6843418860808015E-14
  })
})

describe('The text of floats', () => {
  it('is that of Java 19 and later', () => {
    const texts: [number, string][] = [
      [0, '0.0'],
      [-0, '-0.0'],
      [1, '1.0'],
      [0.1, '0.1'],
      [-0.001, '-0.001'],
      [16_777_216, '1.6777216E7'],
      [3.4028235e38, '3.4028235E38'],
      [2 ** -149, '1.4E-45'],
      [1.17549435e-38, '1.1754944E-38'],
      [1e10, '1.0E10'],
      [Number.POSITIVE_INFINITY, 'Infinity']
    ]
    for (const [value, text] of texts) assert.equal(floatToString(Math.fround(value)), text)
  })

  it('has fewer digits than that of Java 17 where fewer are enough', () => {
    assert.equal(floatToString(2 ** 83), '9.671407E24') // 9.6714065E24
  })

  it('is the even one of two that are equally near', () => {
    assert.equal(floatToString(1_048_576.25), '1048576.2')
    assert.equal(floatToString(1_048_576.75), '1048576.8')
  })

  it('is the fewest digits that are read back, and the nearest of these', () => {
    const random = new Random(19)
    const bits = new DataView(new ArrayBuffer(4))
    for (let count = 0; count < 20_000; count++) {
      // Powers of two and their neighbours first.
      const raw =
        count < 1270
          ? Math.max(1, (Math.floor(count / 5) << 23) + (count % 5) - 2)
          : random.below(2 ** 31)
      bits.setInt32(0, raw)
      const value = bits.getFloat32(0)
      if (!(value > 0 && Number.isFinite(value))) continue
      const text = floatToString(value)
      assert.deepEqual(exactly(text), shortest(raw, value), text)
    }
  })
})

/** A decimal: whole × 10^exponent. */
type Exact = readonly [whole: bigint, exponent: number]

/** Without zeros at the end. */
function plain([whole, exponent]: Exact): Exact {
  return whole % 10n === 0n ? plain([whole / 10n, exponent + 1]) : [whole, exponent]
}

function exactly(text: string): Exact {
  const [digits = '', power = '0'] = text.split('E')
  const [before = '', after = ''] = digits.split('.')
  return plain([BigInt(before + after), Number(power) - after.length])
}

/**
 * In units of 2^-151, of which every float and every middle of two is a whole number: the interval that is
 * read as a float.
 */
function intervalOf(raw: number): { low: bigint; value: bigint; high: bigint; closed: boolean } {
  const power = raw >>> 23
  const significand = power === 0 ? raw : (raw & 0x7f_ffff) | 0x80_0000
  const units = (quarters: number): bigint => BigInt(quarters) << BigInt(Math.max(power, 1) - 1)
  const isFirstOfItsPower = significand === 0x80_0000 && power > 1
  return {
    low: units(4 * significand - (isFirstOfItsPower ? 1 : 2)),
    value: units(4 * significand),
    high: units(4 * significand + 2),
    closed: significand % 2 === 0
  }
}

/**
 * Java's definition, in whole numbers: the nearest of the shortest decimals that are read as the float; two
 * digits count as one.
 */
function shortest(raw: number, value: number): Exact {
  const { low, value: center, high, closed } = intervalOf(raw)
  const power = Math.floor(Math.log10(value))
  for (let digits = 2; ; digits++) {
    const found: { distance: bigint; decimal: Exact }[] = []
    for (const exponent of [power - digits, power - digits + 1, power - digits + 2]) {
      const times = 10n ** BigInt(Math.max(0, -exponent))
      const unit = (10n ** BigInt(Math.max(0, exponent))) << 151n
      const first = (center * times) / unit
      for (const whole of [first - 1n, first, first + 1n, first + 2n]) {
        const [at, from, to] = [whole * unit, low * times, high * times]
        if (whole < 10n ** BigInt(digits - 1) || whole > 10n ** BigInt(digits)) continue
        if (closed ? at < from || at > to : at <= from || at >= to) continue
        const off = at - center * times
        // All in the same unit, 2^-151 × 10^-60.
        const distance = ((off < 0n ? -off : off) * 10n ** 60n) / times
        found.push({ distance: distance * 2n + (whole % 2n), decimal: [whole, exponent] })
      }
    }
    found.sort((a, b) => (a.distance < b.distance ? -1 : 1))
    if (found[0] !== undefined) return plain(found[0].decimal)
  }
}
