/**
 * `npm run bench -- --latency [--seconds N] [--per-second N]`: how long it takes from a record's `send` until
 * another session of PostgreSQL hears that its row is committed, at so many records a second; by this worker
 * and, with BENCH_JVM_PLUGIN_PATH (see bench/README.md), by the JVM's. Servers as for `--sink`.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { systemClock } from '../../src/clock.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { type Bench, runBench } from '../bench.ts'
import { type Contender, nodeWorker } from '../contenders.ts'
import { createConnector, jvmSinkWorker } from './measure.ts'
import { postgresTarget } from './targets.ts'
import { converterConfig, recordOf, startTopic } from './topics.ts'

const { values } = parseArgs({
  options: {
    latency: { type: 'boolean' },
    seconds: { type: 'string', default: '30' },
    'per-second': { type: 'string', default: '100' }
  }
})
const seconds = Number(values.seconds)
const perSecond = Number(values['per-second'])
if (!(seconds > 0) || !(perSecond > 0)) {
  console.error('Usage: npm run bench -- --latency [--seconds N] [--per-second N]')
  process.exit(1)
}

/** A worker that has just begun is still compiling. */
const WARM_UP_SECONDS = 10
/** For the last rows. */
const MOST_MS = 30_000

const config = {
  'tasks.max': '1',
  'consumer.override.auto.offset.reset': 'earliest',
  ...converterConfig('json'),
  'insert.mode': 'insert',
  'pk.mode': 'none'
}

async function main(bench: Bench): Promise<void> {
  const bootstrap = await bench.broker()
  const address = await bench.postgres()
  const contenders = [['this worker', nodeWorker] as const, ['JVM', jvmSinkWorker()] as const]
  for (const [name, contender] of contenders) {
    if (contender === null) continue
    bench.say(`${name} …`)
    const latencies = await measure(bench, contender, { bootstrap, address })
    const at = (share: number): string =>
      (latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN).toFixed(1)
    console.log(
      `${name}: ${latencies.length} rows, ms from send to commit: p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`
    )
  }
}

/** Milliseconds of each row behind the warm-up, in order of length. */
async function measure(
  bench: Bench,
  contender: Contender,
  { bootstrap, address }: { bootstrap: string; address: string }
): Promise<number[]> {
  const run = `bench-latency-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
  const table = run.replaceAll('-', '_')
  const target = await postgresTarget(address)
  const listener = new pg.Client({ connectionString: address })
  const worker = await contender.start(bootstrap, bench.folder, run)
  const clients = createKafkaClients(systemClock)
  const producer = clients.producer(new Map([['bootstrap.servers', bootstrap]]), 'bench')
  try {
    await target.createTable(table, false)
    await listener.connect()
    await listener.query(
      `CREATE FUNCTION ${table}_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('${table}', NEW.id::text); RETURN NEW; END $$;
       CREATE TRIGGER told AFTER INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_told();
       LISTEN ${table}`
    )
    const sentAt = new Map<number, number>()
    const latencies: number[] = []
    listener.on('notification', ({ payload = '' }) => {
      const id = Number(payload)
      const ms = performance.now() - (sentAt.get(id) ?? Number.NaN)
      sentAt.delete(id)
      if (id >= WARM_UP_SECONDS * perSecond) latencies.push(ms)
    })
    await startTopic(run, bootstrap)
    await createConnector(worker, run, {
      topics: run,
      'table.name.format': table,
      ...target.connection(''),
      ...config
    })
    const count = (WARM_UP_SECONDS + seconds) * perSecond
    const started = performance.now()
    for (let id = 0; id < count; id++) {
      await delay(Math.max(0, started + (id * 1000) / perSecond - performance.now()))
      const record = await recordOf(run, id)
      sentAt.set(id, performance.now())
      void producer.send([record])
    }
    const deadline = performance.now() + MOST_MS
    while (sentAt.size > 0 && performance.now() < deadline) await delay(50)
    if (sentAt.size > 0) throw new Error(`${sentAt.size} rows of ${count} did not come`)
    return latencies.sort((a, b) => a - b)
  } finally {
    await producer.close(5000)
    await worker.stop()
    await listener.query(`DROP TABLE IF EXISTS ${table}; DROP FUNCTION IF EXISTS ${table}_told`)
    await listener.end()
    await target.close()
  }
}

await runBench(main)
