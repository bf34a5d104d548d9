import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { DataError } from '../../src/errors.ts'
import type { ConsumedRecord } from '../../src/kafka/contracts.ts'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaLibs, uniqueName } from '../support/environment.ts'
import { startJvmWorker } from '../support/jvm-worker.ts'
import { kafka, scriptedSink } from '../support/scripted-sink.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** Values, some of which cannot be converted, transformed or put. */
const VALUES = [
  '{"n": "1"}',
  'no JSON',
  '{"n": "x"}',
  '{"n": "2", "refused": true}',
  null,
  '{"n": "3", "refused": "é"}',
  '{"n": ',
  '{"n": "4"}'
]
const LETTERS = 5

const CONFIG = {
  'key.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
  transforms: 'number',
  'transforms.number.type': 'org.apache.kafka.connect.transforms.Cast$Value',
  'transforms.number.spec': 'n:int32',
  'transforms.number.predicate': 'tombstone',
  'transforms.number.negate': 'true',
  predicates: 'tombstone',
  'predicates.tombstone.type': 'org.apache.kafka.connect.transforms.predicates.RecordIsTombstone',
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.replication.factor': '1',
  'errors.deadletterqueue.context.headers.enable': 'true'
}

/** The folder of a plugin that reports what it does not like. */
async function reportingPlugin(t: TestContext): Promise<string> {
  const plugins = temporaryFolder(t)
  const classes = join(plugins, 'reporting')
  mkdirSync(classes)
  const source = join(import.meta.dirname, '../support/java/ReportingSink.java')
  const classpath = join(kafkaLibs(), '*')
  await promisify(execFile)('javac', ['-nowarn', '-cp', classpath, '-d', classes, source])
  return plugins
}

/** All of a letter but what is in the words of each worker: the message of an error and its trace. */
function comparable({ key, value, timestamp, headers }: ConsumedRecord): unknown {
  const own = /exception\.(message|stacktrace)$/
  return {
    key: key === null ? null : Buffer.from(key).toString('hex'),
    value: value === null ? null : Buffer.from(value).toString('hex'),
    timestamp,
    headers: headers.map(({ key: name, value: text }) => [
      name,
      own.test(name) ? 'in its words' : text === null ? null : Buffer.from(text).toString('hex')
    ])
  }
}

describe('Dead letters of a JVM worker and of ours', () => {
  it('are the same bytes, headers and timestamps for what cannot be converted, transformed or put', {
    timeout: 600_000
  }, async (t) => {
    const { topic, write, read } = kafka(t)
    const [name, theirs, ours] = [await topic(), uniqueName('theirs'), uniqueName('ours')]
    await write(name, VALUES, {
      key: Buffer.from([0xff, 0, 1]),
      timestamp: 1_700_000_000_123,
      headers: [
        ['h', Buffer.from('x')],
        ['h', Buffer.from([0xfe])],
        ['__connect.errors.topic', Buffer.from('an older one')]
      ]
    })
    const config = { ...CONFIG, topics: name }
    const { connector, start } = scriptedSink(t, {
      config: { ...config, 'errors.deadletterqueue.topic.name': ours }
    })
    let put = 0
    const sink = await start(({ errantRecords }) => ({
      async put(records) {
        for (const record of records) {
          const { value } = record
          put += 1
          if (value instanceof Map && value.has('refused')) {
            await errantRecords?.report(record, new DataError('refused by the plugin'))
          }
        }
      },
      stop: () => undefined
    }))
    await until(() => put === VALUES.length - 3, 'all that can be put is put')
    const letters = await read(ours, LETTERS)
    await sink.stop()

    const group = uniqueName('letters')
    const jvm = await startJvmWorker({
      'group.id': group,
      'config.storage.topic': `${group}-configs`,
      'offset.storage.topic': `${group}-offsets`,
      'status.storage.topic': `${group}-status`,
      'plugin.path': await reportingPlugin(t),
      'plugin.discovery': 'only_scan',
      'connector.client.config.override.policy': 'All'
    })
    t.after(() => jvm.kill())
    const rest = connectRest(jvm.url)
    await rest.put(`/connectors/${connector}/config`, {
      ...config,
      'connector.class': 'ReportingSink',
      'tasks.max': '1',
      'errors.deadletterqueue.topic.name': theirs,
      'consumer.override.group.id': `${group}-sink`,
      'consumer.override.auto.offset.reset': 'earliest'
    })
    await until(
      async () => (await rest.state(connector)) === 'RUNNING RUNNING',
      'the JVM worker runs the sink',
      240_000
    )
    const expected = (await read(theirs, LETTERS)).map(comparable)
    assert.deepEqual(letters.map(comparable), expected)
    // What a plugin says of its error is in nobody else's words.
    const last = letters.at(-1)?.headers ?? []
    const words = last.find(({ key }) => key === '__connect.errors.exception.message')?.value
    assert.match(String(words), /JSON|refused by the plugin/)
  })
})
