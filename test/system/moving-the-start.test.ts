import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connectRest } from '../support/connect-rest.ts'
import { uniqueName } from '../support/environment.ts'
import { sqliteFile } from '../support/sqlite-file.ts'
import { followTopic, idsOf } from '../support/topic-reader.ts'
import { until } from '../support/until.ts'
import { MORTAL, startWorkerProcess } from '../support/worker-process.ts'

describe('a connector whose start is changed', () => {
  it('moves once, whatever dies in between', { timeout: 110_000 }, async (t) => {
    const { database, url } = sqliteFile(
      t,
      'CREATE TABLE orders (id INTEGER PRIMARY KEY NOT NULL, note TEXT)'
    )
    const insert = database.prepare('INSERT INTO orders (note) VALUES (?)')
    for (let i = 0; i < 10; i++) insert.run('x')

    const group = uniqueName('start')
    const read = await followTopic(`${group}-orders`)
    t.after(() => read.stop())
    const ids = () => idsOf(read.values)
    const properties = {
      'group.id': group,
      'value.converter.schemas.enable': 'false',
      'offset.flush.interval.ms': '150',
      ...MORTAL
    }
    let worker = await startWorkerProcess({ properties })
    t.after(() => worker.kill())
    const configure = (over: Record<string, string>) =>
      connectRest(worker.url).put('/connectors/shop/config', {
        'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
        'connection.url': url,
        'table.whitelist': 'orders',
        mode: 'incrementing',
        'incrementing.column.name': 'id',
        'topic.prefix': `${group}-`,
        'poll.interval.ms': '20',
        ...over
      })
    const stored = (incrementing: number, start: string) =>
      until(async () => {
        const offset = await connectRest(worker.url).offset('shop')
        return offset?.['incrementing'] === incrementing && offset['start'] === start
      }, `the offset ${incrementing} of the start ${start} is stored`)

    await configure({ 'incrementing.initial': '0' })
    await stored(10, 'incrementing.initial=0')
    assert.deepEqual(ids(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])

    await configure({ 'incrementing.initial': '7' })
    await stored(10, 'incrementing.initial=7')
    await until(() => read.values.length >= 13, 'the rows behind the new start come again')
    assert.deepEqual(ids().slice(10), [8, 9, 10])

    // Neither a crash nor another key moves it again.
    await worker.kill()
    worker = await startWorkerProcess({ properties })
    await configure({ 'incrementing.initial': '7', 'poll.interval.ms': '30' })
    insert.run('after the crash')
    await stored(11, 'incrementing.initial=7')
    assert.deepEqual(ids().slice(13), [11])

    // The change is taken, then everything dies: the next worker finds the change and carries it out.
    await configure({ 'incrementing.initial': '9' })
    await worker.kill()
    worker = await startWorkerProcess({ properties })
    await stored(11, 'incrementing.initial=9')
    await until(() => read.values.length >= 16, 'the rows behind the last start come')
    assert.deepEqual([...new Set(ids().slice(14))], [10, 11])

    // A position written by hand is adopted, whatever start is configured; a slip of the pen is told.
    const rest = connectRest(worker.url)
    await rest.put('/connectors/shop/stop')
    const write = (table: string) =>
      rest.patch('/connectors/shop/offsets', {
        offsets: [{ partition: { table }, offset: { incrementing: 10 } }]
      })
    await until(async () => (await rest.state('shop')) === 'STOPPED', 'the connector is stopped')
    await assert.rejects(write('ordrs'), /400 .*There is no table ordrs. Did you mean orders\?/)
    const sent = read.values.length
    await write('orders')
    await rest.put('/connectors/shop/resume')
    await stored(11, 'incrementing.initial=9')
    await until(() => read.values.length > sent, 'the row behind that position comes')
    assert.deepEqual(ids().slice(sent), [11])
    assert.equal(await worker.stop(), 0)
  })
})
