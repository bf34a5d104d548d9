import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../../../../errors.ts'
import { databaseError, type OpenOptions } from '../../database/database.ts'
import { invalidUrl, urlParameters } from '../../database/jdbc-url.ts'
import { DriverProperties, type GivenProperty } from '../shared/driver-properties.ts'
import { sqliteJdbcProperties } from './properties.ts'

/** What a URL and its properties ask for. */
export interface SqliteTarget {
  /** A path, or a `file:` URI with what SQLite itself makes of its parameters. */
  readonly file: string
  /** The path alone, for messages. */
  readonly path: string
  readonly readOnly: boolean
  readonly busyTimeoutMs: number
  readonly pragmas: readonly string[]
}

// A wait for a lock cannot be cut short, not even when the task is to stop: the retries do the rest.
const DEFAULT_BUSY_TIMEOUT_MS = 1000
/** SQLITE_OPEN_READONLY, a bit of `open_mode`. */
const READ_ONLY_BIT = 1
/** Parameters SQLite itself understands in a `file:` URI. */
const URI_PARAMETERS = /^(mode|cache|psow|nolock|immutable|vfs|modeof)$/i

/** Properties win over the URL, as in sqlite-jdbc. ConfigError for what makes no sense; a database error when there is no file. */
export function sqliteTarget(options: OpenOptions): SqliteTarget {
  const { text, rest } = options.url
  const question = rest.indexOf('?')
  const address = question === -1 ? rest : rest.slice(0, question)
  const isUri = /^file:/i.test(address)
  const ofUri: string[] = []
  const given: GivenProperty[] = []
  for (const [name, value] of urlParameters(question === -1 ? '' : rest.slice(question + 1))) {
    if (URI_PARAMETERS.test(name)) ofUri.push(`${name.toLowerCase()}=${value ?? ''}`)
    else given.push({ name, value: value ?? '', inUrl: true })
  }
  refuse(text, address, ofUri, isUri)
  for (const [name, value] of options.properties) given.push({ name, value, inUrl: false })
  const properties = new DriverProperties(sqliteJdbcProperties, given)
  properties.tell(options.log)
  const path = isUri ? pathOf(text, address) : address
  if (!existsSync(path)) {
    throw databaseError(`There is no SQLite database at ${path}`, { retriable: true, code: 14 })
  }
  return {
    file: isUri && ofUri.length > 0 ? `${address}?${ofUri.join('&')}` : path,
    path,
    readOnly: ofUri.includes('mode=ro') || isReadOnly(properties.count('open_mode')),
    busyTimeoutMs: properties.count('busy_timeout') ?? DEFAULT_BUSY_TIMEOUT_MS,
    pragmas: pragmasOf(properties)
  }
}

function isReadOnly(openMode: number | null): boolean {
  // oxlint-disable-next-line no-bitwise
  return openMode !== null && (openMode & READ_ONLY_BIT) !== 0
}

function refuse(url: string, address: string, ofUri: readonly string[], isUri: boolean): void {
  const bare = address.replace(/^file:/i, '').replace(/^\/\/(localhost)?(?=\/|$)/, '')
  if (/^:resource:/i.test(bare))
    throw invalidUrl(url, 'resources of a Java program cannot be read; name a file')
  if (bare === '' || bare.startsWith(':memory:') || ofUri.includes('mode=memory')) {
    throw invalidUrl(url, 'a database in memory belongs to its own connection; name a file')
  }
  if (isUri || ofUri.every((parameter) => /^mode=r[ow]$/.test(parameter))) return
  throw invalidUrl(url, 'parameters of SQLite itself stand in an address that begins with file:')
}

/** SQLite reads percent signs in a URI only. */
function pathOf(url: string, address: string): string {
  const text = address.slice('file:'.length)
  try {
    return text.startsWith('//') ? fileURLToPath(`file:${text}`) : decodeURIComponent(text)
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw invalidUrl(
      url,
      'a file: address names a path on this machine, with %25 for a percent sign'
    )
  }
}

/** They hold for the session only, and change nothing in the file. */
const SESSION_PRAGMAS = [
  'automatic_index',
  'cache_size',
  'mmap_size',
  'case_sensitive_like',
  'read_uncommitted',
  'reverse_unordered_selects',
  'temp_store'
] as const

function pragmasOf(properties: DriverProperties): string[] {
  return SESSION_PRAGMAS.flatMap((name) => {
    const value = properties.word(name)
    if (value === null) return []
    if (!/^-?\w{1,20}$/.test(value))
      throw new ConfigError(`${properties.at(name)} is no word or number`)
    return [`PRAGMA ${name} = ${value}`]
  })
}
