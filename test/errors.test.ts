import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'
import { ConnectError, DataError, errorCodes, failureOf, RetriableError } from '../src/errors.ts'

const page = readFileSync(resolve(import.meta.dirname, '..', 'docs', 'errors.md'), 'utf8')
const documented = new Map(
  [...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (yes|no) \| (\w+) \|/gm)].map(
    ([, code, status, retriable, kind]) => [
      code as string,
      { status: Number(status), retriable: retriable === 'yes', kind }
    ]
  )
)

describe('docs/errors.md', () => {
  it('documents every error code with its status, its kind, and whether it is retriable', () => {
    for (const [code, entry] of Object.entries(errorCodes)) {
      assert.deepEqual(documented.get(code), entry, `docs/errors.md on ${code}`)
    }
  })

  it('documents no code that does not exist', () => {
    const unknown = [...documented.keys()].filter((code) => !Object.hasOwn(errorCodes, code))
    assert.deepEqual(unknown, [])
  })
})

describe('The kind of a failure', () => {
  const because = (cause: unknown): Error =>
    new ConnectError('INTERNAL', 'Exiting WorkerSinkTask due to unrecoverable exception.', {
      cause
    })

  it('is that of its code, or else of what caused it', () => {
    assert.equal(failureOf(new RetriableError('away')).kind, 'passing')
    assert.equal(failureOf(because(new DataError('no such day'))).kind, 'data')
    assert.equal(failureOf(because(new Error('a plugin gave up'))).kind, 'other')
    assert.equal(failureOf(new ConnectError('NOT_FOUND', 'no such class')).kind, 'configuration')
    assert.equal(failureOf(because(new AggregateError([new DataError('first')]))).kind, 'data')
  })

  it('is passing where a peer of a plugin is away', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    assert.equal(failureOf(because(refused)).kind, 'passing')
  })

  it('can be asked of anything that is thrown', () => {
    for (const thrown of [undefined, null, 'text', 5, {}]) {
      assert.equal(failureOf(thrown).kind, 'other')
    }
  })
})
