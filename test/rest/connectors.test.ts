import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ConnectError } from '../../src/errors.ts'
import { CONFIG_REFUSED } from '../../src/herder/work/config-validation.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'
import { call, type Reply, type RestWorker, startRestWorker } from './rest-worker.ts'

const config = (more: Record<string, unknown> = {}) => ({ 'connector.class': 'Lines', ...more })

describe('connectors over REST', () => {
  let worker: RestWorker
  let connectors: string
  before(async () => {
    worker = await startRestWorker()
    connectors = `${worker.base}/connectors`
  })
  after(() => worker.stop())
  beforeEach(async () => {
    worker.herder.known.clear()
    worker.herder.calls.length = 0
    worker.herder.before = () => {}
    await call(connectors, 'POST', JSON.stringify({ name: 'orders', config: config() }))
  })

  it('creates: 201, its place, its configuration with the name in it', async () => {
    const body = { name: ' new one ', config: config({ n: 1, t: true }), initial_state: 'paused' }
    const answer = await call(`${connectors}/`, 'POST', JSON.stringify(body))
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.get('location'), `${connectors}/new%20one`)
    assert.equal(answer.headers.get('content-type'), 'application/json')
    const stored = { 'connector.class': 'Lines', n: '1', t: 'true', name: 'new one' }
    assert.deepEqual(answer.json, { name: 'new one', config: stored, tasks: [], type: 'source' })
    const [, , , options] = worker.herder.calls.at(-1) ?? []
    assert.deepEqual(options, { initialState: 'PAUSED', allowReplace: false })
  })

  it('passes null values on, for the herder to judge', async () => {
    await call(connectors, 'POST', JSON.stringify({ name: 'n', config: config({ a: null }) }))
    const [, , given] = worker.herder.calls.at(-1) ?? []
    assert.ok(given instanceof Map)
    assert.equal(given.get('a'), null)
  })

  it('tells a new connector from a changed one: 201 and 200', async () => {
    const body = JSON.stringify(config())
    const created = await call(`${connectors}/other/config`, 'PUT', body)
    assert.equal(created.status, 201)
    assert.equal(created.headers.get('location'), `${connectors}/other`)
    const changed = await call(`${connectors}/other/config`, 'PUT', body)
    assert.equal(changed.status, 200)
    assert.equal(changed.headers.get('location'), null)
    assert.equal((await call(connectors, 'POST', `{"name":"other","config":${body}}`)).status, 409)
  })

  it('gives back exactly what was put, whatever the keys are called', async () => {
    const body =
      '{"connector.class":"Lines","__proto__":"p","constructor":"c","f":1.50,"big":12345678901234567890,"password":"pw","ref":"${file:/a:b}","name":"keys"}'
    await call(`${connectors}/keys/config`, 'PUT', body)
    const answer = await call(`${connectors}/keys/config`)
    assert.equal(
      answer.text,
      '{"connector.class":"Lines","__proto__":"p","constructor":"c","f":"1.50","big":"12345678901234567890","password":"pw","ref":"${file:/a:b}","name":"keys"}'
    )
  })

  it('lists, with info and status when asked', async () => {
    assert.deepEqual((await call(connectors)).json, ['orders'])
    const info = { name: 'orders', config: config({ name: 'orders' }), tasks: [], type: 'source' }
    const state = { state: 'RUNNING', worker_id: 'worker:8083', version: '4.3.1' }
    const status = {
      name: 'orders',
      connector: state,
      tasks: [{ id: 0, ...state }],
      type: 'source'
    }
    const both = await call(`${connectors}?expand=info&expand=status`)
    assert.deepEqual(both.json, { orders: { info, status } })
    assert.deepEqual((await call(`${connectors}?expand=bogus`)).json, { orders: {} })
    worker.herder.before = (method) => {
      if (method === 'connectorInfo') throw new ConnectError('NOT_FOUND', 'gone')
    }
    assert.deepEqual((await call(`${connectors}?expand=info`)).json, {})
  })

  it('pauses, resumes, stops and deletes with 202, 202, 204 and 204', async () => {
    const orders = `${connectors}/orders`
    assert.equal((await call(`${orders}/pause`, 'PUT')).status, 202)
    assert.equal((await call(`${orders}/resume`, 'PUT', 'null')).status, 202)
    assert.equal((await call(`${orders}/stop`, 'PUT', '""')).status, 204)
    const deleted = await call(orders, 'DELETE', undefined, { 'content-type': 'application/json' })
    assert.equal(deleted.status, 204)
    assert.equal(deleted.text, '')
  })

  it('restarts the connector alone, or what the flags say', async () => {
    const restart = `${connectors}/orders/restart`
    assert.equal((await call(restart, 'POST', '""')).status, 204)
    assert.equal((await call(`${restart}?includeTasks=yes&onlyFailed=`, 'POST')).status, 204)
    const both = await call(`${restart}?includeTasks=True&onlyFailed=TRUE`, 'POST')
    assert.equal(both.status, 202)
    assert.deepEqual(worker.herder.calls.at(-1), [
      'restartConnectorAndTasks',
      'orders',
      { includeTasks: true, onlyFailed: true }
    ])
    assert.equal((await call(`${connectors}/orders/tasks/0/restart`, 'POST')).status, 204)
  })

  it('patches: null removes, the rest changes', async () => {
    const answer = await call(`${connectors}/orders/config`, 'PATCH', '{"a":1,"name":null}')
    assert.equal(answer.status, 200)
    const [, , patch] = worker.herder.calls.at(-1) ?? []
    assert.deepEqual(
      patch,
      new Map<string, string | null>([
        ['a', '1'],
        ['name', null]
      ])
    )
  })

  it('shows tasks, their status with the trace, and topics', async () => {
    const orders = `${connectors}/orders`
    assert.deepEqual((await call(`${orders}/tasks`)).json, [
      { id: { connector: 'orders', task: 0 }, config: config({ name: 'orders' }) }
    ])
    assert.equal(
      (await call(`${orders}/tasks/00/status`)).text,
      '{"id":0,"state":"FAILED","worker_id":"worker:8083","version":null,"trace":"Error: it broke"}'
    )
    assert.deepEqual((await call(`${orders}/topics`)).json, { orders: { topics: ['orders'] } })
    assert.equal((await call(`${orders}/topics/reset`, 'PUT')).status, 202)
  })

  it('I5: alters offsets exactly, beyond 2^53 too', async () => {
    const offsets = `${connectors}/orders/offsets`
    const body =
      '{"offsets":[{"partition":{"t":"a"},"offset":{"id":9007199254740993,"f":1.5}},{"partition":{"t":"b"},"offset":null}]}'
    const answer = await call(offsets, 'PATCH', body)
    assert.equal(answer.status, 200)
    assert.deepEqual(worker.herder.calls.at(-1)?.[2], [
      { partition: { t: 'a' }, offset: { id: 9007199254740993n, f: 1.5 } },
      { partition: { t: 'b' }, offset: null }
    ])
    assert.equal((await call(offsets)).text, body)
    assert.equal((await call(offsets, 'DELETE')).status, 200)
    assert.equal(worker.herder.calls.at(-1)?.[2], null)
  })

  it('takes names the JVM worker could create but never address', async () => {
    for (const name of ['a/b', '50%', 'a\\b', '..']) {
      await call(connectors, 'POST', JSON.stringify({ name, config: config() }))
      const path = `${connectors}/${name === '..' ? '%2e%2e' : encodeURIComponent(name)}`
      if (name !== '..') assert.equal((await call(path, 'DELETE')).status, 204, name)
    }
    assert.equal((await call(`${connectors}/a%2Fb`)).status, 400)
  })
})

describe('errors over REST', () => {
  const clock = new ManualClock()
  /** A call that gets no answer before its limit is over. */
  const late = async (url: string, method?: string): Promise<Reply> => {
    const calling = call(url, method)
    await until(() => clock.sleeping.length > 0, 'the request waits')
    clock.advance(clock.sleeping[0] ?? 0)
    return await calling
  }
  let worker: RestWorker
  before(async () => {
    worker = await startRestWorker({}, {}, clock)
  })
  after(() => worker.stop())
  const failWith = (error: unknown) => {
    worker.herder.before = () => {
      throw error
    }
  }

  it('carries the status and the text of a ConnectError', async () => {
    failWith(new ConnectError('REBALANCE_IN_PROGRESS', 'wait a moment'))
    const answer = await call(`${worker.base}/connectors/x`)
    assert.equal(answer.status, 409)
    assert.equal(answer.text, '{"error_code":409,"message":"wait a moment"}')
  })

  it('I7: answers 500 to anything unforeseen, without the secret in its text', async () => {
    failWith(new Error('cannot log in with password=hunter2'))
    const answer = await call(`${worker.base}/connectors/x`)
    assert.equal(answer.status, 500)
    assert.deepEqual(answer.json, {
      error_code: 500,
      message: 'cannot log in with password=[hidden]'
    })
  })

  it('I7: shows what validation says of keys as it is, and no other text that only begins alike', async () => {
    const text = `${CONFIG_REFUSED}: Invalid value null for configuration a.password: Value must be non-null`
    failWith(new ConnectError('CONFIG_INVALID', text, { secretsHidden: true }))
    const refused = await call(`${worker.base}/connectors/x`)
    assert.deepEqual(refused.json, { error_code: 400, message: text })
    failWith(new ConnectError('CONFIG_INVALID', `${CONFIG_REFUSED}: password=hunter2`))
    const other = await call(`${worker.base}/connectors/x`)
    assert.deepEqual(other.json, {
      error_code: 400,
      message: `${CONFIG_REFUSED}: password=[hidden]`
    })
  })

  it('I8: gives up after the limit and tells what the worker is doing', async () => {
    worker.herder.before = () => new Promise<never>(() => {})
    worker.herder.currentStage = ''
    const bare = await late(`${worker.base}/connectors/x`)
    assert.deepEqual(bare.json, { error_code: 500, message: 'Request timed out' })
    worker.herder.currentStage = 'The worker is currently starting, which began at T.'
    const told = await late(`${worker.base}/connectors/x/restart`, 'POST')
    assert.equal(told.status, 500)
    assert.deepEqual(told.json, {
      error_code: 500,
      message: 'Request timed out. The worker is currently starting, which began at T.'
    })
  })

  it('is healthy, starting or unhealthy', async () => {
    const health = `${worker.base}/health`
    worker.herder.before = () => new Promise<never>(() => {})
    worker.herder.currentStage = 'Busy.'
    worker.herder.isReady = false
    const starting = await late(health)
    assert.equal(starting.status, 503)
    assert.deepEqual(starting.json, {
      status: 'starting',
      message: 'Worker is still starting up. Busy.'
    })
    worker.herder.isReady = true
    const stuck = await late(health)
    assert.equal(stuck.status, 500)
    assert.equal((stuck.json as { status: string }).status, 'unhealthy')
    worker.herder.before = () => {}
    assert.equal((await call(health)).status, 200)
  })

  it('I8: lets others have their turn while it lists thousands of connectors', async () => {
    const big = await startRestWorker()
    try {
      const config = new Map(
        Array.from({ length: 40 }, (_, at) => [`some.setting.${at}`, 'x'.repeat(40)])
      )
      for (let at = 0; at < 5000; at++) {
        big.herder.known.set(`c${at}`, { config, state: 'RUNNING', offsets: [] })
      }
      let turns = 0
      const count = (): void => {
        turns += 1
        turning = setImmediate(count)
      }
      let turning = setImmediate(count)
      const seen: number[] = []
      big.herder.before = (method) => {
        if (method === 'connectorInfo') seen.push(turns)
      }
      const answering = call(`${big.base}/connectors?expand=info&expand=status`)
      const listed = (await answering).json as Record<string, { info: unknown; status: unknown }>
      clearImmediate(turning)
      assert.equal(Object.keys(listed).length, 5000)
      assert.deepEqual(Object.keys(listed['c7'] ?? {}), ['info', 'status'])
      assert.equal(seen.length, 5000)
      assert.ok(
        (seen.at(-1) ?? 0) - (seen[0] ?? 0) >= 3,
        `turns of the loop: ${seen[0]} … ${seen.at(-1)}`
      )
    } finally {
      await big.stop()
    }
  })
})
