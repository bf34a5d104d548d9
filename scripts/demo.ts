/**
 * `npm run demo`: the worker's main job, from nothing. Starts one Kafka broker (or uses KAFKA_BOOTSTRAP), a
 * SQLite database and a worker, creates two connectors over REST, from tables to topics and from these to
 * tables of another file, inserts a row each second and prints what arrives in Kafka. Ctrl-C ends what it
 * started.
 *
 * - `npm run demo -- --once`: ends with exit code 0 when the first rows were read back from Kafka, and their
 *   copies are the same.
 * - `--avro`: records are Avro, with a schema registry (TEST_SCHEMA_REGISTRY_URL, else one that is started).
 * - `--oracle`: an Oracle connector on the project's test server, which speaks Oracle's protocol and is no
 *   Oracle Database.
 * - `--data FOLDER`: instead of demo-data/ (with --oracle: demo-data/oracle/).
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { AvroValues } from './demo-avro.ts'
import { OracleShop } from './demo-oracle.ts'
import { DemoCopy } from './demo-copy.ts'
import { nextThings } from './demo-next-things.ts'
import { type DemoShop, SqliteShop } from './demo-shop.ts'
import { startBroker } from './kafka-broker.ts'
import { freePorts, lastLines, type ServerProcess, startServer } from './server-process.ts'
import { TopicReader } from './topic-reader.ts'

const USAGE = 'Usage: npm run demo [-- [--oracle] [--avro] [--once] [--data FOLDER]]\n'
const FIRST_ROW_TIMEOUT_MS = 300_000
const MAX_LINE = 160
const WITH_SCHEMAS = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'true'
} as const

const root = resolve(import.meta.dirname, '..')
process.chdir(root)
const options = parseOptions(process.argv.slice(2))
// A folder, group and topics of their own: the server behind an Oracle connector of an earlier run is gone.
const kind = `${options.oracle ? '-oracle' : ''}${options.avro ? '-avro' : ''}`
const shown = options.data ?? (kind === '' ? 'demo-data' : `demo-data/${kind.slice(1)}`)
const folder = resolve(shown)
const group = `kafka-connect-node-demo${kind}`
const workerLog = resolve(folder, 'worker.log')
const workerFile = 'worker-config/connect-distributed.properties'

const started = performance.now()
const say = (text: string): void => {
  console.log(`[${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s] ${text}`)
}

/** What to undo at the end, last first. */
const stops: (() => Promise<void> | void)[] = []
const ending = new AbortController()
let comparing = false

async function demo(once: boolean): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const bootstrap = await kafka()
  const shop = options.oracle ? await OracleShop.start() : new SqliteShop(folder)
  stops.push(() => shop.close())
  say(`${shop.kind}: ${shop.introduction}`)

  const avro = options.avro ? await AvroValues.start(folder, say) : null
  if (avro !== null) stops.push(() => avro.close())
  const reader = new TopicReader(
    bootstrap,
    `${group}-${process.pid}`,
    avro === null ? 'utf8' : 'latin1'
  )
  stops.push(() => reader.close())
  const before = new Map<string, readonly bigint[]>()
  for (const topic of shop.topics) before.set(topic, (await reader.endOffsets(topic)) ?? [0n])

  const { url, pid } = await worker(bootstrap, avro?.workerKeys ?? {})
  // What reads the topics has to know the types of the values: Avro's are in the registry.
  const values = avro === null ? WITH_SCHEMAS : {}
  const source = { ...values, 'connection.url': shop.connectionUrl }
  const connector = await createConnector(url, shop.connectorFile, source)
  const copy = new DemoCopy(folder, shop)
  stops.push(() => copy.close())
  const sink = await createConnector(url, copy.connectorFile, { ...values, ...copy.config })

  const arrived = Promise.withResolvers<void>()
  const seen = new Set<string>()
  for (const topic of shop.topics) {
    const show = (text: string): void => {
      const line = `${topic.padEnd(14)} ${text}`
      say(line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line)
      seen.add(topic)
      // A later start finds the customers of the first one already in Kafka.
      if (topic === shop.topics[1]) arrived.resolve()
    }
    // One after the other, although the registry is asked for the first.
    let shown = Promise.resolve()
    void followWhenItExists(reader, topic, before.get(topic) ?? [0n], (value) => {
      shown = shown.then(async () =>
        show(value === null ? 'null' : avro === null ? payloadOf(value) : await avro.text(value))
      )
      shown.catch((error: unknown) => arrived.reject(error))
    }).catch((error: unknown) => arrived.reject(error))
  }
  const inserting = insertRows(shop)
  inserting.catch((error: unknown) => arrived.reject(error))
  await withinFirstRowTimeout(
    arrived.promise,
    'No row arrived in Kafka',
    `${url}/connectors/${connector}`
  )
  await withinFirstRowTimeout(
    sameCopy(copy),
    `${copy.place} is not the same as the original`,
    `${url}/connectors/${sink}`
  )
  if (once) {
    const from = shop.kind === 'Oracle' ? "a test server speaking Oracle's protocol" : shop.kind
    say(
      `Done: rows of ${[...seen].join(' and ')} went from ${from} to Kafka, were read back, and copied`
    )
    return
  }
  console.log(nextThings({ url, pid, bootstrap, connector, sink, shop, copy, shown }))
  await inserting
}

async function kafka(): Promise<string> {
  const given = process.env['KAFKA_BOOTSTRAP'] ?? ''
  if (given !== '') {
    say(`Kafka: using ${given} (KAFKA_BOOTSTRAP); topics shop.* and ${group}-* stay`)
    return given
  }
  say(`Kafka: starting one broker, data in ${shown}/kafka …`)
  const broker = await startBroker({
    dir: resolve(folder, 'kafka'),
    logTo: resolve(folder, 'kafka.log'),
    say
  })
  stops.push(() => broker.stop())
  say(`Kafka: listens on ${broker.bootstrap}`)
  return broker.bootstrap
}

/**
 * Starts the worker, and again whenever it ends by itself, until the demo ends. Answers its REST URL and
 * first process id.
 */
async function worker(
  bootstrap: string,
  more: Readonly<Record<string, string>>
): Promise<{ url: string; pid: number }> {
  const [port] = (await freePorts(1)) as [number]
  const url = `http://127.0.0.1:${port}`
  const overrides = {
    'bootstrap.servers': bootstrap,
    listeners: url,
    'group.id': group,
    'config.storage.topic': `${group}-configs`,
    'offset.storage.topic': `${group}-offsets`,
    'status.storage.topic': `${group}-status`,
    'offset.flush.interval.ms': '2000',
    ...more
  }
  const command = ['--max-semi-space-size=8', 'src/main.ts', '--distributed', workerFile]
  for (const [key, value] of Object.entries(overrides)) command.push('-o', `${key}=${value}`)
  const start = (): Promise<ServerProcess> =>
    startServer({
      name: 'The worker',
      command: process.execPath,
      args: command,
      logTo: workerLog,
      ready: async () => (await fetch(`${url}/connectors`, limit(2000))).ok,
      stopTimeoutMs: 15_000
    })
  say(`Worker: starting node src/main.ts --distributed ${workerFile} …`)
  let running = await start()
  stops.push(() => running.stop())
  say(`Worker: REST answers on ${url} (process ${running.pid}, log in ${shown}/worker.log)`)
  const keepRunning = async (): Promise<void> => {
    for (;;) {
      await running.ended
      if (ending.signal.aborted) return
      say('Worker: ended. Starting it again in 2 s; it goes on where its stored offsets say …')
      await delay(2000, undefined, { signal: ending.signal })
      running = await start()
      say(`Worker: REST answers again (process ${running.pid})`)
    }
  }
  keepRunning().catch((error: unknown) => {
    if (!ending.signal.aborted) void end(1, error)
  })
  return { url, pid: running.pid }
}

/** Creates or updates a sample connector with other values for some keys; answers its name. */
async function createConnector(
  url: string,
  file: string,
  keys: Readonly<Record<string, string>>
): Promise<string> {
  const sample = JSON.parse(readFileSync(file, 'utf8')) as {
    name: string
    config: Record<string, string>
  }
  const config = { ...sample.config, ...keys }
  const known = (await (await fetch(`${url}/connectors`, limit(5000))).json()) as string[]
  const isKnown = known.includes(sample.name)
  const method = isKnown ? 'PUT' : 'POST'
  const path = isKnown ? `/connectors/${sample.name}/config` : '/connectors'
  const answer = await fetch(url + path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(isKnown ? config : { ...sample, config }),
    ...limit(90_000)
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${url}${path} answered ${answer.status}: ${text}`)
  say(`Connector: ${method} ${path} with ${file} answered ${answer.status}`)
  if (isKnown) say('Connector: it goes on where the earlier run ended')
  return sample.name
}

/** Nothing changes in the shop while its copy is compared. */
async function sameCopy(copy: DemoCopy): Promise<void> {
  comparing = true
  let orders: number | null = null
  while (orders === null && !ending.signal.aborted) {
    await delay(200, undefined, { signal: ending.signal })
    orders = await copy.ordersWhenEqual()
  }
  comparing = false
  say(`Copy: ${copy.place} has the same ${orders} orders as the original`)
}

/** What a record says, without the schema beside it; records of earlier demos have none. */
function payloadOf(value: string): string {
  const parsed = JSON.parse(value) as { schema?: unknown; payload?: unknown }
  return 'schema' in parsed ? JSON.stringify(parsed.payload) : value
}

async function followWhenItExists(
  reader: TopicReader,
  topic: string,
  from: readonly bigint[],
  onValue: (value: string | null) => void
): Promise<void> {
  while ((await reader.endOffsets(topic)) === null) {
    if (ending.signal.aborted) return
    await delay(100)
  }
  await reader.follow([{ topic, from }], (_, value) => onValue(value))
}

async function insertRows(shop: DemoShop): Promise<void> {
  while (!ending.signal.aborted) {
    if (!comparing) await shop.change()
    await delay(1000, undefined, { signal: ending.signal }).catch(() => undefined) // the demo ends
  }
}

async function withinFirstRowTimeout(
  rows: Promise<void>,
  what: string,
  connectorUrl: string
): Promise<void> {
  const late = delay(FIRST_ROW_TIMEOUT_MS, 'late', { signal: ending.signal }).catch(() => 'ended')
  if ((await Promise.race([rows, late])) !== 'late') return
  const status = await fetch(`${connectorUrl}/status`, limit(5000)).then(
    (answer) => answer.text(),
    (error: Error) => `no status: ${error.message}`
  )
  throw new Error(
    `${what} within ${FIRST_ROW_TIMEOUT_MS / 1000} s. The connector says: ${status}\n${lastLines(workerLog)}`
  )
}

function limit(ms: number): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(ms) }
}

function parseOptions(words: readonly string[]): {
  once: boolean
  oracle: boolean
  avro: boolean
  data?: string | undefined
} {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        once: { type: 'boolean', default: false },
        oracle: { type: 'boolean', default: false },
        avro: { type: 'boolean', default: false },
        data: { type: 'string' },
        help: { type: 'boolean', default: false }
      }
    })
    if (!values.help) return values
    console.log(USAGE)
    process.exit(0)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`)
    process.exit(1)
  }
}

let ended = false
async function end(exitCode: number, error?: unknown): Promise<void> {
  if (ended) return
  ended = true
  ending.abort()
  if (error !== undefined) console.error(error instanceof Error ? error.message : error)
  for (const stop of stops.toReversed()) {
    try {
      await stop()
    } catch (failure) {
      console.error(failure)
    }
  }
  process.exit(exitCode)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    say('Ending …')
    void end(0)
  })
}
process.on('uncaughtException', (error) => void end(1, error))

try {
  await demo(options.once)
  await end(0)
} catch (error) {
  await end(1, error)
}
