import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { KafkaRecordProducer } from '../../../src/kafka/producing/producer.ts'
import { uniqueName } from '../../support/environment.ts'
import { startJavaConsumer } from '../../support/java-consumer.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'
import { clientProperties, createTopic, record } from '../support.ts'
import { startConsumer } from './consumers.ts'

const PARTITIONS = 4
const STRATEGY = 'partition.assignment.strategy'
const JAVA = 'org.apache.kafka.clients.consumer.'

/** Writes `round` into each partition. */
async function write(t: TestContext, topic: string, round: string): Promise<void> {
  const { log } = recordingLog()
  const producer = new KafkaRecordProducer(systemClock, clientProperties(), 'writer', log, {
    refused: 'fail'
  })
  t.after(() => producer.close(1000))
  await producer.send(
    Array.from({ length: PARTITIONS }, (_, partition) =>
      record(topic, `${round}-${partition}`, partition)
    )
  )
}

const all = (round: string): string[] =>
  Array.from({ length: PARTITIONS }, (_, partition) => `${round}-${partition}`)

describe('a group of consumers of ours and of Java', () => {
  for (const assignor of ['Range', 'RoundRobin', 'Sticky', 'CooperativeSticky']) {
    for (const first of ['java', 'ours']) {
      it(`${assignor}: reads all partitions, each by one of them, when ${first} leads`, async (t) => {
        const [group, topic] = [uniqueName('group'), await createTopic(t, PARTITIONS)]
        const properties = { [STRATEGY]: `${JAVA}${assignor}Assignor` }
        const startJava = () => startJavaConsumer(t, { group, topic, properties })
        const startOurs = () => {
          const consumer = startConsumer(t, group, [topic], properties)
          return { ...consumer, stop: consumer.follow() }
        }
        await write(t, topic, 'alone')
        const java = first === 'java' ? startJava() : null
        if (java !== null) await until(() => java.lines.length === PARTITIONS, 'it reads by itself')
        const ours = startOurs()
        if (java === null)
          await until(() => ours.values().length === PARTITIONS, 'it reads by itself')
        const other = java ?? startJava()
        await until(
          () => ours.consumer.assignment.length === PARTITIONS / 2,
          'both have their share'
        )
        await until(async () => {
          await write(t, topic, 'probe')
          return other.lines.some((line) => line.startsWith('probe'))
        }, 'the consumer of Java reads its share')
        await write(t, topic, 'both')
        const both = (): string[] =>
          [...ours.values(), ...other.lines].filter((value) => value.startsWith('both')).sort()
        await until(() => both().length >= PARTITIONS, 'all is read')
        assert.deepEqual(both(), all('both'))
        await other.stop()
        // What is read and not committed before a round is read again after it.
        await until(() => ours.consumer.assignment.length === PARTITIONS, 'ours has all')
        await write(t, topic, 'left')
        const left = (): string[] => ours.values().filter((value) => value.startsWith('left'))
        await until(() => left().length >= PARTITIONS, 'what Java read is read by ours')
        assert.deepEqual(left().sort(), all('left'))
        await ours.stop()
      })
    }
  }
})
