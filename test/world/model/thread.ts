import { parentPort, workerData } from 'node:worker_threads'
import { liveModelWorld } from './world.ts'

// In a thread of its own: what the test runner does at each promise would take most of the time.
const { seeds } = workerData as { seeds: readonly number[] }
for (const seed of seeds) parentPort?.postMessage(await liveModelWorld(seed))
