import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import { uniqueName } from '../../support/environment.ts'
import { clientProperties, createTopic } from '../support.ts'

const clients = createKafkaClients(systemClock)

/** A topic of three partitions: 0 has records 0 to 9, 2 has 0 to 4, 1 has none. */
async function filled(t: TestContext): Promise<string> {
  const topic = await createTopic(t, 3)
  const producer = clients.producer(clientProperties(), 'test')
  t.after(() => producer.close(10_000))
  for (const [partition, count] of [
    [0, 10],
    [2, 5]
  ] as const) {
    for (let number = 0; number < count; number++)
      await producer.send([record(topic, partition, `${number}`)])
  }
  return topic
}

function record(topic: string, partition: number, value: string) {
  return { topic, partition, key: null, value: Buffer.from(value), timestamp: 1, headers: [] }
}

async function sample(
  topics: readonly string[],
  records: number,
  from: 'earliest' | 'latest',
  signal = new AbortController().signal,
  settings: Record<string, string> = {}
): Promise<string[]> {
  const wanted = { topics, records, from }
  const found = await clients.sampleRecords(clientProperties(settings), 'test', wanted, signal)
  return found.map(({ partition, offset, value }) => `${partition}:${offset}=${value?.toString()}`)
}

describe('a sample of records', () => {
  it('has the first or the last of each partition, and no more than asked for', async (t) => {
    const topic = await filled(t)
    assert.deepEqual(await sample([topic], 4, 'earliest'), ['0:0=0', '0:1=1', '2:0=0', '2:1=1'])
    assert.deepEqual(await sample([topic], 3, 'latest'), ['0:8=8', '0:9=9', '2:3=3'])
    assert.equal((await sample([topic], 100, 'earliest')).length, 15)
    assert.equal((await sample([topic, await filled(t)], 3, 'earliest')).length, 6)
  })

  it('shows nothing of a transaction that was aborted or is open', async (t) => {
    const topic = await createTopic(t, 1)
    const id = uniqueName('transaction')
    const producer = clients.transactionalProducer(clientProperties(), 'test', id)
    t.after(() => producer.close(10_000))
    await producer.initialize()
    await producer.send([record(topic, 0, 'aborted')])
    await producer.abort()
    await producer.send([record(topic, 0, 'committed')])
    await producer.commit()
    await producer.send([record(topic, 0, 'open')])
    const committed = { 'isolation.level': 'read_committed' }
    const { signal } = new AbortController()
    assert.deepEqual(await sample([topic], 9, 'earliest', signal, committed), ['0:2=committed'])
    assert.equal((await sample([topic], 9, 'earliest')).length, 3)
  })

  it('of a topic that is not there is refused with its name, and ends when it is given up', async (t) => {
    const absent = uniqueName('absent')
    await assert.rejects(sample([absent], 1, 'earliest'), {
      name: 'ConnectError',
      message: new RegExp(`${absent}.*UNKNOWN_TOPIC_OR_PARTITION`)
    })
    const topic = await filled(t)
    const given = new Error('given up')
    await assert.rejects(sample([topic], 1, 'earliest', AbortSignal.abort(given)), given)
  })
})
