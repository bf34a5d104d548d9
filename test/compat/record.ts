import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runScenario } from './rest-recording.ts'
import { scenarios } from './rest-script.ts'

/**
 * Runs the REST script against a worker and writes one file per scenario: `node test/compat/record.ts --base
 * http://127.0.0.1:8083 --out dir [--only scenario]`. The worker must see this machine's files and own an
 * empty cluster. The golden answers are those of the JVM worker 4.3.1.
 */
const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    out: { type: 'string', default: join(import.meta.dirname, 'golden', 'rest') },
    only: { type: 'string' }
  }
})
if (values.base === undefined) throw new Error('--base http://host:port of a worker is needed')
await mkdir(values.out, { recursive: true })
const dir = await mkdtemp(join(tmpdir(), 'rest-compat-'))
try {
  for (const scenario of scenarios) {
    if (values.only !== undefined && scenario.name !== values.only) continue
    const recording = await runScenario(values.base, scenario, join(dir, scenario.name))
    await writeFile(
      join(values.out, `${scenario.name}.json`),
      `${JSON.stringify(recording, null, 2)}\n`
    )
    console.log(`${scenario.name}: ${recording.steps.length} answers`)
  }
} finally {
  await rm(dir, { recursive: true })
}
