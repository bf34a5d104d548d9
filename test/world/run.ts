/**
 * `npm run world -- [--database all|model|postgres|mariadb|sqlite|oracle] [--seed N] [--seeds N] [--minutes
 * N] [--worlds N] [--ms N]`: everyday life out of seeds, until the time is over. What goes wrong is told with
 * the command that repeats it; ends with 1 then.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { liveModelWorlds, tellVerdict } from './model/many-worlds.ts'
import { HOUSE_MS, HOUSE_WORLDS, liveHouse, tellHouse } from './real/houses.ts'
import { type DatabaseName, DATABASES } from './real/plan.ts'
import { startServers } from './servers.ts'

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'all' },
    /** The first one. */
    seed: { type: 'string' },
    /** How many of each database; one when only `seed` is given. */
    seeds: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    /** Worlds that share a house of workers, and how long people write in them. */
    worlds: { type: 'string', default: String(HOUSE_WORLDS) },
    ms: { type: 'string', default: String(HOUSE_MS) }
  }
})
/** Model worlds between two houses. */
const ROUND = 100

const deadline = performance.now() + Number(values.minutes) * 60_000
const first = Number(values.seed ?? Date.now() % 1_000_000)
const count = Number(values.seeds ?? (values.seed === undefined ? Infinity : 1))
const isAll = values.database === 'all'
const withModel = isAll || values.database === 'model'
const databases = DATABASES.filter((name) => isAll || name === values.database)
if (!withModel && databases.length === 0)
  throw new Error(`There are no worlds of ${values.database}`)
const lived = { models: 0, houses: 0, worlds: 0 }
let failed = 0
const isOver = (): boolean => performance.now() > deadline

async function models(seeds: readonly number[]): Promise<void> {
  if (seeds.length === 0) return
  await liveModelWorlds(seeds, Math.min(seeds.length, availableParallelism()), (verdict) => {
    lived.models += 1
    if (verdict.faults.length === 0) return
    failed += 1
    console.log(tellVerdict(verdict))
  })
}

async function house(database: DatabaseName, seed: number, restart: (() => Promise<void>) | null) {
  const options = {
    database,
    seed,
    worlds: Number(values.worlds),
    forMs: Number(values.ms),
    restart
  }
  const verdicts = await liveHouse(options)
  lived.houses += 1
  lived.worlds += verdicts.length
  if (verdicts.every(({ faults }) => faults.length === 0)) return
  failed += 1
  console.log(tellHouse(verdicts, options))
}

const servers = databases.length === 0 ? null : await startServers(databases)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // What was found so far has been told; servers of groups of their own would outlive an interrupted run.
    void (servers?.stop() ?? Promise.resolve()).finally(() => process.exit(1))
  })
}
try {
  for (
    let round = 0;
    !isOver() && ((databases.length > 0 && round < count) || (withModel && lived.models < count));
    round++
  ) {
    const from = first + round * ROUND
    const size = withModel ? Math.max(0, Math.min(ROUND, count - round * ROUND)) : 0
    await models(Array.from({ length: size }, (_, index) => from + index))
    for (const database of round < count ? databases : []) {
      if (isOver()) break
      await house(database, first + round, servers?.restartOf(database) ?? null)
    }
    const { models: inModels, houses, worlds } = lived
    console.log(
      `${inModels} worlds of the model, ${worlds} of databases in ${houses} houses, seeds from ${first} on: ${failed} failed`
    )
  }
} finally {
  await servers?.stop()
}
if (failed > 0) process.exitCode = 1
