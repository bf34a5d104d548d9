import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { followAs } from '../support/committed-reader.ts'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { startJvmWorker } from '../support/jvm-worker.ts'
import { until } from '../support/until.ts'
import { startWorkerProcess } from '../support/worker-process.ts'

const NAMES = ['a', 'b', 'c', 'd']
/** What a step may take while others use the machine. */
const BUSY_MS = 180_000

/**
 * A file that gets a line every few milliseconds, and what readers of committed records see of it in its
 * topic.
 */
async function growingFile(t: TestContext, dir: string, topic: string) {
  const file = join(dir, topic)
  await writeFile(file, '')
  const client = new Map([['bootstrap.servers', kafkaBootstrap()]])
  const admin = createKafkaClients(systemClock).admin(client, 'make')
  await admin.createTopic({ name: topic, partitions: 1, replicationFactor: 1, settings: new Map() })
  await admin.close()
  const read = await followAs(t, 'read_committed', topic)
  const stopping = new AbortController()
  let lines = 0
  const growing = (async () => {
    while (!stopping.signal.aborted) {
      await appendFile(file, `line ${lines++}\nline ${lines++}\n`)
      // Those who write to files pause.
      await delay(20)
    }
  })()
  t.after(async () => {
    stopping.abort()
    await growing
  })
  return {
    file,
    seen: () => read.values.length,
    /** Ends the growing: every line was seen, once, in its order. */
    async complete() {
      stopping.abort()
      await growing
      await until(
        () => read.values.length >= lines,
        `${topic}: all ${lines} lines arrived`,
        BUSY_MS
      )
      // The workers of this connector go on: a line that came twice would follow within this time.
      await delay(300)
      assert.deepEqual(
        read.values.map((value) => JSON.parse(value) as string),
        Array.from({ length: lines }, (_, n) => `line ${n}`)
      )
      return lines
    }
  }
}

describe('a group of JVM workers and ours whose sources run exactly once', () => {
  it('I6: shows each line once, whoever leads, whoever runs it, whoever is killed', {
    timeout: 900_000
  }, async (t) => {
    const group = uniqueName('mixed')
    const dir = await mkdtemp(join(tmpdir(), 'mixed-'))
    t.after(() => rm(dir, { recursive: true, force: true }))
    const files = new Map<string, Awaited<ReturnType<typeof growingFile>>>()
    for (const name of NAMES) files.set(name, await growingFile(t, dir, `${group}-${name}`))
    const properties = {
      'group.id': group,
      'config.storage.topic': `${group}-configs`,
      'offset.storage.topic': `${group}-offsets`,
      'offset.storage.partitions': '3',
      'status.storage.topic': `${group}-status`,
      'value.converter.schemas.enable': 'false',
      'exactly.once.source.support': 'enabled',
      // A member that gets no processor for a while is not dead: its tasks would be fenced, and a JVM's stay
      // FAILED.
      'session.timeout.ms': '20000',
      'heartbeat.interval.ms': '500',
      'scheduled.rebalance.max.delay.ms': '0'
    }
    const startJvm = async () => {
      const worker = await startJvmWorker(properties)
      t.after(() => worker.kill())
      return { worker, rest: connectRest(worker.url), host: new URL(worker.url).host }
    }
    const startOurs = async () => {
      const worker = await startWorkerProcess({ properties })
      t.after(() => worker.kill())
      return { worker, rest: connectRest(worker.url), host: new URL(worker.url).host }
    }
    type Member = Awaited<ReturnType<typeof startJvm | typeof startOurs>>

    const runOn = (via: Member, hosts: readonly string[]) =>
      until(
        async () => {
          const owners = new Set<string>()
          for (const name of NAMES) {
            const status = (await via.rest.get(`/connectors/${name}/status`)) as {
              tasks: { state: string; worker_id: string; trace?: string }[]
            }
            const [task] = status.tasks
            if (task?.state === 'FAILED') throw new Error(`${name}: ${task.trace}`)
            if (task?.state !== 'RUNNING') return false
            owners.add(task.worker_id)
          }
          return [...owners].sort().join() === [...hosts].sort().join()
        },
        `the tasks run on ${hosts.join(' and ')}`,
        BUSY_MS
      )
    const allGrow = async (what: string): Promise<void> => {
      for (const [name, file] of files) {
        const before = file.seen()
        await until(() => file.seen() > before + 20, `${name} goes on ${what}`, BUSY_MS)
      }
    }
    /**
     * A new start for one connector: its tasks end, their producers are fenced, its offsets are written in a
     * transaction.
     */
    const readAgain = async (via: Member, name: string): Promise<void> => {
      const file = files.get(name)
      assert.ok(file !== undefined)
      await via.rest.put(`/connectors/${name}/stop`)
      await until(
        async () => (await via.rest.state(name)) === 'STOPPED',
        `${name} is stopped`,
        BUSY_MS
      )
      const { offsets } = (await via.rest.get(`/connectors/${name}/offsets`)) as {
        offsets: unknown[]
      }
      assert.equal(offsets.length, 1)
      // Refused while the group still shares out its work.
      const patched = () => via.rest.patch(`/connectors/${name}/offsets`, { offsets })
      await until(patched, `the offsets of ${name} are written`, BUSY_MS)
      await via.rest.put(`/connectors/${name}/resume`)
    }

    // A JVM worker leads.
    const first = await startJvm()
    for (const [name, { file }] of files) {
      await first.rest.put(`/connectors/${name}/config`, {
        'connector.class': 'FileStreamSource',
        'exactly.once.support': 'required',
        file,
        topic: `${group}-${name}`,
        'tasks.max': '1'
      })
    }
    const ours = await startOurs()
    await runOn(ours, [first.host, ours.host])
    await allGrow('with a JVM leader')
    for (const name of NAMES) await readAgain(ours, name)
    await runOn(ours, [first.host, ours.host])
    await allGrow('after their offsets were written by the JVM leader')

    // It is killed: ours leads, and fences what the JVM's tasks left behind.
    await first.worker.kill()
    await runOn(ours, [ours.host])
    await allGrow('on ours alone')
    const second = await startJvm()
    await runOn(ours, [second.host, ours.host])
    await allGrow('with ours leading')
    for (const name of NAMES) await readAgain(second, name)
    await runOn(ours, [second.host, ours.host])
    await allGrow('after their offsets were written by ours')

    // Ours is killed: the JVM worker goes on with everything.
    await ours.worker.kill()
    await runOn(second, [second.host])
    await allGrow('on the JVM worker alone')
    let lines = 0
    for (const file of files.values()) lines += await file.complete()
    t.diagnostic(`${lines} lines of ${NAMES.length} files, each once`)
    await second.worker.stop()
  })
})
