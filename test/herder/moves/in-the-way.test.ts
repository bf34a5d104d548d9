import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { untilNobodyIsInTheWay } from '../../../src/herder/moves/in-the-way.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLog } from '../../support/recording-log.ts'

const WHO = 'Consumer group connect-a has members: b at 127.0.0.1'

describe('whoever keeps offsets from being stored', () => {
  /** `answers`: one after the other, the last one for ever. */
  function way(answers: readonly (string | null)[]) {
    const clock = new ManualClock()
    const { log, lines } = recordingLog()
    const stop = new AbortController()
    let asked = 0
    const offsets = { inTheWay: async () => answers[Math.min(asked++, answers.length - 1)] ?? null }
    const options = { offsets, clock, log, stopping: stop.signal }
    return { clock, lines, stop, waiting: untilNobodyIsInTheWay(options, 'a', new Map()) }
  }

  it('is waited for, and named once', async () => {
    const { clock, lines, waiting } = way([WHO, WHO, WHO, null])
    await clock.during(waiting)
    assert.equal(lines.filter((line) => line.includes(WHO)).length, 1)
    assert.ok(clock.monotonicMs() < 60_000)
  })

  it('I8: is not waited for longer than a task may be a member that could not say that it leaves', async () => {
    const { clock, waiting } = way([WHO])
    await assert.rejects(clock.during(waiting), {
      code: 'RETRIABLE',
      message: new RegExp(`^Offsets of connector a could not be stored within 60 s\\. ${WHO}`)
    })
    assert.ok(clock.monotonicMs() >= 60_000)
  })

  it('is not waited for by a worker that stops', async () => {
    const { clock, stop, waiting } = way([WHO])
    stop.abort()
    await assert.rejects(clock.during(waiting))
    assert.ok(clock.monotonicMs() < 60_000)
  })
})
