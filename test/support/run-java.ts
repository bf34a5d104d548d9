import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { kafkaLibs } from './environment.ts'

const run = promisify(execFile)

/**
 * Runs a class of test/support/java from its source, with Kafka's jars and `input` to read, and answers what
 * it printed, line by line.
 */
export async function runJava(
  file: string,
  args: readonly string[],
  input = ''
): Promise<string[]> {
  const source = join(import.meta.dirname, 'java', file)
  const options = [
    '-Xmx256m',
    '-Dfile.encoding=UTF-8',
    '-XX:TieredStopAtLevel=1',
    '-cp',
    join(kafkaLibs(), '*')
  ]
  const running = run('java', [...options, source, ...args], {
    timeout: 180_000,
    maxBuffer: 50_000_000
  })
  running.child.stdin?.end(input)
  const { stdout } = await running
  return stdout.split('\n').filter((line) => line !== '')
}
