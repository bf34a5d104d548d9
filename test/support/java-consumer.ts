import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { kafkaBootstrap, kafkaLibs } from './environment.ts'
import { until } from './until.ts'

/** A consumer of Kafka's own, as a process. */
interface JavaConsumer {
  /** What it read: one line for each value. */
  readonly lines: readonly string[]
  /** Has it leave its group and end. */
  stop(): Promise<void>
}

/**
 * Kafka's console consumer as a member of a group, subscribed to a topic; `properties` are those of Java's
 * client.
 */
export function startJavaConsumer(
  t: Pick<TestContext, 'after'>,
  options: {
    readonly group: string
    readonly topic: string
    readonly properties?: Readonly<Record<string, string>>
  }
): JavaConsumer {
  const properties = {
    'auto.offset.reset': 'earliest',
    'auto.commit.interval.ms': '100',
    ...options.properties
  }
  const child = spawn(
    'java',
    [
      '-Xmx128m',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      join(kafkaLibs(), '*'),
      'org.apache.kafka.tools.consumer.ConsoleConsumer',
      '--bootstrap-server',
      kafkaBootstrap(),
      '--topic',
      options.topic,
      '--group',
      options.group,
      ...Object.entries(properties).flatMap(([k, v]) => ['--command-property', `${k}=${v}`])
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] }
  )
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  const complaints: string[] = []
  child.stderr.on('data', (text) => complaints.push(String(text)))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    let isOver = false
    void ended.then(() => (isOver = true))
    await until(() => isOver, `the consumer of Java ends; it said: ${complaints.join('')}`)
  }
  t.after(stop)
  return { lines, stop }
}
