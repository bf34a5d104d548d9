import { isIP } from 'node:net'
import { checkServerIdentity, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import type { SslOptions } from 'mysql2'
import { ConfigError } from '../../../../errors.ts'
import { materialOf, materialOfText } from '../../../../tls/key-material.ts'
import { readKeyStore, readTrustStore } from '../../../../tls/key-store.ts'
import type { DriverProperties } from '../shared/driver-properties.ts'

type MysqlSslMode = 'DISABLED' | 'PREFERRED' | 'REQUIRED' | 'VERIFY_CA' | 'VERIFY_IDENTITY'

/** The words of both drivers. */
const WORDS: Readonly<Record<string, MysqlSslMode>> = {
  DISABLED: 'DISABLED',
  DISABLE: 'DISABLED',
  PREFERRED: 'PREFERRED',
  REQUIRED: 'REQUIRED',
  TRUST: 'REQUIRED',
  VERIFY_CA: 'VERIFY_CA',
  'VERIFY-CA': 'VERIFY_CA',
  VERIFY_IDENTITY: 'VERIFY_IDENTITY',
  'VERIFY-FULL': 'VERIFY_IDENTITY',
  VERIFY_FULL: 'VERIFY_IDENTITY'
}

/** `sslMode`, or the older properties that it replaced. Without a word: encrypted if the server can. */
export function sslModeOf(properties: DriverProperties, isMariaDb: boolean): MysqlSslMode {
  const word = properties.word('sslMode')
  if (word !== null) {
    const mode = WORDS[word.toUpperCase()]
    if (mode !== undefined) return mode
    const known = isMariaDb
      ? 'disable, trust, verify-ca, verify-full'
      : 'DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY'
    throw new ConfigError(`${properties.at('sslMode')} is none of ${known}`)
  }
  return isMariaDb ? olderMariaDbMode(properties) : olderMysqlMode(properties)
}

function olderMysqlMode(properties: DriverProperties): MysqlSslMode {
  if (!properties.flag('useSSL', true)) return 'DISABLED'
  if (properties.flag('verifyServerCertificate', false)) return 'VERIFY_CA'
  return properties.flag('requireSSL', false) ? 'REQUIRED' : 'PREFERRED'
}

function olderMariaDbMode(properties: DriverProperties): MysqlSslMode {
  const given = properties.text('useSsl')
  if (given !== null && given !== '' && !properties.flag('useSsl', true)) return 'DISABLED'
  const flag = (name: string): boolean =>
    properties.text(name) === '' || properties.flag(name, false)
  if (flag('trustServerCertificate')) return 'REQUIRED'
  if (flag('disableSslHostnameVerification')) return 'VERIFY_CA'
  return given === null ? 'PREFERRED' : 'VERIFY_IDENTITY'
}

/**
 * The driver compares the certificate of a host that is written as a number with the name localhost; this
 * compares it with the number. Throws what Node says of it.
 */
export function checkServerOf(
  ssl: SslOptions | undefined,
  host: string
): ((stream: unknown) => void) | null {
  if (ssl?.verifyIdentity !== true || isIP(host) === 0) return null
  return (stream) => {
    const problem = checkServerIdentity(host, (stream as TLSSocket).getPeerCertificate())
    if (problem !== undefined) throw problem
  }
}

/** Options of the driver; undefined: no TLS. ConfigError for stores that cannot be read. */
export function sslOptions(
  mode: MysqlSslMode,
  properties: DriverProperties,
  isMariaDb: boolean
): SslOptions | undefined {
  if (mode === 'DISABLED') return undefined
  const verifies = mode === 'VERIFY_CA' || mode === 'VERIFY_IDENTITY'
  const trust = verifies ? trusted(properties, isMariaDb) : null
  const own = ownIdentity(properties, isMariaDb)
  return {
    rejectUnauthorized: verifies,
    verifyIdentity: mode === 'VERIFY_IDENTITY',
    ...(trust === null ? {} : { ca: trust }),
    ...(own === null ? {} : own),
    ...lowestVersion(properties.word(isMariaDb ? 'enabledSslProtocolSuites' : 'tlsVersions'))
  }
}

function trusted(properties: DriverProperties, isMariaDb: boolean): string[] | null {
  const certificate = isMariaDb ? properties.word('serverSslCert') : null
  if (certificate !== null) {
    const material = certificate.startsWith('-----BEGIN')
      ? materialOfText('serverSslCert', certificate)
      : materialOf('serverSslCert', fileOf('serverSslCert', certificate))
    return readTrustStore(material, null)
  }
  const [name, password] = isMariaDb
    ? (['trustStore', 'trustStorePassword'] as const)
    : (['trustCertificateKeyStoreUrl', 'trustCertificateKeyStorePassword'] as const)
  const file = properties.word(name)
  if (file === null) return null
  return readTrustStore(materialOf(name, fileOf(name, file)), properties.text(password))
}

function ownIdentity(
  properties: DriverProperties,
  isMariaDb: boolean
): { key: string; cert: string } | null {
  const [name, password] = isMariaDb
    ? (['keyStore', 'keyStorePassword'] as const)
    : (['clientCertificateKeyStoreUrl', 'clientCertificateKeyStorePassword'] as const)
  const file = properties.word(name)
  if (file === null) return null
  const store = properties.text(password)
  const key = isMariaDb ? properties.text('keyPassword') : null
  return readKeyStore(materialOf(name, fileOf(name, file)), { store, key: key ?? store })
}

/** A path, or a URL of a file; nothing is fetched. */
function fileOf(name: string, text: string): string {
  if (/^file:\/\//i.test(text)) return fileURLToPath(text)
  if (/^file:/i.test(text)) return text.slice('file:'.length)
  if (/^[a-z]{2,}:/i.test(text))
    throw new ConfigError(`The driver property ${name} is a path or a file: URL`)
  return text
}

/** Older versions than TLS 1.2 are not spoken, whatever the list says. */
function lowestVersion(list: string | null): Pick<SslOptions, 'minVersion' | 'maxVersion'> {
  const versions = ['TLSv1.2', 'TLSv1.3'].filter((version) => list?.includes(version) === true)
  const [lowest] = versions
  if (list === null || lowest === undefined) return {}
  return { minVersion: lowest, maxVersion: versions.at(-1) ?? lowest }
}
