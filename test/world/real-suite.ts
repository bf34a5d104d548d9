import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { liveHouse, tellHouse } from './real/houses.ts'
import type { DatabaseName } from './real/plan.ts'

/** Short lives, so that an everyday run of all tests has some of each. */
const WORLDS = 5
const MS = 3500

/** A few worlds of a database; `SEED=n` takes others. */
export function realSuite(database: DatabaseName, seed: number): void {
  describe(`everyday life over ${database}`, () => {
    const options = {
      database,
      seed: Number(process.env['SEED'] ?? seed),
      worlds: WORLDS,
      forMs: MS,
      restart: null
    }
    it(`I1, I5, I6: every row comes as it was written, and nothing stands still, in ${WORLDS} worlds of seed ${options.seed}`, {
      timeout: 170_000
    }, async (t) => {
      const verdicts = await liveHouse(options)
      for (const { world, rows, records, copied } of verdicts) {
        t.diagnostic(`${world}: ${rows} rows, ${records} records, ${copied} copied`)
      }
      const told = tellHouse(verdicts, options)
      assert.equal(told, '', told)
    })
  })
}
