import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { createSecureContext } from 'node:tls'
import { inspect } from 'node:util'
import { ConfigError } from '../../src/errors.ts'
import { materialOf, materialOfText, readPrivateKey } from '../../src/tls/key-material.ts'
import { readKeyStore, readTrustStore } from '../../src/tls/key-store.ts'
import { KEY_PASSWORD as PASSWORD, type KeyFolder, keyFolder } from '../support/key-files.ts'

const passwords = (store: string | null, key: string | null = null) => ({ store, key })

void describe('Keys and stores', () => {
  let keys: KeyFolder
  const file = (name: string) => materialOf('ssl.key', keys.path(name))
  const isKeyOf = (name: string, pem: string): void => {
    const expected = createPrivateKey(readFileSync(keys.path(`${name}.key`)))
    assert.ok(createPrivateKey(pem).equals(expected), 'is another key')
  }
  const isIdentityOf = (name: string, own: { key: string; cert: string }): void => {
    isKeyOf(name, own.key)
    const expected = new X509Certificate(readFileSync(keys.path(`${name}.pem`)))
    assert.equal(new X509Certificate(own.cert).fingerprint256, expected.fingerprint256)
    createSecureContext(own)
  }

  before(() => {
    keys = keyFolder()
    for (const [name, ec] of [
      ['rsa', false],
      ['ec', true]
    ] as const) {
      keys.issue(name, { ec })
      keys.openssl(
        'pkcs12',
        '-export',
        '-in',
        `${name}.pem`,
        '-inkey',
        `${name}.key`,
        '-certfile',
        'ca.pem',
        '-name',
        name,
        '-out',
        `${name}.p12`,
        '-passout',
        `pass:${PASSWORD}`
      )
    }
  })
  after(() => keys.remove())

  for (const name of ['rsa', 'ec']) {
    void describe(`of an ${name} key`, () => {
      const converted: [form: string, args: (out: string) => string[], password: string | null][] =
        [
          ['PKCS#8 PEM', (out) => ['pkey', '-in', `${name}.key`, '-out', out], null],
          [
            'PKCS#8 DER',
            (out) => [
              'pkcs8',
              '-topk8',
              '-nocrypt',
              '-in',
              `${name}.key`,
              '-outform',
              'DER',
              '-out',
              out
            ],
            null
          ],
          [
            'encrypted PKCS#8 PEM',
            (out) => [
              'pkcs8',
              '-topk8',
              '-in',
              `${name}.key`,
              '-out',
              out,
              '-passout',
              `pass:${PASSWORD}`
            ],
            PASSWORD
          ],
          [
            'encrypted PKCS#8 DER',
            (out) => [
              'pkcs8',
              '-topk8',
              '-in',
              `${name}.key`,
              '-outform',
              'DER',
              '-out',
              out,
              '-passout',
              `pass:${PASSWORD}`
            ],
            PASSWORD
          ],
          [
            'PKCS#8 DER, PBE with SHA-1 and 3DES',
            (out) => [
              'pkcs8',
              '-topk8',
              '-v1',
              'PBE-SHA1-3DES',
              '-in',
              `${name}.key`,
              '-outform',
              'DER',
              '-out',
              out,
              '-passout',
              `pass:${PASSWORD}`
            ],
            PASSWORD
          ],
          [
            'traditional PEM',
            (out) => ['pkey', '-traditional', '-in', `${name}.key`, '-out', out],
            null
          ],
          [
            'encrypted traditional PEM',
            (out) => [
              'pkey',
              '-traditional',
              '-aes256',
              '-in',
              `${name}.key`,
              '-out',
              out,
              '-passout',
              `pass:${PASSWORD}`
            ],
            PASSWORD
          ],
          [
            'traditional DER',
            (out) => ['pkey', '-traditional', '-in', `${name}.key`, '-outform', 'DER', '-out', out],
            null
          ]
        ]
      for (const [form, args, password] of converted) {
        void it(`are read from ${form}`, () => {
          const out = `${name}-${form.replaceAll(/\W+/g, '-')}`
          keys.openssl(...args(out))
          isKeyOf(name, readPrivateKey(file(out), password))
          if (password === null) return
          for (const wrong of [null, 'wrong']) {
            assert.throws(
              () => readPrivateKey(file(out), wrong),
              (error) =>
                error instanceof ConfigError &&
                error.message.includes(keys.path(out)) &&
                /(PEM|DER), encrypted.*password/.test(error.message)
            )
          }
        })
      }

      const stores: [form: string, type: string, ...more: string[]][] = [
        ["JKS of the JDK's keytool", 'JKS'],
        ["PKCS#12 of the JDK's keytool", 'PKCS12'],
        ['PKCS#12 as Java 8 wrote it', 'PKCS12', '-J-Dkeystore.pkcs12.legacy']
      ]
      for (const [form, type, ...more] of stores) {
        void it(`are read from ${form}`, () => {
          const out = `${name}-${form.replaceAll(/\W+/g, '-')}`
          keys.copyStore(`${name}.p12`, out, type, ...more)
          const own = readKeyStore(file(out), passwords(PASSWORD))
          isIdentityOf(name, own)
          assert.equal(own.cert.match(/BEGIN CERTIFICATE/g)?.length, 2, 'chain')
          assert.throws(
            () => readKeyStore(file(out), passwords('wrong')),
            /cannot be opened: its password is wrong/
          )
        })
      }

      void it('are read from PKCS#12 of OpenSSL, of today and of old', () => {
        isIdentityOf(name, readKeyStore(file(`${name}.p12`), passwords(PASSWORD)))
        keys.openssl(
          'pkcs12',
          '-export',
          '-legacy',
          '-in',
          `${name}.pem`,
          '-inkey',
          `${name}.key`,
          '-out',
          'old.p12',
          '-passout',
          `pass:${PASSWORD}`
        )
        isIdentityOf(name, readKeyStore(file('old.p12'), passwords(PASSWORD)))
      })
    })
  }

  void it('are found by alias, without case, and a key may have a password of its own', () => {
    const add = (name: string, keyPassword: string): void =>
      keys.copyStore(
        `${name}.p12`,
        'two.jks',
        'JKS',
        '-srcalias',
        name,
        '-destalias',
        `My-${name}`,
        '-destkeypass',
        keyPassword
      )
    add('rsa', 'key-password-1')
    add('ec', 'key-password-2')
    isIdentityOf(
      'ec',
      readKeyStore(file('two.jks'), passwords(PASSWORD, 'key-password-2'), 'MY-EC')
    )
    assert.throws(
      () => readKeyStore(file('two.jks'), passwords(PASSWORD), 'my-rsa'),
      /two\.jks\), alias my-rsa: the password of the key is wrong/
    )
    assert.throws(
      () => readKeyStore(file('two.jks'), passwords(PASSWORD), 'other'),
      /no private key of the alias other; there is: my-\w+, my-\w+/
    )
  })

  void it('are PEM with certificates and key in one text, also on one line of a property', () => {
    const both = `${readFileSync(keys.path('rsa.key'), 'utf8')}${readFileSync(keys.path('rsa.pem'), 'utf8')}`
    writeFileSync(keys.path('both.pem'), both)
    isIdentityOf('rsa', readKeyStore(file('both.pem'), passwords(null)))
    for (const text of [both.replaceAll('\n', '\\n'), both.replaceAll('\n', ' ')]) {
      isIdentityOf('rsa', readKeyStore(materialOfText('ssl.keystore.key', text), passwords(null)))
    }
  })

  void it('are trusted from PEM, DER, JKS and PKCS#12', () => {
    const ca = new X509Certificate(readFileSync(keys.path('ca.pem'))).toString()
    keys.openssl('x509', '-in', 'ca.pem', '-outform', 'DER', '-out', 'ca.der')
    for (const type of ['JKS', 'PKCS12'] as const) {
      keys.trustStore(`trust.${type}`, type)
      assert.deepEqual(readTrustStore(file(`trust.${type}`), PASSWORD), [ca])
      assert.throws(() => readTrustStore(file(`trust.${type}`), 'wrong'), /password is wrong/)
    }
    assert.deepEqual(readTrustStore(file('trust.JKS'), null), [ca])
    assert.deepEqual(readTrustStore(file('ca.pem'), null), [ca])
    assert.deepEqual(readTrustStore(file('ca.der'), null), [ca])
    keys.openssl(
      'pkcs12',
      '-export',
      '-nokeys',
      '-in',
      'ca.pem',
      '-out',
      'open.p12',
      '-passout',
      'pass:'
    )
    assert.deepEqual(readTrustStore(file('open.p12'), null), [ca])
  })

  void it('that cannot be read are named with file and form', () => {
    writeFileSync(keys.path('junk'), 'junk')
    writeFileSync(keys.path('cut.p12'), readFileSync(keys.path('rsa.p12')).subarray(0, 500))
    keys.copyStore('rsa.p12', 'whole.jks', 'JKS')
    writeFileSync(keys.path('cut.jks'), readFileSync(keys.path('whole.jks')).subarray(0, 500))
    keys.copyStore('rsa.p12', 'rsa.jceks', 'JCEKS')
    const cases: [read: () => unknown, text: RegExp][] = [
      [() => file('absent'), /ssl\.key \(.*absent\) cannot be read: ENOENT/],
      [
        () => readKeyStore(file('junk'), passwords(null)),
        /junk\) cannot be read as a key store: its form is not known/
      ],
      [() => readPrivateKey(file('junk'), null), /junk\) is no private key/],
      [
        () => readPrivateKey(file('rsa.p12'), null),
        /rsa\.p12\) is no private key: it is in the form PKCS12/
      ],
      [() => readPrivateKey(file('ca.pem'), null), /no PEM block PRIVATE KEY/],
      [() => readTrustStore(file('rsa.key'), null), /no PEM block CERTIFICATE/],
      [() => readKeyStore(file('cut.p12'), passwords(PASSWORD)), /cut off or damaged/],
      [() => readKeyStore(file('cut.jks'), passwords(null)), /cut off or damaged/],
      [
        () => readKeyStore(file('rsa.jceks'), passwords(PASSWORD)),
        /JCEKS store, which only Java reads; convert it/
      ],
      [() => readKeyStore(file('rsa.p12'), passwords(null)), /no password is given/]
    ]
    for (const [read, text] of cases) {
      assert.throws(
        read,
        (error) => error instanceof ConfigError && text.test(error.message),
        String(read)
      )
    }
  })

  void it('I7: show their password in no error', () => {
    for (const name of ['rsa.p12', 'whole.jks', 'rsa-encrypted-PKCS-8-DER']) {
      try {
        readKeyStore(file(name), passwords('not-the-Password-9'))
        assert.fail('was read')
      } catch (error) {
        assert.doesNotMatch(inspect(error, { depth: 9 }), /not-the-Password-9/)
      }
    }
  })
})
