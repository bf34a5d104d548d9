import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { followAs } from '../support/committed-reader.ts'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { rawTopic } from '../support/kafka-stores.ts'
import { until } from '../support/until.ts'
import { startWorkerProcess } from '../support/worker-process.ts'

const client = new Map([['bootstrap.servers', kafkaBootstrap()]])

/** A group of one worker that can be started with other settings, a file, and the topic its lines go to. */
async function group(t: TestContext) {
  const name = uniqueName('settings')
  const dir = await mkdtemp(join(tmpdir(), 'settings-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const file = join(dir, 'lines.txt')
  await writeFile(file, '')
  const topic = `${name}-lines`
  const admin = createKafkaClients(systemClock).admin(client, 'make')
  t.after(() => admin.close())
  await admin.createTopic({ name: topic, partitions: 1, replicationFactor: 1, settings: new Map() })
  const read = await followAs(t, 'read_committed', topic)
  const config = { 'connector.class': 'FileStreamSource', file, topic }
  let lines = 0
  return {
    name,
    admin,
    config,
    async start(support: string) {
      const worker = await startWorkerProcess({
        properties: {
          'group.id': name,
          'config.storage.topic': `${name}-configs`,
          'offset.storage.topic': `${name}-offsets`,
          'status.storage.topic': `${name}-status`,
          'value.converter.schemas.enable': 'false',
          'offset.flush.interval.ms': '200',
          'session.timeout.ms': '6000',
          'scheduled.rebalance.max.delay.ms': '0',
          'exactly.once.source.support': support
        }
      })
      t.after(() => worker.kill())
      return { worker, rest: connectRest(worker.url) }
    },
    /** Five lines more, which arrive once and in order. */
    async linesArrive(what: string) {
      for (let more = 0; more < 5; more++) await appendFile(file, `${lines++}\n`)
      await until(() => read.values.length >= lines, `lines arrive ${what}`)
      assert.deepEqual(
        read.values.map((value) => JSON.parse(value) as string),
        Array.from({ length: lines }, (_, n) => String(n))
      )
    }
  }
}

describe('the settings of exactly-once sources', () => {
  it('are switched on by way of preparing, while connectors go on from their places', {
    timeout: 120_000
  }, async (t) => {
    const { start, config, linesArrive } = await group(t)
    const required = { ...config, 'exactly.once.support': 'required' }
    for (const support of ['disabled', 'preparing'] as const) {
      const { worker, rest } = await start(support)
      await rest.put('/connectors/lines/config', config)
      await linesArrive(support)
      await until(async () => (await rest.offset('lines')) !== undefined, 'the place is stored')
      await assert.rejects(
        rest.put('/connectors/lines/config', required),
        /This worker does not have exactly-once source support enabled\./
      )
      assert.equal(await worker.stop(), 0)
    }
    const { worker, rest } = await start('enabled')
    await linesArrive('enabled')
    await rest.put('/connectors/lines/config', required)
    await linesArrive('with a configuration that requires it')
    await assert.rejects(
      rest.put('/connectors/other/config', { ...required, file: '' }),
      /The connector does not support exactly-once semantics with the provided configuration\./
    )
    await assert.rejects(
      rest.put('/connectors/other/config', { ...required, 'transaction.boundary': 'connector' }),
      /does not support connector-defined transaction boundaries/
    )
    assert.equal(await worker.stop(), 0)
  })

  for (const support of ['disabled', 'enabled'] as const) {
    it(`give a connector an offset topic of its own, ${support}`, {
      timeout: 180_000
    }, async (t) => {
      const { name, admin, start, config, linesArrive } = await group(t)
      const { worker, rest } = await start(support)
      const own = `${name}-own`
      const withOwn = { ...config, 'offsets.storage.topic': own }
      // A place from before is found in the worker's topic.
      await rest.put('/connectors/lines/config', config)
      await linesArrive('at first')
      await until(async () => (await rest.offset('lines'))?.['position'] === 10, 'it is stored')
      await rest.put('/connectors/lines/config', withOwn)
      await linesArrive('with a topic of its own')
      await until(async () => (await rest.offset('lines'))?.['position'] === 20, 'it is stored')
      assert.equal(await admin.topicSetting(own, 'cleanup.policy'), 'compact')
      const inTopic = await rawTopic(t, own)
      const newest = async () => (await inTopic.read()).at(-1)?.value
      await until(async () => (await newest()) === '{"position":20}', 'it is in the own topic')
      // An operator's offsets go there, too; deleted, there is none in either topic.
      await rest.put('/connectors/lines/stop')
      await until(async () => (await rest.state('lines')) === 'STOPPED', 'it is stopped')
      const { offsets } = (await rest.get('/connectors/lines/offsets')) as {
        offsets: { partition: unknown }[]
      }
      const [first] = offsets
      assert.ok(first !== undefined)
      await rest.patch('/connectors/lines/offsets', {
        offsets: [{ partition: first.partition, offset: { position: 18 } }]
      })
      assert.deepEqual(await rest.offset('lines'), { position: 18 })
      await until(async () => (await newest()) === '{"position":18}', 'it was written there')
      await rest.delete('/connectors/lines/offsets')
      assert.equal(await rest.offset('lines'), undefined)
      await rest.put('/connectors/lines/config', config)
      assert.equal(await rest.offset('lines'), undefined)
      assert.equal(await worker.stop(), 0)
    })
  }
})
