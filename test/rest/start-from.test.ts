import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { RequestTargetError } from '../../src/herder/herder.ts'
import { BASIC_AUTH_EXTENSION } from '../../src/settings/worker/rest-keys.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { call, startRestWorker } from './rest-worker.ts'

async function worker(t: TestContext, properties: Record<string, string> = {}) {
  const rest = await startRestWorker(properties)
  t.after(() => rest.stop())
  rest.herder.known.set('orders', { config: new Map(), state: 'RUNNING', offsets: [] })
  return { ...rest, path: `${rest.base}/connectors/orders/start-from` }
}

/** Worker properties that ask for the password of `ann`. */
function withPassword(t: TestContext): Record<string, string> {
  const dir = temporaryFolder(t)
  const file = join(dir, 'users')
  writeFileSync(file, 'ann=secret\n')
  return { 'rest.extension.classes': BASIC_AUTH_EXTENSION, 'rest.basic.auth.file': file }
}

describe('the start of a connector over REST', () => {
  it('takes every form of a start, passes it on as it is, and answers what was done', async (t) => {
    const { herder, path } = await worker(t)
    const bodies = [
      '"earliest"',
      '{"timestamp":"2026-11-01T08:00:00+08:00"}',
      '{"tables":{"public.orders":{"incrementing":12345678901234567890}}}'
    ]
    for (const body of bodies) assert.equal((await call(path, 'PUT', body)).status, 200)
    assert.deepEqual(
      herder.calls.map(([, , wanted]) => wanted),
      [
        { start: 'earliest' },
        { start: { timestamp: '2026-11-01T08:00:00+08:00' } },
        { start: { tables: { 'public.orders': { incrementing: 12345678901234567890n } } } }
      ]
    )
    const answer = await call(path, 'PUT', '"now"', { 'X-Requested-By': 'night shift' })
    assert.deepEqual(answer.json, {
      name: 'orders',
      id: 'move-3',
      at: '2026-11-28T00:00:00.000Z',
      by: { address: '127.0.0.1', note: 'night shift' },
      request: 'now',
      state: 'DONE',
      ended: '2026-11-28T00:00:01.000Z',
      connector_state: 'RUNNING',
      offsets: [{ partition: { table: 't' }, old: { id: 9 }, new: null }]
    })
    const { history } = (await call(path)).json as { history: { request: unknown }[] }
    assert.equal(history.length, 4)
    assert.equal(history[0]?.request, 'now')
  })

  it('only says what it would do when asked for a dry run', async (t) => {
    const { herder, path } = await worker(t)
    const answer = await call(`${path}?dry_run=true`, 'PUT', '"earliest"')
    assert.equal(
      answer.text,
      '{"name":"orders","dry_run":true,"tables":[{"name":"t","from":{"id":9},"to":{"id":1152921504606846976},"effect":"sent again","rows":7,"first":{"id":3},"last":{"id":9}}]}'
    )
    await call(`${path}/undo?dry_run=true`, 'POST')
    assert.deepEqual(
      herder.calls.map(([method, , wanted]) => [method, wanted]),
      [
        ['startFrom.preview', { start: 'earliest' }],
        ['startFrom.preview', 'undo']
      ]
    )
    assert.deepEqual(herder.moves, [])
  })

  it('undoes with one call', async (t) => {
    const { herder, path } = await worker(t)
    assert.equal((await call(`${path}/undo`, 'POST')).status, 200)
    assert.deepEqual(herder.calls[0]?.[2], 'undo')
  })

  it('says what is no start, and which connector there is not', async (t) => {
    const { base, path } = await worker(t)
    for (const body of ['', '5', '[]', 'null', '{"a"']) {
      const answer = await call(path, 'PUT', body)
      assert.equal(answer.status, 400, body)
    }
    assert.match(
      (await call(path, 'PUT', '5')).text,
      /must be an object or a text that says where to start, but it is a number/
    )
    assert.equal((await call(`${base}/connectors/x/start-from`)).status, 404)
    assert.equal((await call(path, 'DELETE')).status, 405)
  })

  it('names the account whose password was checked', async (t) => {
    const { herder, path } = await worker(t, withPassword(t))
    const authorization = `Basic ${Buffer.from('ann:secret').toString('base64')}`
    assert.equal((await call(path, 'PUT', '"now"', { authorization })).status, 200)
    assert.deepEqual(herder.moves[0]?.by, { user: 'ann', address: '127.0.0.1', note: null })
    const wrong = `Basic ${Buffer.from('ann:guess').toString('base64')}`
    assert.equal((await call(path, 'PUT', '"now"', { authorization: wrong })).status, 401)
  })

  it('tells the leader who asked another worker', async (t) => {
    const leader = await worker(t)
    const follower = await worker(t)
    follower.herder.before = () => {
      throw new RequestTargetError('Only the leader', `${leader.base}/`)
    }
    const headers = { 'X-Requested-By': 'ann', 'X-Forwarded-For': '10.9.8.7' }
    assert.equal((await call(follower.path, 'PUT', '"now"', headers)).status, 200)
    assert.deepEqual(leader.herder.moves[0]?.by, {
      user: null,
      address: '127.0.0.1',
      note: 'ann'
    })
  })

  it('believes nobody outside the group who says that he asks for somebody else', async (t) => {
    const { herder, path } = await worker(t)
    for (const proof of [{}, { 'x-connect-origin-signature': 'AAAA' }]) {
      const headers = { 'X-Forwarded-For': '10.9.8.7', ...proof }
      assert.equal((await call(`${path}?forward=true`, 'PUT', '"now"', headers)).status, 200)
      assert.equal(herder.moves.at(-1)?.by.address, '127.0.0.1')
    }
  })
})

describe('offsets of a connector that is created or deleted over REST', () => {
  const create = (base: string, body: Record<string, unknown>, query = '') =>
    call(`${base}/connectors${query}`, 'POST', JSON.stringify(body))
  const config = { 'connector.class': 'Lines' }

  it('are taken as KIP-995 writes them, and the answer says what became of them', async (t) => {
    const { base, herder } = await worker(t)
    const offset = { partition: { table: 't' }, offset: { id: 5 } }
    const answer = await create(base, { name: 'new', config, initial_offsets: [offset] })
    assert.equal(answer.status, 201)
    assert.deepEqual(answer.json, {
      name: 'new',
      config: { ...config, name: 'new' },
      tasks: [],
      type: 'source',
      offsets_status: 'The offsets for this connector have been altered successfully'
    })
    assert.deepEqual(herder.calls.at(-1)?.[3], {
      initialState: null,
      allowReplace: false,
      initialOffsets: { offsets: [offset], others: 'reset' }
    })
    for (const wrong of [[], {}, 5, [{ partition: 5 }], [{ partitions: {} }]]) {
      const { status } = await create(base, { name: 'x', config, initial_offsets: wrong })
      assert.equal(status, 400, JSON.stringify(wrong))
    }
  })

  it('stay or go as the caller says; who says nothing gets the answer of the JVM worker, and a header', async (t) => {
    const { base, herder } = await worker(t)
    const silent = await create(base, { name: 'again', config })
    assert.deepEqual(Object.keys(silent.json as object), ['name', 'config', 'tasks', 'type'])
    assert.equal(silent.headers.get('connect-offsets'), 'kept 2')
    herder.known.delete('again')
    const asked = await create(base, { name: 'again', config }, '?offsets=keep')
    assert.equal(
      (asked.json as { offsets_status: string }).offsets_status,
      '2 offsets of an earlier connector of that name are kept'
    )
    herder.known.delete('again')
    await create(base, { name: 'again', config }, '?offsets=reset')
    assert.deepEqual(herder.calls.at(-1)?.[3], {
      initialState: null,
      allowReplace: false,
      initialOffsets: { offsets: null, others: 'reset' }
    })
    await call(`${base}/connectors/again?offsets=delete`, 'DELETE')
    assert.deepEqual(herder.calls.at(-1), ['deleteConnector', 'again', 'delete'])
    await create(base, { name: 'again', config })
    await call(`${base}/connectors/again`, 'DELETE')
    assert.deepEqual(herder.calls.at(-1), ['deleteConnector', 'again', 'keep'])
    const wrong = await call(`${base}/connectors/orders?offsets=x`, 'DELETE')
    assert.equal(wrong.status, 400)
    assert.match(wrong.text, /The query parameter offsets is 'x': it must be keep or delete/)
  })

  it('are told by the leader, whoever was asked', async (t) => {
    const leader = await worker(t)
    const follower = await worker(t)
    follower.herder.before = () => {
      throw new RequestTargetError('Only the leader', `${leader.base}/`)
    }
    const answer = await create(follower.base, { name: 'again', config })
    assert.equal(answer.headers.get('connect-offsets'), 'kept 2')
  })
})
