import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Dialect } from '../../../../src/connectors/jdbc/database/database.ts'
import type { SinkOffsets } from '../../../../src/connectors/jdbc/database/sink-offsets.ts'
import {
  errorClassOf,
  type WriteSession
} from '../../../../src/connectors/jdbc/database/writing.ts'
import { mysqlDialect } from '../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import { oracleDialect } from '../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { postgresDialect } from '../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import { sqliteDialect } from '../../../../src/connectors/jdbc/dialects/sqlite/dialect.ts'
import { openWriter } from '../../../support/open-writer.ts'
import { oracleAccess } from '../../../support/oracle-access.ts'
import { sinkDatabases } from '../../../support/sink-databases.ts'

type Config = Readonly<Record<string, string>>
interface Server {
  readonly dialect: Dialect
  open(): Promise<{ readonly config: Config; close(): Promise<void> }>
}

const dialects = [postgresDialect, mysqlDialect, sqliteDialect]
const servers: readonly Server[] = [
  ...sinkDatabases.map(({ open }, index) => ({ dialect: dialects[index] as Dialect, open })),
  { dialect: oracleDialect, open: () => oracleAccess('19c') }
]

/** More than one statement looks for. */
const MANY = 230
const [FIRST, OTHER] = ['topic-id-1', 'topic-id-2']

for (const { dialect, open } of servers) {
  void describe(`${dialect.displayName}: the table of positions`, () => {
    let database: Awaited<ReturnType<typeof open>>
    const sessions: WriteSession[] = []
    const table = {
      catalog: null,
      schema: null,
      table: dialect.foldCase?.('kafka_offsets') ?? 'kafka_offsets'
    }
    before(async () => {
      database = await open()
      const [session] = [await connect()]
      await session.execute(dialect.writing?.createOffsetsTable(table) ?? '')
    })
    after(async () => {
      for (const session of sessions) await session.close()
      await database.close()
    })

    async function connect(writeTimeoutMs = 60_000): Promise<WriteSession> {
      const { config } = database
      const target = {
        url: config['connection.url'] ?? '',
        ...(config['connection.user'] === undefined ? {} : { user: config['connection.user'] }),
        ...(config['connection.password'] === undefined
          ? {}
          : { password: config['connection.password'] })
      }
      const over = { isolation: 'READ_COMMITTED' as const, writeTimeoutMs }
      const session = await openWriter(dialect, target, over)
      sessions.push(session)
      return session
    }
    const of = (session: WriteSession, connector: string, cluster = 'cluster-1'): SinkOffsets =>
      session.offsets({ table, cluster, connector })
    const claims = (count: number, nextOffset: bigint, topicId: string | null = null): Claim[] =>
      Array.from({ length: count }, (_, partition) => ({
        topic: 'orders',
        partition,
        nextOffset,
        topicId
      }))
    type Claim = Parameters<SinkOffsets['claim']>[0][number]

    void it('I15: a position moves only for the owner that claimed it last, and from where it is', async () => {
      const [one, two] = [await connect(), await connect()]
      const [old, current] = [of(one, 'fenced'), of(two, 'fenced')]
      const first = await old.claim(claims(MANY, 5n), 'worker-1/0')
      assert.deepEqual(
        first.map(({ partition, nextOffset, epoch, before }) => [
          partition,
          nextOffset,
          epoch,
          before
        ]),
        claims(MANY, 5n).map(({ partition }) => [partition, 5n, 1n, null])
      )
      const steps = first.map((row) => ({ ...row, from: 5n, to: 5n + BigInt(row.partition) + 1n }))
      const moves = async (session: WriteSession, list: typeof steps): Promise<number> => {
        await session.begin()
        const moved = await of(session, 'fenced').advance(list)
        await session.commit()
        return moved
      }
      assert.equal(await moves(one, steps), MANY)
      // The same step again finds the rows where they are now.
      assert.equal(await moves(one, steps.slice(0, 3)), 0)
      const again = await current.claim(claims(MANY, 77n), 'worker-2/1')
      assert.deepEqual(
        again.map(({ nextOffset, epoch }) => [nextOffset, epoch]),
        steps.map(({ to }) => [to, 2n])
      )
      assert.equal(again[0]?.before?.owner, 'worker-1/0')
      // A zombie knows the position, and not the epoch.
      const zombie = again.map((row) => ({
        ...row,
        epoch: 1n,
        from: row.nextOffset,
        to: 10n ** 15n
      }))
      assert.equal(await moves(one, zombie), 0)
      assert.deepEqual(
        (await old.lookUp([{ topic: 'orders', partition: 7 }])).map((row) => ({ ...row })),
        [
          {
            topic: 'orders',
            partition: 7,
            nextOffset: 13n,
            epoch: 2n,
            owner: 'worker-2/1',
            topicId: null
          }
        ]
      )
      assert.equal((await current.lookUp()).length, MANY)
    })

    void it('rows of other connectors, clusters and topics are left alone, however alike their names are', async () => {
      const session = await connect()
      const names = ['Größe', 'größe', 'grösse', "o'clock?", 'a\\b', '😀']
      for (const [at, name] of names.entries()) {
        await of(session, name).claim(claims(1, BigInt(at)), 'w')
        await of(session, name, 'CLUSTER-1').claim(claims(1, BigInt(at) + 100n), 'w')
        await of(session, name).claim(
          [{ topic: 'Orders', partition: 0, nextOffset: BigInt(at) + 200n, topicId: null }],
          'w'
        )
      }
      for (const [at, name] of names.entries()) {
        const rows = await of(session, name).lookUp()
        const found = rows.map(({ topic, nextOffset }) => `${topic} ${nextOffset}`).sort()
        assert.deepEqual(found, [`Orders ${at + 200}`, `orders ${at}`], name)
      }
    })

    void it('a topic that was made anew starts at 0, one whose id was not known goes on', async () => {
      const offsets = of(await connect(), 'anew')
      await offsets.claim(claims(1, 41n), 'w')
      const [known] = await offsets.claim(claims(1, 0n, FIRST), 'w')
      assert.deepEqual([known?.nextOffset, known?.before?.topicId], [41n, null])
      const [unknown] = await offsets.claim(claims(1, 0n), 'w')
      assert.deepEqual([unknown?.nextOffset, unknown?.before?.topicId], [41n, FIRST])
      const [anew] = await offsets.claim(claims(1, 9n, OTHER), 'w')
      assert.deepEqual([anew?.nextOffset, anew?.before?.topicId], [0n, FIRST])
      const [row] = await offsets.lookUp()
      assert.deepEqual([row?.nextOffset, row?.topicId], [0n, OTHER])
    })

    void it('what an operator sets fences the owner, and a position that is taken back comes from the next claim', async () => {
      const session = await connect()
      const offsets = of(session, 'set')
      const [claimed] = await offsets.claim(claims(1, 3n), 'w')
      const far = 2n ** 62n
      await offsets.set([
        { topic: 'orders', partition: 0, nextOffset: far },
        { topic: 'orders', partition: 1, nextOffset: 4n }
      ])
      await session.begin()
      const step = { topic: 'orders', partition: 0, epoch: claimed?.epoch ?? 0n, from: 3n, to: 4n }
      assert.equal(await offsets.advance([step]), 0)
      await session.rollback()
      assert.deepEqual(
        (await offsets.claim(claims(2, 8n), 'w')).map(({ nextOffset }) => nextOffset),
        [far, 4n]
      )
      await offsets.set([{ topic: 'orders', partition: 0, nextOffset: null }])
      assert.equal((await offsets.lookUp([{ topic: 'orders', partition: 0 }]))[0]?.nextOffset, null)
      const [again] = await offsets.claim(claims(1, 8n), 'w')
      assert.equal(again?.nextOffset, 8n)
    })

    void it('a claim waits for a transaction that has the row, and no longer than it may', async () => {
      const [owner, next] = [await connect(), await connect(1000)]
      const [row] = await of(owner, 'waits').claim(claims(1, 0n), 'w')
      const step = { topic: 'orders', partition: 0, epoch: row?.epoch ?? 0n, from: 0n, to: 10n }
      await owner.begin()
      assert.equal(await of(owner, 'waits').advance([step]), 1)
      const refused = await of(next, 'waits')
        .claim(claims(1, 0n), 'next')
        .catch((error: unknown) => error)
      assert.match(String(errorClassOf(refused)), /^(?:conflict|outage)$/)
      const patient = of(await connect(), 'waits').claim(claims(1, 0n), 'next')
      await owner.commit()
      assert.equal((await patient)[0]?.nextOffset, 10n)
    })
  })
}
