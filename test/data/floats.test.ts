import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { floatOfText, nearestFloat } from '../../src/data/floats.ts'

/** The text of a double with 60 digits, the last of them changed by a step. */
function besides(double: number, step: bigint): string {
  const [digits = '', power] = double.toExponential(59).split('e')
  return `${BigInt(digits.replace('.', '')) + step}e${Number(power) - 59}`
}

describe('A float read from text', () => {
  const smallest = 2 ** -149
  const cases: [name: string, below: number, above: number][] = [
    ['1 and its neighbour', 1, 1 + 2 ** -23],
    ['a power of two and what is below', 2 - 2 ** -23, 2],
    ['the two smallest', smallest, 2 * smallest],
    ['0 and the smallest', 0, smallest],
    ['the two largest', 2 ** 128 - 2 ** 105, 2 ** 128 - 2 ** 104]
  ]
  for (const [name, below, above] of cases) {
    it(`is rounded once, amid ${name}`, () => {
      const middle = (below + above) / 2
      assert.equal(floatOfText(besides(middle, -1n)), below)
      assert.equal(floatOfText(besides(middle, 1n)), above)
      assert.equal(nearestFloat(middle, 0), Math.fround(middle))
    })
  }

  it('is infinite from the middle to what would come after the largest', () => {
    const middle = 2 ** 128 - 2 ** 103
    assert.equal(floatOfText(besides(middle, -1n)), 2 ** 128 - 2 ** 104)
    assert.equal(floatOfText(besides(middle, 0n)), Number.POSITIVE_INFINITY)
    assert.equal(nearestFloat(-middle, 1n), -(2 ** 128 - 2 ** 104))
    assert.equal(floatOfText('1e39'), Number.POSITIVE_INFINITY)
  })

  it('is the double rounded where that is not amid two', () => {
    for (const text of ['0.1', '1e-50', '0', '16777217', '3.4e38']) {
      assert.equal(floatOfText(text), Math.fround(Number(text)), text)
    }
  })
})
