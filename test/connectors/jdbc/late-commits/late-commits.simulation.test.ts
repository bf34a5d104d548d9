import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { type Mode, MODES } from '../../../support/late-commit-simulation.ts'
import type { Told } from '../../../support/late-commit-simulation-worker.ts'

/**
 * `SEED=n` replays one history of each kind, and shows what happened to the rows it loses; `SCHEDULES=n`
 * tries more.
 */
const only = process.env['SEED'] === undefined ? null : Number(process.env['SEED'])
const SCHEDULES = Number(process.env['SCHEDULES'] ?? 250)
const seeds = only === null ? Array.from({ length: SCHEDULES }, (_, index) => index + 1) : [only]

async function histories(guard: string, mode: Mode): Promise<Told[]> {
  const file = new URL('../../../support/late-commit-simulation-worker.ts', import.meta.url)
  const worker = new Worker(file, { workerData: { seeds, guard, mode } })
  const [told] = (await once(worker, 'message')) as [Told[]]
  await worker.terminate()
  assert.equal(told.length, seeds.length)
  return told
}

describe('late commits, simulated', () => {
  for (const guard of ['auto', 'window', 'both'] as const) {
    for (const mode of MODES) {
      it(`I6: no row is lost with guard ${guard} in mode ${mode}, and versions keep their order`, async () => {
        for (const { seed, outcome, error } of await histories(guard, mode)) {
          const where = `replay with SEED=${seed} (guard ${guard}, mode ${mode})`
          assert.equal(error, null, where)
          assert.deepEqual(outcome?.lost, [], `lost: ${where}`)
          assert.deepEqual(outcome.disordered, [], `out of order: ${where}`)
          if (outcome.excuses === 0) assert.equal(outcome.repeated, 0, `repeated: ${where}`)
        }
      })
    }
  }

  it('finds the rows that are lost without the guard, in every mode', async () => {
    for (const mode of MODES) {
      const losing = (await histories('off', mode)).filter(
        ({ outcome }) => (outcome?.lost.length ?? 0) > 0
      )
      if (only === null) assert.ok(losing.length > seeds.length / 10, `${mode}: ${losing.length}`)
    }
  })
})
