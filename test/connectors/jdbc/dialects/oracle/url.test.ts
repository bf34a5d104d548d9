import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { OpenOptions } from '../../../../../src/connectors/jdbc/database/database.ts'
import { oracleDialect } from '../../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import {
  type OracleTarget,
  oracleTarget
} from '../../../../../src/connectors/jdbc/dialects/oracle/target.ts'
import { ConfigError } from '../../../../../src/errors.ts'
import { redact } from '../../../../../src/secrets/redact.ts'
import { openOptions } from '../../../../support/open-dialect.ts'
import { recordingLog } from '../../../../support/recording-log.ts'

const target = (
  address: string,
  properties: Record<string, string> = {},
  over: Partial<OpenOptions> = {}
): OracleTarget =>
  oracleTarget(openOptions(oracleDialect, { url: `jdbc:oracle:${address}`, properties }, over))
/** What is told of it. */
const told = (address: string, properties: Record<string, string> = {}): string => {
  const { log, lines } = recordingLog()
  target(address, properties, { log })
  return lines.join('')
}

const SID = (host: string, port: number, sid: string): string =>
  `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=${host})(PORT=${port}))(CONNECT_DATA=(SID=${sid})))`

void describe("A URL of Oracle's JDBC driver", () => {
  const forms: [url: string, connectString: string][] = [
    ['thin:@db.example:1521:ORCL', SID('db.example', 1521, 'ORCL')],
    ['thin:@[fe80::1]:1521:ORCL', SID('fe80::1', 1521, 'ORCL')],
    ['thin:@//db.example:1521/orders.example', 'db.example:1521/orders.example'],
    ['thin:@db.example:1521/orders', 'db.example:1521/orders'],
    ['thin:@//db.example/orders', 'db.example/orders'],
    ['thin:@//db.example:1521/orders:dedicated/inst1', 'db.example:1521/orders:dedicated/inst1'],
    [
      'thin:@tcps://db.example:2484/orders?retry_count=3',
      'tcps://db.example:2484/orders?retry_count=3'
    ],
    ['thin:@ORDERS', 'ORDERS'],
    ['thin:@ORDERS?TNS_ADMIN=/etc/oracle', 'ORDERS'],
    [
      'thin:@(DESCRIPTION=(ADDRESS=(HOST=a)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=s?x)))',
      '(DESCRIPTION=(ADDRESS=(HOST=a)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=s?x)))'
    ],
    ['oci:@ORDERS', 'ORDERS'],
    ['oci8:@db.example:1521:ORCL', SID('db.example', 1521, 'ORCL')]
  ]
  for (const [url, connectString] of forms) {
    void it(`${url} leads to ${connectString}`, () => {
      assert.equal(target(url).connectString, connectString)
    })
  }

  void it('names the folder of tnsnames.ora in the URL or in a property', () => {
    assert.equal(target('thin:@ORDERS?TNS_ADMIN=/etc/oracle').configDir, '/etc/oracle')
    assert.equal(target('thin:@ORDERS', { 'oracle.net.tns_admin': '/x' }).configDir, '/x')
  })

  void it('may carry user and password, which the keys of the connector override', () => {
    const inline = target('thin:scott/ti:ger@//db/orders')
    assert.deepEqual([inline.user, inline.password], ['scott', 'ti:ger'])
    const quoted = target('thin:scott/"p@ss/word"@db:1521:X')
    assert.deepEqual([quoted.password, quoted.connectString], ['p@ss/word', SID('db', 1521, 'X')])
    assert.equal(target('thin:scott/tiger@//db/orders', {}, { user: 'other' }).user, 'other')
  })

  void it('warns that OCI becomes thin, and of properties without effect', () => {
    assert.match(told('oci:@X'), /OCI driver \(oci\); the thin driver is used/)
    const text = told('thin:@//db/orders', {
      'oracle.jdbc.diagnostic.loggerName': 'x',
      'oracle.jdbc.J2EE13Compliant': 'true',
      defaultRowPrefetch: '100'
    })
    assert.match(text, /oracle\.jdbc\.diagnostic\.loggerName has no effect: the log of the worker/)
    assert.match(text, /"INFO".*defaultRowPrefetch has no effect: rows are read in batches/)
  })

  void it('takes limits, TLS and session properties over', () => {
    const given = target('thin:@//db/orders', {
      'oracle.net.CONNECT_TIMEOUT': '2000',
      'oracle.jdbc.ReadTimeout': '45000',
      'oracle.net.ssl_server_dn_match': 'false',
      'oracle.net.ssl_server_cert_dn': 'CN=db',
      'v$session.program': 'orders-copy',
      internal_logon: 'sysdba'
    })
    assert.equal(given.connectTimeoutMs, 2000)
    assert.equal(given.answerLimitMs, 45_000)
    assert.equal(given.more['sslServerDNMatch'], false)
    assert.equal(given.more['sslServerCertDN'], 'CN=db')
    assert.equal(given.module, 'orders-copy')
    assert.equal(given.privilege, 'SYSDBA')
    assert.equal(target('thin:@//db/orders').answerLimitMs, null)
  })

  void it('says that a wallet needs PEM', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wallet-'))
    const written = `(SOURCE=(METHOD=file)(METHOD_DATA=(DIRECTORY=${folder})))`
    try {
      const open = (): OracleTarget =>
        target('thin:@tcps://db/orders', { 'oracle.net.wallet_location': written })
      assert.throws(open, /holds no ewallet\.pem or ewallet\.p12/)
      await writeFile(join(folder, 'ewallet.pem'), '')
      assert.equal(open().wallet.location, folder)
      assert.equal(
        target(`thin:@tcps://db/orders?wallet_location=${folder}`).wallet.location,
        folder
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  void it('I7: is refused with a clear text that shows no password', () => {
    const cases: [url: string, text: RegExp][] = [
      [
        'thin:@ldap://oid.example:389/orders,cn=OracleContext',
        /LDAP directory cannot be looked up/
      ],
      ['thin:scott/tiger@ldaps://oid/x', /LDAP/],
      ['thin:scott/"tiger@x"@ldap://oid/x', /LDAP/],
      ['thin:scott/tiger@tiger@//db/orders', /@ in it has to stand in double quotes/],
      ['kprb:@X', /expected jdbc:oracle:thin:@/],
      ['thin:scott/tiger', /an @ stands before the address/],
      ['thin:@', /no address behind the @/],
      ['thin:@config-file:///x.json', /config-file:\/\/ are not supported/]
    ]
    for (const [url, text] of cases) {
      assert.throws(
        () => target(url),
        (error: Error) =>
          error instanceof ConfigError && text.test(error.message) && !/tiger/.test(error.message),
        url
      )
    }
  })
  void it('I7: shows no password in a log or a message, whatever stands in it', () => {
    const cases: [given: string, shown: string][] = [
      ['scott/tiger@//db/x', 'scott/****@//db/x'],
      ['scott/ti:ger@db:1521:x', 'scott/****@db:1521:x'],
      ['scott/"p@ss"@//db/x', 'scott/****@//db/x'],
      ['scott/"p@ s/s"@//db/x', 'scott/****@//db/x'],
      ['"my user"/"p@ss"@db:1521:x', '"my user"/****@db:1521:x'],
      // Not allowed without quotes, but somebody will write it.
      ['scott/p@ss@//db/x', 'scott/****@//db/x']
    ]
    for (const [given, shown] of cases) {
      const [url, masked] = [`jdbc:oracle:thin:${given}`, `jdbc:oracle:thin:${shown}`]
      assert.equal(redact(`refused: ${url} (a@b)`), `refused: ${masked} (a@b)`)
      assert.doesNotMatch(redact(JSON.stringify({ url, mail: 'a@b' })), /p@|ss|tiger/)
    }
  })
})
