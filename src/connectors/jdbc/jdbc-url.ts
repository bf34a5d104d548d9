import { ConfigError } from '../../errors.ts'
import { redactUrl } from '../../secrets/redact.ts'
import type { Dialect, JdbcUrl } from './database.ts'

/** The URL and the dialect its sub-protocol names. ConfigError says what is supported; no message shows a password (I7). */
export function parseJdbcUrl(
  text: string,
  dialects: readonly Dialect[]
): { url: JdbcUrl; dialect: Dialect } {
  const url = text.trim()
  if (!/^jdbc:[^:]+:.*$/s.test(url)) {
    throw new ConfigError(
      `Not a valid JDBC URL: ${maskUrl(url)}. Expected e.g. ${dialects.map((dialect) => dialect.urlExample).join(', ')}`
    )
  }
  const body = url.slice('jdbc:'.length)
  for (const dialect of dialects) {
    for (const subProtocol of dialect.subProtocols) {
      if (body.toLowerCase().startsWith(`${subProtocol}:`)) {
        return {
          url: { text: url, subProtocol, rest: body.slice(subProtocol.length + 1) },
          dialect
        }
      }
    }
  }
  const supported = dialects.map((dialect) => `${dialect.displayName} (${dialect.urlExample})`)
  throw new ConfigError(
    `No dialect for the JDBC URL ${maskUrl(url)}: sub-protocol '${body.slice(0, body.indexOf(':'))}' is not supported. Supported: ${supported.join(', ')}`
  )
}

/** The URL with every password in it hidden. */
export function maskUrl(url: string): string {
  return redactUrl(url)
}

/** `//host:port/path?key=value&…` and its multi-host form, the shape PostgreSQL and MySQL share. */
export interface NetworkUrl {
  /** At least one; in the order to try. `port` null: the default. */
  readonly hosts: readonly { host: string; port: number | null }[]
  /** What follows the slash, decoded; empty when absent. */
  readonly database: string
  readonly user: string | null
  readonly password: string | null
  /** Parameters after the question mark, decoded; of repeated ones the last. */
  readonly parameters: ReadonlyMap<string, string>
}

export function parseNetworkUrl(url: JdbcUrl): NetworkUrl {
  const problem = (why: string): ConfigError =>
    new ConfigError(`Not a valid JDBC URL: ${maskUrl(url.text)}: ${why}`)
  const question = url.rest.indexOf('?')
  const address = question === -1 ? url.rest : url.rest.slice(0, question)
  const parameters = new Map<string, string>()
  for (const pair of question === -1 ? [] : url.rest.slice(question + 1).split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const key = equals === -1 ? pair : pair.slice(0, equals)
    parameters.set(decode(key), equals === -1 ? '' : decode(pair.slice(equals + 1)))
  }
  const local = (database: string): NetworkUrl => ({
    hosts: [{ host: 'localhost', port: null }],
    database: decode(database),
    user: null,
    password: null,
    parameters
  })
  if (!address.startsWith('//')) return local(address.replace(/^\//, ''))
  const slash = address.indexOf('/', 2)
  const authority = slash === -1 ? address.slice(2) : address.slice(2, slash)
  const database = slash === -1 ? '' : address.slice(slash + 1)
  const at = authority.lastIndexOf('@')
  const [user, password] = at === -1 ? [null, null] : splitOnce(authority.slice(0, at))
  const hosts = authority
    .slice(at + 1)
    .split(',')
    .map((entry) => {
      const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(entry.trim())
      if (match === null) throw problem(`'${entry}' is not host:port`)
      const port = match[2] === undefined || match[2] === '' ? null : Number(match[2])
      if (port !== null && (port < 1 || port > 65_535)) throw problem(`port ${port} does not exist`)
      const host = (match[1] ?? '').replace(/^\[|\]$/g, '')
      return { host: host === '' ? 'localhost' : host, port }
    })
  return { hosts, database: decode(database), user, password, parameters }
}

function splitOnce(text: string): [string, string | null] {
  const colon = text.indexOf(':')
  return colon === -1
    ? [decode(text), null]
    : [decode(text.slice(0, colon)), decode(text.slice(colon + 1))]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new ConfigError(`A JDBC URL holds a broken percent sign: ${(error as Error).message}`, {
      cause: error
    })
  }
}
