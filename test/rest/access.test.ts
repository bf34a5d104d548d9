import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { BASIC_AUTH_EXTENSION } from '../../src/settings/worker/rest-keys.ts'
import { restServerOptions } from '../../src/rest/rest-server-options.ts'
import { call, restConfig, type RestWorker, startRestWorker } from './rest-worker.ts'

const login = (user: string, scheme = 'Basic') => ({
  authorization: `${scheme} ${Buffer.from(user).toString('base64')}`
})

describe('basic auth', () => {
  let dir: string
  let worker: RestWorker
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rest-auth-'))
    await writeFile(join(dir, 'users'), '# who may\nadmin=sec\\\n    ret\nu2 : p:w\nü=\\u0070w\n')
    worker = await startRestWorker({
      'rest.extension.classes': BASIC_AUTH_EXTENSION,
      'rest.basic.auth.file': join(dir, 'users')
    })
  })
  after(async () => {
    await worker.stop()
    await rm(dir, { recursive: true })
  })

  it('answers 401 in plain words and without a challenge', async () => {
    const answer = await call(`${worker.base}/connectors`)
    assert.equal(answer.status, 401)
    assert.equal(answer.text, 'User cannot access the resource.')
    assert.equal(answer.headers.get('www-authenticate'), null)
  })

  it('lets in who is in the file', async () => {
    const status = async (headers: Record<string, string>) =>
      (await call(`${worker.base}/`, 'GET', undefined, headers)).status
    assert.equal(await status(login('admin:secret')), 200)
    assert.equal(await status(login('admin:secret', 'bAsIc')), 200)
    assert.equal(await status(login('u2:p:w')), 200)
    assert.equal(await status(login('ü:pw')), 200)
    for (const wrong of ['admin:wrong', 'admin:', 'admin', ':secret', 'nobody:secret']) {
      assert.equal(await status(login(wrong)), 401, wrong)
    }
    assert.equal(await status(login('admin:secret', 'Bearer')), 401)
    assert.equal(await status({ authorization: 'Basic' }), 401)
  })

  it('does nothing before it knows the caller', async () => {
    worker.herder.calls.length = 0
    const body = '{"name":"x","config":{"connector.class":"Lines"}}'
    assert.equal((await call(`${worker.base}/connectors`, 'POST', body)).status, 401)
    assert.equal((await call(`${worker.base}/connectors`, 'POST', '{broken')).status, 401)
    assert.deepEqual(worker.herder.calls, [])
  })

  it('leaves signed requests between workers and unknown paths alone', async () => {
    assert.equal((await call(`${worker.base}/connectors/x/tasks`, 'POST', '[]')).status, 400)
    assert.equal((await call(`${worker.base}/connectors/x/fence`, 'PUT')).status, 400)
    assert.equal((await call(`${worker.base}/nope`)).status, 404)
    assert.equal((await call(`${worker.base}/`, 'DELETE')).status, 405)
    assert.equal((await call(`${worker.base}/connectors`, 'OPTIONS')).status, 401)
    assert.equal((await call(`${worker.base}/connectors/x/tasks/0/restart`, 'POST')).status, 401)
  })

  it('finds the users file through the JAAS file of KAFKA_OPTS', async () => {
    const jaas = join(dir, 'jaas.conf')
    await writeFile(
      jaas,
      `Other { x.Module required file="no"; };
// KafkaConnect { }
KafkaConnect {
  org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required
  file="${join(dir, 'users')}";
};`
    )
    const config = restConfig({ 'rest.extension.classes': BASIC_AUTH_EXTENSION })
    const environment = { KAFKA_OPTS: `-Xmx1g -Djava.security.auth.login.config=${jaas} -Da=b` }
    assert.equal(restServerOptions(config, environment).accounts.usersFile, join(dir, 'users'))
    assert.throws(() => restServerOptions(config, {}), /needs a credentials file/)
    await writeFile(jaas, 'KafkaConnect { com.sun.Module required; };')
    assert.throws(() => restServerOptions(config, environment), /exist only in Java/)
  })

  it('lets everybody in when the file is empty, as the JVM worker does', async () => {
    const empty = join(dir, 'empty')
    await writeFile(empty, '# nobody\n')
    const open = await startRestWorker({
      'rest.extension.classes': BASIC_AUTH_EXTENSION,
      'rest.basic.auth.file': empty
    })
    assert.equal((await call(`${open.base}/connectors`)).status, 200)
    await open.stop()
  })
})

describe('headers of answers', () => {
  it('allow origins and carry what the worker file says, on errors too', async () => {
    const worker = await startRestWorker({
      'access.control.allow.origin': 'http://a.example, http://b.example',
      'access.control.allow.methods': 'GET,PUT',
      'response.http.headers.config':
        'set X-Frame-Options: DENY, "add Cache-Control: no-cache, no-store", setDate Expires: 1000',
      'admin.listeners': 'http://127.0.0.1:0'
    })
    try {
      const from = (origin: string) => ({ origin })
      const good = await call(`${worker.base}/nope`, 'GET', undefined, from('http://a.example'))
      assert.equal(good.status, 404)
      assert.equal(good.headers.get('access-control-allow-origin'), 'http://a.example')
      assert.equal(good.headers.get('vary'), 'Origin')
      assert.equal(good.headers.get('x-frame-options'), 'DENY')
      assert.equal(good.headers.get('cache-control'), 'no-cache, no-store')
      assert.ok(Math.abs(Date.parse(good.headers.get('expires') ?? '') - Date.now()) < 5000)
      const foreign = await call(`${worker.base}/`, 'GET', undefined, from('http://evil.example'))
      assert.equal(foreign.headers.get('access-control-allow-origin'), null)
      const preflight = await call(`${worker.base}/connectors`, 'OPTIONS', undefined, {
        ...from('http://b.example'),
        'access-control-request-method': 'PUT'
      })
      assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET,PUT')
      assert.equal(preflight.headers.get('access-control-max-age'), '60')
      const admin = await call(
        `${worker.bound[1]?.url}admin/loggers`,
        'GET',
        undefined,
        from('http://a.example')
      )
      assert.equal(admin.headers.get('vary') ?? admin.headers.get('x-frame-options'), null)
    } finally {
      await worker.stop()
    }
  })

  it('echo any origin for *, and are absent without the setting', async () => {
    const any = await startRestWorker({ 'access.control.allow.origin': '*' })
    const origin = { origin: 'http://x.example' }
    const answer = await call(`${any.base}/`, 'GET', undefined, origin)
    assert.equal(answer.headers.get('access-control-allow-origin'), 'http://x.example')
    await any.stop()
    const none = await startRestWorker()
    const bare = await call(`${none.base}/`, 'GET', undefined, origin)
    assert.equal(bare.headers.get('access-control-allow-origin') ?? bare.headers.get('vary'), null)
    await none.stop()
  })
})

describe('rest.config.mask', () => {
  it('I7: hides values of keys that look like secrets, references stay', async () => {
    const worker = await startRestWorker({ 'rest.config.mask': 'true' })
    try {
      const config = {
        'connector.class': 'Lines',
        'connection.password': 'hunter2',
        'api.token': 't0p',
        'sasl.jaas.config': 'x',
        'other.secret': '${file:/run/secrets:db}',
        table: 'orders'
      }
      const body = JSON.stringify({ name: 'm', config })
      const shown = {
        'connector.class': 'Lines',
        'connection.password': '[hidden]',
        'api.token': '[hidden]',
        'sasl.jaas.config': '[hidden]',
        'other.secret': '${file:/run/secrets:db}',
        table: 'orders',
        name: 'm'
      }
      const created = await call(`${worker.base}/connectors`, 'POST', body)
      assert.deepEqual((created.json as { config: unknown }).config, shown)
      assert.deepEqual((await call(`${worker.base}/connectors/m/config`)).json, shown)
      for (const path of ['/connectors/m', '/connectors/m/tasks', '/connectors?expand=info']) {
        const { text } = await call(worker.base + path)
        assert.ok(!text.includes('hunter2') && text.includes('[hidden]'), path)
      }
      assert.equal(worker.herder.known.get('m')?.config.get('connection.password'), 'hunter2')
    } finally {
      await worker.stop()
    }
  })
})
