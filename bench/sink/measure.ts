import { setTimeout as delay } from 'node:timers/promises'
import { type Contender, jvmWorker, type RunningWorker } from '../contenders.ts'
import { usageOf } from '../process-usage.ts'
import type { Target } from './targets.ts'
import type { FilledTopic } from './topics.ts'

export interface SinkMeasurement {
  /** Records ÷ seconds between the first and the last row that is seen. */
  readonly rowsPerSecond: number
  /** The same from the POST that creates the connector. */
  readonly rowsPerSecondWall: number
  readonly cpuPerMillion: number
  readonly peakResidentMb: number
}

interface SinkRun {
  /** A fresh one. */
  start(run: string): Promise<RunningWorker>
  readonly topic: FilledTopic
  readonly target: Target
  /** Whether the table has a primary key where it need not. */
  readonly hasKey: boolean
  /** Keys of the connector beside class, topic, table and connection. */
  readonly config: Readonly<Record<string, string>>
}

/** Long enough for either worker to have tidied up after its start. */
const IDLE_MS = 6000
const LOOK_EVERY_MS = 20
/** A JVM's connector tries a batch with a bad record for half a minute. */
const MOST_MS = 30 * 60_000

let runs = 0

/** null: BENCH_JVM_PLUGIN_PATH names none. */
export function jvmSinkWorker(): Contender | null {
  const pluginPath = process.env['BENCH_JVM_PLUGIN_PATH']
  // On a busy machine it would look at all classes for minutes.
  const settings = { 'plugin.discovery': 'service_load' }
  return pluginPath === undefined ? null : jvmWorker(pluginPath, settings)
}

/** One fresh worker process, one fresh table, one connector until every record is written. */
export async function measureSink(setting: SinkRun): Promise<SinkMeasurement> {
  const { topic, target, hasKey } = setting
  runs += 1
  const run = `bench-sink-${process.pid}-${runs}`
  const table = run.replaceAll('-', '_')
  await target.createTable(table, hasKey)
  const worker = await setting.start(run)
  try {
    await delay(IDLE_MS)
    const idle = usageOf(worker.pid)
    const posted = performance.now()
    await createConnector(worker, run, {
      topics: topic.topic,
      'table.name.format': table,
      ...setting.config
    })
    const { first, last } = await untilWritten(worker, run, target, table)
    const busy = usageOf(worker.pid)
    const rows = await target.count(table)
    if (rows !== topic.rows) throw new Error(`The table has ${rows} rows and not ${topic.rows}`)
    return {
      rowsPerSecond: topic.records / ((last - first) / 1000),
      rowsPerSecondWall: topic.records / ((last - posted) / 1000),
      cpuPerMillion: (busy.cpuSeconds - idle.cpuSeconds) / (topic.records / 1e6),
      peakResidentMb: busy.peakResidentMb
    }
  } finally {
    await worker.stop()
    await target.dropTable(table)
  }
}

/** Throws when it is refused. */
export async function createConnector(
  worker: RunningWorker,
  name: string,
  config: Readonly<Record<string, string>>
): Promise<void> {
  const body = JSON.stringify({
    name,
    config: { 'connector.class': await jdbcSinkClass(worker), ...config }
  })
  const answer = await fetch(`${worker.url}/connectors`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
    signal: AbortSignal.timeout(90_000)
  })
  if (!answer.ok)
    throw new Error(`POST /connectors answered ${answer.status}: ${await answer.text()}`)
}

/** Confluent's class, or that of its fork, whichever the worker has. */
async function jdbcSinkClass(worker: RunningWorker): Promise<string> {
  const signal = AbortSignal.timeout(10_000)
  const answer = await fetch(`${worker.url}/connector-plugins`, { signal })
  const classes = ((await answer.json()) as { class: string }[]).map((plugin) => plugin.class)
  const found =
    classes.find((name) => name === 'io.confluent.connect.jdbc.JdbcSinkConnector') ??
    classes.find((name) => name.endsWith('.JdbcSinkConnector'))
  if (found !== undefined) return found
  throw new Error('The worker has no JdbcSinkConnector: check BENCH_JVM_PLUGIN_PATH')
}

/** Times (performance.now) at which the first row and the last ones were seen. */
async function untilWritten(
  worker: RunningWorker,
  connector: string,
  target: Target,
  table: string
): Promise<{ first: number; last: number }> {
  let first = 0
  const started = performance.now()
  for (let looks = 1; ; looks++) {
    const { any, all } = await target.arrived(table)
    const now = performance.now()
    if (first === 0 && any) first = now
    if (all) return { first, last: now }
    const isLookedAt = looks % 100 === 0
    if (isLookedAt || now - started > MOST_MS) {
      const status = await fetch(`${worker.url}/connectors/${connector}/status`)
      const text = await status.text()
      if (text.includes('FAILED') || now - started > MOST_MS)
        throw new Error(`Not all records were written: ${text}`)
    }
    await delay(LOOK_EVERY_MS)
  }
}
