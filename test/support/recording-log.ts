import { Loggers, type Logger } from '../../src/log.ts'

/** A logger that keeps its lines, as JSON text, for assertions. */
export function recordingLog(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = []
  const loggers = new Loggers({ write: (line) => void lines.push(line) })
  return { log: loggers.get('test'), lines }
}
