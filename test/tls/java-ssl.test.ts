import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { connect, createServer } from 'node:tls'
import { tlsSettings } from '../../src/settings/clients/tls-keys.ts'
import { javaClientTls, javaTls } from '../../src/tls/java-ssl.ts'
import { KEY_PASSWORD, type KeyFolder, keyFolder } from '../support/key-files.ts'

type Settings = Record<string, string>
const parsed = (settings: Settings) => tlsSettings(new Map(Object.entries(settings)))
const read = (settings: Settings, prefix?: string) => javaTls(parsed(settings), prefix)

describe('ssl.* settings', () => {
  let keys: KeyFolder
  const text = (name: string): string => readFileSync(keys.path(name), 'utf8')
  before(() => {
    keys = keyFolder()
    keys.issue('own')
    keys.pkcs12('own')
    keys.openssl(
      ...'pkcs8 -topk8 -in own.key -out own-encrypted.key -passout'.split(' '),
      `pass:${KEY_PASSWORD}`
    )
    keys.copyStore('own.p12', 'own.jks', 'JKS')
    keys.trustStore('trust.jks', 'JKS')
    keys.trustStore('trust.p12', 'PKCS12')
  })
  after(() => keys.remove())

  /** What both ends agree on, or the error of the side that connects. */
  async function handshake(server: Settings, client: Settings): Promise<string> {
    const own = {
      'ssl.keystore.location': keys.path('own.p12'),
      'ssl.keystore.password': KEY_PASSWORD
    }
    const listener = createServer(read({ ...own, ...server }), (socket) => socket.end())
    listener.on('tlsClientError', () => undefined)
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as AddressInfo
    try {
      return await new Promise((resolve, reject) => {
        const ca = { 'ssl.truststore.location': keys.path('ca.pem') }
        const tls = javaClientTls(parsed({ ...ca, ...client }))
        const socket = connect({ port, host: '127.0.0.1', ...tls }, () => {
          resolve(`${socket.getProtocol()} ${socket.getCipher().standardName}`)
          socket.end()
        })
        socket.on('error', reject)
      })
    } finally {
      await new Promise((resolve) => listener.close(resolve))
    }
  }

  it('take key and trust stores of every type, whatever their type is said to be', () => {
    const expected = createPrivateKey(text('own.key'))
    for (const settings of [
      { 'ssl.keystore.location': keys.path('own.p12'), 'ssl.keystore.password': KEY_PASSWORD },
      { 'ssl.keystore.location': keys.path('own.jks'), 'ssl.keystore.password': KEY_PASSWORD },
      {
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.key': text('own-encrypted.key').replaceAll('\n', '\\n'),
        'ssl.keystore.certificate.chain': text('own.pem').replaceAll('\n', ' '),
        'ssl.key.password': KEY_PASSWORD
      }
    ] as Settings[]) {
      const { key, cert } = read(settings)
      assert.ok(createPrivateKey(key ?? '').equals(expected))
      assert.equal(new X509Certificate(cert ?? '').subject, 'CN=own')
    }
    for (const trust of [
      { 'ssl.truststore.type': 'JKS', 'ssl.truststore.location': keys.path('trust.p12') },
      { 'ssl.truststore.type': 'pkcs12', 'ssl.truststore.location': keys.path('trust.jks') },
      { 'ssl.truststore.location': keys.path('ca.pem') },
      { 'ssl.truststore.certificates': text('ca.pem') }
    ] as Settings[]) {
      const { ca = [] } = read({ ...trust, 'ssl.truststore.password': KEY_PASSWORD })
      assert.deepEqual(
        ca.map((one) => new X509Certificate(one).subject),
        ['CN=Test CA']
      )
    }
  })

  it('restrict cipher suites, by Java’s names, and versions on both sides', async () => {
    const suite = 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'
    const old = { 'ssl.enabled.protocols': 'TLSv1.2' }
    assert.match(await handshake({}, {}), /^TLSv1\.3 /)
    assert.equal(await handshake({ 'ssl.protocol': 'TLSv1.2' }, {}), await handshake({}, old))
    assert.equal(await handshake({ ...old, 'ssl.cipher.suites': suite }, {}), `TLSv1.2 ${suite}`)
    const chosen = 'TLS_CHACHA20_POLY1305_SHA256'
    assert.equal(await handshake({}, { 'ssl.cipher.suites': chosen }), `TLSv1.3 ${chosen}`)
    const other = { 'ssl.cipher.suites': 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384' }
    await assert.rejects(handshake({ ...old, 'ssl.cipher.suites': suite }, other))
    await assert.rejects(handshake(old, { 'ssl.enabled.protocols': 'TLSv1.3' }))
  })

  it('know Java’s names of suites', () => {
    const suites = {
      TLS_AES_256_GCM_SHA384: 'TLS_AES_256_GCM_SHA384',
      TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
      TLS_DHE_RSA_WITH_AES_256_CBC_SHA256: 'DHE-RSA-AES256-SHA256',
      TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA'
    }
    const { ciphers } = read({ 'ssl.cipher.suites': Object.keys(suites).join(', ') })
    assert.equal(ciphers, Object.values(suites).join(':'))
  })

  it('are refused by name when they ask for what there is not', () => {
    const bad: [Settings, RegExp][] = [
      [
        { 'ssl.cipher.suites': 'TLS_RSA_WITH_RC4_128_SHA' },
        /TLS_RSA_WITH_RC4_128_SHA .*cipher\.suites/
      ],
      [{ 'ssl.protocol': 'TLSv9' }, /Invalid value TLSv9 for configuration x\.ssl\.protocol/],
      [{ 'ssl.enabled.protocols': 'SSLv3' }, /SSLv3 for configuration x\.ssl\.enabled\.protocols/],
      [
        { 'ssl.protocol': 'TLSv1.2', 'ssl.enabled.protocols': 'TLSv1.3' },
        /older than every version of x\.ssl\.enabled\.protocols/
      ],
      [
        { 'ssl.keystore.type': 'BCFKS', 'ssl.keystore.location': '/x' },
        /BCFKS for configuration x\.ssl\.keystore\.type: supported are JKS, PKCS12, PEM/
      ],
      [
        { 'ssl.truststore.location': '/nowhere' },
        /x\.ssl\.truststore\.location \(\/nowhere\) cannot be read/
      ],
      [{ 'ssl.truststore.certificates': 'x' }, /x\.ssl\.truststore\.certificates holds no/],
      [
        { 'ssl.keystore.location': keys.path('own.p12'), 'ssl.keystore.password': 'wrong' },
        /own\.p12\) is a PKCS12 store that cannot be opened: its password is wrong/
      ]
    ]
    for (const [settings, message] of bad) {
      assert.throws(() => read(settings, 'x.'), { code: 'CONFIG_INVALID', message })
    }
  })

  it('check the host name unless told not to, and trust what Node.js trusts', () => {
    assert.deepEqual(javaClientTls(parsed({})), {})
    const unchecked = parsed({ 'ssl.endpoint.identification.algorithm': '' })
    assert.equal(javaClientTls(unchecked).checkServerIdentity?.(), undefined)
    assert.ok('checkServerIdentity' in javaClientTls(unchecked))
  })
})
