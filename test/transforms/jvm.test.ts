import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import {
  comparedCases,
  type Comparison,
  type Comparisons,
  compareTransforms,
  transformPlugins
} from './comparison.ts'

/** One JVM answers all questions of this file. */
describe('Transformations like those of Kafka 4.3.1', () => {
  let comparisons: Comparisons
  before(async () => {
    comparisons = await compareTransforms()
  })

  for (const [index, one] of comparedCases.entries()) {
    it(`${one.class} ${JSON.stringify(one.config)} #${index}`, () => {
      const { jvm, ours, verdict } = comparisons.cases[index] as Comparison
      if (one.ours === undefined) {
        if (verdict !== 'equal') assert.deepEqual(ours, jvm)
        return
      }
      assert.equal(
        verdict,
        'allowed',
        `${one.ours.because}: ${JSON.stringify(ours)}, and ${JSON.stringify(jvm)} in the JVM`
      )
    })
  }

  for (const [index, plugin] of transformPlugins.entries()) {
    it(`${plugin.className} has the same configuration keys`, () => {
      const { jvm, ours } = comparisons.keys[index] as Comparison
      assert.deepEqual(ours, jvm)
    })
  }
})
