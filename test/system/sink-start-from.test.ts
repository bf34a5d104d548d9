import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { makeTopic } from '../support/topic-reader.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { startWorkerProcess } from '../support/worker-process.ts'

const TEXT = 'org.apache.kafka.connect.storage.StringConverter'
const OLD = Date.UTC(2026, 10, 1)

/** A worker, and a topic with the records a, b and c; the last one is the only one of today. */
async function sinks(t: TestContext) {
  const topic = uniqueName('sunk')
  const kafka = new Kafka({ brokers: [kafkaBootstrap()], logLevel: logLevel.NOTHING })
  const [admin, producer] = [kafka.admin(), kafka.producer()]
  await Promise.all([admin.connect(), producer.connect()])
  t.after(() => Promise.all([admin.disconnect(), producer.disconnect()]))
  await makeTopic(topic)
  await producer.send({
    topic,
    messages: [
      { value: 'a', timestamp: `${OLD}` },
      { value: 'b', timestamp: `${OLD}` },
      { value: 'c' }
    ]
  })
  const worker = await startWorkerProcess({
    properties: {
      'key.converter': TEXT,
      'value.converter': TEXT,
      'offset.flush.interval.ms': '200'
    }
  })
  t.after(() => worker.stop())
  const dir = temporaryFolder(t)
  const name = uniqueName('out')
  const file = join(dir, 'out.txt')
  const config = { 'connector.class': 'FileStreamSink', 'tasks.max': '1', topics: topic, file }
  const rest = connectRest(worker.url)
  const at = (offset: number | null) => ({
    partition: { kafka_topic: topic, kafka_partition: 0 },
    offset: offset === null ? null : { kafka_offset: offset }
  })
  return {
    name,
    topic,
    config,
    rest,
    at,
    groups: async () => (await admin.listGroups()).groups.map(({ groupId }) => groupId),
    /** All that was written so far, once that is `text`. */
    written: (text: string) =>
      until(async () => {
        const lines = (await readFile(file, 'utf8')).replaceAll('\n', '')
        if (!text.startsWith(lines)) assert.fail(`${lines} instead of ${text}`)
        return lines === text
      }, `${text} is written`),
    offsets: async () =>
      ((await rest.get(`/connectors/${name}/offsets`)) as { offsets: unknown[] }).offsets,
    runs: () => until(async () => (await rest.state(name)) === 'RUNNING RUNNING', 'it runs'),
    tryPut: (path: string, body: unknown) =>
      fetch(`${worker.url}/connectors/${name}${path}`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body)
      })
  }
}

describe('the start of a sink that runs', () => {
  it('is moved in one call, shown before, told afterwards, and undone', async (t) => {
    const { name, topic, config, rest, at, written, offsets, runs, tryPut } = await sinks(t)
    await rest.put(`/connectors/${name}/config`, config)
    await written('abc')
    await until(async () => isDeepStrictEqual(await offsets(), [at(3)]), 'stored')

    const shown = await rest.put(`/connectors/${name}/start-from?dry_run=true`, '-P1D')
    assert.deepEqual(shown, {
      name,
      dry_run: true,
      tables: [
        {
          name: `${topic}-0`,
          from: { kafka_offset: 3 },
          to: { kafka_offset: 2 },
          effect: 'sent again',
          rows: 1,
          first: { kafka_offset: 2 },
          last: { kafka_offset: 2 }
        }
      ]
    })
    const moved = (await rest.put(`/connectors/${name}/start-from`, {
      topics: { [topic]: { partitions: { 0: 1 } } }
    })) as { state: string; connector_state: string; offsets: unknown }
    assert.deepEqual([moved.state, moved.connector_state], ['DONE', 'RUNNING'])
    assert.deepEqual(moved.offsets, [
      { partition: at(1).partition, old: at(3).offset, new: at(1).offset }
    ])
    await written('abcbc')
    await runs()
    const wrong = await tryPut('/start-from', { offset: 4 })
    assert.equal(wrong.status, 400)
    assert.match(await wrong.text(), /offsets 0 to 3, not at 4/)
    await rest.post(`/connectors/${name}/start-from/undo`)
    const history = (await rest.get(`/connectors/${name}/start-from`)) as { history: unknown[] }
    assert.equal(history.history.length, 2)
    assert.deepEqual(await offsets(), [at(3)])
    await runs()
    await rest.put(`/connectors/${name}/start-from`, '2026-11-01T00:00:00Z')
    await written('abcbcabc')
  })

  it('can be given with a new connector, and forgotten with one that is deleted', async (t) => {
    const { name, config, rest, at, groups, written, offsets } = await sinks(t)
    const created = (await rest.post('/connectors', {
      name,
      config,
      initial_offsets: [at(2)]
    })) as { offsets_status: string }
    assert.match(created.offsets_status, /altered successfully/)
    await written('c')
    await until(async () => isDeepStrictEqual(await offsets(), [at(3)]), 'stored')
    // Without a word of offsets one of the same name goes on from there.
    await rest.delete(`/connectors/${name}`)
    await until(async () => (await rest.state(name)) === '', 'it is gone')
    assert.ok((await groups()).includes(`connect-${name}`))
    await rest.put(`/connectors/${name}/config`, config)
    assert.deepEqual(await offsets(), [at(3)])
    await rest.delete(`/connectors/${name}?offsets=delete`)
    await until(async () => !(await groups()).includes(`connect-${name}`), 'the group is gone')
    await rest.put(`/connectors/${name}/config`, config)
    await written('cabc')
  })
})
