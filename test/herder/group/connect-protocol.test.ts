import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import {
  type Assignment,
  decodeAssignment,
  decodeMetadata,
  encodeAssignment,
  encodeMetadata,
  offeredProtocols,
  versionOf
} from '../../../src/herder/group/connect-protocol.ts'
import { noWork, workSet } from '../../../src/herder/work/work-set.ts'
import { kafkaLibs } from '../../support/environment.ts'

const held: Assignment = {
  version: 2,
  error: 0,
  leader: 'leader-1',
  leaderUrl: 'http://a:8083/',
  offset: 7n,
  assigned: workSet(['file-source'], ['file-source-0', 'file-source-1']),
  revoked: workSet(['old'], ['old-3']),
  delayMs: 0
}
const url = 'http://a:8083/'

/** Runs the JVM worker's own classes: their vectors by name, and what they read in our bytes. */
function askJvm(lines: readonly string[]): { vectors: Map<string, string>; read: string[] } {
  const source = join(import.meta.dirname, '../../support/java/ConnectProtocolVectors.java')
  const done = spawnSync(
    'java',
    ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', `${kafkaLibs()}/*`, source],
    { input: `${lines.join('\n')}\n`, encoding: 'utf8', timeout: 180_000 }
  )
  assert.equal(done.status, 0, done.stderr)
  const output = done.stdout.trim().split('\n')
  const end = output.indexOf('end')
  const vectors = new Map(output.slice(0, end).map((line) => line.split(' ') as [string, string]))
  return { vectors, read: output.slice(end + 1) }
}

describe('the Connect group protocol', () => {
  const several = {
    ...held,
    delayMs: 1234,
    assigned: workSet(['b', 'a-b'], ['a-b-0', 'b-10', 'a-b-1', 'c-2'])
  }
  let jvm: ReturnType<typeof askJvm>
  before(() => {
    jvm = askJvm([
      `metadata ${encodeMetadata(0, { url, offset: 3n, allocation: null }).toString('hex')}`,
      `metadata ${encodeMetadata(1, { url, offset: 3n, allocation: null }).toString('hex')}`,
      `metadata ${encodeMetadata(2, { url, offset: 3n, allocation: several }).toString('hex')}`,
      `assignment ${encodeAssignment({ ...several, version: 0 }).toString('hex')}`,
      `assignment ${encodeAssignment({ ...several, version: 1 }).toString('hex')}`,
      `assignment ${encodeAssignment({ ...several, version: 2, error: 1 }).toString('hex')}`
    ])
  })

  it('writes the bytes that the JVM worker writes', () => {
    const ours = new Map([
      ['metadata-v0', encodeMetadata(0, { url, offset: 7n, allocation: held })],
      ['metadata-v1-new', encodeMetadata(1, { url, offset: -1n, allocation: null })],
      ['metadata-v1-empty', encodeMetadata(1, { url, offset: -1n, allocation: null })],
      ['metadata-v1', encodeMetadata(1, { url, offset: 7n, allocation: held })],
      ['assignment-v1', encodeAssignment({ ...held, version: 1, delayMs: 300_000 })],
      ['metadata-v2-new', encodeMetadata(2, { url, offset: -1n, allocation: null })],
      ['metadata-v2-empty', encodeMetadata(2, { url, offset: -1n, allocation: null })],
      ['metadata-v2', encodeMetadata(2, { url, offset: 7n, allocation: held })],
      ['assignment-v2', encodeAssignment({ ...held, delayMs: 300_000 })],
      ['assignment-v0', encodeAssignment({ ...held, version: 0 })],
      [
        'assignment-v0-mismatch',
        encodeAssignment({ ...held, version: 0, error: 1, offset: 9n, assigned: noWork })
      ],
      [
        'assignment-v2-nothing',
        encodeAssignment({ ...held, offset: 9n, assigned: noWork, revoked: noWork })
      ]
    ])
    assert.deepEqual(
      new Map([...ours].map(([name, bytes]) => [name, bytes.toString('hex')])),
      jvm.vectors
    )
  })

  it('is understood by the JVM worker', () => {
    assert.deepEqual(jvm.read, [
      `${url} 3`,
      `${url} 3 [] []`,
      `${url} 3 [a-b, b] [a-b-0, a-b-1, b-10, c-2]`,
      `0 leader-1 ${url} 7 [a-b, b] [a-b-0, a-b-1, b-10, c-2]`,
      `0 leader-1 ${url} 7 [a-b, b] [a-b-0, a-b-1, b-10, c-2] [old] [old-3] 1234`,
      `1 leader-1 ${url} 7 [a-b, b] [a-b-0, a-b-1, b-10, c-2] [old] [old-3] 1234`
    ])
  })

  it('reads what the JVM worker writes', () => {
    const bytes = (name: string) => Buffer.from(jvm.vectors.get(name) ?? '', 'hex')
    assert.deepEqual(decodeMetadata(bytes('metadata-v0')), { url, offset: 7n, allocation: null })
    assert.deepEqual(decodeMetadata(bytes('metadata-v2')), { url, offset: 7n, allocation: held })
    assert.deepEqual(decodeAssignment(bytes('assignment-v2')), { ...held, delayMs: 300_000 })
    assert.deepEqual(decodeAssignment(bytes('assignment-v0')), {
      ...held,
      version: 0,
      revoked: noWork
    })
  })

  it('gives missing fields at the end their defaults, and reads newer versions as far as it knows them', () => {
    const whole = encodeAssignment({ ...held, delayMs: 5 })
    assert.equal(decodeAssignment(whole.subarray(0, whole.length - 4)).delayMs, 0)
    const newer = Buffer.concat([whole, Buffer.from('something else')])
    newer.writeInt16BE(3)
    assert.deepEqual(decodeAssignment(newer), { ...held, delayMs: 5 })
    const metadata = encodeMetadata(1, { url, offset: 7n, allocation: null })
    assert.equal(decodeMetadata(metadata.subarray(0, metadata.length - 4)).allocation, null)
  })

  it('refuses a version below 0 and bytes that end too early, saying what they were', () => {
    assert.throws(
      () => decodeMetadata(Buffer.from('ffff', 'hex')),
      /group member has the version -1/
    )
    assert.throws(
      () => decodeAssignment(encodeAssignment(held).subarray(0, 20)),
      /assignment of the group leader ends after 20 bytes/
    )
  })

  it('offers the protocols of connect.protocol, the preferred one first', () => {
    assert.deepEqual(offeredProtocols.sessioned, ['sessioned', 'compatible', 'default'])
    assert.deepEqual(offeredProtocols.compatible, ['compatible', 'default'])
    assert.deepEqual(offeredProtocols.eager, ['default'])
    assert.deepEqual(offeredProtocols.sessioned.map(versionOf), [2, 1, 0])
    assert.throws(() => versionOf('range'), /no Connect worker speaks/)
  })
})
