import assert from 'node:assert/strict'
import { type ExecFileException, execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { startOracleServer } from '../../../../support/oracle/oracle-server.ts'

const root = resolve(import.meta.dirname, '../../../../..')
/** Kept from run to run. */
const PACKAGES = join(root, '.cache', 'python-oracledb')
const INSTALL_LIMIT_MS = 60_000
const CHECK_LIMIT_MS = 60_000

interface Run {
  readonly error: ExecFileException | null
  readonly output: string
}

function python(args: readonly string[], timeout: number): Promise<Run> {
  const env = { ...process.env, PYTHONPATH: PACKAGES }
  return new Promise((done) => {
    execFile('python3', args, { env, timeout }, (error, stdout, stderr) => {
      done({ error, output: stdout + stderr })
    })
  })
}

/** Why python-oracledb cannot be used here; null when it can. Installs it when it is missing. */
async function missing(): Promise<string | null> {
  const version = await python(['--version'], 10_000)
  if (version.error !== null) return 'there is no python3'
  if ((await python(['-c', 'import oracledb'], 10_000)).error === null) return null
  mkdirSync(PACKAGES, { recursive: true })
  const install = ['-m', 'pip', 'install', '--quiet', '--target', PACKAGES, 'oracledb']
  const { error, output } = await python(install, INSTALL_LIMIT_MS)
  return error === null ? null : `pip could not install oracledb: ${output.trim().slice(-300)}`
}

describe('Oracle test server, asked by python-oracledb', () => {
  it('answers as it does to the driver for Node', async (t) => {
    const reason = await missing()
    if (reason !== null) {
      t.diagnostic(`not run: ${reason}`)
      return
    }
    const script = join(root, 'test', 'support', 'oracle', 'python_check.py')
    for (const release of ['19c', '23ai'] as const) {
      const server = await startOracleServer({ release })
      try {
        const { connectString, user, password } = server
        const facts = [connectString, user, password, release.slice(0, 2)]
        const { output } = await python([script, ...facts], CHECK_LIMIT_MS)
        assert.equal(output.trim(), 'ok', release)
        assert.deepEqual(server.control.failures, [])
      } finally {
        await server.stop()
      }
    }
  })
})
