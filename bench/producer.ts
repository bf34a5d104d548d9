import { systemClock } from '../src/clock.ts'
import { createKafkaClients } from '../src/kafka/kafka-clients.ts'

/**
 * Claim: one producer writes at least 250 000 records of 150 bytes per second with 5 sends in flight.
 * Usage: KAFKA_BOOTSTRAP=host:port node bench/producer.ts [records] [records per send]
 */
const total = Number(process.argv[2] ?? 1_000_000)
const perSend = Number(process.argv[3] ?? 1000)
const clients = createKafkaClients(systemClock)
const client = new Map([
  ['bootstrap.servers', process.env['KAFKA_BOOTSTRAP'] ?? '127.0.0.1:9092'],
  ['compression.type', process.env['COMPRESSION'] ?? 'none']
])
const topic = `bench-producer-${Date.now()}`
const admin = clients.admin(client, 'bench')
await admin.createTopic({ name: topic, partitions: 1, replicationFactor: 1, settings: new Map() })
await admin.close()
const producer = clients.producer(client, 'bench')
const value = Buffer.alloc(150, 'x')
const send = (records: number): Promise<unknown> =>
  producer.send(
    Array.from({ length: records }, (_, index) => ({
      topic,
      partition: null,
      key: null,
      value,
      timestamp: 1_700_000_000_000 + index,
      headers: []
    }))
  )
await send(perSend)
const cpu = process.cpuUsage()
const started = performance.now()
const inFlight = new Set<Promise<unknown>>()
for (let sent = 0; sent < total; sent += perSend) {
  if (inFlight.size >= 5) await Promise.race(inFlight)
  const one: Promise<unknown> = send(perSend).finally(() => inFlight.delete(one))
  inFlight.add(one)
}
await Promise.all(inFlight)
const seconds = (performance.now() - started) / 1000
const { user, system } = process.cpuUsage(cpu)
await producer.close(5000)
console.log(
  `${Math.round(total / seconds)} records/s, ${((user + system) / total).toFixed(2)} µs CPU per record, ${Math.round(process.memoryUsage().rss / 1e6)} MB`
)
