import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../src/errors.ts'
import { type Mode, type Outcome, simulate } from './late-commit-simulation.ts'

/** What a history came to, or why it did not come to its end. */
export interface Told {
  readonly seed: number
  readonly outcome: Outcome | null
  readonly error: string | null
}

// In a thread of its own: what the test runner does at each promise would take most of the time.
const { seeds, guard, mode } = workerData as { seeds: number[]; guard: string; mode: Mode }
const told: Told[] = []
for (const seed of seeds) {
  try {
    told.push({ seed, outcome: await simulate(seed, guard, mode), error: null })
  } catch (error) {
    told.push({ seed, outcome: null, error: messageOf(error) })
  }
}
parentPort?.postMessage(told)
