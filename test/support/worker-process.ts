import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { kafkaBootstrap, uniqueName } from './environment.ts'
import { until } from './until.ts'

const ROOT = resolve(import.meta.dirname, '..', '..')
const STOP_MS = 30_000

/** A running worker of ours in a process of its own. */
export interface WorkerProcess {
  /** Without a slash at the end. */
  url: string
  pid: number
  /** Group and names of the internal topics, for workers that join it and for looking into the topics. */
  properties: Readonly<Record<string, string>>
  /** SIGTERM, then SIGKILL after 30 s; resolves with the exit code, null when it was killed. */
  stop(): Promise<number | null>
  /** SIGKILL: what a crash looks like to the others. */
  kill(): Promise<void>
  /** Everything it wrote so far. */
  output(): string
}

/** For workers that are killed: a dead member must not keep the others, or its own successor, waiting. */
export const MORTAL = {
  'session.timeout.ms': '6000',
  'scheduled.rebalance.max.delay.ms': '0'
} as const

interface WorkerProcessOptions {
  /**
   * Worker properties over the defaults (own group, internal topics named after the group, JSON converters, a
   * free port).
   */
  properties?: Readonly<Record<string, string>>
  env?: Readonly<Record<string, string>>
  /** `account:password` of somebody who may see whether it is well. */
  healthUser?: string
}

/** Starts `node src/main.ts --distributed <file>` and waits until `GET /health` answers 200. */
export async function startWorkerProcess(
  options: WorkerProcessOptions = {}
): Promise<WorkerProcess> {
  const port = await freePort()
  const properties = {
    ...workerDefaults(port, options.properties?.['group.id']),
    ...options.properties
  }
  const dir = await mkdtemp(join(tmpdir(), 'worker-'))
  const file = join(dir, 'connect-distributed.properties')
  await writeFile(file, propertiesText(properties))
  const child = spawn(process.execPath, ['src/main.ts', '--distributed', file], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env }
  })
  let output = ''
  const collect = (chunk: Buffer) => {
    output += chunk.toString('utf8')
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const end = async (signal: NodeJS.Signals) => {
    const code = await ended(child, signal)
    await rm(dir, { recursive: true, force: true })
    return code
  }
  const url = `http://127.0.0.1:${port}`
  const user = options.healthUser ?? ''
  const headers = { authorization: `Basic ${Buffer.from(user).toString('base64')}` }
  try {
    await until(
      async () => {
        if (child.exitCode !== null) return true
        return (await fetch(`${url}/health`, { headers })).status === 200
      },
      `the worker at ${url} is healthy`,
      300_000
    )
    if (child.exitCode !== null) throw new Error(`The worker ended with code ${child.exitCode}`)
  } catch (cause) {
    await end('SIGKILL')
    throw new Error(`The worker did not start. It wrote:\n${output}`, { cause })
  }
  return {
    url,
    pid: child.pid ?? -1,
    properties,
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL')
    },
    output: () => output
  }
}

/**
 * Removes the three internal topics of a worker that is stopped, and `more` topics; absent ones do not
 * matter.
 */
export async function deleteTopicsOf(
  worker: WorkerProcess,
  more: readonly string[] = []
): Promise<void> {
  const kafka = new Kafka({ brokers: [kafkaBootstrap()], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  try {
    const existing = new Set(await admin.listTopics())
    const wanted = ['config', 'offset', 'status'].map(
      (kind) => worker.properties[`${kind}.storage.topic`] ?? ''
    )
    await admin.deleteTopics({ topics: [...wanted, ...more].filter((name) => existing.has(name)) })
  } finally {
    await admin.disconnect()
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  child.kill(signal)
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await exit
  clearTimeout(late)
  return child.exitCode
}

/** Properties of a worker on the suite's broker, of a group of its own unless one is given. Port 0: any. */
export function workerDefaults(
  port: number,
  group = uniqueName('connect')
): Record<string, string> {
  return {
    'bootstrap.servers': kafkaBootstrap(),
    'group.id': group,
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'config.storage.topic': `${group}-configs`,
    'offset.storage.topic': `${group}-offsets`,
    'status.storage.topic': `${group}-status`,
    'config.storage.replication.factor': '1',
    'offset.storage.replication.factor': '1',
    'status.storage.replication.factor': '1',
    'offset.storage.partitions': '1',
    'status.storage.partitions': '1',
    'offset.flush.interval.ms': '1000',
    listeners: `http://127.0.0.1:${port}`
  }
}

function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('')
}

/** A port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
