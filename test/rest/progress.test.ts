import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { TaskProgress } from '../../src/herder/herder.ts'
import { metricsText } from '../../src/rest/metrics-text.ts'
import { taskProgress } from '../../src/rest/wire/connectors.ts'
import { call, type RestWorker, startRestWorker } from './rest-worker.ts'

const sink: TaskProgress = {
  id: { connector: 'out', task: 0 },
  type: 'sink',
  read: 9,
  sent: 7,
  skipped: 1,
  active: 3,
  puts: 2,
  putMs: 1500,
  longestPutMs: 1000,
  retries: 4,
  commits: { completed: 5, failed: 0, skipped: 6 },
  deadLetters: new Map([['VALUE_CONVERTER', 1]]),
  deadLetterFailures: 0,
  lastPutAt: 1_700_000_000_000,
  partitions: [
    { topic: 't', partition: 0, position: 7, committed: 4, end: 9, lag: 2, behindSeconds: 60 },
    {
      topic: 't',
      partition: 1,
      position: null,
      committed: null,
      end: null,
      lag: null,
      behindSeconds: null
    }
  ],
  streams: new Map([['table s.t', { rows: 7, doing: 'well' }]])
}

describe('how far tasks are', () => {
  let worker: RestWorker
  before(async () => {
    worker = await startRestWorker({ 'rest.metrics.enable': 'true' })
    worker.herder.known.set('shop', { config: new Map(), state: 'RUNNING', offsets: [] })
  })
  after(() => worker.stop())

  it('is told of the tasks that run here; of others, where they run', async () => {
    const { status, json } = await call(`${worker.base}/connectors/shop/progress`)
    assert.equal(status, 200)
    assert.deepEqual(json, {
      name: 'shop',
      tasks: [
        { id: 0, state: 'RUNNING', worker_id: 'there:1', progress: null },
        {
          id: 1,
          state: 'RUNNING',
          worker_id: 'here:1',
          progress: {
            records_polled: 3,
            records_written: 2,
            records_skipped: 1,
            last_write_at: null,
            streams: { 'table s.t': { late_commits: 'transactions', held_back_ms: 12 } }
          }
        }
      ]
    })
    assert.equal((await call(`${worker.base}/connectors/nowhere/progress`)).status, 404)
  })

  it('is told to Prometheus, whatever else it would take', async () => {
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5'
    const answer = await call(`${worker.base}/metrics`, 'GET', undefined, { accept })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    assert.equal(
      answer.text,
      `# HELP connect_source_task_records_polled_total Records polled since the task started here.
# TYPE connect_source_task_records_polled_total counter
connect_source_task_records_polled_total{connector="a \\"b\\"",task="1"} 3
# HELP connect_source_task_records_written_total Records written since the task started here.
# TYPE connect_source_task_records_written_total counter
connect_source_task_records_written_total{connector="a \\"b\\"",task="1"} 2
# HELP connect_source_task_records_skipped_total Records skipped since the task started here.
# TYPE connect_source_task_records_skipped_total counter
connect_source_task_records_skipped_total{connector="a \\"b\\"",task="1"} 1
# HELP connect_source_task_last_write_timestamp_seconds When Kafka last acknowledged records.
# TYPE connect_source_task_last_write_timestamp_seconds gauge
connect_source_task_last_write_timestamp_seconds{connector="a \\"b\\"",task="1"} 1700000000
# HELP connect_source_stream_held_back_ms held_back_ms, as the plugin of the task says it.
# TYPE connect_source_stream_held_back_ms gauge
connect_source_stream_held_back_ms{connector="a \\"b\\"",task="1",stream="table s.t"} 12
# HELP connect_source_stream_forgotten forgotten, as the plugin of the task says it.
# TYPE connect_source_stream_forgotten gauge
connect_source_stream_forgotten{connector="a \\"b\\"",task="1",stream="table s.t"} 0
# HELP connect_source_stream_info What the plugin of the task says in words.
# TYPE connect_source_stream_info gauge
connect_source_stream_info{connector="a \\"b\\"",task="1",stream="table s.t",late_commits="transactions"} 1
`
    )
  })

  it('is told to nobody at /metrics unless asked for, and to admin listeners where there are some', async () => {
    const silent = await startRestWorker()
    assert.equal((await call(`${silent.base}/metrics`)).status, 404)
    await silent.stop()
    const apart = await startRestWorker({
      'rest.metrics.enable': 'true',
      'admin.listeners': 'http://127.0.0.1:0'
    })
    assert.equal((await call(`${apart.base}/metrics`)).status, 404)
    assert.equal((await call(`${apart.bound[1]?.url}metrics`)).status, 200)
    await apart.stop()
  })

  it('is told of sinks by partition, nulls where something is not known yet', () => {
    const told = taskProgress({ id: 0, state: 'RUNNING', workerId: 'here:1', progress: sink })
    assert.deepEqual(told, {
      id: 0,
      state: 'RUNNING',
      worker_id: 'here:1',
      progress: {
        records_read: 9,
        records_sent: 7,
        records_skipped: 1,
        records_active: 3,
        puts: 2,
        put_time_ms: 1500,
        longest_put_ms: 1000,
        retries: 4,
        commits: { completed: 5, failed: 0, skipped: 6 },
        dead_letters: new Map([['VALUE_CONVERTER', 1]]),
        dead_letter_failures: 0,
        last_put_at: 1_700_000_000_000,
        partitions: [
          {
            topic: 't',
            partition: 0,
            position: 7,
            committed: 4,
            end: 9,
            lag: 2,
            behind_seconds: 60
          },
          {
            topic: 't',
            partition: 1,
            position: null,
            committed: null,
            end: null,
            lag: null,
            behind_seconds: null
          }
        ],
        streams: new Map([['table s.t', { rows: 7, doing: 'well' }]])
      }
    })
  })

  it('is told to Prometheus of sinks, each fact that is known under a name of its own', () => {
    const task = 'connector="out",task="0"'
    const first = `${task},topic="t",partition="0"`
    assert.deepEqual(
      metricsText([sink])
        .split('\n')
        .filter((line) => !line.startsWith('#') && line !== ''),
      [
        `connect_sink_task_records_read_total{${task}} 9`,
        `connect_sink_task_records_sent_total{${task}} 7`,
        `connect_sink_task_records_skipped_total{${task}} 1`,
        `connect_sink_task_records_active{${task}} 3`,
        `connect_sink_task_puts_total{${task}} 2`,
        `connect_sink_task_put_seconds_total{${task}} 1.5`,
        `connect_sink_task_put_seconds_max{${task}} 1`,
        `connect_sink_task_put_retries_total{${task}} 4`,
        `connect_sink_task_offset_commits_total{${task},outcome="completed"} 5`,
        `connect_sink_task_offset_commits_total{${task},outcome="failed"} 0`,
        `connect_sink_task_offset_commits_total{${task},outcome="skipped"} 6`,
        `connect_sink_task_dead_letters_total{${task},stage="VALUE_CONVERTER"} 1`,
        `connect_sink_task_dead_letter_failures_total{${task}} 0`,
        `connect_sink_task_last_put_timestamp_seconds{${task}} 1700000000`,
        `connect_sink_task_partitions{${task}} 2`,
        `connect_sink_task_record_lag_max{${task}} 2`,
        `connect_sink_partition_position{${first}} 7`,
        `connect_sink_partition_committed{${first}} 4`,
        `connect_sink_partition_end{${first}} 9`,
        `connect_sink_partition_lag{${first}} 2`,
        `connect_sink_partition_behind_seconds{${first}} 60`,
        `connect_sink_stream_rows{${task},stream="table s.t"} 7`,
        `connect_sink_stream_info{${task},stream="table s.t",doing="well"} 1`
      ]
    )
  })
})
