import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { messageOf, traceOf } from '../../src/errors.ts'
import { neverShow } from '../../src/secrets/known-secrets.ts'
import { redact, redactSetting, shown } from '../../src/secrets/redact.ts'
import { adversarial, assertLinear } from '../support/work-of.ts'

void describe('Redaction', () => {
  void it('I8: takes time in proportion to the length of a text, whatever stands in it', () => {
    neverShow('aaaaaaaaaaaaaaaaaaaaaaaaaaab')
    neverShow('token token token tokem')
    for (const [name, text] of Object.entries(adversarial)) {
      assertLinear(`redact ${name}`, text, redact)
      assertLinear(`redact jdbc:x:${name}`, (length) => `jdbc:x:${text(length)}`, redact)
      assertLinear(`redact jdbc:x://${name}`, (length) => `jdbc:x://${text(length)}`, redact)
      assertLinear(`redact password=${name}`, (length) => `password=${text(length)}`, redact)
      assertLinear(`redact x://${name}`, (length) => `x://${text(length)}`, redact)
    }
  })

  void it('I8: shows no more of a text than anybody reads', () => {
    const text = shown('a'.repeat(10_000_000))
    assert.ok(text.length < 33_000)
    assert.match(text, /… \(10000000 characters\)$/)
    assert.ok(messageOf(new Error('x'.repeat(1_000_000))).length < 33_000)
    assert.ok(traceOf(new Error('x'.repeat(1_000_000))).length < 33_000)
  })

  void it('I7: shows no half of a secret at the cut', () => {
    neverShow('geheimer-schluessel')
    for (let lead = 0; lead < 20; lead++) {
      for (const length of [32_768, 65_536]) {
        const text = `${'.'.repeat(length - lead)}geheimer-schluessel${'.'.repeat(100_000)}`
        assert.doesNotMatch(shown(text), /g…|ge…|geh/)
      }
    }
  })

  void it('I7: hides no end of a password behind what looks like an end', () => {
    const ends = [
      ',',
      ';',
      ')',
      '}',
      "'",
      ']',
      ' ',
      '&',
      '"',
      '@',
      '/',
      '?',
      '#',
      ': ',
      '%',
      '<',
      '='
    ]
    for (const end of ends) {
      for (const url of [
        `jdbc:postgresql://127.0.0.1:99999/db?user=u&password=ab${end}cdEF`,
        `jdbc:mysql://127.0.0.1:99999/db?password=ab${end}cdEF&user=u`,
        `jdbc:foo://127.0.0.1/db?sslpassword=ab${end}cdEF`,
        `jdbc:sqlserver://127.0.0.1:1433;user=u;password={ab${end}cdEF};encrypt=true`,
        `jdbc:mysql://u:ab${end}cdEF@127.0.0.1/db`
      ]) {
        const message = redact(`refused: ${url}`)
        assert.doesNotMatch(message, /cdEF|\]\]|\[hidden\]\[/, url)
        assert.equal(redact(message), message)
      }
    }
    assert.equal(
      redact('jdbc:postgresql://127.0.0.1:99999/db?user=u&password=ab,cdEF&ssl=true'),
      'jdbc:postgresql://127.0.0.1:99999/db?user=u&password=[hidden]&ssl=true'
    )
  })

  void it('I7: hides passwords in the addresses of other services', () => {
    const cases: [given: string, shown: string][] = [
      ['http://u:p%ss@127.0.0.1:8081 x', 'http://u:****@127.0.0.1:8081 x'],
      ['http://u:p@ss@127.0.0.1:8081', 'http://u:****@127.0.0.1:8081'],
      ['http://u@dom:p@127.0.0.1:8081', 'http://u@dom:****@127.0.0.1:8081'],
      ['http://u:p/ss@127.0.0.1', 'http://u:****@127.0.0.1'],
      ['http://u:p?ss@127.0.0.1', 'http://u:****@127.0.0.1'],
      ['GET http://h:8081/a@b/c', 'GET http://h:8081/a@b/c'],
      ['http://[::1]:8081/a@b', 'http://[::1]:8081/a@b'],
      ['http://h:8081, mail a@b', 'http://h:8081, mail a@b']
    ]
    for (const [given, shownText] of cases) assert.equal(redact(given), shownText)
  })

  void it('I7: hides values behind names of secrets in every writing', () => {
    const cases: [given: string, shown: string][] = [
      ['cannot log in with password=hunter2', 'cannot log in with password=[hidden]'],
      ['{"api.key": "a\\"b", "x": 1}', '{"api.key": "[hidden]", "x": 1}'],
      ['{\\"api.key\\":\\"ab\\",\\"x\\":1}', '{\\"api.key\\":\\"[hidden]\\",\\"x\\":1}'],
      ["{ password: 'a b', x: 1 }", "{ password: '[hidden]', x: 1 }"],
      ['{connection.password=ab,cdEF, name=x}', '{connection.password=[hidden], name=x}'],
      ['a.password=x,b=y', 'a.password=[hidden],b=y'],
      ['a.password=,b=y', 'a.password=,b=y'],
      ['required username="u" password="p;w";', 'required username="u" password="[hidden]";'],
      ['ssl.keystore.key=abc', 'ssl.keystore.key=[hidden]'],
      ['password: hunter2', 'password: [hidden]'],
      ['my-secret-name: hunter2', 'my-secret-name: [hidden]'],
      ['pwd=x', 'pwd=[hidden]']
    ]
    for (const [given, shownText] of cases) assert.equal(redact(given), shownText)
    assert.doesNotMatch(
      redact('a -----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY----- b'),
      /MIIE|abc/
    )
  })

  void it('eats no word that is no secret, and hides nothing twice', () => {
    for (const text of [
      "Access denied for user 'u'@'localhost' (using password: YES)",
      'Invalid value null for configuration connection.password: String must be non-empty',
      'Unexpected token: the stream ended early',
      'sasl.oauthbearer.token.endpoint.url=https://idp/token',
      'basic.auth.credentials.source=USER_INFO',
      'connection.password=${file:/run/secrets/db.properties:password}',
      'SELECT token::text FROM t',
      'password=[hidden]]',
      'Missing required configuration "connection.password" which has no default value.'
    ]) {
      assert.equal(redact(text), text)
    }
    const once = redact('jdbc:postgresql://h/db?password=a,b: port and password=c')
    assert.equal(redact(once), once)
  })

  void it('I7: knows many secrets at once, and forgets none of the newest', () => {
    for (let at = 0; at < 20_000; at++) neverShow(`secret number ${at}`)
    assert.equal(redact('a secret number 0 z'), 'a [hidden] z')
    assert.equal(redact('a secret number 19999 z'), 'a [hidden] z')
    for (let at = 0; at < 120_000; at++) neverShow(`sent by anybody ${at}`, 'sent')
    assert.equal(redact('a secret number 0 z'), 'a [hidden] z')
    assert.equal(redact('sent by anybody 0 z'), 'sent by anybody 0 z')
    assert.equal(redact('sent by anybody 119999 z'), '[hidden] z')
  })

  void it('I7: shows of a setting a reference, an address without its password, and else its value', () => {
    assert.equal(redactSetting('my.api_key', 'x'), '[hidden]')
    assert.equal(redactSetting('my.api.key', '${file:/a:b}'), '${file:/a:b}')
    assert.equal(redactSetting('connection.url', 'jdbc:mysql://u:p@h/d'), 'jdbc:mysql://u:****@h/d')
    assert.equal(redactSetting('sasl.oauthbearer.token.endpoint.url', 'http://x'), 'http://x')
    assert.equal(redactSetting('transforms', 'a'), 'a')
  })
})
