import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { loggers } from '../../../src/log.ts'
import type { SinkRecord } from '../../../src/data/record.ts'
import type { SinkTask } from '../../../src/plugin/sink.ts'
import { Random } from '../../support/random.ts'
import { kafka, scriptedSink } from '../../support/scripted-sink.ts'
import { until } from '../../support/until.ts'

loggers.setLevel('root', 'OFF', 0)

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => String(from + at))

/** A task that keeps the place and value of all it is given. */
function ledger(delayMs = 0) {
  const lines: { readonly place: string; readonly offset: number; readonly value: string }[] = []
  const put = async (records: readonly SinkRecord[]): Promise<void> => {
    if (delayMs > 0) await systemClock.sleep(delayMs)
    for (const { originalTopic, originalKafkaPartition, originalKafkaOffset, value } of records) {
      const place = `${originalTopic}/${originalKafkaPartition}`
      lines.push({ place, offset: Number(originalKafkaOffset), value: String(value) })
    }
  }
  const opened: string[] = []
  const open: SinkTask['open'] = (partitions) =>
    void opened.push(...partitions.map(({ topic, partition }) => `${topic}/${partition}`))
  const script = (): SinkTask => ({ open, put, stop: () => undefined })
  return { lines, opened, values: () => lines.map(({ value }) => value), script }
}

const WATCHFUL = {
  'consumer.override.metadata.max.age.ms': '500',
  'consumer.override.allow.auto.create.topics': 'false'
}

describe('A sink task', () => {
  it('goes on when one of its topics is deleted, and reads it from its beginning when it is made anew', async (t) => {
    const { topic, write, admin, groups, committed } = kafka(t)
    const [kept, gone] = [await topic(), await topic()]
    await write(gone, numbers(0, 5))
    const config = { topics: `${kept},${gone}`, ...WATCHFUL }
    const { group, start } = scriptedSink(t, { config, flushMs: 100 })
    const task = ledger()
    const sink = await start(task.script)
    await until(async () => (await committed(group)).get(`${gone}/0`) === 5, 'it has read them')
    await groups.deleteTopics({ topics: [gone] })
    await write(kept, ['kept'])
    await until(() => task.values().includes('kept'), 'it reads the other topic')
    await until(async () => !(await groups.listTopics()).includes(gone), 'the topic is gone')
    const settings = new Map<string, string>()
    await admin.createTopic({ name: gone, partitions: 1, replicationFactor: 1, settings })
    await write(gone, numbers(10, 20))
    await until(() => task.values().includes('19'), 'it reads the new one')
    assert.deepEqual(
      task.values().filter((value) => value !== 'kept'),
      [...numbers(0, 5), ...numbers(10, 20)]
    )
    await sink.stop()
    assert.deepEqual(sink.states, ['RUNNING', 'UNASSIGNED'])
    assert.equal((await committed(group)).get(`${gone}/0`), 10)
  })

  it('reads partitions that are added from their beginning', async (t) => {
    const { topic, write, groups, committed } = kafka(t)
    const name = await topic()
    const { group, start } = scriptedSink(t, { config: { topics: name, ...WATCHFUL } })
    const task = ledger()
    const sink = await start(task.script)
    await write(name, ['first'])
    await until(() => task.values().includes('first'), 'it reads')
    await groups.createPartitions({ topicPartitions: [{ topic: name, count: 3 }] })
    await until(async () => {
      await write(name, numbers(0, 5), { partition: 2 })
      return true
    }, 'the new partition takes records')
    await until(() => task.values().includes('4'), 'it reads the new partition')
    const added = task.lines.filter(({ place }) => place === `${name}/2`)
    assert.deepEqual(
      added.map(({ offset }) => offset),
      [0, 1, 2, 3, 4]
    )
    await sink.stop()
    assert.equal((await committed(group)).get(`${name}/2`), 5)
  })

  it('begins anew where its group is beyond the end of the log, or fails and names the partition', async (t) => {
    const { topic, write, groups } = kafka(t)
    const name = await topic()
    await write(name, numbers(0, 5))
    const beyond = async (group: string): Promise<void> => {
      const partitions = [{ partition: 0, offset: '1000' }]
      await groups.setOffsets({ groupId: group, topic: name, partitions })
    }
    const anew = scriptedSink(t, { config: { topics: name } })
    await beyond(anew.group)
    const task = ledger()
    await anew.start(task.script)
    await until(() => task.values().includes('4'), 'it reads all')
    assert.deepEqual(task.values(), numbers(0, 5))

    const reset = { 'consumer.override.auto.offset.reset': 'none' }
    const strict = scriptedSink(t, { config: { topics: name, ...reset } })
    await beyond(strict.group)
    const sink = await strict.start(ledger().script)
    await until(() => sink.states.includes('FAILED'), 'it fails')
    assert.match(sink.traces.at(-1) ?? '', new RegExp(`${name}-0.*auto.offset.reset is none`))
  })

  it('I10, I11: loses nothing, and keeps the order of each partition, while others come and go', async (t) => {
    const { topic, write, committed } = kafka(t)
    const name = await topic(6)
    const { group, start } = scriptedSink(t, { config: { topics: name }, flushMs: 50 })
    const all: ReturnType<typeof ledger>[] = []
    const join = async (): Promise<Awaited<ReturnType<typeof start>>> => {
      const one = ledger(5)
      all.push(one)
      return start(one.script)
    }
    await join()
    const random = new Random(7)
    let next = 0
    const writeSome = async (): Promise<void> => {
      for (let partition = 0; partition < 6; partition++) {
        await write(name, numbers(next, next + 20), { partition })
        next += 20
      }
    }
    for (let round = 0; round < 8; round++) {
      const other = await join()
      await writeSome()
      // In whichever phase of the round it is by then.
      await systemClock.sleep(random.below(800))
      await other.stop()
      await writeSome()
    }
    const missing = (): string[] => {
      const put = new Set(all.flatMap(({ values }) => values()))
      return numbers(0, next).filter((value) => !put.has(value))
    }
    await until(() => missing().length === 0, 'everything is put')
    for (const { lines, opened } of all) {
      for (const [place, of] of Map.groupBy(lines, (line) => line.place)) {
        // Only where it is given a partition again it does not go on with the next offset.
        const jumps = of.filter(
          ({ offset }, at) => at > 0 && offset !== (of[at - 1]?.offset ?? 0) + 1
        )
        const times = opened.filter((each) => each === place).length
        assert.ok(jumps.length < times, `${place}: ${jumps.length} jumps, given ${times} times`)
      }
    }
    await until(async () => {
      const ends = [...(await committed(group)).values()]
      return ends.length === 6 && ends.every((end) => end === next / 6)
    }, 'everything is committed')
  })
})
