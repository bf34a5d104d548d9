import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connectRest } from '../support/connect-rest.ts'
import { uniqueName } from '../support/environment.ts'
import { openSqliteFile } from '../support/sqlite-file.ts'
import { followTopic } from '../support/topic-reader.ts'
import { until } from '../support/until.ts'
import {
  deleteTopicsOf,
  startWorkerProcess,
  type WorkerProcess
} from '../support/worker-process.ts'

const dir = mkdtempSync(join(tmpdir(), 'poisoned-'))
const TABLE = 'orders'

const BUSY = `
  import { RetriableError, Struct } from 'kafka-connect-node/plugin'
  export const plugins = [{
    type: 'transformation', className: 'com.example.Busy', version: '1.0.0', config: {},
    create: () => ({
      configure() {},
      apply(record) {
        if (record.value.get('id') === 2) throw new RetriableError('the look-up is busy')
        return record
      }
    })
  }]
`

describe('a row that cannot be brought over', { timeout: 110_000 }, () => {
  let worker: WorkerProcess
  let rest: ReturnType<typeof connectRest>
  const topics: string[] = []
  const { url, close } = openSqliteFile(
    `CREATE TABLE ${TABLE} (id INTEGER PRIMARY KEY, note TEXT);
     INSERT INTO ${TABLE} VALUES (1, '11'), (2, 'no number'), (3, '33')`
  )

  before(async () => {
    mkdirSync(join(dir, 'busy'))
    const manifest = { name: 'busy', type: 'module', kafkaConnect: { plugins: 'plugins.js' } }
    writeFileSync(join(dir, 'busy', 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(dir, 'busy', 'plugins.js'), BUSY)
    worker = await startWorkerProcess({ properties: { 'plugin.path': dir } })
    rest = connectRest(worker.url)
  })
  after(async () => {
    await worker.stop()
    await deleteTopicsOf(worker, topics)
    rmSync(dir, { recursive: true, force: true })
    close()
  })

  /** A connector for the table; answers the values that arrive. */
  async function bring(name: string, settings: Record<string, string>) {
    const prefix = uniqueName(name)
    topics.push(`${prefix}${TABLE}`)
    const follower = await followTopic(`${prefix}${TABLE}`)
    await rest.put(`/connectors/${name}/config`, {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
      'connection.url': url,
      'table.whitelist': TABLE,
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'topic.prefix': prefix,
      'poll.interval.ms': '50',
      'value.converter.schemas.enable': 'false',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      ...settings
    })
    return follower
  }
  const ids = (values: readonly string[]): unknown[] =>
    values.map((value) => (JSON.parse(value) as { id: number }).id)
  const trace = async (name: string): Promise<string> =>
    (await rest.status(name)).tasks[0]?.trace ?? ''
  const cast = {
    transforms: 'cast',
    'transforms.cast.type': 'org.apache.kafka.connect.transforms.Cast$Value',
    'transforms.cast.spec': 'note:int32'
  }
  const busy = { transforms: 'busy', 'transforms.busy.type': 'com.example.Busy' }

  it('goes on record with table and key where it is tolerated', async () => {
    const { values, stop } = await bring('tolerant', { ...cast, 'errors.tolerance': 'all' })
    await until(() => values.length === 2, 'the other rows arrived')
    assert.deepEqual(ids(values), [1, 3])
    const shown = await until(() => trace('tolerant'), 'the status tells of it')
    assert.match(shown, /1 record was left out .*table orders, row \(id=2\), topic /)
    assert.match(worker.output(), /"WARN".*A record is left out: .*table orders, row \(id=2\)/)
    assert.ok(!worker.output().includes('value=Struct'), 'the record was not to be shown')
    await stop()
  })

  it('is logged in the words of a JVM worker, whole if that is asked for', async () => {
    const { values, stop } = await bring('logging', {
      ...cast,
      'errors.tolerance': 'all',
      'errors.log.enable': 'true',
      'errors.log.include.messages': 'true'
    })
    await until(() => values.length === 2, 'the other rows arrived')
    const line = worker
      .output()
      .split('\n')
      .find((text) => text.includes('task logging-0.'))
    assert.match(
      (JSON.parse(line ?? '{}') as { msg: string }).msg,
      /^Error encountered in task logging-0\. Executing stage 'TRANSFORMATION' with class 'org\.apache\.kafka\.connect\.transforms\.Cast\$Value', where source record is = SourceRecord\{sourcePartition=\{.*\}, sourceOffset=\{incrementing=2\}\} ConnectRecord\{topic='.*orders', kafkaPartition=null, key=null, keySchema=null, value=Struct\{id=2,note=no number\}, valueSchema=Schema\{orders:STRUCT\}, timestamp=null, headers=ConnectHeaders\(headers=\)\}\.$/
    )
    await stop()
  })

  it('fails the task where it is not, naming table and key', async () => {
    const { values, stop } = await bring('strict', cast)
    await until(async () => (await rest.state('strict')).endsWith('FAILED'), 'the task failed')
    const shown = await trace('strict')
    assert.match(shown, /Tolerance exceeded in error handler/)
    assert.match(shown, /table orders, row \(id=2\)/)
    assert.deepEqual(ids(values).includes(3), false)
    await stop()
  })

  it('is lost as by a JVM worker when a retriable error has no budget, and loudly', async () => {
    const { values, stop } = await bring('losing', busy)
    await until(() => values.length === 2, 'the other rows arrived')
    assert.deepEqual(ids(values), [1, 3])
    assert.match(worker.output(), /RECORD LOST although errors\.tolerance is none: .*row \(id=2\)/)
    const shown = await until(() => trace('losing'), 'the status tells of it')
    assert.match(shown, /the look-up is busy/)
    await stop()
  })

  it('is not lost with errors.retry.exhausted=fail', async () => {
    const { values, stop } = await bring('safe', { ...busy, 'errors.retry.exhausted': 'fail' })
    await until(async () => (await rest.state('safe')).endsWith('FAILED'), 'the task failed')
    assert.match(await trace('safe'), /the look-up is busy/)
    assert.ok(!ids(values).includes(3))
    await stop()
  })

  it('may not be given up by another word', async () => {
    const { configs } = (await rest.put('/connector-plugins/JdbcSourceConnector/config/validate', {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
      'errors.retry.exhausted': 'drop'
    })) as { configs: { value: { name: string; errors: string[] } }[] }
    assert.deepEqual(
      configs.find(({ value }) => value.name === 'errors.retry.exhausted')?.value.errors,
      [
        'Invalid value drop for configuration errors.retry.exhausted: String must be one of: skip, fail'
      ]
    )
  })
})
