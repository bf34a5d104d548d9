import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BadShare } from '../../../../src/connectors/jdbc/writing/bad-share.ts'

const good = (count: number): null[] => Array.from({ length: count }, () => null)
const bad = (count: number, why = 'no'): string[] => Array.from({ length: count }, () => why)

describe('The share of bad records', () => {
  it('is that of any hundred in a row, across batches', () => {
    const share = new BadShare(0.5)
    share.add(good(60))
    share.add(bad(50))
    share.add(good(49))
    assert.throws(() => share.add([...good(1), ...bad(52)]), /^ConnectError: 51 of 100 records/)
    // What failed was not taken: the same batch may come again, and a better one in its place.
    share.add(good(100))
    share.add(bad(50))
  })

  it('says what was wrong most often', () => {
    const mixed = [...bad(10, 'b'), ...bad(40, 'a'), ...bad(5, 'c'), ...bad(1, 'd'), ...good(44)]
    assert.throws(() => new BadShare(0.5).add(mixed), /40 times: a; 10 times: b; 5 times: c$/)
  })

  it('says nothing of fewer, and nothing at all at 1', () => {
    new BadShare(0.5).add(bad(99))
    new BadShare(1).add(bad(5000))
    assert.throws(() => new BadShare(0).add([...good(99), ...bad(1)]))
  })
})
