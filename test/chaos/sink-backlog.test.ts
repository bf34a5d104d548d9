import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { connectRest } from '../support/connect-rest.ts'
import { uniqueName } from '../support/environment.ts'
import { createPostgresDatabase } from '../support/postgres-database.ts'
import { kafka } from '../support/scripted-sink.ts'
import { until } from '../support/until.ts'
import { startWorkerProcess } from '../support/worker-process.ts'

/** Megabytes of records that wait when the sink begins: `BACKLOG_MB`, or 300. */
const BACKLOG_MB = Number(process.env['BACKLOG_MB'] ?? 300)
/** What the process may have at its peak, whatever waits: half of it is the runtime, and not its records. */
const MOST_MB = 800
const RECORD_BYTES = 10_000
const PARTITIONS = 4
const SCHEMA = {
  type: 'struct',
  optional: false,
  fields: [
    { field: 'seq', type: 'int64', optional: false },
    { field: 'note', type: 'string', optional: false }
  ]
}

describe('A sink with a backlog', () => {
  it('I8: has only so much of it in memory, also while its table is locked, and writes all of it', {
    timeout: 1_200_000
  }, async (t) => {
    const { topic: createTopic, write } = kafka(t)
    const topic = await createTopic(PARTITIONS)
    const name = uniqueName('backlog')
    const table = name.replaceAll('-', '_')
    const records = Math.ceil((BACKLOG_MB * 1_000_000) / RECORD_BYTES)
    for (let seq = 0; seq < records; seq += 100) {
      const values = Array.from({ length: Math.min(100, records - seq) }, (_, at) =>
        JSON.stringify({
          schema: SCHEMA,
          payload: { seq: seq + at, note: String(seq + at).padEnd(RECORD_BYTES, 'x') }
        })
      )
      await write(topic, values, { partition: (seq / 100) % PARTITIONS })
    }
    const database = await createPostgresDatabase()
    t.after(() => database.close())
    await database.exec(`CREATE TABLE ${table} (seq bigint, note text)`)
    // In a transaction a session sees the others as they were when it looked first.
    const locker = await database.connect()
    await locker('BEGIN', `LOCK TABLE ${table} IN SHARE MODE`)
    const worker = await startWorkerProcess({ properties: { 'group.id': name } })
    t.after(() => worker.kill())
    await connectRest(worker.url).put(`/connectors/${name}/config`, {
      ...database.config,
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      'tasks.max': '1',
      topics: topic,
      'table.name.format': table,
      'pk.mode': 'none',
      'write.timeout.ms': '600000',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'true'
    })
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
    await until(async () => (await database.exec(waiting)).length > 0, 'a batch waits', 60_000)
    await locker('COMMIT')
    const count = async (): Promise<number> =>
      Number((await database.exec(`SELECT COUNT(*) AS n FROM ${table}`))[0]?.['n'])
    await until(async () => (await count()) >= records, 'all is written', 1_000_000)
    const [row] = await database.exec(`SELECT COUNT(DISTINCT seq) AS n FROM ${table}`)
    assert.deepEqual([Number(row?.['n']), await count()], [records, records])
    const status = readFileSync(`/proc/${worker.pid}/status`, 'utf8')
    const peakMb = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
    t.diagnostic(`${BACKLOG_MB} MB of records, ${Math.round(peakMb)} MB at most`)
    assert.ok(peakMb < MOST_MB, `${peakMb} MB`)
  })
})
