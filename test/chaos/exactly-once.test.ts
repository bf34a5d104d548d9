import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KILLS, SEED, STORM_TIMEOUT_MS } from './at-least-once.ts'
import { storm, versionText } from './storm.ts'

describe('a storm of crashes over a connector that delivers exactly once', () => {
  it(`I1, I6: loses nothing and repeats nothing for those who read committed records, ${KILLS} kills`, {
    timeout: STORM_TIMEOUT_MS
  }, async (t) => {
    t.diagnostic(`CHAOS_SEED=${SEED} CHAOS_KILLS=${KILLS}`)
    const { table, arrived } = await storm(t, {
      seed: SEED,
      kills: KILLS,
      mode: 'timestamp+incrementing',
      worker: { 'exactly.once.source.support': 'enabled' },
      connector: { 'exactly.once.support': 'required' },
      committedOnly: true
    })
    const versions = new Map<number, number>()
    for (const { id, version, offset } of arrived) {
      const before = versions.get(id) ?? 0
      assert.ok(
        version > before,
        `${versionText({ id, version })} at offset ${offset} after version ${before}`
      )
      versions.set(id, version)
    }
    t.diagnostic(`${table.length} rows, ${arrived.length} records`)
  })
})
