import assert from 'node:assert/strict'
import { type TestContext, describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { ConnectError } from '../../../src/errors.ts'
import { clientSettings, readerSettings } from '../../../src/kafka/client/client-settings.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import { NetworkClient } from '../../../src/kafka/client/network-client.ts'
import { TopicReader } from '../../../src/kafka/reading/topic-reader.ts'
import { TransactionCoordinator } from '../../../src/kafka/producing/transaction-coordinator.ts'
import { KafkaTransactionalProducer } from '../../../src/kafka/producing/transactional-producer.ts'
import { kafkaBootstrap, uniqueName } from '../../support/environment.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { clientProperties, createTopic, readAll, record, valuesOf } from '../support.ts'

const END_TXN = 26
const PRODUCE = 0

async function startProducer(
  t: TestContext,
  settings: Record<string, string> = {},
  transactionalId = uniqueName('transactional')
) {
  const { log } = recordingLog()
  const client = clientProperties(settings)
  const producer = new KafkaTransactionalProducer(
    systemClock,
    client,
    uniqueName('producer'),
    transactionalId,
    log
  )
  t.after(() => producer.close(0))
  await producer.initialize()
  return { producer, transactionalId }
}

/** What a reader of committed records sees in one partition. */
async function committed(topic: string, partition = 0): Promise<string[]> {
  const records = await readAll(topic, { 'isolation.level': 'read_committed' })
  return valuesOf(records.get(partition))
}

/** A commit is seen a moment after it was promised. */
const seen = async (topic: string, expected: readonly string[], partition = 0): Promise<void> => {
  let last: string[] = []
  await until(async () => {
    last = await committed(topic, partition)
    return last.length >= expected.length
  }, `${topic} holds ${expected.length} committed records`)
  assert.deepEqual(last, expected)
}

const uncommitted = async (topic: string): Promise<string[]> =>
  valuesOf((await readAll(topic)).get(0))

const fenced = (error: unknown): boolean =>
  error instanceof ConnectError && error.code === 'PRODUCER_FENCED'

describe('KafkaTransactionalProducer', () => {
  it('shows records of several topics and partitions to readers of committed records all at once', async (t) => {
    const [one, two] = [await createTopic(t, 2), await createTopic(t, 1)]
    const { producer } = await startProducer(t)
    assert.equal(producer.inTransaction, false)
    await producer.send([record(one, 'a', 0), record(one, 'b', 1)])
    await producer.send([record(two, 'c')])
    assert.equal(producer.inTransaction, true)
    assert.deepEqual(await uncommitted(one), ['a'])
    assert.deepEqual([await committed(one), await committed(two)], [[], []])
    await producer.commit()
    assert.equal(producer.inTransaction, false)
    await seen(one, ['a'])
    await seen(one, ['b'], 1)
    await seen(two, ['c'])
  })

  it('hides an aborted transaction for ever and goes on with the next one', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = await startProducer(t)
    await producer.send([record(topic, 'gone')])
    await producer.abort()
    await producer.send([record(topic, 'kept')])
    await producer.commit()
    await seen(topic, ['kept'])
    assert.deepEqual(await uncommitted(topic), ['gone', 'kept'])
  })

  it('keeps the order over many transactions, with sends under way when they are committed', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = await startProducer(t)
    const expected: string[] = []
    for (let round = 0; round < 20; round++) {
      for (let each = 0; each < 10; each++) {
        expected.push(`${round}.${each}`)
        void producer.send([record(topic, `${round}.${each}`)])
      }
      await producer.commit()
    }
    await seen(topic, expected)
  })

  it('I8: says what it waits for while its coordinator cannot be reached', async (t) => {
    const settings = clientSettings(
      clientProperties({ 'bootstrap.servers': '127.0.0.1:1' }),
      systemClock
    )
    const network = new NetworkClient(settings, 'nobody')
    t.after(() => network.close())
    const coordinator = new TransactionCoordinator(systemClock, network, uniqueName('transactions'))
    const stop = new AbortController()
    const asked = coordinator.nextEpoch(1000, null, 9e15, stop.signal)
    await until(
      () => /gave no producer epoch/.test(coordinator.standstill(50) ?? ''),
      'it says what it waits for'
    )
    stop.abort()
    await assert.rejects(asked, { code: 'WORKER_STOPPING' })
    assert.equal(coordinator.standstill(0), null)
  })

  it('has nothing to commit or abort without records', async (t) => {
    const { producer } = await startProducer(t)
    await producer.commit()
    await producer.abort()
    assert.equal(producer.inTransaction, false)
  })

  it('ends the transaction of a producer that died, when its successor begins', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer, transactionalId } = await startProducer(t)
    await producer.send([record(topic, 'dead')])
    await producer.close(0)
    const next = await startProducer(t, {}, transactionalId)
    await next.producer.send([record(topic, 'alive')])
    await next.producer.commit()
    await seen(topic, ['alive'])
  })

  it('refuses records and commits of a producer that was replaced', async (t) => {
    const topic = await createTopic(t, 1)
    const zombie = await startProducer(t)
    await zombie.producer.send([record(topic, 'zombie')])
    const next = await startProducer(t, {}, zombie.transactionalId)
    await assert.rejects(zombie.producer.commit(), fenced)
    await assert.rejects(zombie.producer.send([record(topic, 'zombie')]), fenced)
    // It may not come back by itself either.
    await assert.rejects(zombie.producer.initialize(), fenced)
    await next.producer.send([record(topic, 'next')])
    await next.producer.commit()
    await seen(topic, ['next'])
  })

  it('refuses producers that were fenced by their transactional ids', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer, transactionalId } = await startProducer(t)
    await producer.send([record(topic, 'zombie')])
    const ids = [transactionalId, uniqueName('never-used')]
    await createKafkaClients(systemClock).fenceProducers(clientProperties(), 'fence', ids, 15_000)
    await assert.rejects(producer.commit(), fenced)
    assert.deepEqual(await committed(topic), [])
  })

  it('says that a transaction took longer than the broker gives it', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = await startProducer(t, { 'transaction.timeout.ms': '500' })
    await producer.send([record(topic, 'late')])
    // The broker looks for expired transactions every ten seconds.
    const deadline = AbortSignal.timeout(40_000)
    const refused = async (): Promise<unknown> => {
      for (;;) {
        deadline.throwIfAborted()
        try {
          await producer.send([record(topic, 'later')])
        } catch (error) {
          return error
        }
      }
    }
    assert.ok(fenced(await refused()))
    await assert.rejects(producer.commit(), fenced)
    assert.deepEqual(await committed(topic), [])
  })

  it('never commits a transaction of which a record was refused', async (t) => {
    const topic = await createTopic(t, 1, { 'max.message.bytes': '2000' })
    const { producer } = await startProducer(t)
    await producer.send([record(topic, 'small')])
    await assert.rejects(producer.send([record(topic, 'x'.repeat(5000))]))
    await assert.rejects(producer.commit(), /larger than the topic accepts/)
    await producer.close(5000)
    assert.deepEqual(await committed(topic), [])
  })

  it('aborts what is open when it is closed', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = await startProducer(t)
    await producer.send([record(topic, 'open')])
    await producer.close(10_000)
    const other = await startProducer(t)
    await other.producer.send([record(topic, 'other')])
    await other.producer.commit()
    // An open transaction before it would hold it back.
    await seen(topic, ['other'])
  })

  it('writes each record once when answers of produce and of commit requests are lost', async (t) => {
    const topic = await createTopic(t, 1)
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const { producer } = await startProducer(t, { 'bootstrap.servers': proxy.address })
    const expected: string[] = []
    for (let round = 0; round < 6; round++) {
      proxy.loseAnswer(round % 2 === 0 ? PRODUCE : END_TXN)
      expected.push(String(round))
      await producer.send([record(topic, String(round))])
      await producer.commit()
    }
    await seen(topic, expected)
  })

  it('does not know whether a commit counted that was never answered, and knows with the next epoch', async (t) => {
    const topic = await createTopic(t, 1)
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const { producer } = await startProducer(t, {
      'bootstrap.servers': proxy.address,
      'transaction.timeout.ms': '1000'
    })
    await producer.send([record(topic, 'perhaps')])
    proxy.loseAnswer(END_TXN, 'cut')
    await assert.rejects(producer.commit(), (error: unknown) => {
      assert.ok(error instanceof ConnectError)
      return error.code === 'TRANSACTION_UNCERTAIN' && error.retriable
    })
    proxy.resume()
    await producer.initialize()
    await seen(topic, ['perhaps'])
    await producer.send([record(topic, 'next')])
    await producer.commit()
    await seen(topic, ['perhaps', 'next'])
  })
})

describe('a reader of committed records', () => {
  it('starts in front of an open transaction, and is at the end only when that has ended', async (t) => {
    const topic = await createTopic(t, 1)
    const { producer } = await startProducer(t)
    await producer.send([record(topic, 'first')])
    await producer.commit()
    await seen(topic, ['first'])
    await producer.send([record(topic, 'open')])
    const values: string[] = []
    const reader = new TopicReader(
      systemClock,
      readerSettings(clientProperties({ 'isolation.level': 'read_committed' }), systemClock),
      uniqueName('reader'),
      topic,
      ({ value }) => values.push(String(value)),
      recordingLog().log
    )
    t.after(() => reader.stop())
    await reader.start(10_000)
    assert.deepEqual(values, ['first'])
    await assert.rejects(reader.readToEnd(300), /within 300 ms/)
    const end = reader.readToEnd(20_000)
    await producer.commit()
    await end
    assert.deepEqual(values, ['first', 'open'])
  })
})
