import { fileURLToPath } from 'node:url'
import { ConfigError } from '../../../../errors.ts'
import { invalidUrl } from '../../database/jdbc-url.ts'

/** Parameters SQLite itself understands in a `file:` URI. */
export const URI_PARAMETERS = /^(mode|cache|psow|nolock|immutable|vfs|modeof)$/i

/** ConfigError for an address behind which there is no file of ours to read. */
export function refuse(
  url: string,
  address: string,
  ofUri: readonly string[],
  isUri: boolean
): void {
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
export function pathOf(url: string, address: string): string {
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
