import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { systemClock } from '../../src/clock.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { connectRest } from '../support/connect-rest.ts'
import {
  kafkaBootstrap,
  postgresUrl,
  schemaRegistryUrl,
  uniqueName
} from '../support/environment.ts'
import {
  deleteTopicsOf,
  startWorkerProcess,
  type WorkerProcess
} from '../support/worker-process.ts'

const TRANSFORMS = 'org.apache.kafka.connect.transforms.'
const schema = uniqueName('preview').replaceAll('-', '_')
const prefix = `${schema}-`

interface Shown {
  outcome: string
  topic: string
  key: unknown
  value: Record<string, unknown> | null
  schema: { key: unknown; value: { name?: string; fields: { field: string; type: string }[] } }
  kafka?: { key: unknown; value: { text?: string; base64?: string } }
  registers?: { key: unknown; value: { subject: string; type: string; schema: string } | null }
  headers: { key: string; value: unknown }[]
  dropped_by?: string
  error?: { stage: string; class: string; message: string }
  source_offset: unknown
}
interface Preview {
  rows: number
  records: Shown[]
  sql: { of: string; text: string; binds: string[] }[]
  columns: { of: string; column: string; type: string; becomes: string }[]
  advice: string[]
  problems: string[]
}

describe('POST /connector-plugins/{class}/preview', { timeout: 110_000 }, () => {
  const url = new URL(postgresUrl())
  const client = new pg.Client(postgresUrl())
  let worker: WorkerProcess
  let rest: ReturnType<typeof connectRest>
  before(async () => {
    await client.connect()
    await client.query(`CREATE SCHEMA ${schema}`)
    await client.query(`CREATE TABLE ${schema}.orders (
      id bigint PRIMARY KEY, note text, price numeric(9, 2), at timestamptz NOT NULL, place point)`)
    await client.query(`INSERT INTO ${schema}.orders
      SELECT n, CASE n WHEN 2 THEN 'no number' ELSE n::text END, n / 4.0,
        timestamptz '2026-01-01 00:00:00+00' + n * interval '1 hour', point(n, n)
      FROM generate_series(1, 30) AS n`)
    worker = await startWorkerProcess({ properties: { 'plugin.path': 'examples' } })
    rest = connectRest(worker.url)
  })
  after(async () => {
    await worker.stop()
    await deleteTopicsOf(worker)
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  })

  const config = (more: Record<string, string> = {}): Record<string, string> => ({
    'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
    'connection.user': url.username,
    'connection.password': url.password,
    'table.whitelist': `${schema}.orders`,
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'topic.prefix': prefix,
    'numeric.mapping': 'best_fit',
    'value.converter.schemas.enable': 'false',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    ...more
  })
  const preview = async (settings: Record<string, string>, query = ''): Promise<Preview> =>
    (await rest.post(`/connector-plugins/JdbcSourceConnector/preview${query}`, settings)) as Preview

  it('shows the first rows as the records they would become, and writes nothing', async () => {
    const found = await preview(config({ 'key.columns': 'id', 'key.format': 'field' }), '?rows=3')
    assert.equal(found.rows, 3)
    assert.deepEqual(
      found.records.map(({ outcome, topic, key }) => [outcome, topic, key]),
      [1, 2, 3].map((id) => ['sent', `${prefix}orders`, id])
    )
    const [first] = found.records
    assert.deepEqual(first?.value, {
      id: 1,
      note: '1',
      price: 0.25,
      at: '2026-01-01T01:00:00.000Z',
      place: '(1,1)'
    })
    assert.equal(first.schema.value.name, 'orders')
    assert.deepEqual(first.schema.value.fields[0], { field: 'id', type: 'int64', optional: false })
    assert.deepEqual(JSON.parse(first.kafka?.value.text ?? ''), {
      ...first.value,
      at: 1767229200000
    })
    assert.deepEqual(first.source_offset, { incrementing: 1 })
    assert.deepEqual(found.sql, [
      {
        of: `table ${schema}.orders`,
        text: `SELECT * FROM "${schema}"."orders" WHERE "${schema}"."orders"."id" IS NOT NULL ORDER BY "${schema}"."orders"."id" ASC`,
        binds: []
      }
    ])
    assert.deepEqual(found.columns, [
      { of: `table ${schema}.orders`, column: 'place', type: 'point', becomes: 'carried as text' }
    ])
    assert.ok(found.advice.some((text) => text.includes('cursor column id is not null')))
    assert.deepEqual(found.problems, [])

    assert.deepEqual(await rest.names(), [])
    const admin = createKafkaClients(systemClock).admin(
      new Map([['bootstrap.servers', kafkaBootstrap()]]),
      'preview-test'
    )
    const topics = await admin.describeTopics([`${prefix}orders`]).finally(() => admin.close())
    assert.equal(topics.size, 0)
  })

  it('shows what transformations drop, change and fail on', async () => {
    const { records } = await preview(
      config({
        transforms: 'third,mark,number',
        'transforms.third.type': `${TRANSFORMS}Filter`,
        'transforms.third.predicate': 'isThird',
        predicates: 'isThird',
        'predicates.isThird.type': `${TRANSFORMS}predicates.RecordIsTombstone`,
        'transforms.third.negate': 'false',
        'transforms.mark.type': `${TRANSFORMS}InsertHeader`,
        'transforms.mark.header': 'from',
        'transforms.mark.value.literal': 'preview',
        'transforms.number.type': `${TRANSFORMS}Cast$Value`,
        'transforms.number.spec': 'note:int32'
      }),
      '?rows=2'
    )
    const [sent, failed] = records
    assert.equal(sent?.value?.['note'], 1)
    assert.deepEqual(
      sent?.headers.map(({ key, value }) => [key, value]),
      [['from', 'preview']]
    )
    assert.equal(failed?.outcome, 'fails the task')
    assert.equal(failed?.error?.stage, 'TRANSFORMATION')
    assert.equal(failed?.error?.class, `${TRANSFORMS}Cast$Value`)
    const dropping = await preview(
      config({ transforms: 'all', 'transforms.all.type': `${TRANSFORMS}Filter` }),
      '?rows=1'
    )
    assert.equal(dropping.records[0]?.outcome, 'dropped')
    assert.equal(dropping.records[0]?.dropped_by, `${TRANSFORMS}Filter`)
  })

  it('says which schemas would be registered, and registers none', async () => {
    const { records } = await preview(
      config({
        'value.converter': 'io.confluent.connect.avro.AvroConverter',
        'value.converter.schema.registry.url': schemaRegistryUrl()
      }),
      '?rows=1'
    )
    const registers = records[0]?.registers?.value
    assert.equal(registers?.subject, `${prefix}orders-value`)
    assert.equal(registers.type, 'AVRO')
    const avro = JSON.parse(registers.schema) as { fields: { name: string }[] }
    assert.deepEqual(
      avro.fields.map(({ name }) => name),
      ['id', 'note', 'price', 'at', 'place']
    )
    assert.equal(records[0]?.outcome, 'sent')
    const subjects = await fetch(`${schemaRegistryUrl()}/subjects`, {
      signal: AbortSignal.timeout(10_000)
    })
    assert.ok(!((await subjects.json()) as string[]).includes(registers.subject))
  })

  it('I7: shows neither the password nor a masked query', async () => {
    const { 'table.whitelist': _, ...without } = config({ mode: 'bulk' })
    const found = await preview(
      { ...without, 'query.masked': `SELECT id, note FROM ${schema}.orders ORDER BY id` },
      '?rows=1'
    )
    assert.equal(found.records[0]?.value?.['id'], 1)
    assert.equal(found.sql[0]?.text, '[hidden]')
    await assert.rejects(
      preview(config({ 'connection.user': 'nobody-at-all', 'connection.password': 'tulip-5-red' })),
      (error: Error) => error.message.includes('400') && !error.message.includes('tulip-5-red')
    )
    assert.ok(!worker.output().includes('tulip-5-red'))
  })

  it('refuses what is no configuration, number of rows or class that can be previewed', async () => {
    await assert.rejects(
      preview({ ...config(), mode: 'sideways' }),
      /400 .*Connector configuration is invalid.*Invalid value sideways for configuration mode/
    )
    for (const rows of ['0', '101', '-1', 'x', '1e1']) {
      await assert.rejects(
        preview(config(), `?rows=${rows}`),
        /400 .*rows must be a number from 1 to 100/
      )
    }
    await assert.rejects(
      rest.post('/connector-plugins/FolderSource/preview', { topic: 't', folder: '/x' }),
      /400 .*FolderSourceConnector cannot show a preview/
    )
    await assert.rejects(
      preview({ ...config(), 'connector.class': 'FileStreamSource' }),
      /400 .*does not match request type/
    )
    await assert.rejects(preview({ ...config(), 'table.whitelist': `${schema}.no_orders` }), /400/)
  })
})
