import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { SecureContextOptions } from 'node:tls'
import { promisify } from 'node:util'
import { systemClock } from '../../src/clock.ts'
import { ConfigError, ConnectError } from '../../src/errors.ts'
import { RequestTargetError } from '../../src/herder/herder.ts'
import { restServerOptions } from '../../src/rest/rest-server-options.ts'
import { createRestServer } from '../../src/rest/server.ts'
import { KEY_PASSWORD, type KeyFolder, keyFolder } from '../support/key-files.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'
import { call, restConfig, startRestWorker } from './rest-worker.ts'
import { ScriptedHerder } from './scripted-herder.ts'

const run = promisify(execFile)

describe('listeners', () => {
  it('bind several addresses; admin resources move to their own', async () => {
    const worker = await startRestWorker({
      listeners: 'http://127.0.0.1:0, HTTP://127.0.0.1:0',
      'admin.listeners': 'http://127.0.0.1:0'
    })
    try {
      const [first, second, admin] = worker.bound.map(({ url }) => url)
      assert.equal((await call(`${first}connectors`)).status, 200)
      assert.equal((await call(`${second}connectors`)).status, 200)
      assert.equal((await call(`${first}admin/loggers`)).status, 404)
      assert.equal((await call(`${admin}admin/loggers/root`)).status, 200)
      assert.equal((await call(`${admin}connectors`)).status, 404)
      assert.deepEqual(
        worker.bound.map((listener) => listener.admin),
        [false, false, true]
      )
    } finally {
      await worker.stop()
    }
  })

  it('have no admin resources when the list is empty', async () => {
    const worker = await startRestWorker({ 'admin.listeners': '' })
    assert.equal((await call(`${worker.base}/admin/loggers`)).status, 404)
    await worker.stop()
  })

  it('answer 503 until there is a herder', async () => {
    const options = restServerOptions(restConfig())
    const server = createRestServer({ options, clock: systemClock })
    const [listener] = await server.start()
    const base = listener?.url ?? ''
    const early = await call(`${base}health`)
    assert.equal(early.status, 503)
    assert.equal((early.json as { status: string }).status, 'starting')
    assert.equal((await call(`${base}connectors`)).status, 503)
    server.serve(new ScriptedHerder())
    assert.equal((await call(`${base}health`)).status, 200)
    await server.stop()
  })

  it('refuse an address that is taken, and leave nothing bound', async () => {
    const taken = await startRestWorker()
    const { port } = taken.bound[0] ?? { port: 0 }
    const listeners = `http://127.0.0.1:0,http://127.0.0.1:${port}`
    await assert.rejects(startRestWorker({ listeners }), (error: unknown) => {
      return error instanceof ConnectError && error.message.includes(String(port))
    })
    await taken.stop()
  })

  it('end although a request never ends', async () => {
    const clock = new ManualClock()
    const worker = await startRestWorker({}, { stopTimeoutMs: 100 }, clock)
    const asked = Promise.withResolvers<void>()
    worker.herder.before = () => {
      asked.resolve()
      return new Promise<never>(() => {})
    }
    const hanging = assert.rejects(call(`${worker.base}/connectors/x`))
    const idle = connect(worker.bound[0]?.port ?? 0, '127.0.0.1')
    await new Promise((resolve) => idle.once('connect', resolve))
    await asked.promise
    const stopping = worker.stop()
    await until(() => clock.sleeping.includes(100), 'the server waits for the request')
    clock.advance(100)
    await stopping
    await hanging
    idle.destroy()
  })
})

describe('https listeners', () => {
  let dir: string
  let keys: KeyFolder
  before(async () => {
    keys = keyFolder()
    dir = await mkdtemp(join(tmpdir(), 'rest-tls-'))
    const paths = ['-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem')]
    await run('openssl', [
      ...'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost'.split(' '),
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
      ...paths
    ])
    const pem = await Promise.all(
      ['key.pem', 'cert.pem'].map((file) => readFile(join(dir, file), 'utf8'))
    )
    await writeFile(join(dir, 'both.pem'), pem.join(''))
    await run('openssl', [
      ...'pkcs12 -export -passout pass:changeit'.split(' '),
      '-inkey',
      join(dir, 'key.pem'),
      '-in',
      join(dir, 'cert.pem'),
      '-out',
      join(dir, 'store.p12')
    ])
  })
  after(async () => {
    keys.remove()
    await rm(dir, { recursive: true })
  })

  /** `client`: whether the server's own key is shown, or what else is. */
  const statusOf = async (
    url: string,
    client: boolean | SecureContextOptions = false
  ): Promise<number> => {
    const ca = await readFile(join(dir, 'cert.pem'))
    const own = client === true ? { key: await readFile(join(dir, 'key.pem')), cert: ca } : {}
    const identity = typeof client === 'boolean' ? own : client
    return await new Promise((resolve, reject) => {
      request(`${url}connectors`, { ca, ...identity, agent: false }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
      })
        .on('error', reject)
        .end()
    })
  }
  const listeners = 'https://127.0.0.1:0'

  it('take PEM and PKCS12 key stores; listeners.https. keys win over all plain ones', async () => {
    for (const properties of [
      { listeners, 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': join(dir, 'both.pem') },
      {
        listeners,
        'ssl.keystore.location': '/nowhere',
        'listeners.https.ssl.keystore.type': 'PKCS12',
        'listeners.https.ssl.keystore.location': join(dir, 'store.p12'),
        'listeners.https.ssl.keystore.password': 'changeit'
      },
      {
        listeners,
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.certificate.chain': (
          await readFile(join(dir, 'cert.pem'), 'utf8')
        ).replaceAll('\n', ' '),
        'ssl.keystore.key': await readFile(join(dir, 'key.pem'), 'utf8')
      }
    ]) {
      const worker = await startRestWorker(properties)
      try {
        assert.equal(await statusOf(worker.bound[0]?.url ?? ''), 200)
      } finally {
        await worker.stop()
      }
    }
  })

  it('may ask clients for a certificate', async () => {
    const worker = await startRestWorker({
      listeners,
      'ssl.keystore.location': join(dir, 'both.pem'),
      'ssl.truststore.location': join(dir, 'cert.pem'),
      'ssl.client.auth': 'required'
    })
    try {
      const url = worker.bound[0]?.url ?? ''
      await assert.rejects(statusOf(url))
      assert.equal(await statusOf(url, true), 200)
    } finally {
      await worker.stop()
    }
  })

  it('let clients in without a certificate when one is requested, but not with one that is not trusted', async () => {
    keys.issue('stranger')
    const stranger = {
      key: await readFile(keys.path('stranger.key')),
      cert: await readFile(keys.path('stranger.pem'))
    }
    const worker = await startRestWorker({
      listeners,
      'ssl.keystore.location': join(dir, 'both.pem'),
      'ssl.truststore.location': join(dir, 'cert.pem'),
      'ssl.client.auth': 'requested'
    })
    try {
      const url = worker.bound[0]?.url ?? ''
      assert.equal(await statusOf(url), 200)
      assert.equal(await statusOf(url, true), 200)
      await assert.rejects(statusOf(url, stranger))
    } finally {
      await worker.stop()
    }
  })

  it('take Java’s key and trust stores, and only the cipher suites and versions they may', async () => {
    keys.issue('server')
    keys.pkcs12('server')
    keys.copyStore('server.p12', 'server.jks', 'JKS')
    keys.trustStore('trust.p12', 'PKCS12')
    const worker = await startRestWorker({
      listeners,
      'ssl.keystore.type': 'JKS',
      'ssl.keystore.location': keys.path('server.jks'),
      'ssl.keystore.password': KEY_PASSWORD,
      'ssl.truststore.type': 'PKCS12',
      'ssl.truststore.location': keys.path('trust.p12'),
      'ssl.truststore.password': KEY_PASSWORD,
      'ssl.client.auth': 'required',
      'ssl.protocol': 'TLSv1.2',
      'ssl.cipher.suites': 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'
    })
    const identity = {
      key: await readFile(keys.path('server.key')),
      cert: await readFile(keys.path('server.pem')),
      ca: await readFile(keys.path('ca.pem'))
    }
    try {
      const url = worker.bound[0]?.url ?? ''
      assert.equal(await statusOf(url, identity), 200)
      const ciphers = 'ECDHE-RSA-AES256-GCM-SHA384'
      assert.equal(await statusOf(url, { ...identity, ciphers, maxVersion: 'TLSv1.2' }), 200)
      await assert.rejects(statusOf(url, { ...identity, minVersion: 'TLSv1.3' }))
      const others = 'ECDHE-RSA-AES128-GCM-SHA256'
      await assert.rejects(statusOf(url, { ...identity, ciphers: others, maxVersion: 'TLSv1.2' }))
    } finally {
      await worker.stop()
    }
  })

  it('forward to each other with their own certificates', async () => {
    const properties = {
      listeners,
      'ssl.keystore.location': join(dir, 'both.pem'),
      'ssl.truststore.location': join(dir, 'cert.pem')
    }
    const leader = await startRestWorker(properties)
    const follower = await startRestWorker({ ...properties, listeners: 'http://127.0.0.1:0' })
    follower.herder.before = () => {
      throw new RequestTargetError('elsewhere', leader.bound[0]?.url ?? '')
    }
    try {
      const answer = await call(`${follower.base}/connectors/x`, 'DELETE')
      assert.deepEqual(answer.json, { error_code: 404, message: 'Connector x not found' })
    } finally {
      await follower.stop()
      await leader.stop()
    }
  })

  it('say what is missing', async () => {
    await assert.rejects(startRestWorker({ listeners }), /needs a certificate/)
    const jks = join(dir, 'store.jks')
    await writeFile(jks, Uint8Array.from([0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]))
    await assert.rejects(startRestWorker({ listeners, 'ssl.keystore.location': jks }), /JKS/)
    const absent = join(dir, 'absent.pem')
    await assert.rejects(
      startRestWorker({ listeners, 'ssl.keystore.location': absent }),
      (error: unknown) => error instanceof ConfigError && error.message.includes(absent)
    )
  })
})
