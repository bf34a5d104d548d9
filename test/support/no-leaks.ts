/**
 * Preloaded into every test file (`node --import ./test/support/no-leaks.ts --test …`): a file that leaves a
 * timer, a socket or a server behind would keep the runner waiting. Here it fails instead, naming what is
 * left, and its process is ended.
 */
import { after } from 'node:test'

/**
 * How long things that were closed may take to disappear: sockets close over a few turns of the event loop.
 */
const GRACE_MS = 2000
const LOOK_EVERY_MS = 25

/** What keeps the event loop alive, by kind, beyond what was there when the file began. */
function left(before: readonly string[]): string[] {
  const rest = [...process.getActiveResourcesInfo()]
  for (const kind of before) {
    const at = rest.indexOf(kind)
    if (at >= 0) rest.splice(at, 1)
  }
  return rest
}

// The runner itself loads this file too; only the processes of the test files are watched.
if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  const before = process.getActiveResourcesInfo()
  after(async () => {
    const deadline = performance.now() + GRACE_MS
    let leaked = left(before)
    while (leaked.length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_EVERY_MS)
      })
      leaked = left(before)
    }
    if (leaked.length === 0) return
    // The failure below is reported first; then nothing can keep this process.
    setTimeout(() => process.exit(1), 500).unref()
    throw new Error(`${process.argv[1]} left open: ${leaked.join(', ')}`)
  })
}
