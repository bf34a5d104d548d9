import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, startMariaDb, startPostgres } from '../../scripts/databases.ts'
import { startBroker } from '../../scripts/kafka-broker.ts'
import { startSchemaRegistry } from '../../scripts/schema-registry.ts'
import type { DatabaseName } from './real/plan.ts'

interface Servers {
  /** null: not ours. */
  restartOf(database: DatabaseName): (() => Promise<void>) | null
  stop(): Promise<void>
}

/**
 * Starts what the environment does not name (as `npm test` does) and these databases need; their addresses
 * are in the environment then.
 */
export async function startServers(databases: readonly DatabaseName[]): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-connect-node-world-'))
  // Database servers run under accounts of their own and must be able to enter.
  chmodSync(folder, 0o755)
  const stops: (() => Promise<void>)[] = []
  const ours = new Map<DatabaseName, Database>()
  const needs = async (
    variable: string,
    start: () => Promise<{ address: string; stop(): Promise<void> }>
  ): Promise<void> => {
    if ((process.env[variable] ?? '') !== '') return
    const { address, stop } = await start()
    stops.push(stop)
    process.env[variable] = address
  }
  const database = async (
    name: DatabaseName,
    variable: string,
    make: typeof startPostgres
  ): Promise<void> => {
    if (!databases.includes(name)) return
    await needs(variable, async () => {
      const server = await make({ dir: join(folder, name), logTo: join(folder, `${name}.log`) })
      ours.set(name, server)
      return { address: server.url, stop: () => server.stop() }
    })
  }
  const stop = async (): Promise<void> => {
    for (const one of stops.toReversed()) await one()
    rmSync(folder, { recursive: true, force: true })
  }
  const outcomes = await Promise.allSettled([
    needs('KAFKA_BOOTSTRAP', async () => {
      const broker = await startBroker({
        dir: join(folder, 'kafka'),
        logTo: join(folder, 'kafka.log')
      })
      return { address: broker.bootstrap, stop: () => broker.stop() }
    }),
    needs('TEST_SCHEMA_REGISTRY_URL', async () => {
      const registry = await startSchemaRegistry({
        logTo: join(folder, 'registry.log'),
        say: () => undefined
      })
      return { address: registry.url, stop: () => registry.stop() }
    }),
    database('postgres', 'TEST_POSTGRES_URL', startPostgres),
    database('mariadb', 'TEST_MYSQL_URL', startMariaDb)
  ])
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failure !== undefined) {
    await stop()
    throw failure.reason
  }
  return {
    restartOf(name) {
      const server = ours.get(name)
      return server === undefined ? null : () => server.restart()
    },
    stop
  }
}
