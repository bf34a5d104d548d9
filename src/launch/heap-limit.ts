import { getHeapStatistics } from 'node:v8'
import { heapLimitMib } from './command-line.ts'

const OPTION = '--max-old-space-size'

/**
 * V8 takes its limits when it starts, so a process whose environment names one becomes a new process with it:
 * same id, same place in whatever supervises it. Returns where nothing is to be done, or nothing can be.
 */
export function becomeLimited(): void {
  const limit = limitOrNull()
  const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  // An operator who gives Node's own option means it; and the new process has it, too. Windows cannot replace
  // a process.
  if (limit === null || given.includes(OPTION) || process.execve === undefined) return
  process.execve(
    process.execPath,
    [process.execPath, ...process.execArgv, `${OPTION}=${limit}`, ...process.argv.slice(1)],
    process.env
  )
}

/**
 * What the worker says of it at its start; null when no limit was asked for. Throws ConfigError when it
 * cannot be read.
 */
export function heapLimitSentence(): string | null {
  const asked = heapLimitMib(process.env['KAFKA_HEAP_OPTS'])
  if (asked === null) return null
  const mib = Math.round(getHeapStatistics().heap_size_limit / 1_048_576)
  return `KAFKA_HEAP_OPTS asks for ${asked} MiB: the JavaScript heap is limited to ${mib} MiB`
}

function limitOrNull(): number | null {
  try {
    return heapLimitMib(process.env['KAFKA_HEAP_OPTS'])
  } catch {
    // Said by the worker when it starts.
    return null
  }
}
