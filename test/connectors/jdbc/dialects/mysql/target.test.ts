import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Connection } from '../../../../../src/connectors/jdbc/database/database.ts'
import { mysqlDialect } from '../../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import {
  type MysqlTarget,
  mysqlTarget
} from '../../../../../src/connectors/jdbc/dialects/mysql/target.ts'
import { ConfigError } from '../../../../../src/errors.ts'
import { askingMysql } from '../../../../support/asking-mysql.ts'
import { mysqlUrl } from '../../../../support/environment.ts'
import { type KeyFolder, keyFolder } from '../../../../support/key-files.ts'
import { type DialectTarget, openOptions, rowsOf } from '../../../../support/open-dialect.ts'
import { type SilentServer, silentServer } from '../../../../support/silent-server.ts'

const settings = (url: string, target: Omit<DialectTarget, 'url'> = {}): MysqlTarget =>
  mysqlTarget(openOptions(mysqlDialect, { url: `jdbc:${url}`, ...target }))
const hostsOf = (url: string): string =>
  settings(url)
    .hosts.map(
      ({ host, port, socketPath, user }) =>
        `${user === null ? '' : `${user}@`}${socketPath ?? `${host}:${port}`}`
    )
    .join(' ')

void describe('An address of MySQL or MariaDB', () => {
  // Each as Connector/J 26.10 and MariaDB Connector/J 4.0 take it apart.
  const understood: [url: string, hosts: string, database: string][] = [
    ['mysql://h:1/d', 'h:1', 'd'],
    ['mysql:///d', 'localhost:3306', 'd'],
    ['mysql://h', 'h:3306', ''],
    ['mysql://h:/d', 'h:3306', 'd'],
    ['mysql://[::1]:4/d', '::1:4', 'd'],
    ['mysql://h/d+e%20f', 'h:3306', 'd e f'],
    ['mysql://h/d#fragment', 'h:3306', 'd'],
    ['mysql://h/d/e', 'h:3306', 'd/e'],
    ['mysql://h1, h2 :5/d', 'h1:3306 h2:5', 'd'],
    ['mysql://a%40b:p@h/d', 'a@b@h:3306', 'd'],
    ['mysql://h/d?host=k&port=9', 'h:9', 'd'],
    ['mysql://address=(host=h)(port=3)(user=x)(password=y)/d', 'x@h:3', 'd'],
    ['mysql://(host=h,port=3,user=x)/d', 'x@h:3', 'd'],
    ['mysql://x:y@[(host=h,port=3),address=(host=k)(port=4)]/d', 'x@h:3 x@k:4', 'd'],
    ['mysql:replication://h1,h2/d', 'h1:3306', 'd'],
    ['mysql:replication://h1,h2/d?allowSourceDownConnections=true', 'h1:3306 h2:3306', 'd'],
    ['mysql:replication://(host=a,type=replica),(host=b,type=source)/d', 'b:3306', 'd'],
    ['mysql:loadbalance://h1/d', 'h1:3306', 'd'],
    ['mariadb://h:1/d', 'h:1', 'd'],
    ['mariadb://h/d+e%20f', 'h:3306', 'd+e%20f'],
    ['mariadb:sequential://h1,h2/d', 'h1:3306 h2:3306', 'd'],
    ['mariadb:sequential:loadbalance://h1,h2/d', 'h1:3306 h2:3306', 'd'],
    ['mariadb:replication://h1,h2/d', 'h1:3306', 'd'],
    ['mariadb:load-balance-read://h1,address=(host=h2)(type=replica)/d', 'h1:3306', 'd'],
    ['mariadb:failover://h1/d', 'h1:3306', 'd'],
    ['mariadb://address=(host=h)(port=3)(type=replica),address=(host=k)/d', 'h:3 k:3306', 'd'],
    ['mariadb://address=(localSocket=/tmp/x)/d', '/tmp/x', 'd'],
    ['mariadb://h/d?localSocket=/x', '/x', 'd']
  ]
  for (const [url, hosts, database] of understood) {
    void it(`jdbc:${url} is ${hosts}`, () => {
      assert.equal(hostsOf(url), hosts)
      assert.equal(settings(url).database, database)
    })
  }

  const refused: [url: string, why: RegExp][] = [
    ['mysql:d', /two slashes stand before the host/],
    ['mysql:foo://h/d', /none of loadbalance, replication/],
    ['mysql:sequential://h/d', /none of loadbalance, replication/],
    ['mysql+srv://h/d', /DNS SRV records are not looked up/],
    ['mysql://h/d?dnsSrv=true', /DNS SRV records/],
    ['mysql://h:99999/d', /port 99999 does not exist/],
    ['mysql://h/d?a=%zz', /percent sign/],
    ['mysql://(protocol=pipe,path=x)/d', /of an address only host, port/],
    ['mysql://address=(host=h)(connectTimeout=9)/d', /stand behind the question mark/],
    ['mysql://h/d?sslMode=nonsense', /sslMode is none of DISABLED, PREFERRED/],
    ['mysql://h/d?connectTimeout=soon', /no whole number/],
    ['mysql://h/d?zeroDateTimeBehavior=nonsense', /zeroDateTimeBehavior is none of/],
    ['mysql://h/d?sessionVariables=a', /no list of name=value/],
    ['mysql://h/d?sessionVariables=@@global.a=1', /no list of name=value/],
    ['mysql://h/d?useSSL=perhaps', /useSSL is true or false/],
    ['mariadb:aurora://h/d', /none of sequential/],
    ['mariadb://a:b@h/d', /behind the question mark/],
    ['mariadb://::1/d', /an IPv6 address stands in brackets/],
    ['mariadb://(host=h,port=3)/d', /address=\(host=…\)/],
    ['mariadb://h/d?initSql=DELETE FROM t', /initSql may only hold one SET/],
    ['mariadb://h/d?initSql=SET GLOBAL x=1', /initSql may only hold one SET/]
  ]
  for (const [url, why] of refused) {
    void it(`jdbc:${url} is refused`, () => {
      assert.throws(
        () => settings(url),
        (error: Error) => error instanceof ConfigError && why.test(error.message)
      )
    })
  }

  void it('is read as its driver reads it: who wins, and what a plus is', () => {
    const login = ({ user, password, hosts }: MysqlTarget) => [
      hosts[0]?.user ?? user,
      hosts[0]?.password ?? password
    ]
    const over = { user: 'U', password: 'P' }
    assert.deepEqual(login(settings('mysql://h/d?user=u&password=p')), ['u', 'p'])
    assert.deepEqual(login(settings('mysql://h/d?user=u&password=p', over)), ['U', 'P'])
    assert.deepEqual(login(settings('mysql://a:b@h/d?user=u', over)), ['a', 'b'])
    assert.deepEqual(login(settings('mysql://h/d?USER=a+b&password=p%2B+q')), ['a b', 'p+ q'])
    assert.deepEqual(login(settings('mariadb://h/d?user=a+b&password=p%2B+q', over)), [
      'a+b',
      'p%2B+q'
    ])
    assert.equal(
      settings('mysql://h/d?connectTimeout=5', { properties: { connectTimeout: '6' } })
        .connectLimitMs,
      6
    )
    assert.equal(
      settings('mariadb://h/d?connectTimeout=5', { properties: { connectTimeout: '6' } })
        .connectLimitMs,
      5
    )
  })

  void it('says how to encrypt in the words of today and of yesterday', () => {
    const mode = (url: string): unknown => {
      const { ssl, sslOptional } = settings(url)
      if (ssl === undefined) return 'off'
      return sslOptional
        ? 'preferred'
        : ssl.rejectUnauthorized
          ? ssl.verifyIdentity
            ? 'identity'
            : 'ca'
          : 'required'
    }
    const cases: [url: string, mode: string][] = [
      ['mysql://h/d', 'preferred'],
      ['mysql://h/d?useSSL=true', 'preferred'],
      ['mysql://h/d?useSSL=no', 'off'],
      ['mysql://h/d?useSSL=true&requireSSL=true', 'required'],
      ['mysql://h/d?verifyServerCertificate=true', 'ca'],
      ['mysql://h/d?sslMode=verify_identity&useSSL=false', 'identity'],
      ['mariadb://h/d', 'preferred'],
      ['mariadb://h/d?useSsl', 'identity'],
      ['mariadb://h/d?useSSL=true&trustServerCertificate=true', 'required'],
      ['mariadb://h/d?useSsl=true&disableSslHostnameVerification', 'ca'],
      ['mariadb://h/d?sslMode=trust', 'required'],
      ['mariadb://h/d?sslMode=verify-full', 'identity']
    ]
    for (const [url, expected] of cases) assert.equal(mode(url), expected, url)
  })

  void it('knows every spelling of zeroDateTimeBehavior', () => {
    for (const word of ['convertToNull', 'CONVERTTONULL', 'CONVERT_TO_NULL', 'convert_to_null']) {
      assert.equal(
        settings(`mysql://h/d?zeroDateTimeBehavior=${word}`).zeroDatesAreNull,
        true,
        word
      )
    }
    for (const word of ['exception', 'ROUND']) {
      assert.equal(
        settings(`mysql://h/d?zeroDateTimeBehavior=${word}`).zeroDatesAreNull,
        false,
        word
      )
    }
  })

  void it('sets variables of the session as the driver does', () => {
    const session = (url: string): string[] => settings(url).session.slice(2)
    assert.deepEqual(
      session(
        "mysql://h/d?sessionVariables=sql_mode='ANSI,TRADITIONAL';@x=(SELECT 1,2),@@session.a=b"
      ),
      [
        "SET SESSION sql_mode = 'ANSI,TRADITIONAL'",
        'SET @x = (SELECT 1,2)',
        'SET SESSION a = b',
        'SET SESSION TRANSACTION READ ONLY'
      ]
    )
    const zone = 'SET SESSION time_zone ='
    assert.equal(session('mysql://h/d?serverTimezone=Asia/Tokyo')[0], undefined)
    assert.equal(
      session('mysql://h/d?connectionTimeZone=%2B05:00&forceConnectionTimeZoneToSession=true')[0],
      `${zone} '+05:00'`
    )
    assert.equal(session('mariadb://h/d?timezone=+05:00')[0], `${zone} '+05:00'`)
    assert.equal(session('mariadb://h/d?connectionTimeZone=UTC')[0], undefined)
    assert.equal(
      session('mariadb://h/d?transactionIsolation=READ-COMMITTED')[0],
      'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'
    )
  })
})

void describe('A session with MySQL or MariaDB', () => {
  const { hostname, port, username, password } = new URL(mysqlUrl())
  const here = `${hostname}:${port}`
  const closing: (() => Promise<unknown>)[] = []
  let silent: SilentServer
  let keys: KeyFolder
  const open = async (url: string, timeoutMs = 5000): Promise<Connection> => {
    const connection = await mysqlDialect.open(
      openOptions(mysqlDialect, { url: `jdbc:${url}`, user: username, password }, { timeoutMs })
    )
    closing.push(() => connection.close())
    return connection
  }

  before(async () => {
    silent = await silentServer()
    keys = keyFolder()
  })
  after(async () => {
    for (const close of closing) await close()
    await silent.close()
    keys.remove()
  })

  void it('I8: is opened on the next host when one does not answer, within the limit', async () => {
    const hole = `127.0.0.1:${silent.port}`
    for (const url of [
      `mysql://${hole},${here}/`,
      `mariadb:sequential://${hole},${here}/`,
      `mysql:loadbalance://${hole},${here}/`,
      `mysql://address=(host=${hostname})(port=${port})/`
    ]) {
      await open(url, 2000)
    }
    await open(`mysql://${hole},${hole},${here}/?connectTimeout=300`, 60_000)
    await assert.rejects(
      open(`mysql:replication://${hole},${here}/?connectTimeout=300`, 60_000),
      /Could not connect to MySQL at 127/
    )
    await assert.rejects(open(`mysql://${hole},127.0.0.1:1/`, 500), (error: Error) =>
      /at 127\.0\.0\.1:\d+: .*; Could not connect to MySQL at 127\.0\.0\.1:1: .*ECONNREFUSED/.test(
        error.message
      )
    )
  })

  void it('has the settings asked for, compressed or not', async () => {
    const connection = await open(
      `mariadb://${here}/?useCompression=true&sessionVariables=sql_mode='ANSI',@x=5&initSql=SET @y = 6&timezone=+05:00`
    )
    assert.deepEqual(await rowsOf(connection, 'SELECT @x, @y, @@time_zone, @@tx_read_only'), [
      ['5', '6', '+05:00', '1']
    ])
  })

  const FULL_AUTHENTICATION = Buffer.from([1, 4])
  const asked = async (
    plugin: string,
    parameters: string,
    then = FULL_AUTHENTICATION
  ): Promise<{ error: string; packets: Buffer[] }> => {
    const server = await askingMysql(plugin, then)
    try {
      const url = `mysql://127.0.0.1:${server.port}/?user=u&password=Hush-Hush-1&${parameters}`
      const options = openOptions(mysqlDialect, { url: `jdbc:${url}` }, { timeoutMs: 700 })
      const error = await mysqlDialect.open(options).then(
        () => 'was opened',
        (reason: Error) => reason.message
      )
      return { error, packets: server.received.flat() }
    } finally {
      await server.close()
    }
  }

  void it('I7: asks no server that has not proved itself for the key to encrypt the password with', async () => {
    for (const [plugin, request] of [
      ['caching_sha2_password', 2],
      ['sha256_password', 1]
    ] as const) {
      for (const parameters of ['', 'allowPublicKeyRetrieval=false', 'sslMode=DISABLED']) {
        const { error, packets } = await asked(plugin, parameters)
        assert.match(error, /Public Key Retrieval is not allowed/, plugin)
        assert.ok(!packets.some((bytes) => bytes.length === 5 && bytes[4] === request))
      }
      const { error, packets } = await asked(plugin, 'allowPublicKeyRetrieval=true')
      assert.doesNotMatch(error, /Public Key Retrieval/)
      assert.ok(
        packets.some((bytes) => bytes.length === 5 && bytes[4] === request),
        plugin
      )
    }
    const { error } = await asked('caching_sha2_password', 'sslMode=REQUIRED')
    assert.match(error, /does not support secure connection/)
  })

  void it('encrypts the password with a key that is named', async () => {
    keys.openssl('rsa', '-in', 'ca.key', '-pubout', '-out', 'public.pem')
    const { packets } = await asked(
      'caching_sha2_password',
      `serverRSAPublicKeyFile=${keys.path('public.pem')}`
    )
    // A 2048-bit ciphertext behind the head of a packet.
    assert.equal(packets.at(-1)?.length, 260)
    const { error } = await asked(
      'caching_sha2_password',
      `serverRSAPublicKeyFile=${keys.path('absent')}`
    )
    assert.match(error, /serverRSAPublicKeyFile: the file .*absent holds no public key/)
  })

  void it('I7: gives the password in clear over TLS only, and in no way that is switched off', async () => {
    const clear = await asked('mysql_clear_password', 'allowPublicKeyRetrieval=true')
    assert.match(clear.error, /over TLS only/)
    assert.ok(!Buffer.concat(clear.packets).includes('Hush'))
    const off = await asked(
      'caching_sha2_password',
      'allowPublicKeyRetrieval=true&disabledAuthenticationPlugins=caching_sha2_password'
    )
    assert.match(off.error, /caching_sha2_password, which the driver properties do not allow/)
  })

  void it('names a way of proving oneself that is not spoken', async () => {
    const { error } = await asked('client_ed25519', '')
    assert.match(error, /the authentication client_ed25519, which is not spoken here; caching_sha2/)
  })

  void it('says whether a password was given when it is refused', async () => {
    const wrong = openOptions(mysqlDialect, {
      url: `jdbc:mysql://${here},127.0.0.1:1/`,
      user: 'nobody',
      password: 'wrong-password'
    })
    await assert.rejects(mysqlDialect.open(wrong), (error: Error) =>
      /Access denied for user 'nobody'@'\S+' \(using password: YES\)$/.test(error.message)
    )
  })
})
