import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { KafkaConsumerGroups } from '../../../src/kafka/group/consumer-groups.ts'
import { KafkaRecordProducer } from '../../../src/kafka/producing/producer.ts'
import { kafkaBootstrap, kafkaLibs, uniqueName } from '../../support/environment.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'
import { clientProperties, createTopic, record } from '../support.ts'
import { names, startConsumer } from './consumers.ts'

const KAFKA = 'org.apache.kafka.clients.consumer'
const STRATEGY = 'partition.assignment.strategy'
const SOURCE = join(import.meta.dirname, '..', '..', 'support', 'java', 'GroupConsumer.java')

/** Kafka's own consumer in a process of its own; its lines grow as it says them. */
function startJava(t: TestContext, group: string, topic: string, strategy: string) {
  const java = spawn(
    'java',
    [
      '-Xmx128m',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      join(kafkaLibs(), '*'),
      SOURCE,
      kafkaBootstrap(),
      group,
      topic,
      `${STRATEGY}=${strategy}`
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] }
  )
  const lines: string[] = []
  createInterface(java.stdout).on('line', (line) => void lines.push(line))
  const ended = once(java, 'exit')
  const close = async (): Promise<void> => {
    java.stdin.end()
    await ended
  }
  t.after(close)
  return {
    close,
    values: () =>
      lines
        .filter((line) => line.startsWith('record '))
        .map((line) => line.slice('record '.length)),
    /** What it was told last: partitions it has, unless it has given them up since. */
    told: () => lines.filter((line) => !line.startsWith('record '))
  }
}

async function write(t: TestContext, topic: string, prefix: string): Promise<string[]> {
  const producer = new KafkaRecordProducer(
    systemClock,
    clientProperties(),
    uniqueName('producer'),
    recordingLog().log
  )
  t.after(() => producer.close(1000))
  const values = Array.from({ length: 40 }, (_, index) => `${prefix} ${index}`)
  await producer.send(values.map((value, index) => record(topic, value, index % 4)))
  return values
}

describe('A group of our consumers and of Java', () => {
  for (const [name, strategy] of [
    ['range', `${KAFKA}.RangeAssignor`],
    ['roundrobin', `${KAFKA}.RoundRobinAssignor`],
    ['sticky', `${KAFKA}.StickyAssignor`],
    ['its default list', `${KAFKA}.RangeAssignor,${KAFKA}.CooperativeStickyAssignor`],
    ['cooperative-sticky', `${KAFKA}.CooperativeStickyAssignor`]
  ] as const) {
    for (const leader of ['ours', "Java's"] as const) {
      it(`shares partitions by ${name}, led by ${leader}, and hands over committed offsets both ways`, async (t) => {
        const topic = await createTopic(t, 4)
        const group = uniqueName('group')
        const groups = new KafkaConsumerGroups(
          systemClock,
          clientProperties(),
          uniqueName('groups')
        )
        t.after(() => groups.close())
        const expected = await write(t, topic, 'first')
        const all = [0, 1, 2, 3].map((partition) => `${topic}-${partition}`).join()
        const start = () => {
          const one = startConsumer(t, group, [topic], { [STRATEGY]: strategy })
          // What it polled it commits before it polls again.
          let isFollowing = true
          const following = (async () => {
            while (isFollowing) {
              const polled = await one.poll(200)
              const ends = polled.map(({ offset, ...each }) => ({ ...each, offset: offset + 1 }))
              const outcome = await one.consumer.commit(ends, 10_000)
              assert.ok(outcome.every(({ error }) => error === null))
            }
          })()
          const stop = async (): Promise<void> => {
            isFollowing = false
            one.consumer.wakeup()
            await following
          }
          return { one, stop }
        }
        const ours = leader === 'ours' ? start() : null
        if (ours !== null) await until(() => ours.one.records.length === 40, 'ours reads all')
        const java = startJava(t, group, topic, strategy)
        if (ours === null) await until(() => java.values().length === 40, "Java's reads all")
        const { one, stop } = ours ?? start()
        await until(() => one.consumer.assignment.length === 2, 'ours has two')
        await until(() => java.told().length > 0, "Java's has others")
        expected.push(...(await write(t, topic, 'second')))
        const read = () => [...one.values(), ...java.values()]
        await until(() => read().length >= 80, 'both read')
        // Who is whose can be seen from outside.
        const ofJava = `consumer-${group}-1 at 127.0.0.1`
        await until(async () => {
          const members = await groups.members(group)
          const strangers = members.filter(({ isOurs }) => isOurs === false)
          const areOurs = members.filter(({ isOurs }) => isOurs === true).length === 1
          return areOurs && strangers.length === 1 && strangers[0]?.name === ofJava
        }, 'it is seen whose member is whose')

        // Who leads goes, and the other one leads.
        if (leader === 'ours') {
          await stop()
          await one.consumer.close('enough', 10_000)
        } else {
          await java.close()
          await until(() => names(one.consumer.assignment) === all, 'ours has all')
        }
        expected.push(...(await write(t, topic, 'third')))
        await until(() => read().length >= 120, 'the other one reads all')
        await stop()
        assert.deepEqual(read().toSorted(), expected.toSorted())
        if (name !== 'cooperative-sticky') return
        // Nobody gave everything up, and nothing was lost.
        assert.ok(!one.told.includes(`revoked ${all}`) && !java.told().includes(`revoked ${all}`))
      })
    }
  }
})
