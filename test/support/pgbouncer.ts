import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { canInstall, findExecutable, installPackages } from '../../scripts/commands.ts'
import { freePorts, type ServerProcess, startServer } from '../../scripts/server-process.ts'

/**
 * A PgBouncer in front of this database that gives its sessions away after every transaction, to whoever
 * comes next.
 */
export async function startPgBouncer(
  folder: string,
  databaseUrl: string
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const command = await pgBouncer()
  const url = new URL(databaseUrl)
  const [port] = (await freePorts(1)) as [number]
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
  const settings = join(folder, 'pgbouncer.ini')
  writeFileSync(
    settings,
    [
      '[databases]',
      `* = host=${url.hostname} port=${url.port} user=${url.username} password=${url.password}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      'pool_mode = transaction',
      'default_pool_size = 4',
      ''
    ].join('\n')
  )
  const server: ServerProcess = await startServer({
    name: 'PgBouncer',
    command,
    args: [settings],
    cwd: folder,
    logTo: join(folder, 'pgbouncer.log'),
    ...account(folder),
    ready: () => answers(port),
    stopTimeoutMs: 5000
  })
  return { port, stop: () => server.stop() }
}

async function pgBouncer(): Promise<string> {
  const find = (): string | null => findExecutable('pgbouncer', ['/usr/sbin', '/usr/local/sbin'])
  const found = find()
  if (found !== null) return found
  if (canInstall()) {
    await installPackages([['pgbouncer']])
    const installed = find()
    if (installed !== null) return installed
  }
  throw new Error(
    'PgBouncer is not installed (Debian, Ubuntu: apt-get install pgbouncer; macOS: brew install pgbouncer)'
  )
}

/** It refuses to run as root. */
function account(folder: string): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {}
  const number = (flag: string): number =>
    Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  const [uid, gid] = [number('-u'), number('-g')]
  chownSync(folder, uid, gid)
  return { uid, gid }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
