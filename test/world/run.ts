/**
 * `npm run world -- [--database model] [--seed N] [--seeds N] [--minutes N]`: everyday life out of seeds, until one goes wrong or the time is
 * over. A single seed tells its story when it fails.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { liveModelWorlds, tellVerdict } from './model/many-worlds.ts'

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'model' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    minutes: { type: 'string', default: '60' }
  }
})
/** Worlds that are handed to the threads at once. */
const ROUND = 200

const deadline = performance.now() + Number(values.minutes) * 60_000
const first = Number(values.seed ?? Date.now() % 1_000_000)
const only = values.seed !== undefined && values.seeds === undefined
const count = only ? 1 : Number(values.seeds ?? Infinity)
let lived = 0
let failed = 0
while (lived < count && performance.now() < deadline) {
  const size = Math.min(ROUND, count - lived)
  const seeds = Array.from({ length: size }, (_, index) => first + lived + index)
  await liveModelWorlds(seeds, Math.min(size, availableParallelism()), (verdict) => {
    if (verdict.faults.length === 0) return
    failed += 1
    console.log(tellVerdict(verdict, failed === 1))
  })
  lived += size
  console.log(`model: ${lived} worlds from seed ${first} on, ${failed} failed`)
}
if (failed > 0) process.exitCode = 1
