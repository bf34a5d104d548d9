/**
 * What still has to be written may take this long; whatever else holds the process then (a plugin's timer,
 * its socket) does so no longer.
 */
const LINGER_MS = 1000

/** Ends the process with this code: at once when nothing holds it, or else after a moment. */
export function endProcess(code: number): void {
  process.exitCode = code
  setTimeout(() => process.exit(), LINGER_MS).unref()
}
