import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError } from '../../../src/errors.ts'
import {
  SessionKeys,
  signatureAlgorithmHeader,
  signatureHeader
} from '../../../src/herder/group/session-key.ts'

const options = {
  generationAlgorithm: 'HmacSHA256',
  sizeBits: null,
  ttlMs: 1000,
  signatureAlgorithm: 'HmacSHA256',
  verificationAlgorithms: ['HmacSHA256']
}
const body = Buffer.from('[{"task.class":"x"}]')

function signed(keys: SessionKeys, what: Uint8Array = body) {
  const headers = keys.headers(what)
  return {
    signature: headers[signatureHeader] ?? '',
    algorithm: headers[signatureAlgorithmHeader] ?? ''
  }
}

describe('session keys', () => {
  it('sign what another worker with the same key accepts', () => {
    const [leader, follower] = [new SessionKeys(options), new SessionKeys(options)]
    const key = leader.generate(5)
    assert.deepEqual([key.key.length, key.algorithm, key.createdAt], [32, 'HmacSHA256', 5])
    leader.use(key)
    follower.use(key)
    leader.verify(body, signed(follower))
    leader.verify(new Uint8Array(), signed(follower, new Uint8Array()))
  })

  it('make the signature the JVM makes', () => {
    // printf 'abc' | openssl dgst -sha256 -mac HMAC -macopt hexkey:<32 bytes 0b> -binary | base64
    const keys = new SessionKeys(options)
    keys.use({ key: Buffer.alloc(32, 0x0b), algorithm: 'HmacSHA256', createdAt: 0 })
    assert.deepEqual(signed(keys, Buffer.from('abc')), {
      signature: 'zCtuQ7CSUmwJ9rLbdsfcKGfr/ffRsXDy2Pc6OJR5LhI=',
      algorithm: 'HmacSHA256'
    })
  })

  it('refuse what is not signed, signed otherwise, or signed with an older key', () => {
    const keys = new SessionKeys({ ...options, verificationAlgorithms: ['HmacSHA256', 'HmacSHA1'] })
    const refused = (
      signature: { signature: string; algorithm: string } | null,
      expected: object
    ) => assert.throws(() => keys.verify(body, signature), expected)
    refused(null, { status: 400, message: 'Internal request missing required signature' })
    refused({ signature: '', algorithm: 'HmacSHA256' }, { status: 503 })
    keys.use(keys.generate(0))
    const good = signed(keys)
    keys.verify(body, good)
    refused(
      { ...good, algorithm: 'HmacMD5' },
      {
        status: 400,
        message:
          "This worker does not support the 'HmacMD5' key signing algorithm used by other workers. This worker is currently configured to use: [HmacSHA256, HmacSHA1]. Check that all workers' configuration files permit the same set of signature algorithms, and correct any misconfigured worker and restart it."
      }
    )
    const invalid = { status: 403, message: 'Internal request contained invalid signature.' }
    refused({ ...good, algorithm: 'HmacSHA1' }, invalid)
    refused({ ...good, signature: 'not base64!' }, invalid)
    assert.throws(() => keys.verify(Buffer.from('[]'), good), invalid)
    keys.use(keys.generate(1))
    refused(good, invalid)
  })

  it('are due when there is none, when they expire, and when the configuration asks for others', () => {
    const keys = new SessionKeys(options)
    assert.equal(keys.rotationDue(0), true)
    const key = keys.generate(100)
    keys.use(key)
    assert.deepEqual(
      [keys.rotationDue(1099), keys.rotationDue(1100), keys.expiresAt()],
      [false, true, 1100]
    )
    const longer = new SessionKeys({ ...options, sizeBits: 512 })
    longer.use(key)
    assert.equal(longer.rotationDue(100), true)
    assert.equal(longer.generate(0).key.length, 64)
    const other = new SessionKeys({ ...options, generationAlgorithm: 'HmacSHA512' })
    other.use(key)
    assert.equal(other.rotationDue(100), true)
    const forever = new SessionKeys({ ...options, ttlMs: 0 })
    forever.use(key)
    assert.deepEqual(
      [forever.rotationDue(Number.MAX_SAFE_INTEGER), forever.expiresAt()],
      [false, null]
    )
  })

  it('need algorithms that exist here', () => {
    const bad = { ...options, signatureAlgorithm: 'HmacFoo' }
    assert.throws(
      () => new SessionKeys(bad),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, /HmacFoo .*: the algorithm is not supported by this worker/)
        return true
      }
    )
  })
})
