import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Bench } from './bench.ts'
import type { TableAddress } from './oracle-table-server.ts'

const FILL_LIMIT_MS = 15 * 60_000

interface OracleServerProcess {
  readonly address: TableAddress
  readonly pid: number
}

/**
 * The tests' server of Oracle's protocol, with a table of so many rows, in a process of its own: the worker's
 * memory and time are the worker's alone.
 */
export async function startOracleServerProcess(
  bench: Bench,
  rows: number
): Promise<OracleServerProcess> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'oracle-table-server.ts'), [
    String(rows)
  ])
  const gone = once(child, 'exit')
  bench.atEnd(async () => {
    child.kill()
    await gone
  })
  const signal = AbortSignal.timeout(FILL_LIMIT_MS)
  const answer = await Promise.race([once(child, 'message', { signal }), gone.then(() => null)])
  if (answer === null || child.pid === undefined) throw new Error('The test server ended early')
  return { address: answer[0] as TableAddress, pid: child.pid }
}
