import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { goldenRest } from '../compat/golden.ts'
import { compareAnswers } from '../compat/rest-compare.ts'
import { runScenario } from '../compat/rest-recording.ts'
import { scenarios } from '../compat/rest-script.ts'
import { type RestWorker, startRestWorker } from './rest-worker.ts'

/** The part of the compatibility script that depends on this room alone. */
const ours = [
  'root-and-health',
  'options',
  'wrong-methods',
  'paths',
  'accept',
  'content-types',
  'create-bad-bodies',
  'absent-connector',
  'odd-names'
]

describe('answers of the JVM worker 4.3.1', () => {
  let worker: RestWorker
  let dir: string
  before(async () => {
    worker = await startRestWorker()
    dir = await mkdtemp(join(tmpdir(), 'rest-golden-'))
  })
  after(async () => {
    await worker.stop()
    await rm(dir, { recursive: true })
  })

  for (const scenario of scenarios.filter(({ name }) => ours.includes(name))) {
    it(`${scenario.name}: the same from us`, async () => {
      const recording = await runScenario(worker.base, scenario, join(dir, scenario.name))
      assert.deepEqual(compareAnswers(await goldenRest(scenario.name), recording), [])
    })
  }
})
