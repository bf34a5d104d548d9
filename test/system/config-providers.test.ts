import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connectRest } from '../support/connect-rest.ts'
import { uniqueName } from '../support/environment.ts'
import { followTopic } from '../support/topic-reader.ts'
import { until } from '../support/until.ts'
import {
  deleteTopicsOf,
  startWorkerProcess,
  type WorkerProcess
} from '../support/worker-process.ts'

const PROVIDER = 'org.apache.kafka.common.config.provider.FileConfigProvider'
const SECRET = 'tiger-lily-of-the-valley'
const FILE_STREAM = 'org.apache.kafka.connect.file.FileStreamSourceConnector'

describe('values from config providers', { timeout: 110_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'config-providers-'))
  const allowed = join(dir, 'allowed')
  const values = join(allowed, 'values.properties')
  const topics = [uniqueName('before'), uniqueName('behind')] as const
  let worker: WorkerProcess
  let rest: ReturnType<typeof connectRest>
  const write = (topic: string): void =>
    writeFileSync(values, `topic=${topic}\npassword=${SECRET}\n`)

  before(async () => {
    mkdirSync(allowed)
    write(topics[0])
    writeFileSync(join(dir, 'outside.properties'), 'topic=outside\n')
    symlinkSync(join(dir, 'outside.properties'), join(allowed, 'link.properties'))
    worker = await startWorkerProcess({
      properties: {
        'config.providers': 'file',
        'config.providers.file.class': PROVIDER,
        'config.providers.file.param.allowed.paths': allowed,
        'config.providers.file.param.ttl.ms': '200',
        'value.converter': 'org.apache.kafka.connect.storage.StringConverter'
      }
    })
    rest = connectRest(worker.url)
  })
  after(async () => {
    await worker.stop()
    await deleteTopicsOf(worker, [...topics])
    rmSync(dir, { recursive: true, force: true })
  })

  const lines = (name: string): Record<string, string> => ({
    'connector.class': FILE_STREAM,
    file: join(dir, `${name}.txt`),
    topic: `\${file:${values}:topic}`
  })
  const append = (name: string, line: string): void =>
    appendFileSync(join(dir, `${name}.txt`), `${line}\n`)

  it('are asked for again when their time is over; another value restarts connector and tasks', async () => {
    const old = await followTopic(topics[0])
    const next = await followTopic(topics[1])
    append('reload', 'one')
    append('stay', 'stay one')
    await rest.put('/connectors/reload/config', lines('reload'))
    await rest.put('/connectors/stay/config', { ...lines('stay'), 'config.action.reload': 'none' })
    await until(() => old.values.length === 2, 'the first lines arrived')

    write(topics[1])
    await until(() => worker.output().includes('other values for topic'), 'the change was seen')
    append('reload', 'two')
    append('stay', 'stay two')
    await until(() => next.values.includes('two'), 'the next line goes to the other topic')
    await until(() => old.values.includes('stay two'), 'the connector without reload went on')
    assert.deepEqual(next.values, ['two'])
    assert.equal(await rest.state('reload'), 'RUNNING RUNNING')
    await Promise.all([old.stop(), next.stop()])
  })

  it('stay when the file is away for a while, and one that is not there is named', async () => {
    await rest.put('/connectors/stays/config', { ...lines('stays'), 'tasks.max': '1' })
    await until(async () => (await rest.state('stays')) === 'RUNNING RUNNING', 'it runs')
    rmSync(values)
    const away = 'could not be read again; the old ones stay'
    await until(() => worker.output().includes(away), 'it was noticed')
    assert.equal(await rest.state('stays'), 'RUNNING RUNNING')
    await assert.rejects(
      rest.put('/connectors/starts/config', lines('starts')),
      new RegExp(`Could not read ${values}: ENOENT`)
    )
    write(topics[1])
    await rest.delete('/connectors/stays')
  })

  it('I7: are seen nowhere: not in configurations, statuses, validation nor the log', async () => {
    const reference = `\${file:${values}:password}`
    const config = {
      'connector.class': 'JdbcSourceConnector',
      'connection.url': 'jdbc:postgresql://127.0.0.1:1/shop',
      'connection.user': 'scott',
      'connection.password': reference,
      mode: 'bulk',
      'table.whitelist': 'orders',
      'topic.prefix': 'x-',
      'connection.attempts': '1'
    }
    const infos = await rest.put('/connector-plugins/JdbcSource/config/validate', {
      ...config,
      name: 'secretive'
    })
    assert.ok(!JSON.stringify(infos).includes(SECRET))
    await rest.put('/connectors/secretive/config', {
      'connector.class': FILE_STREAM,
      file: '/no/such/file',
      topic: topics[0],
      'producer.override.sasl.jaas.config': reference,
      'producer.override.client.id': 'secretive'
    })
    await until(async () => (await rest.state('secretive')) !== '', 'it has a state')
    const stored = JSON.stringify(await rest.get('/connectors/secretive'))
    assert.ok(stored.includes(JSON.stringify(reference).slice(1, -1)))
    for (const path of ['', '/config', '/status', '/tasks']) {
      const text = JSON.stringify(await rest.get(`/connectors/secretive${path}`))
      assert.ok(!text.includes(SECRET), path)
    }
    assert.ok(!worker.output().includes(SECRET))
  })

  it('I7: come from no file outside of the allowed paths, neither by .. nor by a link', async () => {
    for (const path of [`${allowed}/../outside.properties`, join(allowed, 'link.properties')]) {
      const { configs } = (await rest.put('/connector-plugins/FileStreamSource/config/validate', {
        'connector.class': FILE_STREAM,
        topic: `\${file:${path}:topic}`
      })) as { configs: { value: { name: string; value: string | null } }[] }
      const topic = configs.find(({ value }) => value.name === 'topic')?.value.value
      assert.equal(topic, `\${file:${path}:topic}`)
    }
  })
})
