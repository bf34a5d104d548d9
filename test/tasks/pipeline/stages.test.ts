import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SourceRecord } from '../../../src/data/record.ts'
import {
  type OnFailure,
  Pipeline,
  SourcePassage,
  type Stage
} from '../../../src/tasks/pipeline/stages.ts'
import { record } from '../../support/scripted-source.ts'

const TAKEN: Stage['apply'] = () => true

function stage(className: string, apply: Stage['apply']): Stage {
  return { name: 'TRANSFORMATION', className, apply }
}

/** Appends a letter to the value of a record. */
function append(letter: string): Stage {
  return stage(letter, (passage) => {
    passage.record = { ...passage.record, value: `${String(passage.record.value)}${letter}` }
    return true
  })
}

/** As `append`, a turn of the event loop later. */
function appendLater(letter: string): Stage {
  return stage(letter, async (passage) => {
    await new Promise(setImmediate)
    return append(letter).apply(passage)
  })
}

const given: SourceRecord = record('t', '', 1)
const rethrow: OnFailure = (error) => {
  throw error
}

describe('The stages of a record', () => {
  it('are passed in their order, at once where none has to wait', () => {
    const passage = new Pipeline<SourcePassage>(
      [append('a'), append('b'), append('c')],
      rethrow
    ).run(new SourcePassage(given))
    assert.ok(!(passage instanceof Promise))
    assert.equal(passage.record.value, 'abc')
    assert.equal(passage.original, given)
    assert.equal(passage.endedIn, null)
  })

  it('wait behind one that has to wait', async () => {
    const stages = [append('a'), appendLater('b'), append('c'), appendLater('d'), append('e')]
    const running = new Pipeline(stages, rethrow).run(new SourcePassage(given))
    assert.ok(running instanceof Promise)
    assert.equal((await running).record.value, 'abcde')
  })

  for (const [how, drop] of [
    ['at once', stage('drop', () => false)],
    ['later', stage('drop', async () => false)]
  ] as const) {
    it(`end where one drops the record ${how}; those behind it do not see it`, async () => {
      const behind = stage('behind', () => assert.fail('not for dropped records'))
      const passage = await new Pipeline([append('a'), drop, behind], rethrow).run(
        new SourcePassage(given)
      )
      assert.equal(passage.endedIn, drop)
      assert.equal(passage.record.value, 'a')
    })
  }

  for (const [how, fail] of [
    [
      'throws',
      (): never => {
        throw new Error('broken')
      }
    ],
    ['rejects', () => Promise.reject(new Error('broken'))]
  ] as const) {
    it(`go on behind one that ${how} when it was done after all, and end there when it was not`, async () => {
      const failing = stage('failing', fail)
      const stages = [append('a'), failing, append('b')]
      const told: unknown[] = []
      const answer = (goesOn: boolean) =>
        new Pipeline(stages, (error, at, passage) => {
          told.push([(error as Error).message, at, passage.record.value])
          return Promise.resolve(goesOn)
        }).run(new SourcePassage(given))
      const done = await answer(true)
      assert.equal(done.record.value, 'ab')
      assert.equal(done.endedIn, null)
      const ended = await answer(false)
      assert.equal(ended.record.value, 'a')
      assert.equal(ended.endedIn, failing)
      assert.deepEqual(told, [
        ['broken', failing, 'a'],
        ['broken', failing, 'a']
      ])
    })

    it(`fail with what is made of one that ${how}, which is asked once`, async () => {
      let asked = 0
      const pipeline = new Pipeline([stage('failing', fail), stage('x', TAKEN)], () => {
        asked += 1
        throw new Error('the task fails')
      })
      await assert.rejects(async () => pipeline.run(new SourcePassage(given)), /the task fails/)
      assert.equal(asked, 1)
    })
  }
})
