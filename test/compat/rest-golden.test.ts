import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  deleteTopicsOf,
  startWorkerProcess,
  type WorkerProcess
} from '../support/worker-process.ts'
import { goldenRest } from './golden.ts'
import { compareAnswers } from './rest-compare.ts'
import { runScenario } from './rest-recording.ts'
import { scenarios } from './rest-script.ts'

/**
 * The whole REST script against a worker process of ours, compared with the recorded answers of the JVM
 * worker 4.3.1.
 */
describe('REST like the JVM worker 4.3.1', () => {
  let worker: WorkerProcess
  let dir: string
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rest-golden-'))
    worker = await startWorkerProcess()
  })
  after(async () => {
    await worker.stop()
    await deleteTopicsOf(worker, ['rest-compat-lines', 'rest-compat-sunk', 'rest-compat-lived'])
    await rm(dir, { recursive: true })
  })

  for (const scenario of scenarios) {
    it(scenario.name, async () => {
      const recording = await runScenario(worker.url, scenario, join(dir, scenario.name))
      assert.deepEqual(compareAnswers(await goldenRest(scenario.name), recording), [])
    })
  }
})
