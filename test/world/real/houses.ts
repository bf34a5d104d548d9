import { mysqlUrl, postgresUrl } from '../../support/environment.ts'
import { Random } from '../../support/random.ts'
import type { WorldDatabase } from './database.ts'
import { House, type RealVerdict } from './house.ts'
import { mariadbWorlds } from './mariadb.ts'
import { oracleWorlds } from './oracle.ts'
import { type DatabaseName, housePlan } from './plan.ts'
import { postgresWorlds } from './postgres.ts'
import { sqliteWorlds } from './sqlite.ts'

interface HouseOptions {
  readonly database: DatabaseName
  readonly seed: number
  readonly worlds: number
  readonly forMs: number
  /** How to restart the database's server; null: others use it, too. */
  readonly restart: (() => Promise<void>) | null
}

/** How many worlds share a house, and how long people write in them, unless told. */
export const HOUSE_WORLDS = 6
export const HOUSE_MS = 6000

/** What a failure says: why, how to have it again, and what happened. */
export function tellHouse(
  verdicts: readonly RealVerdict[],
  { database, seed, worlds, forMs }: HouseOptions
): string {
  return verdicts
    .filter(({ faults }) => faults.length > 0)
    .flatMap(({ world, faults, story }) => [
      `${database}, the world ${world}:`,
      ...faults.map((fault) => `  ${fault}`),
      `  again: npm run world -- --database ${database} --seed ${seed} --worlds ${worlds} --ms ${forMs}`,
      story
    ])
    .join('\n')
}

/** One house of a seed, with its worlds side by side. */
export async function liveHouse(options: HouseOptions): Promise<RealVerdict[]> {
  const { database, seed, restart } = options
  const random = new Random(seed)
  const plan = housePlan(random, database, options)
  const worlds = worldsOf(database, restart)
  try {
    return await new House(plan, worlds, random).live()
  } finally {
    await worlds.close()
  }
}

function worldsOf(database: DatabaseName, restart: HouseOptions['restart']): WorldDatabase {
  switch (database) {
    case 'postgres':
      return postgresWorlds(postgresUrl(), restart)
    case 'mariadb':
      return mariadbWorlds(mysqlUrl(), restart)
    case 'sqlite':
      return sqliteWorlds()
    case 'oracle':
      return oracleWorlds()
  }
}
