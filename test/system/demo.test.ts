import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const script = resolve(import.meta.dirname, '..', '..', 'scripts', 'demo.ts')

/** Everything the demo prints; rejects when it ends with another exit code than 0. */
function runDemo(folder: string, ...words: readonly string[]): Promise<string> {
  // Without KAFKA_BOOTSTRAP it starts a broker of its own, as on a machine where nothing runs.
  const { KAFKA_BOOTSTRAP: _, ...env } = process.env
  return new Promise((resolvePromise, reject) => {
    execFile(
      process.execPath,
      [script, '--once', '--data', folder, ...words],
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
    const folder = temporaryFolder(t)

    const first = await runDemo(folder)
    assert.match(first, /POST \/connectors .* answered 201/)
    assert.match(first, /shop\.orders +\{.*"note":"first order of Ada Lovelace"/)

    // The second start finds its database, broker and connector, and goes on with new rows.
    const second = await runDemo(folder)
    assert.match(second, /PUT \/connectors\/shop-sqlite\/config .* answered 200/)
    assert.match(second, /shop\.orders +\{/)
    assert.doesNotMatch(second, /first order of Ada Lovelace/)
  })

  it("brings rows over Oracle's protocol with --oracle, and says that this is no Oracle Database", async (t) => {
    const folder = temporaryFolder(t)

    const first = await runDemo(folder, '--oracle')
    assert.match(first, /Oracle: NOT an Oracle Database, but this project's own test server/)
    assert.match(
      first,
      /POST \/connectors with worker-config\/jdbc-source-oracle.json answered 201/
    )
    assert.match(first, /shop\.ORDERS +\{"ID":1,.*"NOTE":"first order of Ada Lovelace"/)

    // The server of the second start has new tables; their rows are newer than the stored place.
    const second = await runDemo(folder, '--oracle')
    assert.match(second, /PUT \/connectors\/shop-oracle\/config .* answered 200/)
    assert.match(second, /shop\.ORDERS +\{"ID":1,/)
  })
})

/** Ids of the orders that arrived, in the order printed. */
function orderIds(output: string): number[] {
  return [...output.matchAll(/shop\.orders +\{"id":(\d+)/g)].map((match) => Number(match[1]))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false // the probe's way of saying that there is no such process
  }
}

describe('npm run demo', () => {
  it('loses no row when its worker is killed, and ends what it started', {
    timeout: 110_000
  }, async (t) => {
    const folder = temporaryFolder(t)
    const { KAFKA_BOOTSTRAP: _, ...env } = process.env
    const demo = spawn(process.execPath, [script, '--data', folder], {
      env,
      stdio: ['ignore', 'pipe', 'inherit']
    })
    t.after(() => demo.kill('SIGKILL'))
    let output = ''
    demo.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
    const pid = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0)

    await until(() => orderIds(output).length >= 6, 'orders arrive', 60_000)
    // The line it prints moves the connector: the first order comes once more.
    const line = await until(
      () => /^ {2}(curl -X PUT .*start-from)$/m.exec(output)?.[1],
      'the line that moves the start is printed'
    )
    const answer = JSON.parse(execFileSync('sh', ['-c', line], { encoding: 'utf8' })) as {
      state: string
      connector_state: string
    }
    assert.deepEqual([answer.state, answer.connector_state], ['DONE', 'RUNNING'])
    await until(() => orderIds(output).filter((id) => id === 1).length > 1, 'orders come again')

    const first = pid(/REST answers on \S+ \(process (\d+)/)
    process.kill(first, 'SIGKILL')
    const before = Math.max(...orderIds(output))
    await until(() => Math.max(...orderIds(output)) >= before + 6, 'orders arrive again', 40_000)
    const second = pid(/REST answers again \(process (\d+)/)

    const ended = once(demo, 'exit')
    demo.kill('SIGINT')
    await ended
    const ids = new Set(orderIds(output))
    const missing = Array.from({ length: Math.max(...ids) }, (_, i) => i + 1).filter(
      (id) => !ids.has(id)
    )
    assert.deepEqual(missing, [])
    assert.deepEqual([isAlive(first), isAlive(second)], [false, false])
  })
})
