import { invalidUrl, portNumber } from '../../database/jdbc-url.ts'

/** What stands in a URL. */
export interface SqlServerUrl {
  readonly host: string
  readonly instance: string | undefined
  readonly port: number | null
  readonly database: string | null
  readonly parameters: readonly (readonly [string, string])[]
}

/**
 * `//host[\\instance][:port][;name=value]…`; a value in braces may hold semicolons. jTDS has the database
 * behind a slash.
 */
export function parseUrl(url: string, rest: string, isJtds: boolean): SqlServerUrl {
  const semicolon = rest.indexOf(';')
  const address = semicolon === -1 ? rest : rest.slice(0, semicolon)
  const match = /^\/\/(\[[^\]]*\]|[^:;/\\,]*)(?:\\([^:;/]+))?(?::(\d+))?(?:\/([^;]*))?$/.exec(
    address
  )
  const [, host = '', instance, port, database = ''] = match ?? []
  if (match === null || (database !== '' && !isJtds)) {
    throw invalidUrl(url, 'expected jdbc:sqlserver://host[\\instance][:port];databaseName=…')
  }
  return {
    host: host.replace(/^\[|\]$/g, ''),
    instance,
    port: port === undefined ? null : portNumber(url, port),
    database: database === '' ? null : database,
    parameters: semicolon === -1 ? [] : parseProperties(url, rest.slice(semicolon + 1))
  }
}

/** Longer values in braces are taken as they stand. */
const LONGEST_BRACED = 8192

/** `name=value` and semicolons, in one go over the text (I8). */
function parseProperties(url: string, text: string): [string, string][] {
  const pairs: [string, string][] = []
  let at = 0
  for (;;) {
    while (at < text.length && /[\s;]/.test(text.charAt(at))) at++
    if (at === text.length) return pairs
    const equals = text.indexOf('=', at)
    const end = text.indexOf(';', at)
    if (equals <= at || (end !== -1 && end < equals)) {
      // I7: what stands there may be part of a password.
      throw invalidUrl(
        url,
        'behind a semicolon stands name=value; a value with a semicolon stands in braces'
      )
    }
    const near = text.slice(equals + 1, equals + 1 + LONGEST_BRACED)
    const braced = /^\s*\{((?:[^}]|\}\})*)\}\s*(?:;|$)/.exec(near)
    const value = braced?.[1]?.replaceAll('}}', '}')
    const plain = text.slice(equals + 1, end === -1 ? undefined : end)
    pairs.push([text.slice(at, equals).trim(), value ?? plain.trim()])
    at = equals + 1 + (braced?.[0].length ?? plain.length)
  }
}
