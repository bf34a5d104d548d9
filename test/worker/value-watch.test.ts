import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../src/clock.ts'
import { startWatching, watchValues } from '../../src/worker/value-watch.ts'
import { recordingLog } from '../support/recording-log.ts'

const raw = new Map([
  ['password', '${vault:db:password}'],
  ['topic', 'orders']
])
const withPassword = (password: string): Map<string, string> =>
  new Map([
    ['password', password],
    ['topic', 'orders']
  ])

/** A clock for which any time is over at once; remembers for how long it was asked to wait. */
function hurriedClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = []
  return {
    slept,
    now: () => 0,
    monotonicMs: () => 0,
    async sleep(ms) {
      slept.push(ms)
      await nextTurn()
    }
  }
}

/** Watches values that the provider gives one after the other; the watch ends with the last. */
async function watched(
  given: readonly (string | Error)[],
  options: { ttlMs?: number | null } = {}
) {
  const { ttlMs = 500 } = options
  const clock = hurriedClock()
  const { log, lines } = recordingLog()
  const end = new AbortController()
  const values = [...given]
  let changes = 0
  const resolved = withPassword('first-secret')
  await watchValues({
    source: {
      resolve: () => {
        const next = values.shift()
        if (values.length === 0) setImmediate(() => end.abort())
        if (next instanceof Error) return Promise.reject(next)
        return Promise.resolve(withPassword(next ?? 'first-secret'))
      },
      ttlMs: () => ttlMs
    },
    used: [{ raw, resolved }],
    signal: end.signal,
    clock,
    log,
    onChange: () => void changes++
  })
  return { changes, lines, slept: clock.slept }
}

describe('the watch over values of config providers', () => {
  it('asks again each time their time is over, and tells of another value', async () => {
    const { changes, slept } = await watched(['first-secret', 'first-secret', 'second-secret', 'x'])
    assert.ok(changes >= 1)
    assert.deepEqual(slept.slice(0, 3), [500, 500, 500])
  })

  it('goes on telling until what runs was started again', async () => {
    const { changes } = await watched(['second-secret', 'second-secret', 'second-secret'])
    assert.ok(changes >= 2)
  })

  it('keeps the old values while the provider cannot be asked', async () => {
    const { changes, lines } = await watched([new Error('sealed'), 'first-secret'])
    assert.equal(changes, 0)
    assert.match(lines.join(''), /could not be read again; the old ones stay/)
  })

  it('I7: names the key of a value that changed, never the value', async () => {
    const { lines } = await watched(['second-secret', 'second-secret'])
    assert.match(lines.join(''), /other values for password/)
    assert.doesNotMatch(lines.join(''), /first-secret|second-secret/)
  })

  it('looks at nothing without a time', async () => {
    assert.deepEqual((await watched(['x'], { ttlMs: null })).slept, [])
  })

  for (const [reload, looks] of [
    [' none ', 0],
    ['restart', 1],
    [null, 1]
  ] as const) {
    it(`${looks === 0 ? 'looks at nothing' : 'looks at them'} with config.action.reload=${reload}`, async () => {
      const clock = hurriedClock()
      const resolved = withPassword('first-secret')
      if (reload !== null) resolved.set('config.action.reload', reload)
      const watch = startWatching({
        source: { resolve: () => Promise.resolve(resolved), ttlMs: () => 500 },
        used: [{ raw, resolved }],
        clock,
        log: recordingLog().log,
        onChange: () => undefined
      })
      watch.abort()
      await nextTurn()
      assert.equal(clock.slept.length, looks)
    })
  }
})
