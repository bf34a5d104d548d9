import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Recording } from './rest-recording.ts'

/** What the JVM worker 4.3.1 answered. */
export async function goldenRest(scenario: string): Promise<Recording> {
  const file = join(import.meta.dirname, 'golden', 'rest', `${scenario}.json`)
  return JSON.parse(await readFile(file, 'utf8')) as Recording
}
