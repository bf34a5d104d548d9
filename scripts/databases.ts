import { chownSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { canInstall, findExecutable, installPackages, run } from './commands.ts'
import { freePorts, type ServerProcess, startServer } from './server-process.ts'

interface DatabaseOptions {
  /** Folder of this instance; made when missing, must be new. */
  readonly dir: string
  readonly logTo: string
  readonly say?: (text: string) => void
  /** More settings (`name=value`), e.g. shared_buffers for measurements. */
  readonly settings?: readonly string[]
}

export interface Database {
  /** URL of a user who may do everything. */
  readonly url: string
  /** Changes with `restart`. */
  readonly pid: number
  stop(): Promise<void>
  /**
   * Ends every session as an operator's restart does and starts it again, on the same port with the same
   * data.
   */
  restart(): Promise<void>
}

const LOOSE_PERMISSIONS = 0o755

/**
 * A PostgreSQL of our own on a loopback port, from the system's binaries, without durability (it lives for
 * one run).
 */
export async function startPostgres(options: DatabaseOptions): Promise<Database> {
  const bin = await postgresBinaries(options.say ?? (() => undefined))
  const account = await unprivileged('postgres')
  const dir = ownFolder(options.dir, account)
  const data = join(dir, 'data')
  const password = join(dir, 'password')
  writeFileSync(password, 'postgres\n')
  await run(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      `--pwfile=${password}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync'
    ],
    120_000,
    { ...account, cwd: dir }
  )
  const [port] = (await freePorts(1)) as [number]
  const url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${dir}`,
    'fsync=off',
    'max_connections=200',
    'timezone=UTC',
    ...(options.settings ?? [])
  ]
  const start = (): Promise<ServerProcess> =>
    startServer({
      name: 'PostgreSQL',
      command: join(bin, 'postgres'),
      args: ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      cwd: dir,
      logTo: options.logTo,
      ...account,
      ready: () => postgresAnswers(url),
      stopTimeoutMs: 10_000
    })
  return await running(url, start, stopFast)
}

/** A database that is started, and can be stopped and started again. */
async function running(
  url: string,
  start: () => Promise<ServerProcess>,
  stop: (server: ServerProcess) => Promise<void>
): Promise<Database> {
  let server = await start()
  return {
    url,
    get pid() {
      return server.pid
    },
    stop: () => stop(server),
    async restart() {
      await stop(server)
      server = await start()
    }
  }
}

/** SIGINT is PostgreSQL's fast shutdown: it does not wait for sessions a failed test may have left open. */
async function stopFast(server: ServerProcess): Promise<void> {
  process.kill(server.pid, 'SIGINT')
  await server.stop()
}

async function postgresBinaries(say: (text: string) => void): Promise<string> {
  const find = (): string | null => {
    const folders = globSync('/usr/lib/postgresql/*/bin')
    folders.sort((a, b) => Number(b.split('/')[4]) - Number(a.split('/')[4]))
    const initdb = findExecutable('initdb', folders)
    return initdb === null ? null : resolve(initdb, '..')
  }
  const found = find()
  if (found !== null) return found
  if (canInstall()) {
    say('Installing PostgreSQL with apt-get …')
    await installPackages([['postgresql']])
    const installed = find()
    if (installed !== null) return installed
  }
  throw new Error(
    'PostgreSQL is not installed (no `initdb`). Install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql) ' +
      'or set TEST_POSTGRES_URL=postgres://user:password@host:port/database of a superuser.'
  )
}

async function postgresAnswers(url: string): Promise<boolean> {
  const { Client } = (await import('pg')).default
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => undefined) // a connection that breaks while it is starting: "not yet"
  await client.connect()
  await client.query('SELECT 1')
  await client.end()
  return true
}

/** A MariaDB of our own on a loopback port, from the system's binaries. */
export async function startMariaDb(options: DatabaseOptions): Promise<Database> {
  const { server: program, install } = await mariaDbBinaries(options.say ?? (() => undefined))
  const account = await unprivileged('mysql')
  const dir = ownFolder(options.dir, account)
  const data = join(dir, 'data')
  const temporary = ownFolder(join(dir, 'tmp'), account)
  await run(
    install,
    [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db'
    ],
    120_000,
    { ...account, cwd: dir }
  )
  const [port] = (await freePorts(1)) as [number]
  const url = `mysql://dev:dev@127.0.0.1:${port}`
  const grants = join(dir, 'users.sql')
  writeFileSync(
    grants,
    "CREATE USER IF NOT EXISTS 'dev'@'%' IDENTIFIED BY 'dev';\nGRANT ALL PRIVILEGES ON *.* TO 'dev'@'%' WITH GRANT OPTION;\n"
  )
  const start = (): Promise<ServerProcess> =>
    startServer({
      name: 'MariaDB',
      command: program,
      args: [
        '--no-defaults',
        `--datadir=${data}`,
        `--socket=${join(dir, 'socket')}`,
        `--pid-file=${join(dir, 'pid')}`,
        // A server that starts removes the temporary files it finds, those of a running one as well.
        `--tmpdir=${temporary}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        `--init-file=${grants}`,
        '--innodb-flush-log-at-trx-commit=0',
        '--character-set-server=utf8mb4',
        '--max-connections=200',
        ...(options.settings ?? []).map((setting) => `--${setting}`)
      ],
      cwd: dir,
      logTo: options.logTo,
      ...account,
      ready: () => mysqlAnswers(url),
      stopTimeoutMs: 15_000
    })
  return await running(url, start, (server) => server.stop())
}

async function mariaDbBinaries(
  say: (text: string) => void
): Promise<{ server: string; install: string }> {
  const find = (): { server: string; install: string } | null => {
    const folders = ['/usr/sbin', '/usr/local/sbin']
    const server = findExecutable('mariadbd', folders)
    const install = findExecutable('mariadb-install-db', folders)
    return server === null || install === null ? null : { server, install }
  }
  const found = find()
  if (found !== null) return found
  if (canInstall()) {
    say('Installing MariaDB with apt-get …')
    await installPackages([['mariadb-server']])
    const installed = find()
    if (installed !== null) return installed
  }
  throw new Error(
    'MariaDB is not installed (no `mariadbd`). Install it (Debian, Ubuntu: apt-get install mariadb-server; macOS: brew install mariadb) ' +
      'or set TEST_MYSQL_URL=mysql://user:password@host:port of a user with all privileges.'
  )
}

async function mysqlAnswers(url: string): Promise<boolean> {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({ uri: url, connectTimeout: 2000 })
  await connection.query('SELECT 1')
  await connection.end()
  return true
}

type Account = { uid: number; gid: number } | Record<string, never>

/** Database servers refuse to run as root: the account to run them under then, and ourselves otherwise. */
async function unprivileged(name: string): Promise<Account> {
  if (process.getuid?.() !== 0) return {}
  for (const candidate of [name, 'nobody']) {
    try {
      const uid = Number(await run('id', ['-u', candidate], 5000))
      const gid = Number(await run('id', ['-g', candidate], 5000))
      return { uid, gid }
    } catch {
      continue // no such account; `nobody` exists on every system
    }
  }
  throw new Error(`Neither the account ${name} nor nobody exists to run the database server under`)
}

function ownFolder(dir: string, account: Account): string {
  const folder = resolve(dir)
  mkdirSync(folder, { recursive: true, mode: LOOSE_PERMISSIONS })
  if ('uid' in account) chownSync(folder, account.uid, account.gid)
  return folder
}
