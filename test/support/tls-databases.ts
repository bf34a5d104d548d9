import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, startMariaDb, startPostgres } from '../../scripts/databases.ts'
import type { KeyFolder } from './key-files.ts'

/** A database of our own that speaks TLS, with the key `server` of this folder; `folder` must be empty. */
export async function startTlsPostgres(
  folder: string,
  keys: KeyFolder,
  more: { readonly hba?: readonly string[] } = {}
): Promise<Database> {
  const file = serverFiles(folder, keys, 'postgres')
  const hba = file(
    'hba.conf',
    [...(more.hba ?? []), 'host all all 127.0.0.1/32 scram-sha-256', ''].join('\n')
  )
  return await startPostgres({
    dir: folder,
    logTo: join(folder, 'postgres.log'),
    settings: [
      'ssl=on',
      `ssl_cert_file=${file('server.pem')}`,
      `ssl_key_file=${file('server.key')}`,
      `ssl_ca_file=${file('ca.pem')}`,
      `hba_file=${hba}`
    ]
  })
}

export async function startTlsMariaDb(folder: string, keys: KeyFolder): Promise<Database> {
  const file = serverFiles(folder, keys, 'mysql')
  return await startMariaDb({
    dir: folder,
    logTo: join(folder, 'mariadb.log'),
    settings: [
      `ssl-cert=${file('server.pem')}`,
      `ssl-key=${file('server.key')}`,
      `ssl-ca=${file('ca.pem')}`
    ]
  })
}

/** Puts files where the account of the server may read them, and nobody else. */
function serverFiles(
  folder: string,
  keys: KeyFolder,
  account: string
): (name: string, text?: string) => string {
  const place = join(folder, 'tls')
  mkdirSync(place, { recursive: true })
  const number = (flag: string): number =>
    Number(execFileSync('id', [flag, account], { encoding: 'utf8' }))
  const owner = process.getuid?.() === 0 ? ([number('-u'), number('-g')] as const) : null
  const give = (path: string): string => {
    if (owner !== null) chownSync(path, ...owner)
    return path
  }
  chmodSync(folder, 0o755)
  give(place)
  return (name, text) => {
    const path = join(place, name)
    if (text === undefined) copyFileSync(keys.path(name), path)
    else writeFileSync(path, text)
    chmodSync(path, 0o600)
    return give(path)
  }
}
