import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { describe, it } from 'node:test'
import { runSchedules, tellVerdict } from './sink/many-schedules.ts'
import type { Verdict } from './sink/simulate.ts'

/** `SEED=n` runs one schedule of each kind and tells its story when it fails; `SCHEDULES=n` runs more. */
const only = process.env['SEED']
const SCHEDULES = Number(process.env['SCHEDULES'] ?? 120)
/**
 * Each failed once: a row lost behind a COMMIT without an answer, partitions lost during another loss, an end
 * that was asked before another one wrote, a put that was given no time to end.
 */
const REMEMBERED = [519, 901, 472, 1447, 400, 2556, 4376, 6937, 8444]
const seeds =
  only === undefined
    ? [...Array.from({ length: SCHEDULES }, (_, index) => index + 1), ...REMEMBERED]
    : [Number(only)]

describe('sink tasks over a model of Kafka and of a database', () => {
  for (const promised of ['at least once', 'exactly once'] as const) {
    it(`I10, I11, I12, I13, I14, I15: ${promised}, in ${seeds.length} schedules`, async () => {
      const failed: Verdict[] = []
      let run = 0
      // A run of the whole suite has another file beside this one.
      const threads = seeds.length > 1000 ? availableParallelism() : 1
      await runSchedules(seeds, promised, threads, (verdict) => {
        run += 1
        if (verdict.faults.length > 0) failed.push(verdict)
      })
      assert.equal(run, seeds.length)
      const texts = failed.slice(0, 20).map(tellVerdict)
      assert.equal(failed.length, 0, `${failed.length} of ${run} failed:\n${texts.join('\n')}`)
    })
  }
})
