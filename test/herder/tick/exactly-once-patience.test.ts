import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../../src/errors.ts'
import type { LeaderClient } from '../../../src/herder/group/leader-requests.ts'
import type { KafkaConfigStore } from '../../../src/storage/kafka-config-store.ts'
import { HerderCluster } from '../../support/herder-cluster.ts'
import { until } from '../../support/until.ts'

describe('tasks that run exactly once', () => {
  it('wait for a config topic that is slow for a moment', async (t) => {
    const cluster = new HerderCluster(t, { exactlyOnceSource: true })
    let failures = 0
    const breakRefresh = (configStore: KafkaConfigStore): void => {
      const refresh = configStore.refresh.bind(configStore)
      configStore.refresh = async (timeoutMs) => {
        const stack = new Error().stack ?? ''
        if (stack.includes('fencing-commands') && failures++ < 8) {
          throw new ConnectError('KAFKA_UNAVAILABLE', 'slow today')
        }
        await refresh(timeoutMs)
      }
    }
    const { herder } = await cluster.join({}, breakRefresh)
    await cluster.create('a', { 'tasks.max': '2' })
    await until(
      () => herder.cluster.taskStatus('a', 0).trace?.includes('slow today'),
      'its status says what it waits for'
    )
    await cluster.runs('a', 'a-0', 'a-1')
    await until(
      () => herder.cluster.connectorStatus('a').tasks.every(({ state }) => state === 'RUNNING'),
      'both are RUNNING'
    )
  })

  it('wait for a leader that Kafka does not answer for a moment', async (t) => {
    const cluster = new HerderCluster(t, { exactlyOnceSource: true })
    await cluster.join()
    let refused = 0
    const leaderClient: LeaderClient = async (...request) => {
      const [, , , , method] = request
      if (method === 'PUT' && refused++ < 2) return { status: 500, body: 'Request timed out' }
      return cluster.deliver(...request)
    }
    const second = await cluster.join({ leaderClient })
    for (const name of ['a', 'b', 'c']) await cluster.create(name, { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1', 'b', 'b-0', 'b-1', 'c', 'c-0', 'c-1')
    assert.ok(refused > 0, 'the leader refused once')
    assert.ok(second.worker.runningTasks().length > 0)
  })

  it('do not keep the tick, which stops them, waiting for itself', async (t) => {
    const cluster = new HerderCluster(t, { exactlyOnceSource: true })
    const { herder, worker } = await cluster.join()
    await cluster.create('a', { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1')
    const { guard } = worker
    assert.ok(guard !== null)
    const stopping = new AbortController()
    const stopTask = worker.stopTask.bind(worker)
    const ended: string[] = []
    // As a task that is about to start: it ends once it is asked to, and what it waits for comes after the
    // tick is done with it.
    worker.stopTask = async (id) => {
      const after = guard.after(stopping.signal).catch(() => ended.push('the task'))
      stopping.abort()
      await after
      await stopTask(id)
    }
    await herder.changes.stopConnector('a')
    await cluster.runs('a')
    assert.deepEqual(ended, ['the task', 'the task'])
  })
})
