import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ConnectError } from '../../src/errors.ts'
import { CONFIG_REFUSED } from '../../src/herder/work/config-validation.ts'
import { RequestTargetError } from '../../src/herder/herder.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { call, type RestWorker, startRestWorker } from './rest-worker.ts'

const body = JSON.stringify({ name: 'f', config: { 'connector.class': 'Lines' } })

describe('forwarding to the leader', () => {
  const clock = new ManualClock()
  let follower: RestWorker
  let leader: RestWorker
  before(async () => {
    follower = await startRestWorker({}, { requestTimeoutMs: 500 }, clock)
    leader = await startRestWorker()
  })
  after(async () => {
    await follower.stop()
    await leader.stop()
  })
  beforeEach(() => {
    leader.herder.known.clear()
    leader.herder.calls.length = 0
    leader.herder.before = () => {}
    sendTo(`${leader.base}/`)
  })
  const sendTo = (url: string | null, worker = follower) => {
    worker.herder.before = () => {
      throw new RequestTargetError('Cannot do this here', url)
    }
  }

  it('passes on status, body and place, with the caller seeing only the follower', async () => {
    const created = await call(`${follower.base}/connectors`, 'POST', body)
    assert.equal(created.status, 201)
    assert.equal(created.headers.get('location'), `${follower.base}/connectors/f`)
    assert.equal((created.json as { name: string }).name, 'f')
    const changed = await call(
      `${follower.base}/connectors/f/config`,
      'PUT',
      '{"connector.class":"Lines"}'
    )
    assert.equal(changed.status, 200)
    assert.equal((await call(`${follower.base}/connectors/f`, 'DELETE')).status, 204)
    const again = await call(`${follower.base}/connectors/f`, 'DELETE')
    assert.equal(again.status, 404)
    assert.deepEqual(again.json, { error_code: 404, message: 'Connector f not found' })
  })

  it('keeps the query and odd names', async () => {
    await call(`${leader.base}/connectors`, 'POST', body.replace('"f"', '"a b 中"'))
    const name = encodeURIComponent('a b 中')
    const path = `/connectors/${name}/restart?includeTasks=true&onlyFailed=false`
    assert.equal((await call(follower.base + path, 'POST')).status, 202)
    assert.deepEqual(leader.herder.calls.at(-1), [
      'restartConnectorAndTasks',
      'a b 中',
      { includeTasks: true, onlyFailed: false }
    ])
  })

  it('goes two hops at most', async () => {
    sendTo(`${follower.base}/`, leader)
    const twice = await call(`${follower.base}/connectors/f`, 'DELETE')
    assert.equal(twice.status, 409)
    assert.deepEqual(twice.json, {
      error_code: 409,
      message: 'Cannot complete request because of a conflicting operation (e.g. worker rebalance)'
    })
    assert.equal(leader.herder.calls.length, 1)
    assert.equal((await call(`${follower.base}/connectors/f?forward=false`, 'DELETE')).status, 409)
  })

  it('answers 409 while no leader is known', async () => {
    sendTo(null)
    const answer = await call(`${follower.base}/connectors/f`, 'DELETE')
    assert.equal(answer.status, 409)
    assert.match(answer.text, /momentarily due to no known leader URL/)
  })

  it('sends the signed bytes of internal requests as they came', async () => {
    const raw = '[ {"a" : "1"},{"task.class":"X"} ]'
    const headers = {
      'x-connect-authorization': 'c2lnbg==',
      'x-connect-request-signature-algorithm': 'HmacSHA256'
    }
    const answer = await call(`${follower.base}/connectors/f/tasks`, 'POST', raw, headers)
    assert.equal(answer.status, 204)
    assert.deepEqual(leader.herder.calls.at(-1), [
      'putTaskConfigs',
      'f',
      [new Map([['a', '1']]), new Map([['task.class', 'X']])],
      raw,
      { signature: 'c2lnbg==', algorithm: 'HmacSHA256' }
    ])
    const fence = await call(`${follower.base}/connectors/f/fence`, 'PUT', undefined, headers)
    assert.equal(fence.status, 204)
  })

  it('passes a null in a task configuration on, as JVM workers send it', async () => {
    const headers = {
      'x-connect-authorization': 'c2lnbg==',
      'x-connect-request-signature-algorithm': 'HmacSHA256'
    }
    const sent = '[{"a":"1","b":null}]'
    const answer = await call(`${follower.base}/connectors/f/tasks`, 'POST', sent, headers)
    assert.equal(answer.status, 204)
    const seen = leader.herder.calls.at(-1)?.[2]
    assert.deepEqual(seen, [
      new Map<string, string | null>([
        ['a', '1'],
        ['b', null]
      ])
    ])
  })

  it('I7: hides in the answer of a leader what this worker hides', async () => {
    const masking = await startRestWorker({ 'rest.config.mask': 'true' })
    try {
      sendTo(`${leader.base}/`, masking)
      const config = {
        'connector.class': 'Lines',
        'a.password': 'hunter2',
        t: 'jdbc:x://u:hunter2@h'
      }
      const sent: [method: string, path: string, body: unknown][] = [
        ['POST', '/connectors', { name: 'f', config }],
        ['PUT', '/connectors/f/config', config],
        ['PATCH', '/connectors/f/config', { b: 'c' }]
      ]
      for (const [method, path, what] of sent) {
        const answer = await call(masking.base + path, method, JSON.stringify(what))
        assert.ok(answer.status < 300, answer.text)
        assert.doesNotMatch(answer.text, /hunter2/, method)
        assert.match(answer.text, /"a\.password":"\[hidden\]"/)
      }
    } finally {
      await masking.stop()
    }
  })

  it('I7: passes on what a validation says of keys, and hides secrets in every other refusal', async () => {
    const refusal = async (message: string): Promise<unknown> => {
      leader.herder.before = () => {
        throw new ConnectError('CONFIG_INVALID', message, { secretsHidden: true })
      }
      return (await call(`${follower.base}/connectors/f`, 'DELETE')).json
    }
    const text = `${CONFIG_REFUSED}: Invalid value null for configuration a.password: Value must be non-null`
    assert.deepEqual(await refusal(text), { error_code: 400, message: text })
    assert.deepEqual(await refusal('Something else: password=hunter2'), {
      error_code: 400,
      message: 'Something else: password=[hidden]'
    })
  })

  it('I8: tells when the other worker is not there or does not answer', async () => {
    sendTo('http://127.0.0.1:1/')
    const absent = await call(`${follower.base}/connectors/f`, 'DELETE')
    assert.equal(absent.status, 500)
    assert.match(absent.text, /IO Error trying to forward REST request: /)
    const asked = Promise.withResolvers<void>()
    leader.herder.before = () => {
      asked.resolve()
      return new Promise<never>(() => {})
    }
    sendTo(`${leader.base}/`)
    const calling = call(`${follower.base}/connectors/f`, 'DELETE')
    await asked.promise
    clock.advance(500)
    const silent = await calling
    assert.equal(silent.status, 500)
    assert.match(silent.text, /IO Error trying to forward REST request: .*in 500 ms/)
  })

  it('copies only the Authorization header, follows no redirect, and distrusts odd answers', async () => {
    const seen: Record<string, unknown>[] = []
    const answers: [number, string][] = [
      [302, ''],
      [502, '<html>'],
      [418, '{"error_code":42,"message":"teapot"}']
    ]
    const other = createServer((request, response) => {
      seen.push(request.headers)
      const [status, text] = answers.shift() ?? [500, '']
      response.writeHead(status, { location: '/elsewhere' }).end(text)
    })
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    sendTo(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)
    const headers = { authorization: 'Basic eDp5', cookie: 'a=b', 'x-other': '1' }
    const send = () => call(`${follower.base}/connectors/f`, 'DELETE', undefined, headers)
    const redirected = await send()
    assert.equal(redirected.status, 500)
    assert.match(redirected.text, /Unexpected status code when handling forwarded request: 302/)
    assert.match((await send()).text, /IO Error trying to forward REST request/)
    const refused = await send()
    assert.equal(refused.status, 418)
    assert.deepEqual(refused.json, { error_code: 42, message: 'teapot' })
    assert.equal(seen[0]?.['authorization'], 'Basic eDp5')
    assert.equal(seen[0]?.['user-agent'], 'kafka-connect')
    assert.equal(seen[0]?.['cookie'] ?? seen[0]?.['x-other'], undefined)
    other.close()
    await once(other, 'close')
  })
})
