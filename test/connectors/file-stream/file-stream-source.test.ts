import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { FileStreamSourceTask } from '../../../src/connectors/file-stream/file-stream-source-task.ts'
import { fileStreamSourcePlugin } from '../../../src/connectors/file-stream/file-stream-source-connector.ts'
import { encodedOffset, type SourceOffset, type SourceRecord } from '../../../src/data/record.ts'
import { Schema } from '../../../src/data/schema.ts'
import { ConfigError } from '../../../src/errors.ts'
import { loggers } from '../../../src/log.ts'
import type { OffsetChange, SourceTask, SourceTaskContext } from '../../../src/plugin/source.ts'

interface Running {
  task: SourceTask
  logged: string[]
  stop(): Promise<void>
}

let folder = ''
let files = 0
const newFile = (): string => join(folder, `input-${++files}.txt`)

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'file-stream-'))
})
after(() => rm(folder, { recursive: true }))

async function startTask(
  config: Record<string, string>,
  stored: SourceOffset | null = null,
  clock: Clock = systemClock
): Promise<Running> {
  const stopping = new AbortController()
  const { log, lines: logged } = recordingLog()
  const context: SourceTaskContext = {
    connector: 'lines',
    task: 0,
    log,
    offsets: { offsets: (partitions) => Promise.resolve(partitions.map(() => stored)) },
    stopping: stopping.signal,
    storeOffsets: () => Promise.resolve(),
    reportCondition() {}
  }
  const all = new Map(Object.entries({ topic: 'lines', ...config }))
  const task: SourceTask = new FileStreamSourceTask(all, context, clock)
  return {
    task,
    logged,
    stop: async () => {
      stopping.abort()
      await task.stop()
    }
  }
}

const seen = (records: SourceRecord[] | null): [unknown, unknown][] =>
  (records ?? []).map((record) => [record.value, encodedOffset(record.sourceOffset)?.['position']])

void describe('FileStreamSource', () => {
  void it('makes one record of each line, with the position behind it as offset', async () => {
    const file = newFile()
    await writeFile(file, 'first\nzweite Zeile ä\r\n\n\rlast without end')
    const { task, stop } = await startTask({ file })
    const records = await task.poll()
    assert.deepEqual(seen(records), [
      ['first', 6],
      ['zweite Zeile ä', 23],
      ['', 24],
      ['', 25]
    ])
    const [record] = records ?? []
    assert.deepEqual(record?.sourcePartition, { filename: file })
    assert.equal(record?.sourcePartition, records?.[3]?.sourcePartition, 'the same object for all')
    assert.equal(record?.topic, 'lines')
    assert.equal(record?.key, null)
    assert.equal(record?.keySchema, null)
    assert.equal(record?.valueSchema, Schema.STRING)
    await stop()
  })

  void it('follows the file: a line is given out when its end is there, \\r\\n once', async () => {
    const file = newFile()
    await writeFile(file, 'half')
    const { task, stop } = await startTask({ file })
    const polling = task.poll()
    await appendFile(file, ' and half\r')
    await polling
    await appendFile(file, '\nnext\n')
    assert.deepEqual(seen(await task.poll()), [
      ['half and half', 15],
      ['next', 20]
    ])
    await stop()
  })

  void it('goes on behind the stored offset', async () => {
    const file = newFile()
    await writeFile(file, 'one\ntwo\nthree\n')
    const { task, stop } = await startTask({ file }, { position: 4 })
    assert.deepEqual(seen(await task.poll()), [
      ['two', 8],
      ['three', 14]
    ])
    await stop()
    const broken = await startTask({ file }, { position: 'four' })
    await assert.rejects(async () => broken.task.poll(), /is not a byte position/)
    await broken.stop()
  })

  void it('returns at most batch.size records a poll, also across reads of 64 KiB', async () => {
    const file = newFile()
    const lines = Array.from({ length: 5000 }, (_, i) => `line ${i} ${'ü'.repeat(i % 40)}`)
    await writeFile(file, `${lines.join('\n')}\n`)
    const { task, stop } = await startTask({ file, 'batch.size': '1500' })
    const batches = [await task.poll(), await task.poll(), await task.poll(), await task.poll()]
    assert.deepEqual(
      batches.map((batch) => batch?.length),
      [1500, 1500, 1500, 500]
    )
    assert.deepEqual(
      batches.flatMap((batch) => (batch ?? []).map((record) => record.value)),
      lines
    )
    await stop()
  })

  void it('waits for a file that does not exist yet, and says so', async () => {
    const file = newFile()
    const { task, logged, stop } = await startTask({ file })
    const polling = task.poll()
    await writeFile(file, 'here\n')
    assert.equal(await polling, null)
    assert.match(logged[0] ?? '', /Waiting for the file .*input-\d+\.txt to be created/)
    assert.deepEqual(seen(await task.poll()), [['here', 5]])
    await stop()
  })

  void it('returns from a waiting poll at once when stopping', async () => {
    const file = newFile()
    await writeFile(file, '')
    for (const name of [file, newFile()]) {
      const clock = new ManualClock()
      const { task, stop } = await startTask({ file: name }, null, clock)
      const polling = task.poll()
      await until(() => clock.sleeping.length > 0, 'it waits for more')
      await stop()
      await polling
      assert.equal(clock.monotonicMs(), 0)
    }
  })

  void it('I5: stops at bytes that are not UTF-8 instead of replacing them', async () => {
    const file = newFile()
    await writeFile(file, Buffer.from('ok\nnot \xff ok\n', 'latin1'))
    const { task, stop } = await startTask({ file })
    await assert.rejects(async () => task.poll(), /The line at byte 3 is not UTF-8/)
    await stop()
  })

  void it('reads standard input when no file is set; its offsets mean nothing', async () => {
    const program = `
      import { fileStreamSourcePlugin } from './src/connectors/file-stream/file-stream-source-connector.ts'
      const stopping = new AbortController()
      const context = { stopping: stopping.signal, reportCondition() {} }
      const task = fileStreamSourcePlugin.createTask(new Map([['topic', 't']]), context)
      let found = 0
      while (found < 3)
        for (const { value, sourcePartition, sourceOffset } of (await task.poll()) ?? []) {
          console.log(JSON.stringify([value, sourcePartition, sourceOffset]))
          found += 1
        }
      stopping.abort()
      await task.stop()`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      stdio: ['pipe', 'pipe', 'inherit'],
      timeout: 180_000
    })
    child.stdin.write('a\nb')
    const found: unknown[] = []
    for await (const line of createInterface(child.stdout)) {
      found.push(JSON.parse(line))
      if (found.length === 1) child.stdin.write('c\nd\n')
    }
    child.stdin.end()
    const nowhere = [{ filename: null }, { position: null }]
    assert.deepEqual(found, [
      ['a', ...nowhere],
      ['bc', ...nowhere],
      ['d', ...nowhere]
    ])
  })

  void it('has one task, whatever tasks.max, and checks its configuration before it starts', async () => {
    const context = {
      name: 'lines',
      log: loggers.get('test'),
      offsets: { offsets: () => Promise.resolve([]) },
      requestTaskReconfiguration: () => undefined,
      raiseError: () => undefined
    }
    const config = new Map([
      ['file', '/a'],
      ['topic', 't']
    ])
    const connector = fileStreamSourcePlugin.create(config, context)
    await connector.start?.()
    assert.deepEqual(await connector.taskConfigs(10), [config])
    await connector.stop()
    assert.throws(
      () => fileStreamSourcePlugin.create(new Map([['file', '/a']]), context),
      /Missing required configuration "topic"/
    )
    assert.throws(
      () => fileStreamSourcePlugin.create(new Map([...config, ['topic', '']]), context),
      /non-empty/
    )
    await assert.rejects(startTask({ 'batch.size': 'many' }), ConfigError)
  })

  void it('runs exactly once with a file, not with standard input', () => {
    const topic: [string, string] = ['topic', 't']
    assert.equal(fileStreamSourcePlugin.exactlyOnceSupport?.(new Map([topic])), 'unsupported')
    const config = new Map([topic, ['file', '/a'] as [string, string]])
    assert.equal(fileStreamSourcePlugin.exactlyOnceSupport?.(config), 'supported')
  })

  void it('checks offsets an operator wants to write', () => {
    const config = new Map([
      ['topic', 't'],
      ['file', '/a']
    ])
    const partition = { filename: '/a' }
    const alter = (from: typeof config, change: Partial<OffsetChange>): unknown =>
      fileStreamSourcePlugin.alterOffsets?.(from, [{ partition, offset: null, ...change }])
    assert.equal(alter(config, {}), true)
    assert.equal(alter(config, { offset: { position: 0 } }), true)
    assert.equal(alter(config, { offset: { position: 2n ** 60n } }), true)
    const refused: [Partial<OffsetChange>, RegExp][] = [
      [{ offset: {} }, /either be null or contain the key 'position'/],
      [{ offset: { position: 'x' } }, /expected to be a Long value/],
      [{ offset: { position: 1.5 } }, /expected to be a Long value/],
      [{ offset: { position: null } }, /expected to be a Long value/],
      [{ offset: { position: -1 } }, /should be a non-negative value/],
      [{ offset: { position: 1 }, partition: { file: '/a' } }, /should contain the key 'filename'/]
    ]
    for (const [change, message] of refused) assert.throws(() => alter(config, change), message)
    assert.throws(() => alter(new Map([['topic', 't']]), {}), /stdin is used for input/)
  })
})

describe('the preview of a file', () => {
  const preview = (file: string | null, maxRows = 2) =>
    fileStreamSourcePlugin.preview?.(
      new Map([['topic', 'lines'], ...(file === null ? [] : [['file', file] as const])]),
      { maxRows, signal: AbortSignal.timeout(10_000) }
    ) ?? Promise.reject(new Error('there is none'))

  it('shows its first lines', async () => {
    const file = newFile()
    await writeFile(file, 'one\ntwo\nthree\n')
    const { records, problems } = await preview(file)
    assert.deepEqual(
      records.map(({ topic, value, sourceOffset }) => [topic, value, sourceOffset]),
      [
        ['lines', 'one', { position: 4 }],
        ['lines', 'two', { position: 8 }]
      ]
    )
    assert.deepEqual(problems, [])
  })

  it('says that there is no file, and takes nothing from standard input', async () => {
    const file = newFile()
    const { records, problems } = await preview(file)
    assert.deepEqual([records, problems], [[], [`The file ${file} is not there`]])
    await assert.rejects(preview(null), /Standard input cannot be looked at/)
  })

  it('I8: looks at files only: a pipe has no end, or nobody at its other one', async () => {
    const pipe = newFile()
    execFileSync('mkfifo', [pipe])
    for (const file of [pipe, '/dev/zero', folder]) {
      await assert.rejects(preview(file), /is no file that can be looked at/)
    }
  })
})
