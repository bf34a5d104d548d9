import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { copyFileSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { connect, createServer, type Server } from 'node:tls'
import { renewTls } from '../../src/rest/tls-options.ts'
import { tlsSettings } from '../../src/settings/clients/tls-keys.ts'
import { javaClientTls, javaTls } from '../../src/tls/java-ssl.ts'
import { KEY_PASSWORD, type KeyFolder, keyFolder } from '../support/key-files.ts'
import { ManualClock } from '../support/manual-clock.ts'

describe('Keys and certificates that are replaced', () => {
  let keys: KeyFolder
  before(() => {
    keys = keyFolder()
    for (const name of ['first', 'second']) {
      keys.issue(name)
      keys.pkcs12(name)
    }
  })
  after(() => keys.remove())

  const fingerprint = (name: string): string =>
    new X509Certificate(readFileSync(keys.path(`${name}.pem`))).fingerprint256
  const used = (cert: string | undefined): string => new X509Certificate(cert ?? '').fingerprint256

  function settings(name: string) {
    copyFileSync(keys.path('first.p12'), keys.path(name))
    return tlsSettings(
      new Map([
        ['ssl.keystore.location', keys.path(name)],
        ['ssl.keystore.password', KEY_PASSWORD],
        ['ssl.truststore.location', keys.path('ca.pem')]
      ])
    )
  }

  it('are what the next connection has; a key always goes with its certificate', () => {
    const tls = javaClientTls(settings('client.p12'))
    const before = { ...tls }
    assert.equal(used(before.cert), fingerprint('first'))
    copyFileSync(keys.path('second.p12'), keys.path('client.p12'))
    const now = { ...tls }
    assert.equal(used(now.cert), fingerprint('second'))
    const isPair = ({ key = '', cert = '' }: typeof now): boolean =>
      new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
    assert.deepEqual([isPair(before), isPair(now)], [true, true])
  })

  it('stay as they were while what is there cannot be read', () => {
    const tls = javaTls(settings('broken.p12'))
    truncateSync(keys.path('broken.p12'), 100)
    assert.equal(used({ ...tls }.cert), fingerprint('first'))
    rmSync(keys.path('broken.p12'))
    assert.equal(used({ ...tls }.cert), fingerprint('first'))
    copyFileSync(keys.path('second.p12'), keys.path('broken.p12'))
    assert.equal(used({ ...tls }.cert), fingerprint('second'))
  })

  it('are those of new connections to a listener, and nobody is cut off', async (t) => {
    const ssl = settings('listener.p12')
    const server = createServer({ ...javaTls(ssl) }, (socket) =>
      socket.on('error', () => undefined)
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const clock = new ManualClock()
    const end = renewTls(server, ssl, clock)
    t.after(async () => {
      end()
      await new Promise((resolve) => server.close(resolve))
    })
    const old = await connected(server, keys.path('ca.pem'))
    assert.equal(old.getPeerCertificate().fingerprint256, fingerprint('first'))
    copyFileSync(keys.path('second.p12'), keys.path('listener.p12'))
    await clock.pass(10_000)
    const fresh = await connected(server, keys.path('ca.pem'))
    assert.equal(fresh.getPeerCertificate().fingerprint256, fingerprint('second'))
    assert.equal(old.destroyed, false)
    for (const socket of [old, fresh]) socket.destroy()
  })
})

async function connected(server: Server, ca: string) {
  const { port } = server.address() as AddressInfo
  return await new Promise<ReturnType<typeof connect>>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca: readFileSync(ca) }, () => resolve(socket))
    socket.on('error', reject)
  })
}
