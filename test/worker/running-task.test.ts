import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../src/errors.ts'
import { neverShow } from '../../src/secrets/known-secrets.ts'
import type { StoredOffset } from '../../src/storage/offset-store.ts'
import { errorData, errorOf } from '../../src/tasks/error-data.ts'
import type { FromTask, SourceTaskStart, ToTask } from '../../src/tasks/port.ts'
import { RunningTask } from '../../src/worker/running-task.ts'
import { secretsAmong } from '../../src/worker/start-secrets.ts'
import { settle } from '../support/manual-clock.ts'
import { recordingLog } from '../support/recording-log.ts'
import { HeldOffsetStore } from '../support/scripted-source.ts'

const nothing = new Map<string, string>()
const start: SourceTaskStart = {
  type: 'source',
  id: { connector: 'c', task: 0 },
  connectorClass: 'example.Source',
  config: nothing,
  connectorConfig: nothing,
  workerConfig: nothing,
  target: 'STARTED',
  errors: {
    retryTimeoutMs: 0,
    retryDelayMaxMs: 60_000,
    tolerance: 'none',
    logErrors: false,
    logMessages: false,
    exhausted: 'skip'
  },
  producer: nothing,
  delivery: { kind: 'at least once' },
  topicCreation: null,
  offsetFlushIntervalMs: 1000,
  offsetFlushTimeoutMs: 1000,
  secrets: []
}
const offset: StoredOffset & { offset: object } = {
  partition: { table: 'orders' },
  offset: { id: 7 }
}

/** A worker's end of a port whose other end is played by the test. */
function played() {
  const heard: ToTask[] = []
  const events: string[] = []
  const store = new HeldOffsetStore()
  let say: (message: FromTask) => void = () => assert.fail('no port was opened')
  const task = new RunningTask({
    openTask: (receive) => {
      say = receive
      return { send: (message) => heard.push(message) }
    },
    start,
    lease: {
      kind: 'at least once',
      offsets: {
        store,
        start: () => Promise.resolve(),
        close: async () => void events.push('lease closed')
      }
    },
    onState: (state, trace) => events.push(`${state} ${trace}`),
    onTopicUsed: (topic) => events.push(`topic ${topic}`),
    log: recordingLog().log
  })
  return { task, store, heard, events, say: (message: FromTask) => say(message) }
}

describe("A worker's end of a task's port", () => {
  it('answers each call once, in whatever order the work ends', async () => {
    const { store, heard, say } = played()
    const held = Promise.withResolvers<void>()
    store.hold = held.promise
    say({ kind: 'started' })
    say({ kind: 'call', call: 1, what: 'storeOffsets', args: [offset] })
    say({ kind: 'call', call: 2, what: 'readOffsets', args: [offset.partition] })
    await settle()
    assert.deepEqual(heard.slice(1), [{ kind: 'answer', call: 2, value: [null] }])
    held.resolve()
    await settle()
    assert.deepEqual(heard.slice(2), [{ kind: 'answer', call: 1, value: null }])
    assert.deepEqual(store.stored, [offset])
  })

  it('refuses with the error of the work, as data', async () => {
    const { store, heard, say } = played()
    store.hold = Promise.reject(new ConnectError('KAFKA_UNAVAILABLE', 'away', { topic: 'o' }))
    store.hold.catch(() => undefined)
    say({ kind: 'call', call: 1, what: 'storeOffsets', args: [offset] })
    say({ kind: 'call', call: 2, what: 'mayBegin', args: null })
    await settle()
    const [first, second] = heard.slice(1)
    assert.ok(first?.kind === 'refusal' && second?.kind === 'refusal')
    const errors = new Map([first, second].map(({ call, error }) => [call, errorOf(error)]))
    assert.equal((errors.get(1) as ConnectError).code, 'KAFKA_UNAVAILABLE')
    assert.match(errors.get(2)?.message ?? '', /does not run exactly once/)
  })

  it('shows the progress that was pushed last, and asks for none', () => {
    const { task, heard, say } = played()
    assert.equal(task.progress.type === 'source' && task.progress.polled, 0)
    const progress = {
      type: 'source',
      polled: 3,
      written: 2,
      skipped: 1,
      lastWriteAt: 17,
      streams: new Map()
    } as const
    say({ kind: 'progress', progress })
    assert.deepEqual(task.progress, progress)
    assert.deepEqual(
      heard.map(({ kind }) => kind),
      ['start']
    )
  })

  it('I2: hears nothing of a task that was given up but its end, and stores nothing for it', async () => {
    const { task, store, heard, events, say } = played()
    say({ kind: 'started' })
    say({ kind: 'state', state: 'RUNNING', trace: null })
    task.stop()
    task.cancel()
    say({ kind: 'state', state: 'FAILED', trace: 'late' })
    say({ kind: 'topic', topic: 'late' })
    say({ kind: 'call', call: 1, what: 'storeOffsets', args: [offset] })
    await settle()
    const [refusal] = heard.slice(3)
    assert.ok(refusal?.kind === 'refusal')
    assert.match(refusal.error.message, /given up/)
    assert.deepEqual(store.stored, [])
    assert.deepEqual(events, ['RUNNING null'])
    say({ kind: 'ended' })
    await task.ended
    assert.deepEqual(events, ['RUNNING null', 'lease closed'])
    assert.equal(task.hasFailed, false)
  })

  it('hears nothing behind the last word of a task, and refuses what is asked all the same', async () => {
    const { task, store, heard, events, say } = played()
    say({ kind: 'started' })
    say({ kind: 'ended' })
    say({ kind: 'state', state: 'RUNNING', trace: 'late' })
    say({ kind: 'call', call: 1, what: 'readOffsets', args: [offset.partition] })
    say({ kind: 'call', call: 2, what: 'storeOffsets', args: [offset] })
    await task.ended
    await settle()
    assert.deepEqual(events, ['lease closed'])
    assert.deepEqual(store.stored, [])
    assert.deepEqual(
      heard.map(({ kind }) => kind),
      ['start', 'refusal', 'refusal']
    )
  })

  it('closes the lease of a task that could not be built, and says why it could not', async () => {
    const { task, events, say } = played()
    say({ kind: 'refused', error: errorData(new ConnectError('CONFIG_INVALID', 'no such class')) })
    await assert.rejects(task.built, { code: 'CONFIG_INVALID', message: 'no such class' })
    await task.ended
    assert.deepEqual(events, ['lease closed'])
  })

  it('I7: a start brings along the secrets among its texts, and no others', () => {
    neverShow('tiger-lily-of-a-start')
    neverShow('a-secret-of-somebody-else')
    const secrets = secretsAmong(
      ['shop'],
      [new Map([['table', 'orders']]), new Map([['password', 'tiger-lily-of-a-start']])]
    )
    assert.deepEqual(secrets, ['tiger-lily-of-a-start'])
  })
})
