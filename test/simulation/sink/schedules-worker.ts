import { parentPort, workerData } from 'node:worker_threads'
import type { Promised } from './plan.ts'
import { simulate } from './simulate.ts'

// In a thread of its own: what the test runner does at each promise would take most of the time.
const { seeds, promised, tells } = workerData as {
  readonly seeds: readonly number[]
  readonly promised: Promised
  readonly tells: boolean
}
// Errors are part of every schedule, and nobody reads their stacks.
Error.stackTraceLimit = 0
for (const seed of seeds) parentPort?.postMessage(await simulate(seed, promised, tells))
