import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'

interface Outcome {
  exitCode: number
  output: string
}

function run(command: string, ...args: string[]): Promise<Outcome> {
  const script = resolve(import.meta.dirname, '..', 'bin', command)
  return new Promise((resolvePromise) => {
    execFile(process.execPath, [script, ...args], { timeout: 180_000 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolvePromise({ exitCode, output: stdout + stderr })
    })
  })
}

describe('The commands of the package', () => {
  it('connect-distributed without a file prints its usage and exits with 1', async () => {
    assert.deepEqual(await run('connect-distributed.js'), {
      exitCode: 1,
      output: 'USAGE: connect-distributed [-daemon] connect-distributed.properties\n'
    })
  })

  it('connect-standalone without a file prints its usage and exits with 1', async () => {
    const { exitCode, output } = await run('connect-standalone.js', '-daemon')
    assert.equal(exitCode, 1)
    assert.match(output, /^USAGE: connect-standalone \[-daemon\] connect-standalone\.properties \[/)
  })

  it('worker --version names the product', async () => {
    const { exitCode, output } = await run('worker.js', '--version')
    assert.equal(exitCode, 0)
    assert.match(output, /\d+\.\d+\.\d+/)
  })

  it('connect-distributed with a file that is not there exits with 2 and names it', async () => {
    const { exitCode, output } = await run('connect-distributed.js', 'no-such.properties')
    assert.equal(exitCode, 2)
    assert.match(output, /no-such\.properties/)
  })
})
