import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import { followAs } from '../support/committed-reader.ts'
import { connectRest } from '../support/connect-rest.ts'
import { uniqueName } from '../support/environment.ts'
import { freeze, thaw } from '../support/frozen-process.ts'
import { growingTable } from '../support/growing-table.ts'
import { idsOf, makeTopic } from '../support/topic-reader.ts'
import { until } from '../support/until.ts'
import { MORTAL, startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts'

const KILLS = Number(process.env['TEST_KILLS'] ?? '2')

/** A group that runs one JDBC source exactly once, and what a reader of committed records sees of it. */
async function exactlyOnce(
  t: TestContext,
  settings: Record<string, string>,
  together: number | null = null
) {
  const table = growingTable(t, together)
  const group = uniqueName('exactly')
  const topic = `${group}-orders`
  await makeTopic(topic)
  const read = await followAs(t, 'read_committed', topic)
  const properties = {
    'group.id': group,
    'value.converter.schemas.enable': 'false',
    'exactly.once.source.support': 'enabled',
    ...MORTAL
  }
  const start = async (): Promise<WorkerProcess> => {
    const worker = await startWorkerProcess({ properties })
    t.after(() => worker.kill())
    return worker
  }
  const create = (worker: WorkerProcess) =>
    connectRest(worker.url).put('/connectors/shop/config', {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
      'connection.url': table.url,
      'table.whitelist': 'orders',
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'topic.prefix': `${group}-`,
      'poll.interval.ms': '20',
      'batch.max.rows': '50',
      'exactly.once.support': 'required',
      ...settings
    })
  const ids = (): number[] => idsOf(read.values)
  /** Ends the growing, and the workers: every row was seen, once, in its order. */
  const complete = async (...workers: WorkerProcess[]): Promise<number> => {
    const rows = await table.stop()
    await until(() => ids().length >= rows, `all ${rows} rows arrived`, 60_000)
    // Nothing comes any more behind the end of all who could write.
    for (const worker of workers) assert.equal(await worker.stop(), 0)
    await read.readToEnd()
    // Rows of one moment have no order.
    const seen = together === null ? ids() : ids().sort((a, b) => a - b)
    assert.deepEqual(
      seen,
      Array.from({ length: rows }, (_, n) => n + 1)
    )
    return rows
  }
  return { start, create, read, group, complete }
}

/** Kills the worker at random moments; nothing is missing or seen twice in the end. */
async function survives(
  t: TestContext,
  run: Awaited<ReturnType<typeof exactlyOnce>>,
  what: string
): Promise<void> {
  let worker = await run.start()
  await run.create(worker)
  await until(() => run.read.values.length > 100, 'rows arrive')
  for (let kill = 1; kill <= KILLS; kill++) {
    await worker.kill()
    const before = run.read.values.length
    worker = await run.start()
    const arrived = (): boolean => run.read.values.length > before + 50
    await until(arrived, `rows arrive after kill ${kill}`, 100_000)
    // The next kill comes at any moment.
    await delay(Math.random() * 400)
  }
  t.diagnostic(`${await run.complete(worker)} rows, each once, after ${KILLS} kills (${what})`)
}

describe('a source that runs exactly once', () => {
  const boundaries = {
    poll: {},
    interval: { 'transaction.boundary': 'interval', 'transaction.boundary.interval.ms': '150' }
  }
  for (const [boundary, settings] of Object.entries(boundaries)) {
    it(`I6: shows each row once however often its worker is killed (${boundary})`, {
      timeout: 60_000 + KILLS * 40_000
    }, async (t) => {
      await survives(t, await exactlyOnce(t, settings), boundary)
    })
  }

  it('I6: shows each row once where only a time tells them apart, and a poll ends in the middle of one', {
    timeout: 60_000 + KILLS * 40_000
  }, async (t) => {
    const settings = {
      mode: 'timestamp',
      'timestamp.column.name': 'at',
      'timestamp.delay.interval.ms': '500',
      'batch.max.rows': '3'
    }
    const run = await exactlyOnce(t, settings, 20)
    await survives(t, run, 'timestamp')
  })

  it('I2: fences a worker that slept through the loss of its work', {
    timeout: 150_000
  }, async (t) => {
    const run = await exactlyOnce(t, {})
    const sleeper = await run.start()
    await run.create(sleeper)
    await until(() => run.read.values.length > 100, 'rows arrive')
    await freeze(sleeper)
    const heir = await run.start()
    const before = run.read.values.length
    await until(() => run.read.values.length > before + 200, 'the heir goes on', 90_000)
    thaw(sleeper)
    await until(
      () =>
        /was unable to finish writing records|given up|Joined group/.test(
          sleeper.output().slice(-20_000)
        ),
      'the sleeper is awake'
    )
    const awake = run.read.values.length
    await until(() => run.read.values.length > awake + 200, 'rows arrive while both are awake')
    const rows = await run.complete(heir, sleeper)
    t.diagnostic(`${rows} rows, each once, though a zombie woke up`)
  })
})
