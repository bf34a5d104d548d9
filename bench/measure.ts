import { setTimeout as delay } from 'node:timers/promises'
import { Admin } from '@platformatic/kafka'
import { TopicReader } from '../scripts/topic-reader.ts'
import type { Contender, RunningWorker } from './contenders.ts'
import { usageOf } from './process-usage.ts'

export interface Measurement {
  /** Between the first and the last record's arrival in the topic. */
  readonly rowsPerSecond: number
  /** From the POST that creates the connector to the last record's arrival. */
  readonly rowsPerSecondWall: number
  readonly cpuSeconds: number
  readonly peakResidentMb: number
  readonly idleResidentMb: number
  readonly readySeconds: number
}

interface Setting {
  readonly bootstrap: string
  readonly folder: string
  readonly rows: number
  /** As it is written in topic names. */
  readonly table: string
  /** Keys that say where the rows are and how they are read; `className` is the connector's class. */
  readonly connector: (className: string) => Record<string, string>
  /** Values are Avro, with this schema registry. */
  readonly registry?: string
}

/** Long enough for either worker to have tidied up after its start. */
const IDLE_MS = 15_000
const LOOK_EVERY_MS = 20
/** Without a new record for so long the run has failed. */
const STALLED_MS = 60_000

let runs = 0

/** One fresh worker process, one fresh topic, one connector until every row has arrived. */
export async function measure(contender: Contender, setting: Setting): Promise<Measurement> {
  runs += 1
  const run = `bench-${process.pid}-${runs}`
  const topic = `${run}-${setting.table}`
  await createTopic(setting.bootstrap, topic)
  const reader = new TopicReader(setting.bootstrap, `${run}-reader`)
  const worker = await contender.start(setting.bootstrap, setting.folder, run, setting.registry)
  try {
    await delay(IDLE_MS)
    const idle = usageOf(worker.pid)
    const posted = performance.now()
    await createConnector(worker, run, setting)
    const { first, last } = await untilArrived(reader, topic, setting.rows, worker, run)
    const busy = usageOf(worker.pid)
    return {
      rowsPerSecond: setting.rows / ((last - first) / 1000),
      rowsPerSecondWall: setting.rows / ((last - posted) / 1000),
      cpuSeconds: busy.cpuSeconds - idle.cpuSeconds,
      peakResidentMb: busy.peakResidentMb,
      idleResidentMb: idle.residentMb,
      readySeconds: worker.readySeconds
    }
  } finally {
    await worker.stop()
    await reader.close()
  }
}

async function createTopic(bootstrap: string, topic: string): Promise<void> {
  const admin = new Admin({ clientId: 'bench', bootstrapBrokers: bootstrap.split(',') })
  try {
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 })
  } finally {
    await admin.close()
  }
}

async function createConnector(
  worker: RunningWorker,
  run: string,
  setting: Setting
): Promise<void> {
  const className = await jdbcSourceClass(worker)
  const config: Record<string, string> = {
    'connector.class': className,
    'tasks.max': '1',
    'numeric.mapping': 'best_fit',
    'batch.max.rows': '1000',
    'poll.interval.ms': '1000',
    'topic.prefix': `${run}-`,
    ...setting.connector(className)
  }
  const answer = await fetch(`${worker.url}/connectors`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: run, config }),
    signal: AbortSignal.timeout(90_000)
  })
  if (!answer.ok)
    throw new Error(`POST /connectors answered ${answer.status}: ${await answer.text()}`)
}

/** Confluent's class, or that of its fork, whichever the worker has. */
async function jdbcSourceClass(worker: RunningWorker): Promise<string> {
  const answer = await fetch(`${worker.url}/connector-plugins`, {
    signal: AbortSignal.timeout(10_000)
  })
  const plugins = (await answer.json()) as { class: string }[]
  const found =
    plugins.find((plugin) => plugin.class === 'io.confluent.connect.jdbc.JdbcSourceConnector') ??
    plugins.find((plugin) => plugin.class.endsWith('.JdbcSourceConnector'))
  if (found === undefined)
    throw new Error('The worker has no JdbcSourceConnector: check BENCH_JVM_PLUGIN_PATH')
  return found.class
}

/** Times (performance.now) at which the first and the last record were seen in the topic. */
async function untilArrived(
  reader: TopicReader,
  topic: string,
  rows: number,
  worker: RunningWorker,
  connector: string
): Promise<{ first: number; last: number }> {
  let first = 0
  let seen = 0n
  let changed = performance.now()
  for (;;) {
    const end = (await reader.endOffsets(topic))?.[0] ?? 0n
    const now = performance.now()
    if (end > seen) {
      if (seen === 0n) first = now
      seen = end
      changed = now
    }
    if (seen >= BigInt(rows)) return { first, last: now }
    if (now - changed > STALLED_MS) {
      const status = await fetch(`${worker.url}/connectors/${connector}/status`)
      throw new Error(`${seen} of ${rows} rows arrived, then nothing: ${await status.text()}`)
    }
    await delay(LOOK_EVERY_MS)
  }
}
