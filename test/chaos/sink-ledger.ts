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
/** Records that are sent at once. */
const BATCH = 20
const SCHEMA = {
  type: 'struct',
  optional: false,
  fields: [{ field: 'seq', type: 'int64', optional: false }]
}
/** A machine that has other things to do. */
const PATIENCE_MS = 240_000

interface LedgerOptions extends Pick<(typeof sinkDatabases)[number], 'open'> {
  /** So many are written again and again, and the table has a row for each; default: no two are alike. */
  readonly keys?: number | null
}

/**
 * A topic into which records are written all the time, and a table that says of each row which partition and
 * offset it came from. It has no key: what is missing, and what is there twice, shows. Or it has one, and
 * each row is to be the newest record of its key.
 */
export class SinkLedger {
  readonly database: SinkDatabase
  /** In front of the database; null: it is a file. */
  readonly proxy: TcpProxy | null
  readonly name: string
  readonly #topic: string
  readonly #t: TestContext
  readonly #producer: RecordProducer
  readonly bootstrap: string
  readonly #keys: number | null
  /** The newest offset of each key. */
  readonly #newest = new Map<number, number>()
  readonly #ends = Array.from({ length: PARTITIONS }, () => 0)
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
      readonly keys: number | null
    }
  ) {
    this.#t = t
    this.database = parts.database
    this.proxy = parts.proxy
    this.#producer = parts.producer
    this.bootstrap = parts.bootstrap
    this.#keys = parts.keys
    this.#topic = uniqueName('ledger')
    this.name = uniqueName('ledger').replaceAll('-', '_')
  }

  static async start(t: TestContext, { open, keys = null }: LedgerOptions): Promise<SinkLedger> {
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
    const ledger = new SinkLedger(t, { database, proxy, producer, bootstrap, keys })
    await ledger.#createTopic(admin)
    await database.exec(
      `CREATE TABLE ${ledger.name} (seq int${keys === null ? '' : ' PRIMARY KEY'}, topic varchar(100), part int, pos int)`
    )
    t.after(() => ledger.#stopWriting())
    ledger.#writing = ledger.#write()
    return ledger
  }

  /** A worker of the group; the first one is to be given the connector. */
  async worker(bootstrap = this.bootstrap): Promise<WorkerProcess> {
    const worker = await startWorkerProcess({
      properties: {
        'bootstrap.servers': bootstrap,
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
      ...(this.#keys === null
        ? { 'pk.mode': 'none', 'auto.create': 'true', 'exactly.once.sink': 'required' }
        : { 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'seq' }),
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

  /** Rows, or newer records of them, go on arriving. */
  async progress(rows = 50): Promise<void> {
    const arrived = async (): Promise<number> => {
      if (this.#keys === null) return this.count()
      const [row] = await this.database.exec(`SELECT SUM(pos) AS n FROM ${this.name}`)
      return Number(row?.['n'])
    }
    const enough = (await arrived()) + rows
    await this.waitFor(async () => (await arrived()) >= enough, 'rows go on arriving')
  }

  /** Rows of every partition go on arriving. */
  async progressOfEach(): Promise<void> {
    const ends = async (): Promise<readonly number[]> => {
      const found: number[] = []
      for (const part of this.#ends.keys()) {
        const [row] = await this.database.exec(
          `SELECT MAX(pos) AS pos FROM ${this.name} WHERE part = ${part}`
        )
        found.push(Number(row?.['pos'] ?? -1))
      }
      return found
    }
    const before = [...this.#ends]
    await this.waitFor(
      async () => (await ends()).every((end, part) => end >= (before[part] ?? 0)),
      'rows of every partition go on arriving'
    )
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
    if (this.#keys !== null) return this.#settleNewest()
    const distinct = async (): Promise<number> => {
      const [row] = await this.database.exec(`SELECT COUNT(DISTINCT seq) AS n FROM ${this.name}`)
      return Number(row?.['n'])
    }
    await this.waitFor(async () => (await distinct()) >= this.#written, 'every record is there')
    assert.deepEqual(await this.#repeated(), [], 'rows that are there more than once')
    assert.equal(await this.count(), this.#written)
    return this.#written
  }

  /** Rows that are there more than once. */
  async #repeated(): Promise<unknown[]> {
    const seen = new Set<string>()
    const rows = await this.database.exec(`SELECT seq, part, pos FROM ${this.name} ORDER BY seq`)
    return rows.filter(({ seq, part, pos }) => {
      const row = [seq, part, pos].join()
      return seen.has(row) || !seen.add(row)
    })
  }

  async #settleNewest(): Promise<number> {
    const newest = [...this.#newest]
      .map(([seq, pos]) => ({ seq, part: seq % PARTITIONS, pos }))
      .sort((a, b) => a.seq - b.seq)
    const rows = async (): Promise<unknown> =>
      (await this.database.exec(`SELECT seq, part, pos FROM ${this.name} ORDER BY seq`)).map(
        ({ seq, part, pos }) => ({ seq: Number(seq), part: Number(part), pos: Number(pos) })
      )
    const wanted = JSON.stringify(newest)
    const isSo = async (): Promise<boolean> => JSON.stringify(await rows()) === wanted
    await this.waitFor(isSo, 'each row is the newest record of its key')
    return this.#written
  }

  async #write(): Promise<void> {
    let batches = 0
    while (this.#isWriting) {
      const partition = batches++ % PARTITIONS
      const seqs = Array.from({ length: BATCH }, () => this.#seq(partition))
      await this.#producer.send(
        seqs.map((seq) => ({
          topic: this.#topic,
          partition,
          key: null,
          value: Buffer.from(JSON.stringify({ schema: SCHEMA, payload: { seq } })),
          timestamp: null,
          headers: []
        }))
      )
      // Records come by and by, whatever becomes of those before.
      await delay(200)
    }
  }

  /** The next record's: of a key that is always in this partition, where there are keys. */
  #seq(partition: number): number {
    const offset = this.#ends[partition] ?? 0
    this.#ends[partition] = offset + 1
    this.#written++
    if (this.#keys === null) return this.#written - 1
    const seq = ((offset * PARTITIONS) % this.#keys) + partition
    this.#newest.set(seq, offset)
    return seq
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
