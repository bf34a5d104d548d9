import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { BAD_CLASS, badPlugin } from '../support/bad-plugin.ts'
import { connectRest } from '../support/connect-rest.ts'
import { until } from '../support/until.ts'
import { deleteTopicsOf, startWorkerProcess } from '../support/worker-process.ts'

interface Status {
  connector: { state: string; trace?: string }
  tasks: { state: string; trace?: string }[]
}

async function startWorker(t: TestContext, properties: Record<string, string> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'bad-plugins-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const worker = await startWorkerProcess({
    properties: { 'plugin.path': badPlugin(dir), ...properties }
  })
  t.after(async () => {
    await worker.kill()
    await deleteTopicsOf(worker)
  })
  const rest = connectRest(worker.url)
  const create = (name: string, settings: Record<string, string>) =>
    rest.put(`/connectors/${name}/config`, {
      'connector.class': BAD_CLASS,
      'tasks.max': '1',
      ...settings
    })
  const status = async (name: string) => (await rest.get(`/connectors/${name}/status`)) as Status
  return { worker, create, status }
}

describe('plugins that misbehave', () => {
  it('I9: fail their own task or connector with what they leave behind, and nothing else', async (t) => {
    const { worker, create, status } = await startWorker(t)
    const ways = ['reject', 'throw', 'emit']
    await create('good', {})
    for (const way of ways) {
      await create(`task-${way}`, { does: way })
      await create(`connector-${way}`, { 'connector.does': way })
    }
    for (const way of ways) {
      await until(async () => {
        const { connector, tasks } = await status(`task-${way}`)
        return connector.state === 'RUNNING' && tasks[0]?.trace?.includes('stray')
      }, `the task that does ${way} is FAILED`)
      await until(async () => {
        const { connector } = await status(`connector-${way}`)
        return connector.state === 'FAILED' && connector.trace?.includes('stray')
      }, `the connector that does ${way} is FAILED`)
    }
    const good = await status('good')
    assert.deepEqual([good.connector.state, good.tasks[0]?.state], ['RUNNING', 'RUNNING'])
    assert.doesNotMatch(worker.output(), /hunter2/)
    assert.equal(await worker.stop(), 0)
  })

  it('I8: do not keep the process from ending', { timeout: 120_000 }, async (t) => {
    const { worker, create, status } = await startWorker(t, {
      'task.shutdown.graceful.timeout.ms': '500'
    })
    await create('lingers', { does: 'linger', 'connector.does': 'linger' })
    await until(async () => (await status('lingers')).tasks[0]?.state === 'RUNNING', 'it runs')
    assert.equal(await worker.stop(), 0)
    assert.match(worker.output(), /Kafka Connect stopped/)
  })
})
