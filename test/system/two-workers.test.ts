import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts'

const NAMES = Array.from({ length: 6 }, (_, i) => `lines-${i}`)

/** Worker ids of every connector and task, `connector lines-0` → `host:port`; only complete when all run. */
async function placement(worker: WorkerProcess): Promise<Map<string, string>> {
  const rest = connectRest(worker.url)
  const placed = new Map<string, string>()
  for (const name of NAMES) {
    const { connector, tasks } = (await rest.status(name)) as unknown as {
      connector: { state: string; worker_id: string }
      tasks: { id: number; state: string; worker_id: string }[]
    }
    if (connector.state === 'RUNNING') placed.set(`connector ${name}`, connector.worker_id)
    for (const task of tasks) {
      if (task.state === 'RUNNING') placed.set(`task ${name}-${task.id}`, task.worker_id)
    }
  }
  return placed
}

describe('two workers in a group', () => {
  it('share the work, answer for each other, and one takes over when the other dies', {
    timeout: 110_000
  }, async (t) => {
    const group = uniqueName('two')
    const properties = {
      'group.id': group,
      'session.timeout.ms': '6000',
      'heartbeat.interval.ms': '1000',
      'scheduled.rebalance.max.delay.ms': '1000'
    }
    const dir = temporaryFolder(t)
    const first = await startWorkerProcess({ properties })
    t.after(() => first.kill())
    const second = await startWorkerProcess({ properties })
    t.after(() => second.kill())
    const rests = [connectRest(first.url), connectRest(second.url)]

    // Every second connector is created at the worker that does not lead: it forwards.
    for (const [i, name] of NAMES.entries()) {
      writeFileSync(join(dir, name), 'x\n')
      await rests[i % 2]?.put(`/connectors/${name}/config`, {
        'connector.class': 'FileStreamSource',
        file: join(dir, name),
        topic: `${group}-${name}`,
        'topic.creation.default.replication.factor': '1',
        'topic.creation.default.partitions': '3'
      })
    }
    const both = await until(async () => {
      const placed = await placement(first)
      return placed.size === 2 * NAMES.length && new Set(placed.values()).size === 2 ? placed : null
    }, 'all connectors and tasks run, on both workers')
    const counts = [...Map.groupBy(both, ([, worker]) => worker).values()].map((all) => all.length)
    assert.deepEqual(counts, [6, 6])
    assert.deepEqual(await placement(second), both)

    // topic.creation.*: the topics are there, as asked for.
    const admin = createKafkaClients(systemClock).admin(
      new Map([['bootstrap.servers', kafkaBootstrap()]]),
      group
    )
    const topics = NAMES.map((name) => `${group}-${name}`)
    await until(
      async () => (await admin.describeTopics(topics)).size === topics.length,
      'topics exist'
    )
    assert.deepEqual(new Set((await admin.describeTopics(topics)).values()), new Set([3]))
    await admin.close()

    // An unknown forward, a name in any spelling, a state change seen by both.
    await rests[1]?.put(`/connectors/lines-0/pause`)
    for (const rest of rests) {
      await until(
        async () => (await rest.state('lines-0')) === 'PAUSED PAUSED',
        'paused everywhere'
      )
    }
    await rests[0]?.put(`/connectors/lines-0/resume`)

    // One dies without a word: the other takes everything.
    await second.kill()
    const left = await until(
      async () => {
        const placed = await placement(first)
        return placed.size === 2 * NAMES.length && new Set(placed.values()).size === 1
          ? placed
          : null
      },
      'everything runs on the one that is left',
      60_000
    )
    assert.deepEqual(new Set(left.values()), new Set([new URL(first.url).host]))
    assert.equal(await first.stop(), 0)
  })
})
