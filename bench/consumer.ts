/*
 * How fast the consumer of a sink reads by itself: records of 175 bytes as they lie in the topic, four
 * partitions, no conversion.
 *
 *     KAFKA_BOOTSTRAP=127.0.0.1:9092 node bench/consumer.ts [records] [compression]
 */
import { systemClock } from '../src/clock.ts'
import { createKafkaClients } from '../src/kafka/kafka-clients.ts'

const total = Number(process.argv[2] ?? 2_000_000)
const compression = process.argv[3] ?? 'none'
const perSend = 5000
const partitions = 4
const bootstrap = process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092'
const topic = `bench-consumer-${process.pid}`
const clients = createKafkaClients(systemClock)
const client = new Map([['bootstrap.servers', bootstrap]])

await fill()
for (const round of [1, 2, 3]) await read(round)

async function fill(): Promise<void> {
  const admin = clients.admin(client, 'bench')
  await admin.createTopic({ name: topic, partitions, replicationFactor: 1, settings: new Map() })
  await admin.close()
  const producer = clients.producer(
    new Map([...client, ['compression.type', compression]]),
    'bench'
  )
  const value = Buffer.alloc(150, 'x')
  const inFlight = new Set<Promise<unknown>>()
  for (let sent = 0; sent < total; sent += perSend) {
    if (inFlight.size >= 5) await Promise.race(inFlight)
    const records = Array.from({ length: perSend }, (_, index) => ({
      topic,
      partition: index % partitions,
      key: Buffer.from(String(sent + index)),
      value,
      timestamp: 1_700_000_000_000 + sent + index,
      headers: []
    }))
    const one: Promise<unknown> = producer.send(records).finally(() => inFlight.delete(one))
    inFlight.add(one)
  }
  await Promise.all(inFlight)
  await producer.close(5000)
}

async function read(round: number): Promise<void> {
  const consumer = clients.groupConsumer({
    client: new Map([
      ...client,
      ['group.id', `${topic}-${round}`],
      ['auto.offset.reset', 'earliest'],
      ['isolation.level', 'read_committed']
    ]),
    clientId: 'bench',
    subscription: { kind: 'topics', topics: [topic] },
    bufferBytes: 32 * 1024 * 1024,
    onAssigned: async () => undefined,
    onRevoked: async () => undefined,
    onLost: async () => undefined,
    onRevoking: () => undefined
  })
  const limits = { records: 5000, bytes: 8 * 1024 * 1024 }
  while (consumer.assignment.length === 0) await consumer.poll({ records: 1, bytes: 1 }, 100)
  let longestMs = 0
  let lastMs = performance.now()
  const looking = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - lastMs - 1)
    lastMs = performance.now()
  }, 1)
  const cpu = process.cpuUsage()
  const started = performance.now()
  let records = 0
  let bytes = 0
  while (records < total - partitions) {
    for (const { value } of await consumer.poll(limits, 1000)) {
      records++
      bytes += value?.length ?? 0
    }
  }
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  clearInterval(looking)
  await consumer.close('measured', 5000)
  console.log(
    `${Math.round(records / seconds)} records/s, ${((user + system) / records).toFixed(2)} µs CPU per record, ${Math.round(bytes / seconds / 1e6)} MB/s of values, event loop held up for ${longestMs.toFixed(1)} ms at most, ${Math.round(process.memoryUsage().rss / 1e6)} MB`
  )
}
