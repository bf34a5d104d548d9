import { getCiphers, type SecureVersion } from 'node:tls'
import { ConfigError } from '../errors.ts'
import {
  type Material,
  materialOf,
  materialOfText,
  readCertificates,
  readPrivateKey
} from './key-material.ts'
import { readKeyStore, readTrustStore } from './key-store.ts'
import { renewed } from './renewed.ts'

type Secret = { readonly value: string } | null

/**
 * Settings of Java's TLS, read from text: by their names from `ssl.` on, with Kafka's defaults. An empty text
 * counts as none.
 */
export interface TlsSettings {
  readonly 'ssl.protocol': string
  readonly 'ssl.enabled.protocols': readonly string[]
  readonly 'ssl.cipher.suites': readonly string[]
  readonly 'ssl.endpoint.identification.algorithm': string
  readonly 'ssl.keystore.type': string
  readonly 'ssl.keystore.location': string | null
  readonly 'ssl.keystore.password': Secret
  readonly 'ssl.keystore.key': Secret
  readonly 'ssl.keystore.certificate.chain': Secret
  readonly 'ssl.key.password': Secret
  readonly 'ssl.truststore.type': string
  readonly 'ssl.truststore.location': string | null
  readonly 'ssl.truststore.password': Secret
  readonly 'ssl.truststore.certificates': Secret
}

/**
 * Options of node:tls that both sides of a connection have. All keys and certificates are PEM, keys without a
 * password.
 */
export interface JavaTls {
  readonly key?: string
  readonly cert?: string
  readonly ca?: string[]
  /** OpenSSL's names, joined by `:`. */
  readonly ciphers?: string
  readonly minVersion?: SecureVersion
  readonly maxVersion?: SecureVersion
}

/**
 * What `ssl.*` settings ask for. Without a trust store the certificates that Node.js trusts are trusted.
 * Files are read again when they have changed, for whoever copies the options then. `prefix` goes before the
 * names of settings in messages. Throws ConfigError that names the setting, and never shows a key or password
 * (I7).
 */
export function javaTls(ssl: TlsSettings, prefix = ''): JavaTls {
  return renewed(ssl, () => asSet(ssl, prefix))
}

function asSet(ssl: TlsSettings, prefix: string): JavaTls {
  return {
    ...ownIdentity(ssl, prefix),
    ...trusted(ssl, prefix),
    ...cipherSuites(ssl, prefix),
    ...versions(ssl, prefix)
  }
}

/**
 * The same for the side that connects: with an empty `ssl.endpoint.identification.algorithm` no host name is
 * compared.
 */
export function javaClientTls(
  ssl: TlsSettings,
  prefix = ''
): JavaTls & { checkServerIdentity?: () => undefined } {
  const checksHost = ssl['ssl.endpoint.identification.algorithm'] !== ''
  return renewed(ssl, () => ({
    ...asSet(ssl, prefix),
    ...(checksHost ? {} : { checkServerIdentity: () => undefined })
  }))
}

const STORE_TYPES = ['JKS', 'PKCS12', 'PEM']

function invalid(name: string, value: string, why: string): ConfigError {
  return new ConfigError(`Invalid value ${value} for configuration ${name}: ${why}`)
}

function secret(given: Secret): string | null {
  const text = given?.value.trim() ?? ''
  return text === '' ? null : text
}

function material(name: string, given: Secret): Material | null {
  const text = secret(given)
  return text === null ? null : materialOfText(name, text)
}

/** The file of a store, whose type has to be one there is. Which it is its bytes say. */
function storeFile(name: string, type: string, location: string | null): Material | null {
  if (type !== '' && !STORE_TYPES.includes(type.toUpperCase())) {
    throw invalid(`${name}.type`, type, `supported are ${STORE_TYPES.join(', ')}`)
  }
  return location === null || location === '' ? null : materialOf(`${name}.location`, location)
}

function ownIdentity(ssl: TlsSettings, prefix: string): Pick<JavaTls, 'key' | 'cert'> {
  const passwords = {
    store: secret(ssl['ssl.keystore.password']),
    key: secret(ssl['ssl.key.password'])
  }
  const name = `${prefix}ssl.keystore`
  const key = material(`${name}.key`, ssl['ssl.keystore.key'])
  const chain = material(`${name}.certificate.chain`, ssl['ssl.keystore.certificate.chain'])
  if (key === null && chain === null) {
    const store = storeFile(name, ssl['ssl.keystore.type'], ssl['ssl.keystore.location'])
    return store === null ? {} : readKeyStore(store, passwords)
  }
  // A key and its certificates belong together; one of them may stand in the other's text.
  const cert = readCertificates((chain ?? key) as Material).join('')
  return { key: readPrivateKey((key ?? chain) as Material, passwords.key), cert }
}

function trusted(ssl: TlsSettings, prefix: string): Pick<JavaTls, 'ca'> {
  const name = `${prefix}ssl.truststore`
  const given = material(`${name}.certificates`, ssl['ssl.truststore.certificates'])
  if (given !== null) return { ca: readCertificates(given) }
  const store = storeFile(name, ssl['ssl.truststore.type'], ssl['ssl.truststore.location'])
  if (store === null) return {}
  return { ca: readTrustStore(store, secret(ssl['ssl.truststore.password'])) }
}

function cipherSuites(ssl: TlsSettings, prefix: string): Pick<JavaTls, 'ciphers'> {
  const suites = ssl['ssl.cipher.suites']
  if (suites.length === 0) return {}
  const known = new Set(getCiphers().map((cipher) => cipher.toUpperCase()))
  const ciphers = suites.map((suite) => {
    const cipher = openSslName(suite)
    if (known.has(cipher.toUpperCase())) return cipher
    throw invalid(
      `${prefix}ssl.cipher.suites`,
      suite,
      'this cipher suite is not supported by Node.js'
    )
  })
  return { ciphers: ciphers.join(':') }
}

/**
 * OpenSSL's name of a suite: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` → `ECDHE-RSA-AES128-GCM-SHA256`; those
 * of TLS 1.3 have one name. Source: openssl-ciphers(1), "Cipher suite names".
 */
function openSslName(suite: string): string {
  const match = /^(?:TLS|SSL)_(\w+)_WITH_(\w+)$/i.exec(suite)
  if (match === null) return suite
  const exchange = (match[1] ?? '').toUpperCase().replaceAll('_', '-')
  const cipher = (match[2] ?? '')
    .toUpperCase()
    .replace(/^(AES|ARIA|CAMELLIA)_(\d+)/, '$1$2')
    .replace(/^3DES_EDE/, 'DES-CBC3')
    .replace('_CBC_', '_')
    .replace(/^(CHACHA20_POLY1305)_SHA256$/, '$1')
    .replaceAll('_', '-')
  return exchange === 'RSA' ? cipher : `${exchange}-${cipher}`
}

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const satisfies SecureVersion[]

/**
 * From the lowest to the highest that is enabled; `ssl.protocol` is a limit from above, as Kafka documents
 * it.
 */
function versions(ssl: TlsSettings, prefix: string): Pick<JavaTls, 'minVersion' | 'maxVersion'> {
  const version = (name: string, value: string): number => {
    const index = VERSIONS.findIndex((known) => known.toLowerCase() === value.toLowerCase())
    if (index !== -1) return index
    throw invalid(`${prefix}${name}`, value, `supported are ${VERSIONS.join(', ')}`)
  }
  const enabled = ssl['ssl.enabled.protocols']
  const indexes = enabled.map((value) => version('ssl.enabled.protocols', value))
  const protocol = ssl['ssl.protocol']
  const isVersion = !/^(?:|TLS|SSL|Default)$/i.test(protocol)
  const newest = isVersion ? version('ssl.protocol', protocol) : VERSIONS.length - 1
  // Kafka's own default for the versions that are enabled.
  const usable = (indexes.length === 0 ? [2, 3] : indexes).filter((index) => index <= newest)
  if (usable.length === 0) {
    throw invalid(
      `${prefix}ssl.protocol`,
      protocol,
      `it is older than every version of ${prefix}ssl.enabled.protocols`
    )
  }
  const [min, max] = [VERSIONS[Math.min(...usable)], VERSIONS[Math.max(...usable)]]
  // These are what Node.js does anyway, unless it was started with other limits.
  if (min === 'TLSv1.2' && max === 'TLSv1.3') return {}
  return { minVersion: min ?? 'TLSv1.2', maxVersion: max ?? 'TLSv1.3' }
}
