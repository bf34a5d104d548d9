import { mkdtempSync, rmSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { startPostgres } from '../../scripts/databases.ts'
import { type Broker, startBroker } from '../../scripts/kafka-broker.ts'
import { connectRest } from '../support/connect-rest.ts'
import { startDatabaseProxy, startTcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts'
import { KafkaContents } from './kafka-contents.ts'
import { OrderWriters, type OrderVersion } from './order-writers.ts'
import { Random } from '../support/random.ts'

const GROUP = 'chaos'
const TOPIC = 'shop-orders'
const ARRIVAL_MS = 60_000

/** What was found when a worker had been killed and before the next one started. */
interface Crash {
  /** End of the topic: records before it were written by earlier workers. */
  readonly topicEnd: number
  /**
   * The last offset stored for the table; null: none, or not looked at because nothing may be repeated
   * anyway.
   */
  readonly stored: Record<string, number> | null
}

export interface StormOptions {
  readonly seed: number
  readonly kills: number
  readonly mode: 'incrementing' | 'timestamp+incrementing'
  /** More properties of the worker. */
  readonly worker?: Readonly<Record<string, string>>
  /** More keys of the connector. */
  readonly connector?: Readonly<Record<string, string>>
  /** Look at what readers of committed records see. */
  readonly committedOnly?: boolean
}

export interface Aftermath {
  readonly table: readonly OrderVersion[]
  /** In the order of the topic. */
  readonly arrived: readonly (OrderVersion & { readonly atMs: number; readonly offset: number })[]
  readonly crashes: readonly Crash[]
}

/**
 * A PostgreSQL, a broker and a worker of their own, with proxies between them, writers under load, and one
 * fault after the other: each round one of the lesser faults and then `kill -9` of the worker at a random
 * moment. Afterwards everything settles.
 */
export async function storm(t: TestContext, options: StormOptions): Promise<Aftermath> {
  const { seed, mode } = options
  const random = new Random(seed)
  const dir = mkdtempSync(join(tmpdir(), 'chaos-'))
  chmodSync(dir, 0o755) // the database server runs under an account of its own
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const broker = await startBroker({
    dir: join(dir, 'kafka'),
    logTo: join(dir, 'kafka.log'),
    // Killed workers leave members behind, and nobody here wants to wait long for them.
    properties: new Map([['group.min.session.timeout.ms', '500']])
  })
  t.after(() => broker.stop())
  const database = await startPostgres({ dir: join(dir, 'postgres'), logTo: join(dir, 'pg.log') })
  t.after(() => database.stop())
  const toKafka = await startTcpProxy(broker.bootstrap)
  t.after(() => toKafka.close())
  const toDatabase = await startDatabaseProxy(new URL(database.url).host)
  t.after(() => toDatabase.close())
  const kafka = new KafkaContents(broker.bootstrap)
  await kafka.connect()
  t.after(() => kafka.close())
  await kafka.createTopic(TOPIC)
  const writers = await OrderWriters.start(
    database.url,
    random.below(2 ** 31),
    mode !== 'incrementing'
  )
  t.after(() => writers.stop().catch(() => []))

  const start = (): Promise<WorkerProcess> => startWorker(toKafka.address, options.worker ?? {})
  let worker = await start()
  t.after(() => worker.kill())
  await connectRest(worker.url).put('/connectors/shop/config', {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
    'connection.url': `jdbc:postgresql://${toDatabase.address}/postgres`,
    'connection.user': 'postgres',
    'connection.password': 'postgres',
    'table.whitelist': 'public.orders',
    mode,
    'incrementing.column.name': 'id',
    ...(mode === 'incrementing' ? {} : { 'timestamp.column.name': 'at' }),
    'topic.prefix': 'shop-',
    'poll.interval.ms': '20',
    'batch.max.rows': '50',
    ...options.connector
  })

  const lesserFaults: Readonly<Record<string, () => Promise<void> | void>> = {
    'the broker crashes': () => crash(broker),
    'the database restarts': () => database.restart(),
    'database connections break': () => toDatabase.breakConnections(),
    'broker connections break': () => toKafka.breakConnections(),
    'the network to the database stalls': () => pause(toDatabase, random),
    'the network to the broker stalls': () => pause(toKafka, random),
    'nothing else happens': () => undefined
  }
  const progress = async (): Promise<void> => {
    const before = await kafka.endOffset(TOPIC)
    const enough = before + 20
    try {
      await until(
        async () => (await kafka.endOffset(TOPIC)) > enough,
        'rows go on arriving',
        ARRIVAL_MS
      )
    } catch (cause) {
      throw new Error(`Seed ${seed}. The worker wrote:\n${worker.output().slice(-6000)}`, { cause })
    }
  }
  const crashes: Crash[] = []
  for (let round = 1; round <= options.kills; round++) {
    await progress()
    const fault = random.pick(Object.keys(lesserFaults)) ?? ''
    await lesserFaults[fault]?.()
    await delay(random.below(1500))
    await worker.kill()
    t.diagnostic(`round ${round}: ${fault}; the worker is killed`)
    crashes.push({
      topicEnd: await kafka.endOffset(TOPIC),
      stored: options.committedOnly === true ? null : await storedOffset(kafka)
    })
    worker = await start()
  }
  await progress()
  const table = await writers.stop()
  const arrived = await settled(kafka, table, options, worker)
  await worker.stop()
  return { table, arrived, crashes }
}

function startWorker(
  bootstrap: string,
  more: Readonly<Record<string, string>>
): Promise<WorkerProcess> {
  return startWorkerProcess({
    properties: {
      'bootstrap.servers': bootstrap,
      'group.id': GROUP,
      'config.storage.topic': `${GROUP}-configs`,
      'offset.storage.topic': `${GROUP}-offsets`,
      'status.storage.topic': `${GROUP}-status`,
      'key.converter.schemas.enable': 'false',
      'value.converter.schemas.enable': 'false',
      'offset.flush.interval.ms': '200',
      'session.timeout.ms': '2000',
      'heartbeat.interval.ms': '300',
      'scheduled.rebalance.max.delay.ms': '0',
      ...more
    }
  })
}

async function crash(broker: Broker): Promise<void> {
  await broker.kill()
  await broker.restart()
}

async function pause(proxy: { stall(): void; resume(): void }, random: Random): Promise<void> {
  proxy.stall()
  await delay(random.below(1500))
  proxy.resume()
}

async function storedOffset(kafka: KafkaContents): Promise<Record<string, number> | null> {
  const records = await kafka.read(`${GROUP}-offsets`)
  const last = records.findLast(({ key }) => key?.startsWith('["shop"') === true)
  return last?.value === undefined || last.value === null
    ? null
    : (JSON.parse(last.value) as Record<string, number>)
}

/** Reads the topic until the last version of every row is there. */
async function settled(
  kafka: KafkaContents,
  table: readonly OrderVersion[],
  { committedOnly = false, seed }: StormOptions,
  worker: WorkerProcess
): Promise<Aftermath['arrived']> {
  const read = async (): Promise<Aftermath['arrived']> =>
    (await (committedOnly ? kafka.readCommitted(TOPIC) : kafka.read(TOPIC))).map(
      ({ offset, value }) => {
        const { id, version, at } = JSON.parse(value ?? '') as Record<
          'id' | 'version' | 'at',
          number
        >
        return { id, version, atMs: at, offset }
      }
    )
  let arrived: Aftermath['arrived'] = []
  let missing: readonly OrderVersion[] = []
  try {
    await until(
      async () => {
        arrived = await read()
        missing = missingOf(table, arrived)
        return missing.length === 0
      },
      'every row has arrived',
      ARRIVAL_MS
    )
  } catch (cause) {
    const named = missing.slice(0, 20).map(({ id, version }) => `${id} version ${version}`)
    throw new Error(
      `Seed ${seed}: ${missing.length} of ${table.length} rows are missing: ${named.join(', ')}. The worker wrote:\n${worker.output().slice(-6000)}`,
      { cause }
    )
  }
  return arrived
}

function missingOf(
  table: readonly OrderVersion[],
  arrived: readonly OrderVersion[]
): OrderVersion[] {
  const have = new Set(arrived.map(versionText))
  return table.filter((row) => !have.has(versionText(row)))
}

export const versionText = ({ id, version }: OrderVersion): string => `${id}/${version}`
