/**
 * `npm run bench [-- --rows N] [--mode incrementing|timestamp+incrementing] [--format json|avro] [--repeat N]
 * [--only NAME]`: one worker process, one task, one PostgreSQL table into one partition, as JSON without
 * schemas or as Avro with a schema registry. With BENCH_JVM_PLUGIN_PATH (see bench/README.md) the JVM worker
 * does the same in turn, and ratios are printed. Uses KAFKA_BOOTSTRAP, TEST_POSTGRES_URL and
 * TEST_SCHEMA_REGISTRY_URL when set, else servers of its own.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startPostgres } from '../scripts/databases.ts'
import { startBroker } from '../scripts/kafka-broker.ts'
import { startSchemaRegistry } from '../scripts/schema-registry.ts'
import { type Contender, jvmWorker, nodeWorker } from './contenders.ts'
import { measure, type Measurement } from './measure.ts'
import { median } from './median.ts'
import { fillTable, postgresConnector, TABLE } from './table.ts'

const MODES = ['incrementing', 'timestamp+incrementing'] as const
const FORMATS = ['json', 'avro'] as const

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    mode: { type: 'string', multiple: true, default: [...MODES] },
    format: { type: 'string', multiple: true, default: ['json'] },
    repeat: { type: 'string', default: '1' },
    only: { type: 'string' }
  }
})
const rows = Number(values.rows)
const repeat = Number(values.repeat)
if (
  !(rows > 0) ||
  !(repeat > 0) ||
  values.mode.some((mode) => !MODES.includes(mode as 'incrementing')) ||
  values.format.some((format) => !FORMATS.includes(format as 'json'))
) {
  console.error(
    `Usage: npm run bench [-- --rows N] [--mode ${MODES.join('|')}] [--format ${FORMATS.join('|')}] [--repeat N] [--only 'this worker'|'JVM worker']`
  )
  process.exit(1)
}

const started = performance.now()
const say = (text: string): void => {
  console.log(`[${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s] ${text}`)
}
const stops: (() => Promise<void> | void)[] = []

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-connect-node-bench-'))
  chmodSync(folder, 0o755)
  stops.push(() => rmSync(folder, { recursive: true, force: true }))
  const bootstrap = process.env['KAFKA_BOOTSTRAP'] ?? (await ownBroker(folder))
  const postgres = process.env['TEST_POSTGRES_URL'] ?? (await ownPostgres(folder))
  say(`Filling a PostgreSQL table with ${rows} rows of 7 columns …`)
  await fillTable(postgres, rows)

  const pluginPath = process.env['BENCH_JVM_PLUGIN_PATH']
  const all = [nodeWorker, ...(pluginPath === undefined ? [] : [jvmWorker(pluginPath)])]
  const contenders = all.filter(({ name }) => values.only === undefined || name === values.only)
  if (contenders.length === 0)
    throw new Error(`--only is one of: ${all.map(({ name }) => name).join(', ')}`)
  const registry = values.format.includes('avro')
    ? (process.env['TEST_SCHEMA_REGISTRY_URL'] ?? (await ownRegistry(folder)))
    : ''
  for (const mode of values.mode) {
    for (const format of values.format) {
      const results = new Map<Contender, Measurement[]>()
      // In turn, so that a machine that gets slower or warmer treats both alike.
      for (let round = 1; round <= repeat; round++) {
        for (const contender of contenders) {
          say(`${contender.name}, mode ${mode}, ${format}, round ${round} of ${repeat} …`)
          const measured = await measure(contender, {
            bootstrap,
            folder,
            rows,
            table: TABLE,
            connector: (className) => postgresConnector(postgres, mode, className),
            ...(format === 'avro' && { registry })
          })
          results.set(contender, [...(results.get(contender) ?? []), measured])
        }
      }
      report(`${mode}, ${format}`, results)
    }
  }
}

async function ownRegistry(folder: string): Promise<string> {
  say('Starting a schema registry …')
  const server = await startSchemaRegistry({ logTo: join(folder, 'registry.log'), say })
  stops.push(() => server.stop())
  return server.url
}

async function ownBroker(folder: string): Promise<string> {
  say('Starting a Kafka broker …')
  const logTo = join(folder, 'kafka.log')
  const broker = await startBroker({
    dir: join(folder, 'kafka'),
    logTo,
    heapMb: 1024,
    quickStart: false,
    say
  })
  stops.push(() => broker.stop())
  return broker.bootstrap
}

async function ownPostgres(folder: string): Promise<string> {
  say('Starting PostgreSQL …')
  const options = { dir: join(folder, 'postgres'), logTo: join(folder, 'postgres.log'), say }
  const database = await startPostgres({ ...options, settings: ['shared_buffers=512MB'] })
  stops.push(() => database.stop())
  return database.url
}

const LINES: readonly [keyof Measurement, string, 'higher' | 'lower', number][] = [
  ['rowsPerSecond', 'rows/s, first to last record', 'higher', 0],
  ['rowsPerSecondWall', 'rows/s, from POST to last record', 'higher', 0],
  ['cpuSeconds', 'CPU seconds while copying', 'lower', 1],
  ['peakResidentMb', 'peak resident MB', 'lower', 0],
  ['idleResidentMb', 'idle resident MB', 'lower', 0],
  ['readySeconds', 'seconds until ready', 'lower', 2]
]

/** Medians, and how many times better we are where there is something to compare with. */
function report(mode: string, results: ReadonlyMap<Contender, readonly Measurement[]>): void {
  const columns = [...results]
  const compare = columns.length > 1
  console.log(
    `\n${mode}: ${rows} rows, ${availableParallelism()} CPUs, ${Math.round(totalmem() / 2 ** 30)} GB, medians of ${repeat}`
  )
  console.log(
    `${''.padEnd(34)}${columns.map(([{ name }]) => name.padStart(14)).join('')}${compare ? '        better by' : ''}`
  )
  for (const [key, label, better, digits] of LINES) {
    const medians = columns.map(([, measured]) => median(measured.map((one) => one[key])))
    const shown = medians.map((value) => value.toFixed(digits).padStart(14)).join('')
    const [ours, theirs] = medians
    const ratio =
      ours === undefined || theirs === undefined
        ? ''
        : `${(better === 'higher' ? ours / theirs : theirs / ours).toFixed(2)} ×`.padStart(17)
    console.log(`${label.padEnd(34)}${shown}${ratio}`)
  }
  console.log('')
}

async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).toReversed()) await stop()
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    void stopAll().finally(() => process.exit(130))
  })
}
try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await stopAll()
}
