import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type Aftermath, storm, type StormOptions, versionText } from './storm.ts'

/** Rounds of a storm: `CHAOS_KILLS`, or 3. */
export const KILLS = Number(process.env['CHAOS_KILLS'] ?? 3)
/** Time for a storm on a machine that has other things to do. */
export const STORM_TIMEOUT_MS = 120_000 + KILLS * 60_000
/** `CHAOS_SEED` repeats the faults of an earlier run. */
export const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)

/**
 * Nothing is missing after a storm (`storm` waits for that), and what was sent twice lay behind the offset
 * that was stored when the worker before died.
 */
export async function survivesAtLeastOnce(
  t: TestContext,
  mode: StormOptions['mode']
): Promise<void> {
  t.diagnostic(`CHAOS_SEED=${SEED} CHAOS_KILLS=${KILLS}`)
  const aftermath = await storm(t, { seed: SEED, kills: KILLS, mode })
  const repeated = checkRepetitions(aftermath)
  t.diagnostic(
    `${aftermath.table.length} rows, ${aftermath.arrived.length} records, ${repeated} of them repeated, ${aftermath.crashes.length} kills`
  )
}

/**
 * How many records repeat others. AssertionError when one should not have been sent again. (A broker that is
 * away for long ends a worker's membership, and its task begins anew from what was stored by then: one life
 * of a worker may hold several of a task.)
 */
function checkRepetitions({ arrived, crashes }: Aftermath): number {
  const sent = new Set<string>()
  let repeated = 0
  for (const record of arrived) {
    const text = versionText(record)
    if (!sent.has(text)) {
      sent.add(text)
      continue
    }
    repeated++
    const lives = crashes.filter(({ topicEnd }) => topicEnd <= record.offset).length
    const { stored } = crashes[lives - 1] ?? { stored: null }
    if (stored === null) continue
    const { timestamp, incrementing = 0 } = stored
    // Records show milliseconds, offsets more: which of two rows of one millisecond is later cannot be told
    // here.
    const behind = timestamp === undefined ? record.id > incrementing : record.atMs >= timestamp
    assert.ok(behind, `${text} was sent again although ${JSON.stringify(stored)} was stored`)
  }
  return repeated
}
