/**
 * `npm test [-- path …]`: checks the sources, starts the servers the suite talks to, runs it with Node's own
 * test runner and stops the servers again, whatever happened. Servers named in the environment
 * (KAFKA_BOOTSTRAP, TEST_POSTGRES_URL, TEST_MYSQL_URL, TEST_SCHEMA_REGISTRY_URL) are used instead of starting
 * one.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runVisibly } from './commands.ts'
import { startMariaDb, startPostgres } from './databases.ts'
import { startBroker } from './kafka-broker.ts'
import { kafkaJars } from './kafka-jars.ts'
import { startSchemaRegistry } from './schema-registry.ts'

/** A single test that takes longer is stuck. */
const TEST_TIMEOUT_MS = 300_000
/** The whole run; the continuous integration's own limit is later and would say less. */
const RUN_TIMEOUT_MS = 60 * 60_000

const root = resolve(import.meta.dirname, '..')
process.chdir(root)
const started = performance.now()
const say = (text: string): void => {
  console.log(`[${((performance.now() - started) / 1000).toFixed(1)} s] ${text}`)
}

const stops: (() => Promise<void>)[] = []

async function main(selection: readonly string[]): Promise<number> {
  say('Checking types, lint and format (npm run check) …')
  const npm = process.env['npm_execpath']
  const checked =
    npm === undefined
      ? await runVisibly('npm', ['run', '--silent', 'check'])
      : await runVisibly(process.execPath, [npm, 'run', '--silent', 'check'])
  if (checked !== 0) return checked

  // Database servers run under accounts of their own and must be able to enter.
  const folder = mkdtempSync(join(tmpdir(), 'kafka-connect-node-test-'))
  chmodSync(folder, 0o755)
  stops.push(async () => rmSync(folder, { recursive: true, force: true }))
  const environment = await startServices(folder)

  const files = selection.length === 0 ? ['test/**/*.test.ts'] : selection.flatMap(filesOf)
  say(`Running ${files.join(' ')}`)
  const exitCode = await runVisibly(
    process.execPath,
    [
      '--import',
      './test/support/no-leaks.ts',
      '--test',
      '--test-concurrency=2',
      `--test-timeout=${TEST_TIMEOUT_MS}`,
      ...files
    ],
    { ...process.env, ...environment }
  )
  if (exitCode !== 0) keepLogs(folder)
  return exitCode
}

/**
 * What the servers had to say about a run that failed. The summary of the test runner stays the last thing
 * printed.
 */
function keepLogs(folder: string): void {
  const kept = join(root, '.cache', 'test-logs')
  rmSync(kept, { recursive: true, force: true })
  mkdirSync(kept, { recursive: true })
  for (const log of globSync('*.log', { cwd: folder })) {
    copyFileSync(join(folder, log), join(kept, log))
  }
}

/** `test/rest` means its test files; a file or a pattern means itself; options of the runner pass through. */
function filesOf(selected: string): string[] {
  if (!existsSync(selected) || !statSync(selected).isDirectory()) return [selected]
  return [join(selected, '**', '*.test.ts')]
}

/** Starts what the environment does not name; answers the variables test/support/environment.ts reads. */
async function startServices(folder: string): Promise<Record<string, string>> {
  const environment: Record<string, string> = {}
  const given = (name: string): boolean => (process.env[name] ?? '') !== ''

  const kafka = async (): Promise<void> => {
    environment['TEST_KAFKA_LIBS'] = process.env['TEST_KAFKA_LIBS'] ?? (await kafkaJars(say))
    if (given('KAFKA_BOOTSTRAP')) return
    const broker = await startBroker({
      dir: join(folder, 'kafka'),
      logTo: join(folder, 'kafka.log'),
      say
    })
    stops.push(() => broker.stop())
    environment['KAFKA_BOOTSTRAP'] = broker.bootstrap
    say(`Kafka listens on ${broker.bootstrap}`)
  }
  const postgres = async (): Promise<void> => {
    if (given('TEST_POSTGRES_URL')) return
    const options = { dir: join(folder, 'postgres'), logTo: join(folder, 'postgres.log'), say }
    const database = await startPostgres(options)
    stops.push(() => database.stop())
    environment['TEST_POSTGRES_URL'] = database.url
    say('PostgreSQL is ready')
  }
  const mysql = async (): Promise<void> => {
    if (given('TEST_MYSQL_URL')) return
    const options = { dir: join(folder, 'mariadb'), logTo: join(folder, 'mariadb.log'), say }
    const database = await startMariaDb(options)
    stops.push(() => database.stop())
    environment['TEST_MYSQL_URL'] = database.url
    say('MariaDB is ready')
  }
  const schemaRegistry = async (): Promise<void> => {
    if (given('TEST_SCHEMA_REGISTRY_URL')) return
    const registry = await startSchemaRegistry({ logTo: join(folder, 'schema-registry.log'), say })
    stops.push(() => registry.stop())
    environment['TEST_SCHEMA_REGISTRY_URL'] = registry.url
    say('The schema registry is ready')
  }
  const outcomes = await Promise.allSettled([kafka(), postgres(), mysql(), schemaRegistry()])
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as Error] : []
  )
  if (failures.length > 0) throw new AggregateError(failures, 'Servers could not be started')
  return environment
}

/** In reverse order; a server that does not stop must not keep the others running. */
async function stopAll(): Promise<void> {
  const servers = stops.splice(0).toReversed()
  for (const stop of servers) {
    try {
      await stop()
    } catch (error) {
      console.error(error)
      process.exitCode = 1
    }
  }
}

let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping) return
    stopping = true
    void stopAll().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143))
  })
}
const limit = setTimeout(() => {
  console.error(`The run took longer than ${RUN_TIMEOUT_MS / 60_000} minutes and was ended`)
  void stopAll().finally(() => process.exit(1))
}, RUN_TIMEOUT_MS)

try {
  const exitCode = await main(process.argv.slice(2))
  await stopAll()
  process.exitCode ||= exitCode
} catch (error) {
  const failures = error instanceof AggregateError ? error.errors : [error]
  for (const failure of failures) {
    console.error(failure instanceof Error ? failure.message : failure)
  }
  await stopAll()
  process.exitCode = 1
} finally {
  clearTimeout(limit)
}
