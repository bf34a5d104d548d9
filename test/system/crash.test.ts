import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { connectRest } from '../support/connect-rest.ts'
import { uniqueName } from '../support/environment.ts'
import { growingTable } from '../support/growing-table.ts'
import { followTopic, idsOf } from '../support/topic-reader.ts'
import { until } from '../support/until.ts'
import { MORTAL, startWorkerProcess } from '../support/worker-process.ts'

describe('a worker that is killed in the middle of its work', () => {
  for (const mode of ['incrementing', 'timestamp+incrementing']) {
    it(`I1: loses no row and goes on where it was (${mode})`, { timeout: 110_000 }, async (t) => {
      const table = growingTable(t)
      const group = uniqueName('crash')
      const topic = `${group}-orders`
      const read = await followTopic(topic)
      t.after(() => read.stop())
      const properties = {
        'group.id': group,
        'value.converter.schemas.enable': 'false',
        'offset.flush.interval.ms': '150',
        ...MORTAL
      }
      let worker = await startWorkerProcess({ properties })
      t.after(() => worker.kill())
      await connectRest(worker.url).put('/connectors/shop/config', {
        'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
        'connection.url': table.url,
        'table.whitelist': 'orders',
        mode,
        'incrementing.column.name': 'id',
        ...(mode === 'incrementing' ? {} : { 'timestamp.column.name': 'at' }),
        'topic.prefix': `${group}-`,
        'poll.interval.ms': '20',
        'batch.max.rows': '50'
      })
      await until(() => read.values.length > 100, 'rows arrive')
      for (let kill = 1; kill <= 3; kill++) {
        await worker.kill()
        const before = read.values.length
        worker = await startWorkerProcess({ properties })
        await until(() => read.values.length > before + 100, `rows arrive after kill ${kill}`)
        // The next kill comes at any moment.
        await delay(Math.random() * 300)
      }
      const rows = await table.stop()
      const ids = () => new Set(idsOf(read.values))
      await until(() => ids().size === rows, `all ${rows} rows arrived`)
      const repeated = read.values.length - rows
      t.diagnostic(`${rows} rows, ${repeated} repeated after 3 kills`)
      // At least once: what is sent again is only what lay behind the last stored offset.
      assert.ok(repeated < rows, `${repeated} of ${rows} rows were repeated`)
      assert.equal(await worker.stop(), 0)
    })
  }
})
