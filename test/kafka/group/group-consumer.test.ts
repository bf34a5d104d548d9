import assert from 'node:assert/strict'
import { type TestContext, describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { KafkaRecordProducer } from '../../../src/kafka/producing/producer.ts'
import { uniqueName } from '../../support/environment.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'
import { clientProperties, createTopic, record } from '../support.ts'
import { startConsumer } from './consumers.ts'

/** Writes a value to each of the partitions it is for. */
async function write(
  t: TestContext,
  topic: string,
  values: readonly (readonly [partition: number, value: string])[]
): Promise<void> {
  const producer = new KafkaRecordProducer(
    systemClock,
    clientProperties(),
    uniqueName('producer'),
    recordingLog().log
  )
  t.after(() => producer.close(1000))
  await producer.send(values.map(([partition, value]) => record(topic, value, partition)))
}

describe('KafkaGroupConsumer', () => {
  it('reads every partition from its beginning, commits, and leaves; the next one goes on from there', async (t) => {
    const topic = await createTopic(t, 2)
    const group = uniqueName('group')
    await write(t, topic, [
      [0, 'a'],
      [1, 'b'],
      [0, 'c']
    ])
    const first = startConsumer(t, group, [topic])
    await until(async () => (await first.poll()) && first.records.length === 3, 'all is read')
    assert.deepEqual(first.told, [`assigned ${topic}-0,${topic}-1`])
    assert.deepEqual(first.values().toSorted(), ['a', 'b', 'c'])
    const outcome = await first.consumer.commit(
      [
        { topic, partition: 0, offset: 2, metadata: 'mine' },
        { topic, partition: 1, offset: 0 }
      ],
      10_000
    )
    assert.deepEqual(
      outcome.map(({ error }) => error),
      [null, null]
    )
    await first.consumer.close('enough', 10_000)
    assert.equal(first.told.at(-1), `revoked ${topic}-0,${topic}-1`)

    const second = startConsumer(t, group, [topic])
    await until(async () => (await second.poll()) && second.records.length === 1, 'it goes on')
    assert.deepEqual(second.values(), ['b'])
    assert.deepEqual(
      second.consumer.progress.map(({ partition, position, committed, end }) => [
        partition,
        position,
        committed,
        end
      ]),
      [
        [0, 2, 2, 2],
        [1, 1, 0, 1]
      ]
    )
  })
})
