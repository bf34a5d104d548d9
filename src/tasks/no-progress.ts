import type { ProgressReport } from './port.ts'

/** What there is to say of a task that has just started. */
export function noProgress(type: ProgressReport['type']): ProgressReport {
  if (type === 'source') {
    return { type, polled: 0, written: 0, skipped: 0, lastWriteAt: null, streams: new Map() }
  }
  return {
    type,
    read: 0,
    sent: 0,
    skipped: 0,
    active: 0,
    puts: 0,
    putMs: 0,
    longestPutMs: 0,
    retries: 0,
    commits: { completed: 0, failed: 0, skipped: 0 },
    deadLetters: new Map(),
    deadLetterFailures: 0,
    lastPutAt: null,
    partitions: [],
    streams: new Map()
  }
}
