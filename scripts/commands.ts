import { execFile, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Stdout and stderr of a short command; rejects when it fails or takes longer than `timeoutMs`. */
export function run(
  command: string,
  args: readonly string[],
  timeoutMs: number,
  options: { uid?: number; gid?: number; cwd?: string } = {}
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      [...args],
      { timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024, ...options },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout + stderr)
        else {
          const tail = (stderr + stdout).trimEnd().split('\n').slice(-15).join('\n')
          const how = error.killed === true ? `took longer than ${timeoutMs} ms` : 'failed'
          reject(new Error(`\`${command} ${args.join(' ')}\` ${how}:\n${tail}`, { cause: error }))
        }
      }
    )
  })
}

/** Runs a command whose output the user should see; answers its exit code (128 when a signal ended it). */
export function runVisibly(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: 'inherit', env })
    const endIt = (): void => void child.kill()
    process.once('exit', endIt)
    child.once('error', reject)
    child.once('exit', (code) => {
      process.off('exit', endIt)
      resolve(code ?? 128)
    })
  })
}

/** Full path of an executable on PATH (or in `folders`), null when there is none. */
export function findExecutable(name: string, folders: readonly string[] = []): string | null {
  const path = (process.env['PATH'] ?? '').split(delimiter)
  for (const folder of [...folders, ...path]) {
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      continue // not in this folder
    }
  }
  return null
}

/** Whether missing Debian packages may be installed from here: we are root and apt-get exists. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && findExecutable('apt-get') !== null
}

let listsAreFresh: Promise<string> | null = null
let queue: Promise<unknown> = Promise.resolve()

/**
 * Installs Debian packages, one call after the other. `alternatives`: the first of them that exists is taken.
 */
export function installPackages(alternatives: readonly (readonly string[])[]): Promise<void> {
  const work = queue.then(async () => {
    listsAreFresh ??= run('apt-get', ['update', '-q'], 180_000)
    await listsAreFresh
    for (const packages of alternatives) {
      if (!(await arePublished(packages))) continue
      await run(
        'env',
        [
          'DEBIAN_FRONTEND=noninteractive',
          'apt-get',
          'install',
          '-y',
          '-q',
          '--no-install-recommends',
          '-o',
          'DPkg::Lock::Timeout=120',
          ...packages
        ],
        600_000
      )
      return
    }
    const names = alternatives.map((packages) => packages.join(' + ')).join(', ')
    throw new Error(`None of these Debian packages is available here: ${names}`)
  })
  queue = work.catch(() => undefined) // the next installation does not depend on this one's success
  return work
}

async function arePublished(packages: readonly string[]): Promise<boolean> {
  try {
    await run('apt-cache', ['show', ...packages], 60_000)
    return true
  } catch {
    return false // apt-cache fails for a name it does not know
  }
}
