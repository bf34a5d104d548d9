import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

interface ServerCommand {
  /** What the operator calls it, for messages: "Kafka broker". */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** File that receives stdout and stderr. */
  readonly logTo: string
  readonly uid?: number
  readonly gid?: number
  /** Asked again and again until it answers true; a rejection counts as "not yet". */
  ready(): Promise<boolean>
  /** How long the process may take to end after SIGTERM before it is killed. */
  readonly stopTimeoutMs: number
}

export interface ServerProcess {
  readonly pid: number
  /** SIGTERM, and SIGKILL when that takes too long. Resolves when the process is gone. */
  stop(): Promise<void>
  /** SIGKILL. Resolves when the process is gone. */
  kill(): Promise<void>
  /** Resolves when the process ended, for whatever reason. */
  readonly ended: Promise<void>
}

/** Generous, for busy machines: a server that ends instead of starting is noticed at once. */
const START_LIMIT_MS = 300_000

/** Children that still live: the last resort when this process ends without having stopped them. */
const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/**
 * Starts a server in a session of its own (Ctrl-C reaches only this process) and waits until it is ready.
 * Rejects with the last lines of its log when it ends early or is not ready in time; nothing is left running
 * then.
 */
export async function startServer(server: ServerCommand): Promise<ServerProcess> {
  mkdirSync(dirname(server.logTo), { recursive: true })
  const log = openSync(server.logTo, 'a')
  const child = spawn(server.command, [...server.args], {
    detached: true,
    stdio: ['ignore', log, log],
    ...(server.cwd === undefined ? {} : { cwd: server.cwd }),
    env: server.env ?? process.env,
    ...(server.uid === undefined ? {} : { uid: server.uid }),
    ...(server.gid === undefined ? {} : { gid: server.gid })
  })
  closeSync(log)
  let outcome: string | null = null
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      outcome = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
      alive.delete(child)
      resolve()
    })
    child.once('error', (error) => {
      outcome = `could not be started: ${error.message}`
      alive.delete(child)
      resolve()
    })
  })
  alive.add(child)

  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  const deadline = performance.now() + START_LIMIT_MS
  while (!(await isReady(server))) {
    const late = performance.now() > deadline
    if (outcome === null && !late) {
      await Promise.race([ended, delay(50)])
      continue
    }
    const why = outcome ?? `was not ready within ${START_LIMIT_MS} ms`
    if (outcome === null) await kill()
    throw new Error(`${server.name} ${why}. ${lastLines(server.logTo)}`)
  }
  if (child.pid === undefined) throw new Error(`${server.name} ${outcome ?? 'has no process id'}`)
  return {
    pid: child.pid,
    ended,
    kill,
    async stop() {
      child.kill('SIGTERM')
      const patience = new AbortController()
      const limit = delay(server.stopTimeoutMs, 'late', { signal: patience.signal }).catch(
        () => 'aborted'
      )
      const first = await Promise.race([ended, limit])
      patience.abort()
      if (first === 'late') await kill()
    }
  }
}

async function isReady(server: ServerCommand): Promise<boolean> {
  try {
    return await server.ready()
  } catch {
    return false // not yet: the caller asks again until its limit, then shows the server's log
  }
}

/** The end of a log file, for error messages. */
export function lastLines(file: string, count = 15): string {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count)
  return `Last lines of ${file}:\n${lines.map((line) => `  | ${line}`).join('\n')}`
}

/**
 * Free ports on 127.0.0.1, all different. Below the range the kernel takes for outgoing connections, so that
 * a client that retries while its server restarts cannot occupy the server's own port.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  for (let attempt = 0; attempt < 200 && ports.size < count; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (!ports.has(port) && (await isFree(port))) ports.add(port)
  }
  if (ports.size < count) throw new Error(`Found no ${count} free ports between 20000 and 32000`)
  return [...ports]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true))
    })
  })
}
