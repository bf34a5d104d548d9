import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startJvmWorker } from '../support/jvm-worker.ts'
import { goldenFolder as folder, goldenText, type ValidateAnswer } from './validate-golden.ts'
import { type ValidateCase, validateCases } from './validate-cases.ts'

/**
 * Asks the JVM worker 4.3.1 and writes its answers: `node test/compat/record-validate.ts` with the variables
 * of the suite set and `GOLDEN_WORD=four`. Left out is what is not ours to match: prose, and lists of the
 * classes it happens to have.
 */
async function ask(base: string, { plugin, config }: ValidateCase): Promise<ValidateAnswer> {
  const path = `${base}/connector-plugins/${encodeURIComponent(plugin)}/config`
  const response =
    config === undefined
      ? await fetch(path)
      : await fetch(`${path}/validate`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(config)
        })
  return { status: response.status, body: withoutProse(await response.json()) }
}

function withoutProse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProse)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).map(([key, inner]) => {
    if (key === 'documentation') return [key, '']
    const classes = key === 'recommended_values' && /org\.apache\.kafka/.test(String(inner))
    return [key, classes ? ['classes'] : withoutProse(inner)]
  })
  return Object.fromEntries(kept) as unknown
}

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const workers = new Map<string, ValidateCase[]>()
// The plain questions first: the other answers are kept as differences from theirs.
const plainFirst = [...validateCases].sort(
  (a, b) => Number(b.name.endsWith('-good')) - Number(a.name.endsWith('-good'))
)
for (const one of plainFirst) {
  const key = JSON.stringify(one.worker ?? {})
  workers.set(key, [...(workers.get(key) ?? []), one])
}
for (const [properties, cases] of workers) {
  const worker = await startJvmWorker({
    'group.id': 'validate-golden',
    'config.storage.topic': 'validate-golden-configs',
    'offset.storage.topic': 'validate-golden-offsets',
    'status.storage.topic': 'validate-golden-status',
    'offset.storage.partitions': '1',
    'status.storage.partitions': '1',
    ...(JSON.parse(properties) as Record<string, string>)
  })
  try {
    for (const one of cases) {
      const answer = await ask(worker.url, one)
      writeFileSync(join(folder, `${one.name}.json`), goldenText(one.name, answer))
    }
    console.log(`${properties}: ${cases.length} answers`)
  } finally {
    await worker.stop()
  }
}
