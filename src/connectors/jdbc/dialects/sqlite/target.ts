import { existsSync } from 'node:fs'
import { ConfigError } from '../../../../errors.ts'
import { databaseError, type OpenOptions } from '../../database/database.ts'
import { urlParameters } from '../../database/jdbc-url.ts'
import { DriverProperties, type GivenProperty } from '../shared/driver-properties.ts'
import { sqliteJdbcProperties } from './properties.ts'
import { pathOf, refuse, URI_PARAMETERS } from './url.ts'

/** What a URL and its properties ask for. */
export interface SqliteTarget {
  /** A path, or a `file:` URI with what SQLite itself makes of its parameters. */
  readonly file: string
  /** The path alone, for messages. */
  readonly path: string
  readonly readOnly: boolean
  readonly writes: boolean
  readonly busyTimeoutMs: number
  readonly pragmas: readonly string[]
}

// A wait for a lock cannot be cut short, not even when the task is to stop: the retries do the rest.
const DEFAULT_BUSY_TIMEOUT_MS = 1000
/** SQLITE_OPEN_READONLY, a bit of `open_mode`. */
const READ_ONLY_BIT = 1
/**
 * Properties win over the URL, as in sqlite-jdbc. Who `writes` may find no file yet. ConfigError for what
 * makes no sense; a database error when there is no file.
 */
export function sqliteTarget(options: OpenOptions, writes = false): SqliteTarget {
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
  if (!existsSync(path) && !writes) {
    throw databaseError(`There is no SQLite database at ${path}`, { retriable: true, code: 14 })
  }
  return {
    file: isUri && ofUri.length > 0 ? `${address}?${ofUri.join('&')}` : path,
    path,
    readOnly: ofUri.includes('mode=ro') || isReadOnly(properties.count('open_mode')),
    writes,
    busyTimeoutMs: properties.count('busy_timeout') ?? DEFAULT_BUSY_TIMEOUT_MS,
    pragmas: pragmasOf(properties)
  }
}

function isReadOnly(openMode: number | null): boolean {
  // oxlint-disable-next-line no-bitwise
  return openMode !== null && (openMode & READ_ONLY_BIT) !== 0
}

/** Pragmas that hold for the session only, and change nothing in the file. */
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
