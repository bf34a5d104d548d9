import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { connectRest } from '../support/connect-rest.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { ClusterAdmin, RecordProducer } from '../../src/kafka/contracts.ts'
import { systemClock } from '../../src/clock.ts'
import { producerProperties } from '../../src/settings/worker/layered-properties.ts'
import { uniqueName } from '../support/environment.ts'
import { startCluster } from '../support/kafka-cluster.ts'
import type { sinkDatabases } from '../support/sink-databases.ts'
import { startDatabaseProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts'

type SinkDatabase = Awaited<ReturnType<(typeof sinkDatabases)[number]['open']>>

const PARTITIONS = 3
const SCHEMA = {
  type: 'struct',
  optional: false,
  fields: [{ field: 'seq', type: 'int64', optional: false }]
}
/** A machine that has other things to do. */
const PATIENCE_MS = 240_000

/**
 * A topic into which records are written all the time, and a table without a key that has a row for each with
 * the partition and the offset it came from: what is missing, and what is there twice, shows.
 */
export class SinkLedger {
  readonly database: SinkDatabase
  /** In front of the database; null: it is a file. */
  readonly proxy: TcpProxy | null
  readonly name: string
  readonly #topic: string
  readonly #t: TestContext
  readonly #producer: RecordProducer
  readonly #bootstrap: string
  readonly #workers: WorkerProcess[] = []
  #isWriting = true
  #written = 0
  #writing: Promise<void> = Promise.resolve()

  private constructor(
    t: TestContext,
    parts: {
      readonly database: SinkDatabase
      readonly proxy: TcpProxy | null
      readonly producer: RecordProducer
      readonly bootstrap: string
    }
  ) {
    this.#t = t
    this.database = parts.database
    this.proxy = parts.proxy
    this.#producer = parts.producer
    this.#bootstrap = parts.bootstrap
    this.#topic = uniqueName('ledger')
    this.name = uniqueName('ledger').replaceAll('-', '_')
  }

  static async start(
    t: TestContext,
    { open }: Pick<(typeof sinkDatabases)[number], 'open'>
  ): Promise<SinkLedger> {
    const database = await open()
    t.after(() => database.close())
    const [, address] = /\/\/([^/]+)\//.exec(database.config['connection.url'] ?? '') ?? []
    const proxy = address === undefined ? null : await startDatabaseProxy(address)
    if (proxy !== null) t.after(() => proxy.close())
    // Dead members are to be noticed soon.
    const [{ bootstrap }] = await startCluster(t, 1, { 'group.min.session.timeout.ms': '500' })
    const cluster = new Map([['bootstrap.servers', bootstrap]])
    const clients = createKafkaClients(systemClock)
    const admin = clients.admin(cluster, uniqueName('admin'))
    t.after(() => admin.close())
    const producer = clients.producer(producerProperties(cluster, new Map()), uniqueName('writer'))
    t.after(() => producer.close(1000))
    const ledger = new SinkLedger(t, { database, proxy, producer, bootstrap })
    await ledger.#createTopic(admin)
    await database.exec(
      `CREATE TABLE ${ledger.name} (seq bigint, topic varchar(100), part int, pos bigint)`
    )
    t.after(() => ledger.#stopWriting())
    ledger.#writing = ledger.#write()
    return ledger
  }

  /** A worker of the group; the first one is to be given the connector. */
  async worker(): Promise<WorkerProcess> {
    const worker = await startWorkerProcess({
      properties: {
        'bootstrap.servers': this.#bootstrap,
        'group.id': this.name,
        'config.storage.topic': `${this.name}-configs`,
        'offset.storage.topic': `${this.name}-offsets`,
        'status.storage.topic': `${this.name}-status`,
        'session.timeout.ms': '3000',
        'heartbeat.interval.ms': '300',
        'scheduled.rebalance.max.delay.ms': '0'
      }
    })
    if (this.#workers.length === 0) this.#t.after(() => this.#killAll())
    this.#workers.push(worker)
    return worker
  }

  async configure(
    worker: WorkerProcess,
    more: Readonly<Record<string, string>> = {}
  ): Promise<void> {
    const { config } = this.database
    const url = config['connection.url'] ?? ''
    const through =
      this.proxy === null ? url : url.replace(/\/\/[^/]+\//, `//${this.proxy.address}/`)
    await connectRest(worker.url).put(`/connectors/${this.name}/config`, {
      ...config,
      'connection.url': through,
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      'tasks.max': '2',
      topics: this.#topic,
      'table.name.format': this.name,
      'pk.mode': 'none',
      'auto.create': 'true',
      'exactly.once.sink': 'required',
      'batch.size': '200',
      'write.timeout.ms': '5000',
      'retry.backoff.ms': '100',
      'retry.backoff.max.ms': '500',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'true',
      transforms: 'place',
      'transforms.place.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
      'transforms.place.topic.field': 'topic',
      'transforms.place.partition.field': 'part',
      'transforms.place.offset.field': 'pos',
      'consumer.override.session.timeout.ms': '3000',
      'consumer.override.heartbeat.interval.ms': '300',
      ...more
    })
  }

  async count(): Promise<number> {
    const [row] = await this.database.exec(`SELECT COUNT(*) AS n FROM ${this.name}`)
    return Number(row?.['n'])
  }

  /** Rows go on arriving. */
  async progress(rows = 50): Promise<void> {
    const enough = (await this.count()) + rows
    await this.waitFor(async () => (await this.count()) >= enough, 'rows go on arriving')
  }

  async waitFor(isSo: () => Promise<boolean>, what: string): Promise<void> {
    try {
      await until(isSo, what, PATIENCE_MS)
    } catch (cause) {
      const said = this.#workers.map((worker) => worker.output().slice(-5000)).join('\n---\n')
      throw new Error(`The workers wrote:\n${said}`, { cause })
    }
  }

  /** Ends the writing of records, waits for the last one, and compares; answers how many there were. */
  async settle(): Promise<number> {
    await this.#stopWriting()
    const distinct = async (): Promise<number> => {
      const rows = await this.database.exec(`SELECT DISTINCT seq FROM ${this.name}`)
      return rows.length
    }
    await this.waitFor(async () => (await distinct()) >= this.#written, 'every record is there')
    const rows = await this.database.exec(
      `SELECT seq, part, pos, COUNT(*) AS n FROM ${this.name} GROUP BY seq, part, pos HAVING COUNT(*) > 1`
    )
    assert.deepEqual(rows, [], 'rows that are there more than once')
    assert.equal(await this.count(), this.#written)
    return this.#written
  }

  async #write(): Promise<void> {
    while (this.#isWriting) {
      const values = Array.from({ length: 20 }, () =>
        JSON.stringify({ schema: SCHEMA, payload: { seq: this.#written++ } })
      )
      const partition = (this.#written / values.length) % PARTITIONS
      await this.#producer.send(
        values.map((value) => ({
          topic: this.#topic,
          partition,
          key: null,
          value: Buffer.from(value),
          timestamp: null,
          headers: []
        }))
      )
      // Records come by and by, whatever becomes of those before.
      await delay(200)
    }
  }

  async #createTopic(admin: ClusterAdmin): Promise<void> {
    const settings = new Map<string, string>()
    await admin.createTopic({
      name: this.#topic,
      partitions: PARTITIONS,
      replicationFactor: 1,
      settings
    })
  }

  async #stopWriting(): Promise<void> {
    this.#isWriting = false
    await this.#writing
  }

  async #killAll(): Promise<void> {
    for (const worker of this.#workers) await worker.kill()
  }
}
