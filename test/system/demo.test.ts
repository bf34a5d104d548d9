import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'

const script = resolve(import.meta.dirname, '..', '..', 'scripts', 'demo.ts')

/** Everything the demo prints; rejects when it ends with another exit code than 0. */
function runDemo(folder: string): Promise<string> {
  // Without KAFKA_BOOTSTRAP it starts a broker of its own, as on a machine where nothing runs.
  const { KAFKA_BOOTSTRAP: _, ...env } = process.env
  return new Promise((resolvePromise, reject) => {
    execFile(
      process.execPath,
      [script, '--once', '--data', folder],
      { env, timeout: 100_000 },
      (error, stdout, stderr) => {
        if (error === null) resolvePromise(stdout)
        else reject(new Error(`The demo failed:\n${stdout}${stderr}`, { cause: error }))
      }
    )
  })
}

describe('npm run demo -- --once', () => {
  it('brings rows from SQLite to Kafka and reads them back, the first time and again', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'kafka-connect-node-demo-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))

    const first = await runDemo(folder)
    assert.match(first, /POST \/connectors .* answered 201/)
    assert.match(first, /shop\.orders +\{.*"note":"first order of Ada Lovelace"/)

    // The second start finds its database, broker and connector, and goes on with new rows.
    const second = await runDemo(folder)
    assert.match(second, /PUT \/connectors\/shop-sqlite\/config .* answered 200/)
    assert.match(second, /shop\.orders +\{/)
    assert.doesNotMatch(second, /first order of Ada Lovelace/)
  })
})
