/**
 * `npm run bench -- --sink [--rows N] [--jvm-bad-rows N] [--case append|upsert|hot|bad]
 * [--database PostgreSQL|MariaDB|Oracle] [--format avro|json] [--tasks N] [--repeat N] [--exactly-once]
 * [--only NAME]`: one topic of four partitions into one table, by this worker and, with
 * BENCH_JVM_PLUGIN_PATH (see bench/README.md), by the JVM's with its defaults and tuned, in turn. Uses
 * KAFKA_BOOTSTRAP, TEST_POSTGRES_URL, TEST_MYSQL_URL and TEST_SCHEMA_REGISTRY_URL when set, else servers of
 * its own.
 */
import { parseArgs } from 'node:util'
import { type Bench, runBench } from '../bench.ts'
import { type Contender, nodeWorker } from '../contenders.ts'
import { startOracleServerProcess } from '../oracle-server-process.ts'
import { CASES, DEFAULTS, EXACTLY_ONCE, type SinkCase, type Tuning, TUNED } from './cases.ts'
import { jvmSinkWorker, measureSink, type SinkMeasurement } from './measure.ts'
import { report } from './report.ts'
import { mariaDbTarget, oracleTarget, postgresTarget, type Target } from './targets.ts'
import {
  type Content,
  converterConfig,
  type FilledTopic,
  fillTopic,
  type Format
} from './topics.ts'

const DATABASES = ['PostgreSQL', 'MariaDB', 'Oracle']
const FORMATS = ['avro', 'json']

const { values } = parseArgs({
  options: {
    sink: { type: 'boolean' },
    rows: { type: 'string', default: '1000000' },
    // Each of its batches with a bad record takes half a minute.
    'jvm-bad-rows': { type: 'string', default: '1000' },
    case: { type: 'string', multiple: true, default: CASES.map(({ name }) => name) },
    database: { type: 'string', multiple: true, default: DATABASES },
    format: { type: 'string', multiple: true, default: FORMATS },
    tasks: { type: 'string', default: '1' },
    repeat: { type: 'string', default: '1' },
    'exactly-once': { type: 'boolean' },
    only: { type: 'string', multiple: true }
  }
})
const rows = Number(values.rows)
const repeat = Number(values.repeat)
const cases = CASES.filter(({ name }) => values.case.includes(name))
if (
  !(rows > 0) ||
  !(repeat > 0) ||
  cases.length < values.case.length ||
  values.database.some((name) => !DATABASES.includes(name)) ||
  values.format.some((name) => !FORMATS.includes(name))
) {
  console.error(
    `Usage: npm run bench -- --sink [--rows N] [--jvm-bad-rows N] [--case ${CASES.map(({ name }) => name).join('|')}] [--database ${DATABASES.join('|')}] [--format ${FORMATS.join('|')}] [--tasks N] [--repeat N] [--exactly-once] [--only NAME]`
  )
  process.exit(1)
}

/** Who is compared, and how it is told. */
interface Competitor {
  readonly name: string
  readonly contender: Contender
  readonly tuning: Tuning
}

function competitors(): Competitor[] {
  const ours: Competitor[] = [{ name: 'this worker', contender: nodeWorker, tuning: DEFAULTS }]
  if (values['exactly-once'] === true) {
    ours.push({ name: 'exactly once', contender: nodeWorker, tuning: EXACTLY_ONCE })
  }
  const jvm = jvmSinkWorker()
  const theirs =
    jvm === null
      ? []
      : [DEFAULTS, TUNED].map((tuning) => ({
          name: `JVM, ${tuning.name}`,
          contender: jvm,
          tuning
        }))
  return [...ours, ...theirs].filter(
    ({ name }) => values.only === undefined || values.only.includes(name)
  )
}

async function main(bench: Bench): Promise<void> {
  const { folder, say } = bench
  const bootstrap = await bench.broker()
  const registry = values.format.includes('avro') ? await bench.registry() : ''
  const targets = await openTargets(bench)
  const filled = new Map<string, FilledTopic>()
  const topicOf = async (
    format: Format,
    content: Content,
    records: number
  ): Promise<FilledTopic> => {
    const topic = `bench-sink-${process.pid}-${format}-${content}-${records}`
    const known = filled.get(topic)
    if (known !== undefined) return known
    say(`Filling ${topic} …`)
    const made = await fillTopic(topic, { bootstrap, registry, format, content, records })
    filled.set(topic, made)
    return made
  }
  for (const format of values.format as Format[]) {
    for (const target of targets) {
      for (const one of cases) {
        const results = new Map<string, SinkMeasurement[]>()
        // In turn, so that a machine that gets slower or warmer treats all alike.
        for (let round = 1; round <= repeat; round++) {
          for (const competitor of competitors()) {
            const isJvm = competitor.contender !== nodeWorker
            if (target.isStandIn === true && (isJvm || one.content === 'bad')) continue
            const records = isJvm && one.content === 'bad' ? Number(values['jvm-bad-rows']) : rows
            const topic = await topicOf(format, one.content, records)
            say(
              `${competitor.name}: ${target.name}, ${one.title}, ${format}, round ${round} of ${repeat} …`
            )
            const measured = await measureSink({
              start: (run) =>
                competitor.contender.start(
                  bootstrap,
                  folder,
                  run,
                  format === 'avro' ? registry : undefined
                ),
              topic,
              target,
              hasKey: one.hasKey,
              config: connectorConfig(one, competitor, target, format)
            })
            const before = results.get(competitor.name) ?? []
            results.set(competitor.name, [...before, measured])
          }
        }
        report(`${target.name}, ${one.title}, ${format}: ${rows} records`, repeat, results)
      }
    }
  }
}

function connectorConfig(
  one: SinkCase,
  { tuning }: Competitor,
  target: Target,
  format: Format
): Record<string, string> {
  return {
    'tasks.max': values.tasks,
    'consumer.override.auto.offset.reset': 'earliest',
    ...converterConfig(format),
    ...target.connection(tuning.parameters(target)),
    ...one.config,
    ...tuning.config
  }
}

async function openTargets(bench: Bench): Promise<Target[]> {
  const targets: Target[] = []
  for (const name of values.database) {
    const target = await openTarget(name, bench)
    bench.atEnd(() => target.close())
    targets.push(target)
  }
  return targets
}

async function openTarget(name: string, bench: Bench): Promise<Target> {
  if (name === 'PostgreSQL') return postgresTarget(await bench.postgres())
  if (name === 'MariaDB') return mariaDbTarget(await bench.mariaDb())
  return oracleTarget((await startOracleServerProcess(bench, 1)).address)
}

await runBench(main)
