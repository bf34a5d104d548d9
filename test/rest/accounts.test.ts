import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { addressList } from '../../src/rest/accounts.ts'
import { originOf } from '../../src/rest/endpoint.ts'
import { FORWARDED_FOR, FORWARDED_USER, ORIGIN_PROOF } from '../../src/rest/forward.ts'
import { restServerOptions } from '../../src/rest/rest-server-options.ts'
import { systemClock } from '../../src/clock.ts'
import { RequestTargetError } from '../../src/herder/herder.ts'
import { MemoryChangeHistory } from '../../src/storage/memory-change-history.ts'
import { BASIC_AUTH_EXTENSION } from '../../src/settings/worker/rest-keys.ts'
import { type KeyFolder, keyFolder } from '../support/key-files.ts'
import { call, restConfig, startRestWorker } from './rest-worker.ts'

const basic = (user: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`
})

describe('Accounts', () => {
  let dir: string
  let keys: KeyFolder
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rest-accounts-'))
    await writeFile(join(dir, 'users'), 'anna=secret\n')
    await writeFile(join(dir, 'roles'), 'anna=editor\nben=operator\nclara=viewer\n')
    keys = keyFolder()
    keys.issue('localhost')
    keys.issue('clara', { cn: 'clara' })
  })
  after(async () => {
    keys.remove()
    await rm(dir, { recursive: true })
  })

  const roles = () => ({ 'rest.roles.file': join(dir, 'roles') })
  const proxied = (addresses: string) => ({
    'rest.proxy.user.header': 'X-Forwarded-User',
    'rest.proxy.addresses': addresses
  })

  it('are believed of a trusted proxy, and of nobody else', async (t) => {
    const near = await startRestWorker({ ...proxied('127.0.0.0/8'), ...roles() })
    const far = await startRestWorker({ ...proxied('10.1.2.3,::1'), ...roles() })
    t.after(() => Promise.all([near.stop(), far.stop()]))
    const pause = async (base: string, headers: Record<string, string>) =>
      (await call(`${base}/connectors/lines/pause`, 'PUT', undefined, headers)).status
    assert.equal(await pause(near.base, { 'x-forwarded-user': 'ben' }), 404)
    assert.equal(await pause(near.base, { 'x-forwarded-user': 'clara' }), 403)
    assert.equal(await pause(near.base, { 'x-forwarded-user': 'dora' }), 403)
    assert.equal(await pause(near.base, { 'x-forwarded-user': '' }), 401)
    assert.equal(await pause(near.base, basic('anna')), 401)
    assert.equal(await pause(far.base, { 'x-forwarded-user': 'ben' }), 401)
  })

  it('have a password, too, where both ways are open', async (t) => {
    const worker = await startRestWorker({
      'rest.extension.classes': BASIC_AUTH_EXTENSION,
      'rest.basic.auth.file': join(dir, 'users'),
      ...proxied('127.0.0.1'),
      ...roles()
    })
    t.after(() => worker.stop())
    const status = async (headers: Record<string, string>) =>
      (await call(`${worker.base}/connectors/lines`, 'DELETE', undefined, headers)).status
    assert.equal(await status(basic('anna')), 404)
    assert.equal(await status(basic('ben')), 401)
    assert.equal(await status({ 'x-forwarded-user': 'ben' }), 403)
    assert.equal(await status({}), 401)
  })

  it('are the common names of certificates', async (t) => {
    const worker = await startRestWorker({
      listeners: 'https://127.0.0.1:0',
      'rest.certificate.accounts': 'true',
      'ssl.client.auth': 'requested',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.key': await readFile(keys.path('localhost.key'), 'utf8'),
      'ssl.keystore.certificate.chain': await readFile(keys.path('localhost.pem'), 'utf8'),
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': keys.path('ca.pem'),
      ...roles()
    })
    t.after(() => worker.stop())
    const ca = await readFile(keys.path('ca.pem'))
    const own = {
      key: await readFile(keys.path('clara.key')),
      cert: await readFile(keys.path('clara.pem'))
    }
    const status = (method: string, path: string, tls: object) =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = request(
          `${worker.base}${path}`,
          { method, ca, agent: false, ...tls },
          (answer) => {
            answer.resume()
            resolve(answer.statusCode)
          }
        )
        asked.on('error', reject)
        asked.end()
      })
    assert.equal(await status('GET', '/connectors', own), 200)
    assert.equal(await status('PUT', '/connectors/lines/pause', own), 403)
    assert.equal(await status('GET', '/connectors', {}), 401)
  })

  it('go with a request that another worker passes on, if it can prove them', async (t) => {
    const worker = await startRestWorker({ ...proxied('10.0.0.1'), ...roles() })
    t.after(() => worker.stop())
    const target = '/connectors/lines/pause'
    const origin = originOf(
      { method: 'PUT', target, query: {}, headers: {} },
      { address: '10.0.0.9', user: 'ben' }
    )
    const status = async (proof: string, user: string, query = '?forward=false') =>
      (
        await call(`${worker.base}${target}${query}`, 'PUT', undefined, {
          [FORWARDED_FOR]: '10.0.0.9',
          [FORWARDED_USER]: user,
          [ORIGIN_PROOF]: proof
        })
      ).status
    assert.equal(await status(`proof of ${origin}`, 'ben'), 404)
    assert.equal(await status(`proof of ${origin}`, 'anna'), 401)
    assert.equal(await status('proof of nothing', 'ben'), 401)
    assert.equal(await status(`proof of ${origin}`, 'ben', ''), 401)
  })

  it('keep their names on the way to another worker, in whatever letters', async (t) => {
    const named = join(dir, 'named')
    await writeFile(`${named}-users`, '\\u5f20\\u4e09=secret\n')
    await writeFile(`${named}-roles`, '\\u5f20\\u4e09=operator\n')
    const properties = {
      'rest.extension.classes': BASIC_AUTH_EXTENSION,
      'rest.basic.auth.file': `${named}-users`,
      'rest.roles.file': `${named}-roles`
    }
    const leader = await startRestWorker(properties)
    const follower = await startRestWorker(properties)
    t.after(() => Promise.all([leader.stop(), follower.stop()]))
    leader.herder.history = new MemoryChangeHistory('leader:8083', systemClock)
    leader.herder.known.set('lines', { config: new Map(), state: 'RUNNING', offsets: [] })
    follower.herder.before = () => {
      throw new RequestTargetError('not the leader', leader.base)
    }
    const paused = await call(
      `${follower.base}/connectors/lines/pause`,
      'PUT',
      undefined,
      basic('张三')
    )
    assert.equal(paused.status, 202, paused.text)
    const [change] = await leader.herder.history.latest('lines', 1)
    assert.deepEqual([change?.what, change?.by.user], ['pause', '张三'])
  })

  it('are refused at the start where they would be believed of anybody', () => {
    const start = (given: Record<string, string>) => () => restServerOptions(restConfig(given))
    assert.throws(start({ 'rest.proxy.user.header': 'X-User' }), /rest\.proxy\.addresses names/)
    for (const wrong of ['host', '10.0.0.1/33', '10.0.0.1/x', '10.0.0.1/8/8', '::1/129', '']) {
      assert.throws(
        () => addressList('rest.proxy.addresses', [wrong]),
        /Invalid value .* for configuration rest\.proxy\.addresses/
      )
    }
    const list = addressList('rest.proxy.addresses', ['10.1.0.0/16', 'fd00::/8'])
    assert.deepEqual(
      [list.check('10.1.200.1'), list.check('10.2.0.1'), list.check('fd12::1', 'ipv6')],
      [true, false, true]
    )
  })
})
