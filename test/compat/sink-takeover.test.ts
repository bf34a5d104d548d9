import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { startJvmWorker } from '../support/jvm-worker.ts'
import { makeTopic } from '../support/topic-reader.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { startWorkerProcess } from '../support/worker-process.ts'

const TEXT = 'org.apache.kafka.connect.storage.StringConverter'

/** A topic, somebody who writes to it and who sees its readers, and properties of a group of workers. */
async function cluster(t: TestContext, partitions: number) {
  const group = uniqueName('sinks')
  const topic = `${group}-lines`
  const kafka = new Kafka({ brokers: [kafkaBootstrap()], logLevel: logLevel.NOTHING })
  const [admin, producer] = [kafka.admin(), kafka.producer()]
  await Promise.all([admin.connect(), producer.connect()])
  t.after(() => Promise.all([admin.disconnect(), producer.disconnect()]))
  await makeTopic(topic, partitions)
  return {
    topic,
    dir: temporaryFolder(t),
    properties: {
      'group.id': group,
      'config.storage.topic': `${group}-configs`,
      'offset.storage.topic': `${group}-offsets`,
      'status.storage.topic': `${group}-status`,
      'key.converter': TEXT,
      'value.converter': TEXT,
      'offset.flush.interval.ms': '200',
      'scheduled.rebalance.max.delay.ms': '0'
    },
    async write(...values: string[]): Promise<void> {
      const messages = values.map((value, at) => ({ value, partition: at % partitions }))
      await producer.send({ topic, messages })
    },
    /** Client ids of the members of a sink's group; null while they come and go. */
    async members(connector: string): Promise<string[] | null> {
      const { groups } = await admin.describeGroups([`connect-${connector}`])
      if (groups[0]?.state !== 'Stable') return null
      return groups[0].members.map(({ clientId }) => clientId).sort()
    }
  }
}

async function lines(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8')).split('\n').slice(0, -1)
}

type Rest = ReturnType<typeof connectRest>

/** The committed offset of a topic with one partition. */
async function committed(rest: Rest, connector: string): Promise<unknown> {
  const { offsets } = (await rest.get(`/connectors/${connector}/offsets`)) as {
    offsets: { offset: { kafka_offset: number } }[]
  }
  return offsets[0]?.offset.kafka_offset
}

describe('a sink of a cluster that moves from JVM workers to ours and back', () => {
  it('goes on from its offsets, each record written once', { timeout: 300_000 }, async (t) => {
    const { topic, dir, properties, write } = await cluster(t, 1)
    const name = uniqueName('out')
    const file = join(dir, 'out.txt')
    const config = { 'connector.class': 'FileStreamSink', 'tasks.max': '1', topics: topic, file }
    const runs = async (rest: Rest) => (await rest.state(name)) === 'RUNNING RUNNING'
    const has = async (rest: Rest, values: string[]) => {
      await until(async () => (await lines(file)).length >= values.length, `${values.length} lines`)
      assert.deepEqual(await lines(file), values)
      const all = async () => (await committed(rest, name)) === values.length
      await until(all, `${values.length} are committed`)
    }

    await write('one', 'two')
    const first = await startJvmWorker(properties)
    t.after(() => first.kill())
    const jvm = connectRest(first.url)
    await jvm.put(`/connectors/${name}/config`, config)
    await has(jvm, ['one', 'two'])
    await first.stop()

    const ours = await startWorkerProcess({ properties })
    t.after(() => ours.kill())
    const node = connectRest(ours.url)
    await until(() => runs(node), 'ours runs it')
    assert.equal(await committed(node, name), 2)
    await write('three')
    await has(node, ['one', 'two', 'three'])
    assert.deepEqual(await node.get(`/connectors/${name}/topics`), { [name]: { topics: [topic] } })
    assert.equal(await ours.stop(), 0)

    const last = await startJvmWorker(properties)
    t.after(() => last.kill())
    const back = connectRest(last.url)
    await until(() => runs(back), 'the JVM worker runs it again')
    await write('four')
    await has(back, ['one', 'two', 'three', 'four'])
    await back.put(`/connectors/${name}/stop`)
    await last.stop()
  })
})

describe('a sink of a group of JVM workers and ours', () => {
  it('has one member for each task, and each record is written once', {
    timeout: 300_000
  }, async (t) => {
    const { topic, dir, properties, write, members } = await cluster(t, 4)
    const name = uniqueName('out')
    const file = join(dir, 'out.txt')
    const config = { 'connector.class': 'FileStreamSink', 'tasks.max': '4', topics: topic, file }
    const jvm = await startJvmWorker(properties)
    t.after(() => jvm.kill())
    const ours = await startWorkerProcess({ properties })
    t.after(() => ours.kill())
    const rest = connectRest(jvm.url)
    await rest.put(`/connectors/${name}/config`, config)
    const tasks = [0, 1, 2, 3].map((task) => `connector-consumer-${name}-${task}`)
    const isWhole = async () => JSON.stringify(await members(name)) === JSON.stringify(tasks)
    const places = async () => {
      const { tasks: all } = (await rest.get(`/connectors/${name}/status`)) as {
        tasks: { state: string; worker_id: string }[]
      }
      const running = all.filter(({ state }) => state === 'RUNNING')
      return running.length === 4 ? new Set(running.map(({ worker_id }) => worker_id)).size : 0
    }
    await until(async () => (await places()) === 2, 'both workers run tasks of it')
    await until(isWhole, 'each task is one member')
    const sent = Array.from({ length: 40 }, (_, at) => `${at}`)
    await write(...sent)
    const written = async () => (await lines(file)).length >= sent.length
    await until(written, 'all is written')
    assert.deepEqual((await lines(file)).sort(), [...sent].sort())
    // The committed offsets are those of the records, whichever of them wrote.
    const all = async () => {
      const { offsets } = (await rest.get(`/connectors/${name}/offsets`)) as {
        offsets: { offset: { kafka_offset: number } }[]
      }
      return offsets.reduce((sum, { offset }) => sum + offset.kafka_offset, 0) === sent.length
    }
    await until(all, 'all is committed')

    assert.equal(await ours.stop(), 0)
    await until(async () => (await places()) === 1, 'the JVM worker runs all of it')
    await until(isWhole, 'each task is one member again')
    await write('last')
    await until(async () => (await lines(file)).includes('last'), 'the last is written')
    assert.deepEqual((await lines(file)).sort(), [...sent, 'last'].sort())
    await rest.put(`/connectors/${name}/stop`)
    await jvm.stop()
  })
})
