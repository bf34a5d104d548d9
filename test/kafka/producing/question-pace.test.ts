import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { QuestionPace } from '../../../src/kafka/producing/producer-metadata.ts'

describe('questions about topics', () => {
  it('come less and less often while the same topics are missing', () => {
    const pace = new QuestionPace({ firstMs: 100, lastMs: 1000 })
    const pauses = Array.from({ length: 6 }, () => pace.pauseAfter(['a', 'b']))
    assert.deepEqual(pauses, [100, 200, 400, 800, 1000, 1000])
    assert.equal(pace.pauseAfter(['b']), 1000)
  })

  it('come soon again when a new topic is asked about, whatever else is missing', () => {
    const pace = new QuestionPace({ firstMs: 100, lastMs: 1000 })
    for (let times = 0; times < 5; times++) pace.pauseAfter(['a'])
    assert.equal(pace.pauseAfter(['a', 'b']), 100)
    assert.equal(pace.pauseAfter(['a', 'b']), 200)
    assert.equal(pace.pauseAfter(['a', 'c']), 100)
  })
})
