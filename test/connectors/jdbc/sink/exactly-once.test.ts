import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { jdbcSinkPlugin } from '../../../../src/connectors/jdbc/sink/sink-plugins.ts'
import { messageOf } from '../../../../src/errors.ts'
import type { SinkRecord } from '../../../../src/data/record.ts'
import { Schema } from '../../../../src/data/schema.ts'
import type { PartitionOrigin } from '../../../../src/plugin/sink.ts'
import { type KafkaSaid, sinkRecord, startJdbcSink, struct } from '../../../support/jdbc-sink.ts'
import { sinkDatabases } from '../../../support/sink-databases.ts'
import { until } from '../../../support/until.ts'
import { startDatabaseProxy, type TcpProxy } from '../../../support/tcp-proxy.ts'

const LEDGER = Schema.struct([{ name: 'seq', schema: Schema.INT64 }])

function origin(over: Partial<PartitionOrigin> = {}): PartitionOrigin {
  return {
    topic: 'orders',
    partition: 0,
    committed: null,
    metadata: null,
    start: 0n,
    first: 0n,
    end: 1_000_000n,
    topicId: 'topic-1',
    ...over
  }
}

const record = (offset: number, partition = 0): SinkRecord =>
  sinkRecord({
    partition,
    offset,
    valueSchema: LEDGER,
    value: struct(LEDGER, { seq: BigInt(offset) })
  })
const records = (from: number, to: number, partition = 0): SinkRecord[] =>
  Array.from({ length: to - from }, (_, at) => record(from + at, partition))
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at)

for (const { name, open } of sinkDatabases) {
  void describe(`Exactly once into ${name}`, () => {
    let database: Awaited<ReturnType<typeof open>>
    let proxy: TcpProxy | null = null
    let tables = 0
    before(async () => {
      database = await open()
      const [, address] = /\/\/([^/]+)\//.exec(database.config['connection.url'] ?? '') ?? []
      if (address !== undefined) proxy = await startDatabaseProxy(address)
    })
    after(async () => {
      await proxy?.close()
      await database.close()
    })

    /** A table without any key, so that what is written twice is there twice. */
    async function ledger() {
      const table = `ledger${++tables}`
      await database.exec(`CREATE TABLE ${table} (seq bigint, part int)`)
      const seqs = async (): Promise<number[]> =>
        (await database.exec(`SELECT seq FROM ${table} ORDER BY seq`)).map(({ seq }) => Number(seq))
      /** As of a copy that is older: rows and position at once, the epoch as it was. */
      const fallBack = (): Promise<unknown> =>
        database.exec(
          `DELETE FROM ${table} WHERE seq >= 2`,
          `UPDATE kafka_connect_sink_offsets SET next_offset = 2 WHERE connector = '${table}'`
        )
      const row = async (partition = 0): Promise<Record<string, unknown> | undefined> =>
        (
          await database.exec(
            `SELECT * FROM kafka_connect_sink_offsets WHERE connector = '${table}' AND kafka_partition = ${partition}`
          )
        )[0]
      const start = (
        kafka: KafkaSaid,
        config: Readonly<Record<string, string>> = {}
      ): ReturnType<typeof startJdbcSink> =>
        startJdbcSink(
          {
            ...database.config,
            name: table,
            'table.name.format': table,
            'pk.mode': 'none',
            'auto.create': 'true',
            'exactly.once.sink': 'required',
            'retry.backoff.ms': '20',
            'retry.backoff.max.ms': '40',
            ...config
          },
          { kafka }
        )
      return { fallBack, table, seqs, row, start }
    }
    const isAt = async (row: Promise<Record<string, unknown> | undefined>): Promise<number> =>
      Number((await row)?.['next_offset'])

    void it('I15: rows and position change together; what is there already is skipped and counted', async () => {
      const { start, seqs, row } = await ledger()
      const kafka = { partitions: [origin({ start: 5n, committed: 5n }), origin({ partition: 1 })] }
      const first = await start(kafka)
      assert.deepEqual(first.sought, [
        { topic: 'orders', partition: 0, offset: 5n },
        { topic: 'orders', partition: 1, offset: 0n }
      ])
      await first.put([...records(5, 9), ...records(100, 103, 1)])
      assert.deepEqual([await isAt(row()), await isAt(row(1))], [9, 103])
      assert.deepEqual(
        await first.task.preCommit?.([{ topic: 'orders', partition: 0, offset: 9n }]),
        [{ topic: 'orders', partition: 0, offset: 9n, metadata: 'knode:1' }]
      )
      await first.stop()
      // It died before the commit, and comes again from where the group is.
      const second = await start(kafka)
      assert.equal(second.sought[0]?.offset, 9n)
      await second.put([...records(5, 12)])
      assert.deepEqual(await seqs(), [...range(5, 12), 100, 101, 102])
      assert.equal(second.task.progress?.().get('task')?.['already_written'], 4)
      await second.stop()
    })

    void it('I15: a task whose partition was claimed by another writes nothing more of it, and claims it only where the group says so', async () => {
      const { start, seqs, row } = await ledger()
      const kafka = { partitions: [origin()], isMember: true }
      const zombie = await start(kafka)
      await zombie.put(records(0, 3))
      const owner = await start({ partitions: [origin()] })
      kafka.isMember = false
      await assert.rejects(zombie.put(records(3, 6)), /is claimed by .* and the group does not say/)
      assert.deepEqual(await seqs(), range(0, 3))
      await owner.put(records(3, 5))
      kafka.isMember = true
      zombie.sought.length = 0
      // Its records were read before it knew where the partition is: they come again.
      await zombie.put(records(3, 6))
      assert.deepEqual(zombie.sought, [{ topic: 'orders', partition: 0, offset: 5n }])
      assert.deepEqual(await seqs(), range(0, 5))
      await zombie.put(records(5, 8))
      assert.deepEqual([await seqs(), await isAt(row())], [range(0, 8), 8])
      await zombie.stop()
      await owner.stop()
    })

    void it('a database that fell back is written again from where it is', async () => {
      const { fallBack, start, seqs } = await ledger()
      const sink = await start({ partitions: [origin()] })
      await sink.put(records(0, 5))
      await fallBack()
      await sink.put(records(5, 7))
      assert.deepEqual(sink.sought.at(-1), { topic: 'orders', partition: 0, offset: 2n })
      assert.deepEqual(await seqs(), [0, 1])
      await sink.put(records(2, 7))
      assert.deepEqual(await seqs(), range(0, 7))
      await sink.stop()
    })

    void it('I15: a database that fell back is noticed though no record comes any more', async () => {
      const { fallBack, start, seqs } = await ledger()
      const sink = await start({ partitions: [origin()] })
      await sink.put(records(0, 5))
      await fallBack()
      await until(async () => {
        await sink.put([])
        return sink.sought.at(-1)?.offset === 2n
      }, 'it goes back')
      await sink.put(records(2, 5))
      await sink.stop()
      assert.deepEqual(await seqs(), range(0, 5))
    })

    void it('I15: nothing is written beside members of the group that know nothing of positions', async () => {
      const { start, seqs } = await ledger()
      const kafka: KafkaSaid = { partitions: [origin()], strangers: [] }
      const sink = await start(kafka)
      kafka.strangers = ['connector-consumer-sink-1 at 10.0.0.7']
      await assert.rejects(sink.put(records(0, 3)), { code: 'RETRIABLE' })
      const says = /^The group has other members for .*in the group.*: connector-consumer-sink-1 at/
      assert.match(sink.conditions.at(-1) ?? '', says)
      assert.deepEqual(await seqs(), [])
      kafka.strangers = []
      await sink.put(records(0, 3))
      await sink.stop()
      assert.deepEqual([await seqs(), sink.conditions.at(-1)], [range(0, 3), null])
    })

    void it('I15: a database that has no position any more is not taken for one that never had any', async () => {
      const { start, seqs, table } = await ledger()
      const kafka: KafkaSaid = { partitions: [origin()] }
      const sink = await start(kafka)
      await sink.put(records(0, 5))
      // A copy from before the first claim: what was written since is gone, and the group is behind it.
      const forgets = [
        `DELETE FROM ${table}`,
        `DELETE FROM kafka_connect_sink_offsets WHERE connector = '${table}'`
      ]
      await database.exec(...forgets)
      kafka.partitions = [origin({ committed: 5n, start: 5n, metadata: 'knode:1' })]
      const gone = /has no position of partition 0 of topic orders any more: it was at 5 at least/
      await assert.rejects(sink.put(records(5, 7)), gone)
      await sink.stop()
      await assert.rejects(start(kafka), gone)
      assert.deepEqual(await seqs(), [])
      // As long as nothing was committed the group is where the database was before.
      kafka.partitions = [origin()]
      const again = await start(kafka)
      await again.put(records(0, 7))
      await again.stop()
      assert.deepEqual(await seqs(), range(0, 7))
    })

    void it('I15: a database that fell back to before the first claim is written from where the group is, which is told nothing', async () => {
      const { start, seqs, table } = await ledger()
      const kafka: KafkaSaid = { partitions: [origin()], confirmed: [] }
      const sink = await start(kafka)
      await sink.put(records(0, 5))
      await database.exec(
        `DELETE FROM ${table}`,
        `DELETE FROM kafka_connect_sink_offsets WHERE connector = '${table}'`
      )
      await until(async () => {
        await sink.put([])
        return sink.sought.length > 1
      }, 'it goes back')
      assert.deepEqual([kafka.confirmed, sink.sought.at(-1)?.offset], [[], 0n])
      await sink.put(records(0, 7))
      await sink.stop()
      assert.deepEqual(await seqs(), range(0, 7))
    })

    void it('what Kafka does not have any more fails the task, or is counted and said', async () => {
      const { start, seqs } = await ledger()
      const first = await start({ partitions: [origin()] })
      await first.put(records(0, 3))
      await first.stop()
      const late = { partitions: [origin({ first: 10n })] }
      await assert.rejects(
        start(late),
        /at offset 3 of partition 0 of topic orders, and Kafka has records from 10 on: 7 are missing/
      )
      const second = await start(late, { 'sink.offset.gap': 'continue' })
      assert.equal(second.sought[0]?.offset, 10n)
      assert.match(second.conditions.at(-1) ?? '', /7 offsets from 3 on are missing/)
      await second.put(records(10, 12))
      assert.equal(second.task.progress?.().get('task')?.['offsets_missing'], 7)
      assert.match(second.conditions.at(-1) ?? '', /7 offsets/)
      await second.stop()
      assert.deepEqual(await seqs(), [0, 1, 2, 10, 11])
      const anew = await start({ partitions: [origin({ topicId: 'topic-2', end: 4n })] })
      assert.equal(anew.sought[0]?.offset, 0n)
      assert.match(anew.conditions.at(-1) ?? '', /was made anew/)
      await anew.put(records(0, 1))
      await anew.stop()
      // Without ids only the end says so.
      await assert.rejects(
        start({ partitions: [origin({ topicId: null, end: 0n })] }),
        /at offset 1 of partition 0 of topic orders, which ends at 0/
      )
    })

    void it('the database counts where the group says something else, and both numbers are said', async () => {
      const { start } = await ledger()
      const first = await start({ partitions: [origin()] })
      await first.put(records(0, 3))
      await first.stop()
      const ours = { committed: 2n, start: 2n, metadata: 'knode:1' }
      const lag = await start({ partitions: [origin(ours)] })
      assert.deepEqual([lag.sought[0]?.offset, lag.conditions], [3n, []])
      await lag.stop()
      const altered = await start({ partitions: [origin({ committed: 1n, start: 1n })] })
      assert.equal(altered.sought[0]?.offset, 3n)
      assert.match(
        altered.conditions.at(-1) ?? '',
        /the group has committed offset 1, and the database is at 3, which counts/
      )
      await altered.stop()
    })

    void it('I15: what an operator alters is set in the database, and fences the task that is at work', async () => {
      const { start, row, table } = await ledger()
      const sink = await start({ partitions: [origin()], isMember: false })
      await sink.put(records(0, 3))
      const config = new Map(
        Object.entries({
          ...database.config,
          name: table,
          'exactly.once.sink': 'required',
          'auto.create': 'true'
        })
      )
      const alter = (offset: number | null, how: { isCheck?: boolean; all?: boolean } = {}) =>
        jdbcSinkPlugin.alterOffsets?.(
          config,
          how.all === true
            ? []
            : [
                {
                  partition: { kafka_topic: 'orders', kafka_partition: 0 },
                  offset: offset === null ? null : { kafka_offset: offset }
                }
              ],
          {
            clusterId: () => Promise.resolve('cluster-1'),
            isCheck: false,
            all: false,
            ...how
          }
        )
      assert.equal(await alter(1, { isCheck: true }), true)
      assert.equal(await isAt(row()), 3)
      assert.equal(await alter(1), true)
      assert.equal(await alter(1), true)
      assert.deepEqual([await isAt(row()), Number((await row())?.['epoch'])], [1, 3])
      await assert.rejects(sink.put(records(3, 5)), /the group does not say/)
      await sink.stop()
      const next = await start({ partitions: [origin()] })
      assert.equal(next.sought[0]?.offset, 1n)
      await next.stop()
      await alter(null, { all: true })
      assert.equal((await row())?.['next_offset'], null)
    })

    void it('records that are dropped on their way count in the database, too', async () => {
      const { start, row } = await ledger()
      const sink = await start({ partitions: [origin()] })
      const at = async (offset: bigint): Promise<unknown> =>
        await sink.task.preCommit?.([{ topic: 'orders', partition: 0, offset }])
      await sink.put(records(0, 3))
      await at(50n)
      assert.equal(await isAt(row()), 50)
      await sink.put(records(50, 51))
      assert.equal(await isAt(row()), 51)
      await sink.stop()
    })

    void it('a record that cannot be written is handed on once, and its position goes with the others', async () => {
      const { start, seqs, table } = await ledger()
      await database.exec(`CREATE UNIQUE INDEX ${table}_seq ON ${table} (seq)`)
      const sink = await start({ partitions: [origin()] })
      await sink.put([...records(0, 3), { ...record(3), value: struct(LEDGER, { seq: 1n }) }])
      await sink.put([{ ...record(4), value: struct(LEDGER, { seq: 0n }) }])
      await sink.put([{ ...record(4), value: struct(LEDGER, { seq: 0n }) }, record(5)])
      assert.deepEqual(await seqs(), [0, 1, 2, 5])
      assert.deepEqual(
        sink.reports.map((each) => Number(each.record.originalKafkaOffset)),
        [3, 4]
      )
      await sink.stop()
    })

    void it('a table of positions that cannot be had is refused, or done without where that is allowed', async () => {
      const { start, seqs } = await ledger()
      const without = { 'auto.create': 'false', 'sink.offsets.table': 'nowhere' }
      await assert.rejects(
        start({ partitions: [origin()] }, without),
        /exactly.once.sink is required, but table .*nowhere.* is missing.* CREATE TABLE/s
      )
      const sink = await start(
        { partitions: [origin()] },
        { ...without, 'exactly.once.sink': 'requested' }
      )
      assert.match(sink.conditions.at(-1) ?? '', /requested, but .*nowhere.* at least once/s)
      await sink.put(records(0, 2))
      assert.deepEqual(await sink.task.preCommit?.([]), [])
      await sink.put(records(0, 2))
      assert.deepEqual(await seqs(), [0, 0, 1, 1])
      await sink.stop()
    })

    void it('an answer to COMMIT that is lost decides nothing: the row says what happened', async () => {
      if (proxy === null) return
      const { start, seqs, row } = await ledger()
      const url = (database.config['connection.url'] ?? '').replace(
        /\/\/[^/]+\//,
        `//${proxy.address}/`
      )
      const isCommit = (piece: Buffer): boolean => /\bCOMMIT\b/.test(piece.toString('latin1'))
      // That of the claim is lost as well.
      const prepared = await start({ partitions: [origin()] })
      await prepared.put(records(0, 1))
      await prepared.stop()
      proxy.loseAnswerTo(isCommit)
      const sink = await start({ partitions: [origin()] }, { 'connection.url': url })
      assert.equal(Number((await row())?.['epoch']), 3)
      for (let from = 1; from < 60; from += 3) {
        proxy.loseAnswerTo(isCommit)
        for (let isWritten = false; !isWritten; ) {
          isWritten = await sink.put(records(from, from + 3)).then(
            () => true,
            (error: unknown) => {
              assert.doesNotMatch(messageOf(error), /claimed/)
              return false
            }
          )
        }
      }
      assert.deepEqual(await seqs(), range(0, 61))
      assert.ok(Number(sink.task.progress?.().get('task')?.['already_written']) > 0)
      await sink.stop()
    })
  })
}

void describe('Exactly once into PostgreSQL, whose commits of rows may last later', () => {
  void it('I15: has claims that last at once', async (t) => {
    const postgres = sinkDatabases.find(({ name }) => name === 'PostgreSQL')
    assert.ok(postgres !== undefined)
    const database = await postgres.open()
    t.after(() => database.close())
    const setting = `current_setting('synchronous_commit')`
    await database.exec(`CREATE TABLE ledger (seq bigint, said text DEFAULT ${setting})`)
    const config = {
      ...database.config,
      'table.name.format': 'ledger',
      'auto.create': 'true',
      'exactly.once.sink': 'required',
      'synchronous.commit': 'off'
    }
    const kafka: KafkaSaid = { partitions: [origin()] }
    const first = await startJdbcSink(config, { kafka })
    await first.put([record(0)])
    await first.stop()
    await database.exec(
      'CREATE TABLE said (epoch bigint, position bigint, setting text)',
      `CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO said VALUES (NEW.epoch, NEW.next_offset, ${setting}); RETURN NEW; END $$`,
      'CREATE TRIGGER say BEFORE UPDATE ON kafka_connect_sink_offsets FOR EACH ROW EXECUTE FUNCTION say()'
    )
    const second = await startJdbcSink(config, { kafka })
    await second.put([record(1)])
    await second.stop()
    const said = await database.exec(
      'SELECT DISTINCT epoch, position, setting FROM said ORDER BY 2'
    )
    assert.deepEqual(
      said.map((row) => Object.values(row).map(String)),
      [
        ['2', '1', 'on'],
        ['2', '2', 'off']
      ]
    )
    const rows = await database.exec('SELECT seq, said FROM ledger ORDER BY seq')
    assert.deepEqual(
      rows.map((row) => Object.values(row).map(String)),
      [
        ['0', 'off'],
        ['1', 'off']
      ]
    )
    await assert.rejects(
      startJdbcSink({ ...config, 'exactly.once.sink': 'requested' }, { kafka }),
      /synchronous\.commit=off needs exactly\.once\.sink=required/
    )
  })
})
