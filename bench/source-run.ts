/**
 * `npm run bench [-- --rows N] [--mode incrementing|timestamp+incrementing] [--format json|avro] [--repeat N]
 * [--only NAME]`: one worker process, one task, one PostgreSQL table into one partition, as JSON without
 * schemas or as Avro with a schema registry. With BENCH_JVM_PLUGIN_PATH (see bench/README.md) the JVM worker
 * does the same in turn, and ratios are printed. Uses KAFKA_BOOTSTRAP, TEST_POSTGRES_URL and
 * TEST_SCHEMA_REGISTRY_URL when set, else servers of its own.
 */
import { availableParallelism, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { type Bench, runBench } from './bench.ts'
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

async function main(bench: Bench): Promise<void> {
  const { folder, say } = bench
  const bootstrap = await bench.broker()
  const postgres = await bench.postgres()
  say(`Filling a PostgreSQL table with ${rows} rows of 7 columns …`)
  await fillTable(postgres, rows)

  const pluginPath = process.env['BENCH_JVM_PLUGIN_PATH']
  const all = [nodeWorker, ...(pluginPath === undefined ? [] : [jvmWorker(pluginPath)])]
  const contenders = all.filter(({ name }) => values.only === undefined || name === values.only)
  if (contenders.length === 0)
    throw new Error(`--only is one of: ${all.map(({ name }) => name).join(', ')}`)
  const registry = values.format.includes('avro') ? await bench.registry() : ''
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

await runBench(main)
