import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ConnectError } from '../../src/errors.ts'
import type { TopicLog } from '../../src/kafka/contracts.ts'
import { StatusWriter } from '../../src/storage/status-writer.ts'
import { closing } from '../support/kafka-stores.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { recordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'

/** A topic that answers each attempt as told: an error rejects it, null takes the records. */
function scriptedTopic(answers: (Error | null)[]) {
  const written: string[] = []
  const attempts: string[][] = []
  let reads = 0
  const topicLog: TopicLog = {
    start: async () => undefined,
    async readToEnd() {
      reads += 1
    },
    send: (key, value, timeoutMs) => topicLog.sendAll([{ key, value }], timeoutMs),
    async sendAll(records) {
      const lines = records.map(({ key, value }) => `${String(key)}=${String(value)}`)
      attempts.push(lines)
      const answer = answers.shift() ?? null
      await new Promise((resolve) => setImmediate(resolve))
      if (answer !== null) throw answer
      written.push(...lines)
    },
    stop: async () => undefined
  }
  return { topicLog, written, attempts, reads: () => reads }
}

const unavailable = () => new ConnectError('KAFKA_UNAVAILABLE', 'no broker')
const refused = () => new ConnectError('KAFKA_ERROR', 'record too large')

function writer(t: TestContext, answers: (Error | null)[]) {
  const topic = scriptedTopic(answers)
  const { log, lines } = recordingLog()
  const clock = new ManualClock()
  const statusWriter = closing(t, new StatusWriter(topic.topicLog, clock, log))
  const flush = (limitMs: number): Promise<void> => clock.during(statusWriter.flush(limitMs))
  const put = (key: string, value: string, stillWanted = true): void =>
    statusWriter.put({ key, value: Buffer.from(value), stillWanted: () => stillWanted })
  return { ...topic, statusWriter, flush, put, lines }
}

void describe('The writer of statuses', () => {
  void it('sends what was put together in one batch, the newest of each key', async (t) => {
    const { put, flush, attempts } = writer(t, [])
    put('a', '1')
    put('b', '1')
    put('a', '2')
    await flush(1000)
    assert.deepEqual(attempts, [['b=1', 'a=2']])
  })

  void it('tries again what failed for a passing reason, after reading what others wrote', async (t) => {
    const { put, flush, written, reads } = writer(t, [unavailable(), unavailable()])
    put('a', '1')
    await flush(5000)
    assert.deepEqual(written, ['a=1'])
    assert.equal(reads(), 2)
  })

  void it('lets a newer put take the place of a failed one', async (t) => {
    const { put, flush, written, attempts } = writer(t, [unavailable()])
    put('a', '1')
    await until(() => attempts.length === 1, 'the first attempt')
    put('a', '2')
    await flush(5000)
    assert.deepEqual(written, ['a=2'])
  })

  void it('I2: does not try again when something newer is known', async (t) => {
    const { put, flush, written } = writer(t, [unavailable()])
    put('a', '1', false)
    await flush(5000)
    assert.deepEqual(written, [])
  })

  void it('drops one record that is refused, and keeps its neighbours', async (t) => {
    const { put, flush, written, lines } = writer(t, [refused(), null, refused(), null])
    for (const key of ['a', 'b', 'c']) put(key, '1')
    await flush(1000)
    assert.deepEqual(written, ['a=1', 'c=1'])
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /"key":"b".*was not written/)
  })

  void it('I8: flush gives up in time, stop tells what was lost', async (t) => {
    const { put, flush, statusWriter, lines } = writer(
      t,
      Array.from({ length: 1000 }, () => unavailable())
    )
    put('a', '1')
    await assert.rejects(flush(50), { code: 'KAFKA_UNAVAILABLE', retriable: true })
    await statusWriter.stop()
    assert.match(lines.at(-1) ?? '', /"keys":\["a"\].*not written before the worker stopped/)
  })
})
