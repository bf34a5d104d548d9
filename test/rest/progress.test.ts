import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { call, type RestWorker, startRestWorker } from './rest-worker.ts'

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
})
