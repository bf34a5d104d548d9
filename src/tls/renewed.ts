import { statSync } from 'node:fs'
import { messageOf } from '../errors.ts'
import { loggers } from '../log.ts'
import type { JavaTls, TlsSettings } from './java-ssl.ts'

const log = loggers.get('org.apache.kafka.common.security.ssl.SslFactory')

/**
 * The same options, read again when one of the files behind them has changed: certificates are replaced while
 * processes run. Whoever copies them for a connection has what is there now, a key and its certificate always
 * of one reading. What cannot be read any more, or not yet as a whole, stays as it was, and the log says so.
 */
export function renewed<T extends JavaTls>(ssl: TlsSettings, read: () => T): T {
  const files = [ssl['ssl.keystore.location'], ssl['ssl.truststore.location']].filter(
    (file): file is string => file !== null && file !== ''
  )
  let stamp = stampOf(files)
  let current = read()
  if (files.length === 0) return current
  let refused: string | null = null
  const look = (): T => {
    const now = stampOf(files)
    if (now === stamp || now === refused) return current
    try {
      current = read()
      stamp = now
      refused = null
      log.info(`Keys and certificates were read again: ${files.join(', ')}`)
    } catch (error) {
      refused = now
      log.warn(`Keys and certificates stay as they were: ${messageOf(error)}`)
    }
    return current
  }
  const names = Object.keys(current) as (keyof T)[]
  const view = {}
  for (const [index, name] of names.entries()) {
    // A copy asks for the first of them first.
    const get = (): T[keyof T] => (index === 0 ? look() : current)[name]
    Object.defineProperty(view, name, { enumerable: true, get })
  }
  return view as T
}

/** Which files these are, by their time, size and place: a link may lead elsewhere. */
function stampOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
      return stat === undefined ? 'none' : `${stat.mtimeNs} ${stat.size} ${stat.ino}`
    })
    .join()
}
