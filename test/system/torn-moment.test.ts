import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { followAs } from '../support/committed-reader.ts'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { createPostgresDatabase } from '../support/postgres-database.ts'
import { startDatabaseProxy, startTcpProxy } from '../support/tcp-proxy.ts'
import { idsOf, makeTopic } from '../support/topic-reader.ts'
import { until } from '../support/until.ts'
import { MORTAL, startWorkerProcess } from '../support/worker-process.ts'

const ROWS = 2000
const PRODUCE = 0

describe('rows of one moment, handed out in many batches, whose session breaks amid them', () => {
  const boundaries = {
    poll: {},
    interval: { 'transaction.boundary': 'interval', 'transaction.boundary.interval.ms': '5' }
  }
  for (const [boundary, settings] of Object.entries(boundaries)) {
    it(`I6: are seen once by readers of committed records (${boundary})`, {
      timeout: 110_000
    }, async (t) => {
      const db = await createPostgresDatabase()
      t.after(() => db.close())
      await db.exec(
        'CREATE TABLE moments (id int PRIMARY KEY, at timestamp NOT NULL)',
        `INSERT INTO moments SELECT n, timestamp '2026-01-01' FROM generate_series(1, ${ROWS}) n`
      )
      const url = db.config['connection.url']
      const [, host = ''] = /\/\/([^/]+)\//.exec(url) ?? []
      const toDatabase = await startDatabaseProxy(host)
      t.after(() => toDatabase.close())
      const toKafka = await startTcpProxy(kafkaBootstrap())
      t.after(() => toKafka.close())
      const group = uniqueName('torn')
      const topic = `${group}-moments`
      await makeTopic(topic)
      const committed = await followAs(t, 'read_committed', topic)
      const all = await followAs(t, 'read_uncommitted', topic)
      const worker = await startWorkerProcess({
        properties: {
          'bootstrap.servers': toKafka.address,
          'group.id': group,
          'value.converter.schemas.enable': 'false',
          'exactly.once.source.support': 'enabled',
          ...MORTAL
        }
      })
      t.after(() => worker.kill())
      let sent = 0
      toKafka.onRequest((apiKey, clientId) => {
        if (apiKey !== PRODUCE || !clientId.includes('producer')) return
        sent += 1
        if (sent === 3) toDatabase.breakConnections()
      })
      await connectRest(worker.url).put('/connectors/shop/config', {
        'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
        ...db.config,
        'connection.url': url.replace(host, toDatabase.address),
        'table.whitelist': 'public.moments',
        mode: 'timestamp',
        'timestamp.column.name': 'at',
        'topic.prefix': `${group}-`,
        'poll.interval.ms': '20',
        'batch.max.rows': '5',
        'exactly.once.support': 'required',
        ...settings
      })
      const seen = () => idsOf(committed.values)
      await until(() => new Set(seen()).size >= ROWS, 'every row was seen', 60_000)
      await db.exec(`INSERT INTO moments VALUES (${ROWS + 1}, timestamp '2026-01-02')`)
      await until(() => seen().includes(ROWS + 1), 'the row behind them was seen', 60_000)
      assert.deepEqual(
        seen().toSorted((a, b) => a - b),
        Array.from({ length: ROWS + 1 }, (_, index) => index + 1)
      )
      await all.readToEnd()
      assert.ok(all.values.length > ROWS + 1, 'what was handed out before was taken back')
      assert.equal(await worker.stop(), 0)
    })
  }
})
