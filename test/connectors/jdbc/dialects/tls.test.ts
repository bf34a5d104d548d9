import assert from 'node:assert/strict'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import type { Database } from '../../../../scripts/databases.ts'
import { mysqlDialect } from '../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import { postgresDialect } from '../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import { ConfigError } from '../../../../src/errors.ts'
import { KEY_PASSWORD, type KeyFolder, keyFolder } from '../../../support/key-files.ts'
import { openOptions, rowsOf } from '../../../support/open-dialect.ts'
import { startTlsMariaDb, startTlsPostgres } from '../../../support/tls-databases.ts'

void describe('TLS to a database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  // The accounts of the servers go through it.
  chmodSync(folder, 0o755)
  let keys: KeyFolder
  const file = (name: string): string => keys.path(name)

  before(() => {
    keys = keyFolder()
    // The certificate has the name localhost only: at 127.0.0.1 it is another's.
    keys.issue('server', { san: 'DNS:localhost', cn: 'localhost' })
    keys.issue('certified')
    keys.openssl(
      'pkcs8',
      '-topk8',
      '-nocrypt',
      '-in',
      'certified.key',
      '-outform',
      'DER',
      '-out',
      'certified.pk8'
    )
    keys.openssl(
      'pkcs8',
      '-topk8',
      '-in',
      'certified.key',
      '-outform',
      'DER',
      '-out',
      'locked.pk8',
      '-passout',
      `pass:${KEY_PASSWORD}`
    )
    keys.openssl(
      'pkcs8',
      '-topk8',
      '-in',
      'certified.key',
      '-out',
      'locked.pem',
      '-passout',
      `pass:${KEY_PASSWORD}`
    )
    keys.pkcs12('certified')
    keys.copyStore('certified.p12', 'certified.jks', 'JKS')
    keys.copyStore('certified.p12', 'java.p12', 'PKCS12')
    keys.trustStore('trust.jks', 'JKS')
    keys.openssl('x509', '-in', 'certified.pem', '-outform', 'DER', '-out', 'certified.der')
  })
  after(() => {
    keys.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  void describe('of PostgreSQL', () => {
    let server: Database
    const encrypted = async (
      parameters: string,
      { host = '127.0.0.1', user = 'postgres' } = {}
    ): Promise<unknown> => {
      const url = `jdbc:postgresql://${host}:${new URL(server.url).port}/postgres?${parameters}`
      const connection = await postgresDialect.open(
        openOptions(postgresDialect, { url, user, password: 'postgres' })
      )
      try {
        return (
          await rowsOf(connection, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
        )[0]?.[0]
      } finally {
        await connection.close()
      }
    }
    const local = { host: 'localhost' }

    before(async () => {
      server = await startTlsPostgres(join(folder, 'postgres'), keys, {
        hba: [
          'hostssl all certified 127.0.0.1/32 scram-sha-256 clientcert=verify-full',
          'hostnossl all certified 127.0.0.1/32 reject',
          'hostssl all onlytls 127.0.0.1/32 scram-sha-256',
          'hostnossl all onlytls 127.0.0.1/32 reject',
          'hostssl all onlyplain 127.0.0.1/32 reject'
        ]
      })
      const client = new pg.Client(server.url)
      await client.connect()
      for (const user of ['certified', 'onlytls', 'onlyplain'])
        await client.query(`CREATE ROLE ${user} LOGIN PASSWORD 'postgres'`)
      await client.end()
    })
    after(() => server.stop())

    void it('is used as sslmode says, and instead where the server asks for it', async () => {
      const cases: [parameters: string, user: string, ssl: string][] = [
        ['sslmode=disable', 'postgres', 'f'],
        ['sslmode=allow', 'postgres', 'f'],
        ['sslmode=allow', 'onlytls', 't'],
        ['sslmode=prefer', 'postgres', 't'],
        ['sslmode=prefer', 'onlyplain', 'f'],
        ['sslmode=require', 'postgres', 't'],
        ['ssl=false', 'onlytls', 't'],
        ['sslmode=require&sslNegotiation=postgres&channelBinding=require', 'postgres', 't']
      ]
      for (const [parameters, user, ssl] of cases)
        assert.equal(await encrypted(parameters, { user }), ssl, parameters)
      await assert.rejects(encrypted('sslmode=disable', { user: 'onlytls' }), /no encryption/)
      await assert.rejects(
        encrypted('sslmode=require', { user: 'onlyplain' }),
        /pg_hba\.conf rejects/
      )
    })

    void it('looks at certificates as pgjdbc does', async () => {
      const ca = `sslrootcert=${file('ca.pem')}`
      assert.equal(await encrypted(`sslmode=verify-ca&${ca}`), 't')
      assert.equal(await encrypted(`sslmode=verify-full&${ca}`, local), 't')
      assert.equal(await encrypted(`ssl=true&${ca}`, local), 't')
      assert.equal(await encrypted(`ssl&${ca}`, local), 't')
      for (const mode of ['ssl=true', 'sslmode=verify-full']) {
        await assert.rejects(
          encrypted(`${mode}&${ca}`),
          /(certificate's altnames|does not match certificate).*sslmode=verify-ca leaves the name/i
        )
      }
      await assert.rejects(
        encrypted('sslmode=verify-ca'),
        /self-signed certificate.*sslrootcert names whom to trust, sslmode=require takes any/
      )
      await assert.rejects(
        encrypted(`sslmode=verify-ca&sslrootcert=${file('absent')}`),
        (error: Error) =>
          error instanceof ConfigError &&
          /^sslrootcert \(.*absent\) cannot be read: ENOENT/.test(error.message)
      )
    })

    void it('takes any certificate with NonValidatingFactory, but looks at the name where the mode says so', async () => {
      const any = 'sslfactory=org.postgresql.ssl.NonValidatingFactory'
      assert.equal(await encrypted(`sslmode=verify-ca&${any}`), 't')
      assert.equal(await encrypted(`ssl=true&${any}`, local), 't')
      assert.equal(await encrypted(`sslmode=require&${any}`), 't')
      await assert.rejects(encrypted(`ssl=true&${any}`), /does not match certificate/)
      await assert.rejects(
        encrypted('ssl=true&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory', local),
        /self-signed certificate/
      )
      const single = `sslfactory=org.postgresql.ssl.SingleCertValidatingFactory&sslfactoryarg=file:${file('ca.pem')}`
      assert.equal(await encrypted(`ssl=true&${single}`, local), 't')
      await assert.rejects(
        encrypted('sslmode=require&sslfactory=com.example.Factory'),
        /sslmode=require takes any certificate/
      )
    })

    void it('proves who we are with a key in every form', async () => {
      const user = 'certified'
      const password = `sslpassword=${encodeURIComponent(KEY_PASSWORD)}`
      const cert = `sslcert=${file('certified.pem')}`
      const forms = [
        `sslkey=${file('certified.key')}&${cert}`,
        `sslkey=${file('certified.pk8')}&${cert}`,
        `sslkey=${file('certified.pk8')}&sslcert=${file('certified.der')}`,
        `sslkey=${file('locked.pk8')}&${cert}&${password}`,
        `sslkey=${file('locked.pem')}&${cert}&${password}`,
        `sslkey=${file('certified.p12')}&${password}`,
        `sslkey=${file('java.p12')}&${password}`,
        `sslkey=${file('certified.jks')}&${password}`
      ]
      for (const form of forms)
        assert.equal(await encrypted(`sslmode=require&${form}`, { user }), 't', form)
      await assert.rejects(encrypted('sslmode=require', { user }), /valid client certificate/)
      const refused: [parameters: string, why: RegExp][] = [
        [
          `sslkey=${file('locked.pk8')}&${cert}`,
          /sslkey \(.*locked\.pk8\) \(DER, encrypted\) cannot be read as a private key: no password is given/
        ],
        [
          `sslkey=${file('locked.pem')}&${cert}&sslpassword=wrong`,
          /\(PEM, encrypted\).*the password is wrong/
        ],
        [
          `sslkey=${file('certified.p12')}`,
          /PKCS12 store that cannot be opened: no password is given/
        ],
        [`sslkey=${file('ca.pem')}&${cert}`, /holds no PEM block PRIVATE KEY/],
        [cert, /sslcert is given, but no sslkey/]
      ]
      for (const [parameters, why] of refused) {
        await assert.rejects(encrypted(`sslmode=require&${parameters}`, { user }), why)
      }
    })

    void it("finds them in libpq's folder when nothing is said, as pgjdbc does", async () => {
      const home = join(folder, 'home')
      mkdirSync(join(home, '.postgresql'), { recursive: true })
      for (const [from, to] of [
        ['certified.pk8', 'postgresql.pk8'],
        ['certified.pem', 'postgresql.crt'],
        ['ca.pem', 'root.crt']
      ] as const) {
        cpSync(file(from), join(home, '.postgresql', to))
      }
      const before = process.env['HOME']
      process.env['HOME'] = home
      try {
        assert.equal(await encrypted('sslmode=verify-ca', { user: 'certified' }), 't')
      } finally {
        process.env['HOME'] = before
      }
    })
  })

  void describe('of MariaDB', () => {
    let server: Database
    const cipher = async (address: string, host = '127.0.0.1', user = 'dev'): Promise<string> => {
      const [protocol, parameters] = address.split('?')
      const url = `jdbc:${protocol}://${host}:${new URL(server.url).port}/?${parameters}`
      const connection = await mysqlDialect.open(
        openOptions(mysqlDialect, { url, user, password: 'dev' })
      )
      try {
        return String((await rowsOf(connection, "SHOW STATUS LIKE 'Ssl_cipher'"))[0]?.[1])
      } finally {
        await connection.close()
      }
    }

    before(async () => {
      server = await startTlsMariaDb(join(folder, 'mariadb'), keys)
      const { createConnection } = await import('mysql2/promise')
      const client = await createConnection(server.url)
      await client.query("CREATE USER certified@'%' IDENTIFIED BY 'dev' REQUIRE X509")
      await client.query("GRANT ALL ON *.* TO certified@'%'")
      await client.end()
    })
    after(() => server.stop())

    void it('is used as sslMode says, and trusts what it is told to', async () => {
      const password = `trustCertificateKeyStorePassword=${encodeURIComponent(KEY_PASSWORD)}`
      const trusting = `trustCertificateKeyStoreUrl=file:${file('trust.jks')}&${password}`
      for (const address of [
        'mysql?',
        'mysql?sslMode=REQUIRED',
        'mariadb?sslMode=trust',
        `mysql?sslMode=VERIFY_CA&${trusting}`,
        `mariadb?sslMode=verify-ca&serverSslCert=${file('ca.pem')}`
      ]) {
        assert.notEqual(await cipher(address), '', address)
      }
      assert.equal(await cipher('mysql?sslMode=DISABLED'), '')
      assert.equal(await cipher('mariadb?sslMode=disable'), '')
      assert.notEqual(await cipher(`mysql?sslMode=VERIFY_IDENTITY&${trusting}`, 'localhost'), '')
      await assert.rejects(
        cipher(`mysql?sslMode=VERIFY_IDENTITY&${trusting}`),
        /altnames|does not match/
      )
      await assert.rejects(
        cipher('mysql?sslMode=VERIFY_CA'),
        /self-signed certificate.*trustCertificateKeyStoreUrl .*sslMode=REQUIRED/
      )
      await assert.rejects(
        cipher(
          `mysql?sslMode=VERIFY_CA&trustCertificateKeyStoreUrl=file:${file('trust.jks')}&trustCertificateKeyStorePassword=wrong`
        ),
        /password is wrong/
      )
    })

    void it('is not needed on a local socket', async () => {
      const socket = join(folder, 'mariadb', 'socket')
      for (const url of [
        `address=(localSocket=${socket})/`,
        `127.0.0.1:1/?localSocket=${socket}`
      ]) {
        const connection = await mysqlDialect.open(
          openOptions(mysqlDialect, {
            url: `jdbc:mariadb://${url}`,
            user: 'dev',
            password: 'dev',
            properties: { sslMode: 'disable' }
          })
        )
        assert.deepEqual(await rowsOf(connection, 'SELECT 1'), [[1]])
        await connection.close()
      }
    })

    void it('proves who we are with a key in a store', async () => {
      const password = encodeURIComponent(KEY_PASSWORD)
      for (const store of ['certified.jks', 'java.p12', 'certified.p12']) {
        const url = `mysql?sslMode=REQUIRED&clientCertificateKeyStoreUrl=file://${file(store)}&clientCertificateKeyStorePassword=${password}`
        assert.notEqual(await cipher(url, '127.0.0.1', 'certified'), '', store)
      }
      await assert.rejects(
        cipher('mysql?sslMode=REQUIRED', '127.0.0.1', 'certified'),
        /Access denied/
      )
    })
  })
})
