import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'
import { errorCodes } from '../src/errors.ts'

const page = readFileSync(resolve(import.meta.dirname, '..', 'docs', 'errors.md'), 'utf8')
const documented = new Map(
  [...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (yes|no) \|/gm)].map(
    ([, code, status, retriable]) => [
      code as string,
      { status: Number(status), retriable: retriable === 'yes' }
    ]
  )
)

describe('docs/errors.md', () => {
  it('documents every error code with its status and whether it is retriable', () => {
    for (const [code, entry] of Object.entries(errorCodes)) {
      assert.deepEqual(documented.get(code), entry, `docs/errors.md on ${code}`)
    }
  })

  it('documents no code that does not exist', () => {
    const unknown = [...documented.keys()].filter((code) => !Object.hasOwn(errorCodes, code))
    assert.deepEqual(unknown, [])
  })
})
