import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { liveModelWorlds, tellVerdict } from './model/many-worlds.ts'

/** `SEED=n` lives one world and tells its story when it fails; `WORLDS=n` lives more. */
const only = process.env['SEED']
const WORLDS = Number(process.env['WORLDS'] ?? 100)

/** Beyond the first ones: worlds that lost rows once, repeated too many, or were misjudged. */
const ONCE_WRONG = [
  2236, 2404, 2520, 2778, 2942, 10711, 11232, 11331, 11409, 11528, 13283, 18022, 20187, 60129,
  60520, 61095, 61359, 62920, 80438, 1101786, 1200249, 1201895, 1301443, 1600020, 1700342, 1900445
]

describe('everyday life over a model database', () => {
  it(`I1, I5, I6: every row comes as it was written, and nothing stands still, in ${WORLDS} worlds and some that went wrong once`, async () => {
    const first = Array.from({ length: WORLDS }, (_, index) => index + 1)
    const seeds = only === undefined ? [...first, ...ONCE_WRONG] : [Number(only)]
    const failed: string[] = []
    let lived = 0
    await liveModelWorlds(seeds, 1, (verdict) => {
      lived += 1
      if (verdict.faults.length > 0) failed.push(tellVerdict(verdict))
    })
    assert.equal(lived, seeds.length)
    assert.equal(failed.length, 0, `${failed.length} of ${lived}: ${failed[0]}`)
  })
})
