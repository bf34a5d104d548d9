import assert from 'node:assert/strict'
import { before, beforeEach, describe, it, after } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { MemoryChangeHistory } from '../../src/storage/memory-change-history.ts'
import { call, type RestWorker, startRestWorker } from './rest-worker.ts'

interface Told {
  readonly id: number
  readonly what: string
  readonly connector: string | null
  readonly by: { readonly note: string | null; readonly address: string | null }
  readonly details: Record<string, unknown>
  readonly differences?: Record<string, { before: string | null; after: string | null }>
  readonly config?: Record<string, string> | null
}

const CONFIG = { 'connector.class': 'Lines', 'tasks.max': '1', 'connection.password': 'hunter2' }

describe('The history of changes', () => {
  let worker: RestWorker
  before(async () => {
    worker = await startRestWorker()
  })
  after(() => worker.stop())
  beforeEach(() => {
    worker.herder.known.clear()
    worker.herder.calls.length = 0
    worker.herder.history = new MemoryChangeHistory('here:8083', systemClock)
  })

  const ask = async (method: string, path: string, body?: unknown) =>
    await call(
      `${worker.base}${path}`,
      method,
      body === undefined ? undefined : JSON.stringify(body),
      { 'x-requested-by': 'push-data/anna' }
    )
  const told = async (path = '/connectors/orders/history'): Promise<Told[]> =>
    ((await ask('GET', path)).json as { changes: Told[] }).changes

  it('has each change with who asked for it, and what it was before', async () => {
    await ask('POST', '/connectors', { name: 'orders', config: CONFIG })
    await ask('PUT', '/connectors/orders/config', { ...CONFIG, 'tasks.max': '3' })
    await ask('PATCH', '/connectors/orders/config', { 'tasks.max': '4', extra: 'x' })
    await ask('PUT', '/connectors/orders/pause')
    await ask('PUT', '/connectors/orders/resume')
    await ask('POST', '/connectors/orders/restart')
    await ask('POST', '/connectors/orders/restart?includeTasks=true&onlyFailed=true')
    await ask('POST', '/connectors/orders/tasks/0/restart')
    await ask('PUT', '/connectors/orders/stop')
    await ask('PATCH', '/connectors/orders/offsets', {
      offsets: [{ partition: { t: 'a' }, offset: { id: 5 } }]
    })
    await ask('PUT', '/connectors/orders/start-from', { start: 'earliest' })
    await ask('PUT', '/connectors/orders/start-from?dry_run=true', { start: 'earliest' })
    await ask('PUT', '/connectors/orders/topics/reset')
    await ask('DELETE', '/connectors/orders')
    const changes = (await told()).toReversed()
    assert.deepEqual(
      changes.map(({ what }) => what),
      [
        'create',
        'config',
        'config',
        'pause',
        'resume',
        'restart',
        'restart',
        'restart',
        'stop',
        'offsets',
        'start-from',
        'topics-reset',
        'delete'
      ]
    )
    assert.ok(changes.every(({ by }) => by.note === 'push-data/anna' && by.address !== null))
    assert.deepEqual(changes[1]?.differences, { 'tasks.max': { before: '1', after: '3' } })
    assert.deepEqual(changes[2]?.differences, {
      extra: { before: null, after: 'x' },
      'tasks.max': { before: '3', after: '4' }
    })
    assert.deepEqual(changes[6]?.details, { includeTasks: true, onlyFailed: true })
    assert.deepEqual(changes[7]?.details, { task: 0 })
    assert.deepEqual(changes[9]?.details, {
      offsets: [{ partition: { t: 'a' }, offset: { id: 5 } }]
    })
    assert.deepEqual(changes.at(-1)?.differences?.['tasks.max'], { before: '4', after: null })
    assert.equal(changes.at(-1)?.config, null)
  })

  it('has nothing of what was refused, and nothing of levels of loggers but in the whole', async () => {
    await ask('POST', '/connectors', { name: 'orders', config: CONFIG })
    assert.equal((await ask('POST', '/connectors', { name: 'orders', config: CONFIG })).status, 409)
    assert.equal((await ask('PUT', '/connectors/nobody/pause')).status, 404)
    await ask('PUT', '/admin/loggers/root', { level: 'debug' })
    await ask('PUT', '/admin/loggers/root?scope=cluster', { level: 'info' })
    assert.deepEqual(
      (await told()).map(({ what }) => what),
      ['create']
    )
    assert.deepEqual(
      (await told('/history')).map(({ what, details }) => [what, details['level']]),
      [
        ['logger', 'INFO'],
        ['logger', 'DEBUG'],
        ['create', undefined]
      ]
    )
    assert.equal((await told('/history?limit=1')).length, 1)
  })

  it('I7: keeps no password', async () => {
    const url = 'jdbc:postgresql://db/shop?user=anna&password=hunter2'
    await ask('POST', '/connectors', {
      name: 'orders',
      config: { ...CONFIG, 'connection.url': url }
    })
    await ask('DELETE', '/connectors/orders')
    const { text } = await ask('GET', '/connectors/orders/history')
    assert.ok(!text.includes('hunter2'), text)
    assert.match(text, /"connection\.password":"\[hidden\]"/)
  })

  it('tells the difference of two versions, and of one and now', async () => {
    await ask('POST', '/connectors', { name: 'orders', config: CONFIG })
    await ask('PUT', '/connectors/orders/config', { ...CONFIG, 'tasks.max': '3' })
    await ask('PUT', '/connectors/orders/config', { ...CONFIG, 'tasks.max': '5' })
    const [third, second, first] = (await told()).map(({ id }) => id)
    const diff = async (query: string) =>
      (
        (await ask('GET', `/connectors/orders/history/diff?${query}`)).json as {
          differences: unknown
        }
      ).differences
    assert.deepEqual(await diff(`from=${first}&to=${second}`), {
      'tasks.max': { before: '1', after: '3' }
    })
    assert.deepEqual(await diff(`from=${second}`), { 'tasks.max': { before: '3', after: '5' } })
    assert.deepEqual(await diff(`from=${third}`), {})
  })

  it('is the way back to an old configuration, with the password of now', async () => {
    await ask('POST', '/connectors', { name: 'orders', config: CONFIG })
    const [created] = await told()
    const wrong = { ...CONFIG, 'tasks.max': '99', topics: 'x', 'connection.password': 'hunter3' }
    await ask('PUT', '/connectors/orders/config', wrong)
    const restored = await ask('POST', `/connectors/orders/restore?version=${created?.id}`)
    assert.equal(restored.status, 200)
    assert.deepEqual(Object.fromEntries(worker.herder.known.get('orders')?.config ?? []), {
      ...CONFIG,
      name: 'orders',
      'connection.password': 'hunter3'
    })
    const [latest] = await told()
    assert.deepEqual([latest?.what, latest?.details], ['config', { restored: created?.id }])
  })

  it('refuses to restore what it does not have', async () => {
    await ask('POST', '/connectors', { name: 'orders', config: CONFIG })
    await ask('PUT', '/connectors/orders/pause')
    const [pause, created] = await told()
    await ask('DELETE', '/connectors/orders')
    const [deleted] = await told()
    const restore = (version: unknown) =>
      ask('POST', `/connectors/orders/restore?version=${String(version)}`)
    const lost = await restore(created?.id)
    assert.equal(lost.status, 400)
    assert.match(lost.text, /keeps no passwords, .* for connection\.password\. Put it by PUT/)
    assert.match(
      (await restore(deleted?.id)).text,
      /is a delete, behind which there is no configuration/
    )
    assert.match((await restore(pause?.id)).text, /is a pause, behind which/)
    assert.equal((await restore(12_345)).status, 404)
    assert.equal((await restore('x')).status, 400)
    assert.equal((await ask('POST', '/connectors/orders/restore')).status, 400)
    // Without a password it comes back whole, though it is gone.
    await ask('POST', '/connectors', { name: 'plain', config: { 'connector.class': 'Lines' } })
    const [plain] = await told('/connectors/plain/history')
    await ask('DELETE', '/connectors/plain')
    const back = await ask('POST', `/connectors/plain/restore?version=${plain?.id}`)
    assert.equal(back.status, 201)
    assert.equal(back.headers.get('location'), `${worker.base}/connectors/plain`)
    assert.equal((await told('/connectors/plain/history'))[0]?.what, 'create')
  })

  it('answers what is asked wrongly', async () => {
    for (const limit of ['0', '-1', '1001', 'x', '']) {
      assert.equal((await ask('GET', `/history?limit=${limit}`)).status, 400, limit)
    }
    assert.equal((await ask('GET', '/connectors/nobody/history')).status, 404)
    worker.herder.history = null
    for (const path of ['/history', '/connectors/orders/history']) {
      const { status, text } = await ask('GET', path)
      assert.equal(status, 404)
      assert.match(text, /keeps no history of changes: history\.storage\.topic is not set/)
    }
  })
})
