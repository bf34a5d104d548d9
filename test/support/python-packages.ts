import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { findExecutable, run } from '../../scripts/commands.ts'

/** The judges of each format. */
const PACKAGES = {
  avro: ['fastavro'],
  json: ['confluent-kafka[json]'],
  protobuf: ['protobuf', 'googleapis-common-protos', 'grpcio-tools']
} as const

/**
 * Folder with Python packages, fetched with pip once. Null, with the reason told, where there is no Python or
 * no package index.
 */
export async function pythonPackages(
  t: TestContext,
  name: keyof typeof PACKAGES
): Promise<string | null> {
  const folder = resolve(import.meta.dirname, '..', '..', '.cache', 'python', name)
  if (findExecutable('python3') === null) {
    t.diagnostic('not run: there is no python3')
    return null
  }
  if (existsSync(folder)) return folder
  const partial = `${folder}.partial-${process.pid}`
  mkdirSync(partial, { recursive: true })
  try {
    const packages = [...PACKAGES[name]]
    await run('python3', ['-m', 'pip', 'install', '-q', '--target', partial, ...packages], 110_000)
    if (!existsSync(folder)) renameSync(partial, folder)
    return folder
  } catch (error) {
    t.diagnostic(
      `not run: pip did not bring ${name} (${(error as Error).message.split('\n').at(-1)})`
    )
    return null
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

/** What a program prints that finds the packages of `folder`; its arguments are `sys.argv[1:]`. */
export function python(
  folder: string,
  program: string,
  ...args: readonly string[]
): Promise<string> {
  const path = `import sys\nsys.path.insert(0, sys.argv.pop(1))\n`
  return run('python3', ['-c', `${path}${program}`, folder, ...args], 60_000)
}
