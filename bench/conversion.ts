import { parseArgs } from 'node:util'
import { builtinPlugins } from '../src/builtin-plugins.ts'
import { systemClock } from '../src/clock.ts'
import type { SourceRecord } from '../src/data/record.ts'
import { loggers } from '../src/log.ts'
import { Plugins } from '../src/plugin/plugins.ts'
import { RecordConversion } from '../src/tasks/pipeline/record-conversion.ts'
import { RetryWithTolerance } from '../src/tasks/pipeline/retry-with-tolerance.ts'
import { records as rows, schema } from './seven-columns.ts'

/**
 * Records per second of CPU that a task converts to JSON without schemas, for a table of 7 columns: as they
 * are, and behind InsertField and ReplaceField. `node bench/conversion.ts [--records 500000] [--rounds 5]`:
 * the median of the rounds.
 */
const { values } = parseArgs({
  options: { records: { type: 'string' }, rounds: { type: 'string' } }
})
const RECORDS = Number(values.records ?? 500_000)
const ROUNDS = Number(values.rounds ?? 5)

const worker = new Map([
  ['key.converter', 'org.apache.kafka.connect.storage.StringConverter'],
  ['value.converter', 'org.apache.kafka.connect.json.JsonConverter'],
  ['value.converter.schemas.enable', 'false']
])
const sourcePartition = { table: 'orders' }
const records: readonly SourceRecord[] = rows.map((value, at) => ({
  topic: 'orders',
  kafkaPartition: null,
  keySchema: null,
  key: null,
  valueSchema: schema,
  value,
  timestamp: null,
  headers: [],
  sourcePartition,
  sourceOffset: { id: at }
}))

function conversionOf(connector: Readonly<Record<string, string>>): RecordConversion {
  const errors = new RetryWithTolerance({
    policy: {
      retryTimeoutMs: 0,
      retryDelayMaxMs: 60_000,
      tolerance: 'none',
      logErrors: false,
      logMessages: false,
      exhausted: 'fail'
    },
    task: 'bench-0',
    log: loggers.get('bench'),
    stopping: new AbortController().signal,
    clock: systemClock
  })
  return new RecordConversion({
    connector: new Map(Object.entries(connector)),
    worker,
    plugins: new Plugins(builtinPlugins()),
    errors
  })
}

/** As the loop of a task: what is converted at once is not waited for. */
async function convertAll(conversion: RecordConversion, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    const converted = conversion.convert(records[at % records.length] as SourceRecord)
    if ((converted instanceof Promise ? await converted : converted) === null) {
      throw new Error('a record was dropped')
    }
  }
}

async function measure(name: string, connector: Readonly<Record<string, string>>): Promise<void> {
  const conversion = conversionOf(connector)
  await convertAll(conversion, Math.min(RECORDS, 100_000))
  const perSecond: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    await convertAll(conversion, RECORDS)
    const { user, system } = process.cpuUsage(before)
    perSecond.push((RECORDS * 1e6) / (user + system))
  }
  const median = perSecond.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number
  console.log(
    `${name.padEnd(34)}${Math.round(median).toString().padStart(10)} records per CPU second, ${(1e6 / median).toFixed(2)} µs each`
  )
  await conversion.close()
}

const TRANSFORMS = 'org.apache.kafka.connect.transforms'
await measure('as they are', {})
await measure('InsertField, ReplaceField', {
  transforms: 'insert,replace',
  'transforms.insert.type': `${TRANSFORMS}.InsertField$Value`,
  'transforms.insert.static.field': 'source',
  'transforms.insert.static.value': 'bench',
  'transforms.replace.type': `${TRANSFORMS}.ReplaceField$Value`,
  'transforms.replace.renames': 'source:origin'
})
await measure('InsertField with a predicate', {
  transforms: 'insert',
  'transforms.insert.type': `${TRANSFORMS}.InsertField$Value`,
  'transforms.insert.topic.field': 'topic',
  'transforms.insert.predicate': 'orders',
  predicates: 'orders',
  'predicates.orders.type': `${TRANSFORMS}.predicates.TopicNameMatches`,
  'predicates.orders.pattern': 'orders'
})
