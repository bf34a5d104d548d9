import { readFileSync, readdirSync } from 'node:fs'
import { until } from './until.ts'

/**
 * Stops a process as it is: the kernel goes on accepting connections for it, and nothing is answered. On a
 * busy machine its threads come to a stand some time after the signal, so this waits until each of them does.
 */
export async function freeze({ pid }: { readonly pid: number }): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await until(
    () => threadStates(pid).every((state) => state === 'T'),
    `process ${pid} stands still`
  )
}

export function thaw({ pid }: { readonly pid: number }): void {
  process.kill(pid, 'SIGCONT')
}

/** The letters of proc(5), `stat`; a thread that has just ended has none. */
function threadStates(pid: number): readonly string[] {
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks).flatMap((thread) => {
    try {
      // The name before it stands in brackets and may hold brackets and blanks itself.
      return /^.*\) (\S)/s.exec(readFileSync(`${tasks}/${thread}/stat`, 'latin1'))?.[1] ?? []
    } catch {
      return []
    }
  })
}
