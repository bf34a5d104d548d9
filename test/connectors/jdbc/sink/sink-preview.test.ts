import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { jdbcSinkPlugin } from '../../../../src/connectors/jdbc/sink/sink-plugins.ts'
import type { SinkRecord } from '../../../../src/data/record.ts'
import type { SinkPreview } from '../../../../src/plugin/preview.ts'
import { deletion, order } from '../../../support/jdbc-sink.ts'
import { type SinkDatabase, sinkDatabases } from '../../../support/sink-databases.ts'

for (const { name, open } of sinkDatabases) {
  describe(`The preview of a JDBC sink on ${name}`, () => {
    let database: SinkDatabase
    before(async () => {
      database = await open()
      await database.exec(
        'CREATE TABLE orders (id integer PRIMARY KEY, name varchar(9) UNIQUE, price integer CHECK (price < 100))'
      )
    })
    after(() => database.close())

    const preview = async (
      config: Readonly<Record<string, string>>,
      records: readonly SinkRecord[]
    ): Promise<SinkPreview> => {
      const given = new Map(Object.entries({ name: 'sink', ...database.config, ...config }))
      const request = { maxRows: 10, signal: AbortSignal.timeout(60_000) }
      const answer = await jdbcSinkPlugin.preview?.(given, records, request)
      assert.ok(answer)
      return answer
    }
    const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'delete.enabled': 'true' }

    it('shows the statements of the first records, tries them and keeps nothing', async () => {
      const { statements, advice, problems } = await preview(upsert, [
        order(1, { name: 'secret', price: 1 }),
        deletion(2)
      ])
      assert.deepEqual(problems, [])
      assert.equal(statements.length, 2)
      const [first, second] = statements.map(({ text }) => text)
      assert.match(first ?? '', /^DELETE\b/i)
      assert.match(second ?? '', /INSERT INTO/i)
      assert.ok(!JSON.stringify(statements).includes('secret'))
      assert.match(advice.join(), /there are other unique keys \(name\)/)
      assert.deepEqual(await database.exec('SELECT * FROM orders'), [])
    })

    it('says what would be refused: records by themselves, and by the database', async () => {
      const { problems } = await preview({ ...upsert, 'pk.mode': 'record_key' }, [
        { ...order(1), keySchema: null, key: null },
        order(2, { price: 500 })
      ])
      assert.equal(problems.length, 2)
      assert.match(problems[0] ?? '', /^topic orders, partition 0, offset \d+: .* non-null key/)
      assert.match(problems[1] ?? '', /^topic orders: .*(?:check|constraint)/i)
    })

    it('shows how a table would be made or changed, and does neither', async () => {
      const config = { 'auto.create': 'true', 'table.name.format': 'made_${topic}' }
      const made = await preview(config, [order(1)])
      assert.match(made.statements[0]?.text ?? '', /^CREATE TABLE/)
      assert.match(made.problems[0] ?? '', /a table is to be made or changed first/)
      assert.match(
        (await preview({ ...config, 'auto.create': 'false' }, [order(1)])).problems[0] ?? '',
        /is missing and auto-creation is disabled/
      )
      const wider = await preview({ 'auto.evolve': 'true', 'column.names': 'name:title' }, [
        order(1)
      ])
      assert.match(wider.statements[0]?.text ?? '', /^ALTER TABLE .*title/s)
      const columns = Object.keys(
        (await database.exec("INSERT INTO orders VALUES (7, 'x', 1) RETURNING *"))[0] ?? {}
      )
      assert.deepEqual(columns, ['id', 'name', 'price'])
      await database.exec('DELETE FROM orders')
    })
  })
}
