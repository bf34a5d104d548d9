import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { deleteTopicsOf, startWorkerProcess } from '../support/worker-process.ts'

const PRODUCE = 0
const CREATE_TOPICS = 19
const ZSTD = 4
/**
 * No leader epoch and record format 2; behind it a checksum of four bytes, then what the compression is in.
 */
const BATCH_HEAD = Buffer.from('ffffffff02', 'hex')

interface Seen {
  readonly apiKey: number
  readonly clientId: string
  readonly bytes: Buffer
}

describe('client settings a connector overrides', { timeout: 110_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'overrides-'))
  const topic = uniqueName('overrides')
  const seen: Seen[] = []
  let proxy: TcpProxy
  before(async () => {
    proxy = await startTcpProxy(kafkaBootstrap())
    proxy.onRequest((apiKey, clientId, bytes) => seen.push({ apiKey, clientId, bytes }))
    writeFileSync(join(dir, 'lines.txt'), `${'the same words '.repeat(20)}\n`.repeat(50))
  })
  after(async () => {
    await proxy.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const connector = (): Record<string, string> => ({
    'connector.class': 'FileStreamSource',
    file: join(dir, 'lines.txt'),
    topic,
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
    'producer.override.bootstrap.servers': proxy.address,
    'producer.override.client.id': 'lines-producer',
    'producer.override.compression.type': 'zstd',
    'admin.override.bootstrap.servers': proxy.address,
    'admin.override.client.id': 'lines-admin'
  })
  const policy = 'connector.client.config.override.policy'

  it('reach the producer and the admin client; a policy that came later stops them', async () => {
    const worker = await startWorkerProcess()
    const rest = connectRest(worker.url)
    await rest.put('/connectors/lines/config', connector())
    const sent = await until(
      () => seen.find(({ apiKey }) => apiKey === PRODUCE),
      'records went through the proxy'
    )
    assert.equal(sent.clientId, 'lines-producer')
    const head = sent.bytes.indexOf(BATCH_HEAD)
    assert.ok(head > 0)
    assert.equal(sent.bytes.readInt16BE(head + BATCH_HEAD.length + 4) & 0b111, ZSTD)
    const created = seen.filter(({ apiKey }) => apiKey === CREATE_TOPICS)
    assert.deepEqual([...new Set(created.map(({ clientId }) => clientId))], ['lines-admin'])
    await worker.stop()

    // The same cluster, at a port of its own.
    const { listeners: _, ...cluster } = worker.properties
    const later = await startWorkerProcess({ properties: { ...cluster, [policy]: 'Principal' } })
    try {
      const after = connectRest(later.url)
      await until(async () => (await after.state('lines')).endsWith('FAILED'), 'the task failed')
      const [task] = (await after.status('lines')).tasks
      assert.match(
        task?.trace ?? '',
        /Client Config Overrides not allowed for the (producer|admin) of connector lines: The 'Principal' policy does not allow 'bootstrap\.servers' to be overridden/
      )
      await assert.rejects(
        after.put('/connectors/lines/config', connector()),
        /400 .*The 'Principal' policy does not allow 'compression\.type' to be overridden/
      )
    } finally {
      await later.stop()
      await deleteTopicsOf(worker, [topic])
    }
  })

  it('are those of the allowlist where the policy says so', async () => {
    const worker = await startWorkerProcess({
      properties: {
        [policy]: 'Allowlist',
        'connector.client.config.override.allowlist': 'compression.type, client.id'
      }
    })
    try {
      const errorsOf = async (key: string): Promise<string[]> => {
        const answer = await connectRest(worker.url).put(
          '/connector-plugins/FileStreamSource/config/validate',
          { 'connector.class': 'FileStreamSource', topic, [key]: 'gzip' }
        )
        const { configs } = answer as { configs: { value: { name: string; errors: string[] } }[] }
        return configs.find(({ value }) => value.name === key)?.value.errors ?? []
      }
      assert.deepEqual(await errorsOf('producer.override.compression.type'), [])
      assert.deepEqual(await errorsOf('producer.override.client.id'), [])
      assert.deepEqual(await errorsOf('producer.override.transactional.id'), [
        "The 'Allowlist' policy does not allow 'transactional.id' to be overridden in the connector configuration."
      ])
    } finally {
      await worker.stop()
      await deleteTopicsOf(worker)
    }
  })
})
