import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { promisify } from 'node:util'
import type { Connection } from '../../../../../src/connectors/jdbc/database/database.ts'
import { oracleDialect } from '../../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { isRetriable, messageOf } from '../../../../../src/errors.ts'
import { openOptions, rowsOf } from '../../../../support/open-dialect.ts'
import { type OracleServer, startOracleServer } from '../../../../support/oracle/oracle-server.ts'

/** A port nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A certificate for localhost and its key, together in the file that a wallet is for the driver. */
async function makeWallet(folder: string, name: string): Promise<string> {
  const wallet = join(folder, name)
  await mkdir(wallet)
  const [key, certificate] = ['key.pem', 'cert.pem'].map((file) => join(wallet, file)) as [
    string,
    string
  ]
  await promisify(execFile)('openssl', [
    ...'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost'.split(' '),
    '-addext',
    'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout',
    key,
    '-out',
    certificate
  ])
  const parts = await Promise.all([readFile(certificate), readFile(key)])
  await writeFile(join(wallet, 'ewallet.pem'), Buffer.concat(parts))
  return wallet
}

describe('a connection of the source to Oracle', () => {
  let server: OracleServer
  let folder: string
  before(async () => {
    server = await startOracleServer({ password: 'App_P@ss/1' })
    folder = await mkdtemp(join(tmpdir(), 'tns-'))
    await writeFile(
      join(folder, 'tnsnames.ora'),
      `ORDERS =\n  (DESCRIPTION =\n    (ADDRESS = (PROTOCOL = TCP)(HOST = 127.0.0.1)(PORT = ${server.port}))\n    (CONNECT_DATA = (SERVICE_NAME = ${server.service})))\n`
    )
  })
  after(async () => {
    await server.stop()
    await rm(folder, { recursive: true })
  })

  const open = (
    address: string,
    properties: Record<string, string> = {},
    credentials: { user?: string; password?: string } = {
      user: server.user,
      password: server.password
    }
  ): Promise<Connection> =>
    oracleDialect.open(
      openOptions(oracleDialect, { url: `jdbc:oracle:thin:${address}`, properties, ...credentials })
    )

  const works = async (connection: Connection): Promise<void> => {
    try {
      assert.deepEqual(await rowsOf(connection, "SELECT 'here' FROM DUAL"), [['here']])
    } finally {
      await connection.close()
    }
  }

  it('takes every form of an address, a failover list whose first address is closed among them', async () => {
    const { port, service, sid } = server
    const closed = await closedPort()
    const list = [closed, port].map(
      (one) => `(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${one}))`
    )
    for (const address of [
      `@127.0.0.1:${port}:${sid}`,
      `@//127.0.0.1:${port}/${service}`,
      `@127.0.0.1:${port}/${service}`,
      `@tcp://127.0.0.1:${port}/${service}`,
      `@(DESCRIPTION=(FAILOVER=ON)(ADDRESS_LIST=${list.join('')})(CONNECT_DATA=(SERVICE_NAME=${service})))`,
      `@ORDERS?TNS_ADMIN=${folder}`
    ]) {
      await works(await open(address))
    }
    await works(await open('@orders', { 'oracle.net.tns_admin': folder }))
  })

  it('takes an alias from the folder that the environment names', async () => {
    const before = process.env['TNS_ADMIN']
    process.env['TNS_ADMIN'] = folder
    try {
      await works(await open('@ORDERS'))
    } finally {
      if (before === undefined) delete process.env['TNS_ADMIN']
      else process.env['TNS_ADMIN'] = before
    }
  })

  it('goes over TLS with a wallet, named in any of the places JDBC has for it', async (t) => {
    const [wallet, other] = [await makeWallet(folder, 'wallet'), await makeWallet(folder, 'other')]
    const pem = await readFile(join(wallet, 'ewallet.pem'))
    // In front of the server: what it decrypts goes on as it is. The client has to show a certificate, too.
    const front = createTlsServer({ key: pem, cert: pem, ca: pem, requestCert: true }, (socket) => {
      const behind = connect(server.port, '127.0.0.1')
      socket.pipe(behind).pipe(socket)
      for (const end of [socket, behind]) end.on('error', () => end.destroy())
    })
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
    t.after(() => new Promise((resolve) => front.close(resolve)))
    const { port } = front.address() as AddressInfo
    const address = `tcps://localhost:${port}/${server.service}`
    const descriptor = `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=localhost)(PORT=${port}))(CONNECT_DATA=(SERVICE_NAME=${server.service}))(SECURITY=(MY_WALLET_DIRECTORY=${wallet})))`
    const source = `(SOURCE=(METHOD=file)(METHOD_DATA=(DIRECTORY=${wallet})))`
    await works(await open(`@${address}`, { 'oracle.net.wallet_location': wallet }))
    await works(await open(`@${address}`, { 'oracle.net.wallet_location': source }))
    await works(await open(`@${address}?wallet_location=${wallet}`))
    await works(await open(`@${descriptor}`))
    await works(
      await open(`@${address}`, {
        'oracle.net.wallet_location': wallet,
        'oracle.net.ssl_server_cert_dn': 'CN=localhost'
      })
    )
    // Not the certificate of the server, no wallet at all, another name than the certificate's.
    for (const properties of [
      { 'oracle.net.wallet_location': other },
      {},
      { 'oracle.net.wallet_location': wallet, 'oracle.net.ssl_server_cert_dn': 'CN=elsewhere' }
    ]) {
      await assert.rejects(open(`@${address}`, properties), /Could not connect to Oracle: .*NJS-/)
    }
  })

  it('has the system probe a silent connection, so that a lost one is noticed', async () => {
    const probes: unknown[] = []
    const original = Socket.prototype.setKeepAlive
    const note = function note(this: Socket, enable?: boolean, delay?: number) {
      probes.push([enable, delay])
      return original.call(this, enable, delay)
    }
    Socket.prototype.setKeepAlive = note as typeof original
    try {
      await works(await open(`@//127.0.0.1:${server.port}/${server.service}`))
    } finally {
      Socket.prototype.setKeepAlive = original
    }
    assert.deepEqual(probes, [[true, 60_000]])
  })

  it('takes user and password from the URL, an @ in quotes too', async () => {
    const { port, service, user, password } = server
    await works(await open(`${user}/"${password}"@//127.0.0.1:${port}/${service}`, {}, {}))
  })

  it('I7: shows no password when it is refused', async () => {
    const address = `app/"wr@ng"@//127.0.0.1:${server.port}/${server.service}`
    await assert.rejects(open(address, {}, {}), (error) => {
      assert.match(messageOf(error), /ORA-01017/)
      assert.doesNotMatch(messageOf(error), /wr@ng|ng"/)
      return true
    })
  })

  it('names an alias that no tnsnames.ora knows', async () => {
    await assert.rejects(open(`@NOBODY?TNS_ADMIN=${folder}`), /NOBODY/)
  })

  it('is seen in V$SESSION by module and action', async () => {
    const standard = await open(`@//127.0.0.1:${server.port}/${server.service}`)
    const named = await open(`@//127.0.0.1:${server.port}/${server.service}`, {
      'v$session.program': 'orders-copy'
    })
    // The driver sends module and action along with the next call.
    await rowsOf(named, 'SELECT 1 FROM DUAL')
    await rowsOf(standard, 'SELECT 1 FROM DUAL')
    const seen = await server.control.execute(
      'SELECT module, action FROM v$session WHERE module IS NOT NULL ORDER BY module'
    )
    await standard.close()
    await named.close()
    assert.deepEqual(seen, [
      ['kafka-connect-node', 'source'],
      ['orders-copy', 'source']
    ])
  })

  it('I8: waits for an answer no longer than oracle.jdbc.ReadTimeout', async () => {
    const connection = await open(`@//127.0.0.1:${server.port}/${server.service}`, {
      'oracle.jdbc.ReadTimeout': '300'
    })
    server.control.delayNext(20_000, { sql: /never_mind/ })
    const asked = performance.now()
    await assert.rejects(rowsOf(connection, 'SELECT 1 AS never_mind FROM DUAL'), (error) => {
      assert.match(messageOf(error), /NJS-123/)
      return isRetriable(error)
    })
    assert.ok(performance.now() - asked < 5000)
    server.control.clearFaults()
    await connection.close()
  })

  it('reads in transactions that can only read, and leaves none open', async () => {
    server.control.clearStatements()
    const connection = await open(`@//127.0.0.1:${server.port}/${server.service}`)
    await works(connection)
    const statements = server.control.statements.map(({ sql }) => sql)
    const query = statements.findIndex((sql) => sql.includes("'here'"))
    assert.match(statements[query - 1] ?? '', /^SET TRANSACTION READ ONLY/)
    assert.ok(server.control.sessions.every(({ inTransaction }) => !inTransaction))
  })
})
