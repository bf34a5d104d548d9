import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { idle, scripted } from '../../support/scripted-source.ts'
import { until } from '../../support/until.ts'

const boom = (): never => {
  throw new Error('boom')
}

describe('a task that was asked to stop', () => {
  it('is UNASSIGNED, not FAILED, when its poll is cut off by that', async (t) => {
    const { states, start, stop } = await scripted(t, async (context) => {
      await idle(context)
      return context.stopping.aborted ? boom() : null
    })
    await start()
    await until(() => states.includes('c-0 RUNNING'), 'it runs')
    await stop()
    assert.deepEqual(states, ['c-0 RUNNING', 'c-0 UNASSIGNED'])
  })

  it('is UNASSIGNED, not FAILED, when its stop fails', async (t) => {
    const { states, start, stop } = await scripted(t, idle, { stop: boom })
    await start()
    await until(() => states.includes('c-0 RUNNING'), 'it runs')
    await stop()
    assert.deepEqual(states, ['c-0 RUNNING', 'c-0 UNASSIGNED'])
  })

  it('does not have its plugin stopped when that was never started', async (t) => {
    let stops = 0
    const { states, start, stop } = await scripted(t, idle, {
      stop: async () => void stops++
    })
    await start('PAUSED')
    await until(() => states.includes('c-0 PAUSED'), 'it is paused')
    await stop()
    assert.deepEqual([stops, states], [0, ['c-0 PAUSED', 'c-0 UNASSIGNED']])
  })

  it('is FAILED, with nothing to stop, when its plugin cannot make it', async (t) => {
    let stops = 0
    const { states, traces, start, stop } = await scripted(t, idle, {
      create: boom,
      stop: async () => void stops++
    })
    await start()
    await until(() => states.includes('c-0 FAILED'), 'it failed')
    await stop()
    assert.deepEqual([stops, states], [0, ['c-0 FAILED']])
    assert.match(traces[0] ?? '', /boom/)
  })

  it('is FAILED when it failed before', async (t) => {
    const { states, start, stop } = await scripted(t, boom, { stop: boom })
    await start()
    await until(() => states.includes('c-0 FAILED'), 'it failed')
    await stop()
    assert.deepEqual(states, ['c-0 RUNNING', 'c-0 FAILED'])
  })
})
