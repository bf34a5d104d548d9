import { ConfigError } from '../../../errors.ts'
import type { Dialect, JdbcUrl } from './database.ts'

/**
 * The URL and the dialect its sub-protocol names. ConfigError says what is supported; no message shows a
 * password (I7).
 */
export function parseJdbcUrl(
  text: string,
  dialects: readonly Dialect[]
): { url: JdbcUrl; dialect: Dialect } {
  const url = text.trim()
  if (!/^jdbc:[^:]+:.*$/is.test(url)) {
    throw invalidUrl(
      url,
      `expected e.g. ${dialects.map((dialect) => dialect.urlExample).join(', ')}`
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
    `No dialect for the JDBC URL ${maskUrl(url)}: its sub-protocol is not supported. Supported: ${supported.join(', ')}`
  )
}

/**
 * I7: what of a URL may be shown: the protocol. A password may stand in any other part, and where it begins
 * and ends is not known of a URL that cannot be read.
 */
export function maskUrl(url: string): string {
  const protocol = /^jdbc:[a-z0-9+]{1,20}:/i.exec(url)?.[0]
  return protocol === undefined ? '[hidden]' : `${protocol}[hidden]`
}

/** The error for a URL that makes no sense. `why` shows nothing of it but hosts and ports. */
export function invalidUrl(url: string, why: string): ConfigError {
  if (url === '') return new ConfigError(`No JDBC URL is given: ${why}`)
  return new ConfigError(`Not a valid JDBC URL: ${maskUrl(url)}: ${why}`)
}

/**
 * What stands behind a question mark: `name=value` and `&`, not decoded; of a word without `=` the value is
 * null.
 */
export function urlParameters(text: string): [name: string, value: string | null][] {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals === -1 ? [pair, null] : [pair.slice(0, equals), pair.slice(equals + 1)]
    })
}

/** As Java's URLDecoder reads it, which most drivers use: `%2B` is a plus, `+` a blank. */
export function decodeForm(url: string, text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw invalidUrl(
      url,
      'it holds a percent sign that is not followed by two digits of a character in UTF-8 (a percent sign itself is written %25)'
    )
  }
}

/**
 * No host has other characters. I7: what has may be a piece of a password, which nobody is asked for by that
 * name.
 */
const HOST = /^[\p{L}\p{N}._-]*$/u
const IPV6 = /^\[[\da-f:.]+(?:%\w+)?\]$/i

/** `host`, `host:port`, `[v6]:port`; the host without brackets. */
export function hostAndPort(url: string, entry: string): { host: string; port: number | null } {
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(entry.trim())
  const [, written = entry, digits = ''] = match ?? []
  return {
    host: hostName(url, written),
    port: digits === '' ? null : portNumber(url, digits)
  }
}

/** A host as it is connected to, without brackets; empty when none is written. */
export function hostName(url: string, written: string): string {
  const host = written.trim()
  if (HOST.test(host) || IPV6.test(host)) return host.replace(/^\[|\]$/g, '')
  throw invalidUrl(url, 'an address is not host:port (an IPv6 address stands in brackets)')
}

export function portNumber(url: string, text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw invalidUrl(
    url,
    /^\d{1,9}$/.test(text) ? `port ${text} does not exist` : 'a port is no number'
  )
}
