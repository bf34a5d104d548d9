import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { oracleDialect } from '../../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { oracleTarget } from '../../../../../src/connectors/jdbc/dialects/oracle/target.ts'
import { ConfigError } from '../../../../../src/errors.ts'
import { type KeyFolder, KEY_PASSWORD, keyFolder } from '../../../../support/key-files.ts'
import { openOptions } from '../../../../support/open-dialect.ts'
import { type OracleServer, startOracleServer } from '../../../../support/oracle/oracle-server.ts'
import { type SilentServer, silentServer } from '../../../../support/silent-server.ts'

void describe('An address of Oracle', () => {
  let server: OracleServer
  let silent: SilentServer
  let keys: KeyFolder
  const folder = mkdtempSync(join(tmpdir(), 'tns-'))
  const target = (address: string, properties: Record<string, string> = {}) =>
    oracleTarget(openOptions(oracleDialect, { url: `jdbc:oracle:thin:@${address}`, properties }))
  const open = async (
    address: string,
    properties: Record<string, string> = {},
    timeoutMs = 6000
  ): Promise<void> => {
    const url = `jdbc:oracle:thin:@${address}`
    const { user, password } = server
    const connection = await oracleDialect.open(
      openOptions(oracleDialect, { url, user, password, properties }, { timeoutMs })
    )
    await connection.close()
  }
  const at = (port: number): string => `(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${port}))`
  const descriptor = (...ports: number[]): string =>
    `(DESCRIPTION=(ADDRESS_LIST=${ports.map(at).join('')})(CONNECT_DATA=(SERVICE_NAME=${server.service})))`

  before(async () => {
    server = await startOracleServer()
    silent = await silentServer()
    keys = keyFolder()
    keys.issue('app')
  })
  after(async () => {
    await server.stop()
    await silent.close()
    keys.remove()
    rmSync(folder, { recursive: true })
  })

  void it('I8: of several each gets its share of the limit, in every form of the list', async () => {
    await open(descriptor(silent.port, server.port))
    await open(descriptor(1, silent.port, server.port))
    writeFileSync(
      join(folder, 'tnsnames.ora'),
      `# shop = nothing\nother = ${descriptor(1)}\nFIRST, shop =\n  ${descriptor(silent.port, server.port)}\nlast = ${descriptor(1)}\n`
    )
    await open('shop', { 'oracle.net.tns_admin': folder })
    // The list of Easy Connect has one port for all its hosts.
    assert.equal(target('//a,b,c:1521/s').addressLimitMs, 5000 / 3)
    assert.equal(target('shop', { 'oracle.net.tns_admin': folder }).addressLimitMs, 2500)
    assert.equal(target('last', { 'oracle.net.tns_admin': folder }).addressLimitMs, 5000)
    await assert.rejects(
      open(descriptor(silent.port), { 'oracle.net.CONNECT_TIMEOUT': '1000' }),
      /no answer in 1000 ms|NJS-510/
    )
  })

  void it('finds tnsnames.ora by TNS_ADMIN, as ojdbc does, and takes no other variable', async () => {
    writeFileSync(join(folder, 'tnsnames.ora'), `shop = ${descriptor(server.port)}\n`)
    Object.assign(process.env, { TNS_ADMIN: folder, ORA_EDITION: 'nothing', ORA_SDTZ: 'nonsense' })
    try {
      await open('shop')
      assert.equal(process.env['ORA_SDTZ'], undefined)
      await assert.rejects(open('shop?TNS_ADMIN=/nowhere'), /tnsnames\.ora/)
    } finally {
      for (const name of ['TNS_ADMIN', 'ORA_EDITION', 'ORA_SDTZ']) delete process.env[name]
    }
  })

  void it('takes a key from a wallet or a store of Java', () => {
    const { path } = keys
    keys.openssl(
      'pkcs12',
      '-export',
      '-in',
      'app.pem',
      '-inkey',
      'app.key',
      '-certfile',
      'ca.pem',
      '-out',
      'ewallet.p12',
      '-passout',
      `pass:${KEY_PASSWORD}`
    )
    const password = { 'oracle.net.wallet_password': KEY_PASSWORD }
    const ofWallet = target(`tcps://h/s?wallet_location=${path('.')}`, password).wallet
    assert.match(ofWallet.content ?? '', /PRIVATE KEY[\s\S]*CERTIFICATE/)
    assert.throws(() => target(`tcps://h/s?wallet_location=${path('.')}`), /no password is given/)
    keys.keytool(
      '-importkeystore',
      '-noprompt',
      '-srckeystore',
      'ewallet.p12',
      '-srcstoretype',
      'PKCS12',
      '-srcstorepass',
      KEY_PASSWORD,
      '-deststoretype',
      'JKS',
      '-destkeystore',
      'app.jks',
      '-deststorepass',
      KEY_PASSWORD
    )
    const stores = {
      'javax.net.ssl.keyStore': path('app.jks'),
      'javax.net.ssl.keyStorePassword': KEY_PASSWORD,
      'javax.net.ssl.trustStore': path('ca.pem')
    }
    assert.equal(
      target('tcps://h/s', stores).wallet.content?.match(/BEGIN CERTIFICATE/g)?.length,
      3
    )
    assert.throws(
      () => target('tcps://h/s', { 'javax.net.ssl.trustStore': path('ca.pem') }),
      (error: Error) =>
        error instanceof ConfigError &&
        /refused without javax\.net\.ssl\.keyStore/.test(error.message)
    )
  })

  void it('is refused in forms that would have to be guessed', () => {
    const cases: [address: string, why: RegExp][] = [
      ['h:1:s?retry_count=3', /retry_count belongs to an address of the form/],
      ['SHOP?connect_timeout=3', /connect_timeout belongs to an address/],
      ['config-https://x/y', /addresses by config-https/],
      ['ldap://x/y', /LDAP directory/]
    ]
    for (const [address, why] of cases) assert.throws(() => target(address), why)
    assert.equal(target('//host').connectString, 'host:1521')
  })
})
