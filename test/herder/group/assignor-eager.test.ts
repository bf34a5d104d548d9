import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assignEagerly } from '../../../src/herder/group/assignor-eager.ts'
import { noWork, workSet } from '../../../src/herder/work/work-set.ts'

describe('the eager assignor', () => {
  it('deals connectors by name and goes on with the tasks where the connectors ended', () => {
    const tasks = Array.from({ length: 11 }, (_, n) => `a-${n}`)
    const hands = assignEagerly(['w2', 'w1'], workSet(['c', 'a', 'b'], tasks.toReversed()))
    assert.deepEqual(
      hands,
      new Map([
        ['w1', workSet(['a', 'c'], ['a-1', 'a-3', 'a-5', 'a-7', 'a-9'])],
        ['w2', workSet(['b'], ['a-0', 'a-2', 'a-4', 'a-6', 'a-8', 'a-10'])]
      ])
    )
  })

  it('gives everybody an empty hand when nothing is configured', () => {
    assert.deepEqual(assignEagerly(['w1'], noWork), new Map([['w1', noWork]]))
  })
})
