import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { writeFileSync } from 'node:fs'
import { temporaryFolder } from '../support/temporary-folder.ts'

const root = join(import.meta.dirname, '..', '..')

function start(t: TestContext, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function outputOf(child: ChildProcess): Promise<string> {
  const chunks: string[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(String(chunk)))
  await once(child, 'close')
  return chunks.join('')
}

describe('the process of a worker', () => {
  it('has the heap that KAFKA_HEAP_OPTS asks for, under the same process id', async (t) => {
    const file = join(temporaryFolder(t), 'worker.properties')
    writeFileSync(file, '')
    const child = start(t, ['src/main.ts', '--standalone', file], {
      KAFKA_HEAP_OPTS: '-Xms256M -Xmx300M'
    })
    const output = await outputOf(child)
    const limit = /asks for 300 MiB: the JavaScript heap is limited to (\d+) MiB/.exec(output)?.[1]
    assert.ok(Number(limit) >= 300 && Number(limit) < 700, `limited to ${limit} MiB: ${output}`)
    assert.equal(child.exitCode, 2)
  })

  it('I9: is not stalled by a reader of its log that has stopped, and says what it left out', async (t) => {
    const child = start(t, [
      '--input-type=module',
      '--eval',
      `import { loggers } from ${JSON.stringify(join(root, 'src', 'log.ts'))}
       const log = loggers.get('test')
       process.on('message', () => {
         process.disconnect()
         log.info('the last line')
       })
       for (let line = 0; line < 20_000; line++) log.info('x'.repeat(1000))
       process.send('written')`
    ])
    // Nobody reads, and all is written: 20 MB do not fit into a pipe.
    await once(child, 'message')
    child.send('go on')
    const output = await outputOf(child)
    assert.match(output, /\d+ lines of this log were left out/)
    const lines = output.trimEnd().split('\n')
    for (const line of lines) assert.ok(typeof JSON.parse(line) === 'object')
    assert.ok(lines.length > 5000 && lines.length < 20_000, `${lines.length} lines`)
  })
})
