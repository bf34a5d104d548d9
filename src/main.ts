import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { parseCommandLine, USAGE } from './launch/command-line.ts'
import { endProcess } from './launch/end-process.ts'
import { becomeLimited } from './launch/heap-limit.ts'

// What follows is loaded when it is needed, and from the cache the second time: half of the start would go
// into compiling.
enableCompileCache()
const cache = getCompileCacheDir()
// Threads look here for it. Without it each would compile by itself, and hold a compiler.
if (cache !== undefined) process.env['NODE_COMPILE_CACHE'] ??= dirname(cache)

/**
 * Runs the command given by the arguments; resolves with the exit code once everything is stopped. Never
 * rejects.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const command = parseCommandLine(argv, process.env)
  switch (command.kind) {
    case 'help':
      process.stdout.write(USAGE)
      return 0
    case 'version': {
      const { productVersion, restVersion } = await import('./launch/version.ts')
      process.stdout.write(`${productVersion()} (Kafka Connect ${restVersion().version})\n`)
      return 0
    }
    case 'usage-error':
      process.stderr.write(`${command.message}\n\n${USAGE}`)
      return 1
    case 'check':
      return (await import('./launch/check-worker-file.ts')).check(command)
    case 'distributed':
    case 'standalone':
      return (await import('./launch/run-worker.ts')).runWorker(command)
  }
}

/** As `main`, in a process with the heap that was asked for, and ends the process. */
export async function run(argv: readonly string[]): Promise<void> {
  becomeLimited()
  endProcess(await main(argv))
}

if (import.meta.main) await run(process.argv.slice(2))
