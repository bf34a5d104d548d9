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

/** Settings of Java's TLS by their names from `ssl.` on, as configured. */
export type SslSettings = ReadonlyMap<string, string>

/** Options of node:tls that both sides of a connection have. All keys and certificates are PEM, keys without a password. */
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
 * What `ssl.*` settings ask for. Without a trust store the certificates that Node.js trusts are trusted. `prefix` goes before the names
 * of settings in messages. Throws ConfigError that names the setting, and never shows a key or password (I7).
 */
export function javaTls(ssl: SslSettings, prefix = ''): JavaTls {
  const reader = new Reader(ssl, prefix)
  return {
    ...ownIdentity(reader),
    ...trusted(reader),
    ...cipherSuites(reader),
    ...versions(reader)
  }
}

/** The same for the side that connects: with an empty `ssl.endpoint.identification.algorithm` no host name is compared. */
export function javaClientTls(
  ssl: SslSettings,
  prefix = ''
): JavaTls & { checkServerIdentity?: () => undefined } {
  const tls = javaTls(ssl, prefix)
  const checksHost = ssl.get('ssl.endpoint.identification.algorithm')?.trim() !== ''
  return checksHost ? tls : { ...tls, checkServerIdentity: () => undefined }
}

/** Reads settings; a blank one counts as missing. */
class Reader {
  readonly #ssl: SslSettings
  readonly #prefix: string

  constructor(ssl: SslSettings, prefix: string) {
    this.#ssl = ssl
    this.#prefix = prefix
  }

  get(name: string): string | null {
    const value = this.#ssl.get(name)?.trim()
    return value === undefined || value === '' ? null : value
  }

  list(name: string): string[] {
    const entries = (this.get(name) ?? '').split(',').map((entry) => entry.trim())
    return entries.filter((entry) => entry !== '')
  }

  named(name: string): string {
    return `${this.#prefix}${name}`
  }

  text(name: string): Material | null {
    const text = this.get(name)
    return text === null ? null : materialOfText(this.named(name), text)
  }

  /** The file of a store, whose type has to be one there is. Which it is its bytes say. */
  store(store: 'keystore' | 'truststore'): Material | null {
    const type = this.get(`ssl.${store}.type`)
    if (type !== null && !STORE_TYPES.includes(type.toUpperCase())) {
      throw this.invalid(`ssl.${store}.type`, type, `supported are ${STORE_TYPES.join(', ')}`)
    }
    const location = this.get(`ssl.${store}.location`)
    return location === null ? null : materialOf(this.named(`ssl.${store}.location`), location)
  }

  invalid(name: string, value: string, why: string): ConfigError {
    return new ConfigError(`Invalid value ${value} for configuration ${this.named(name)}: ${why}`)
  }
}

const STORE_TYPES = ['JKS', 'PKCS12', 'PEM']

function ownIdentity(reader: Reader): Pick<JavaTls, 'key' | 'cert'> {
  const passwords = {
    store: reader.get('ssl.keystore.password'),
    key: reader.get('ssl.key.password')
  }
  const key = reader.text('ssl.keystore.key')
  const chain = reader.text('ssl.keystore.certificate.chain')
  if (key === null && chain === null) {
    const store = reader.store('keystore')
    return store === null ? {} : readKeyStore(store, passwords)
  }
  // A key and its certificates belong together; one of them may stand in the other's text.
  const cert = readCertificates((chain ?? key) as Material).join('')
  return { key: readPrivateKey((key ?? chain) as Material, passwords.key), cert }
}

function trusted(reader: Reader): Pick<JavaTls, 'ca'> {
  const given = reader.text('ssl.truststore.certificates')
  if (given !== null) return { ca: readCertificates(given) }
  const store = reader.store('truststore')
  if (store === null) return {}
  return { ca: readTrustStore(store, reader.get('ssl.truststore.password')) }
}

function cipherSuites(reader: Reader): Pick<JavaTls, 'ciphers'> {
  const name = 'ssl.cipher.suites'
  const suites = reader.list(name)
  if (suites.length === 0) return {}
  const known = new Set(getCiphers().map((cipher) => cipher.toUpperCase()))
  const ciphers = suites.map((suite) => {
    const cipher = openSslName(suite)
    if (known.has(cipher.toUpperCase())) return cipher
    throw reader.invalid(name, suite, 'this cipher suite is not supported by Node.js')
  })
  return { ciphers: ciphers.join(':') }
}

/**
 * OpenSSL's name of a suite: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` → `ECDHE-RSA-AES128-GCM-SHA256`; those of TLS 1.3 have one name.
 * Source: openssl-ciphers(1), "Cipher suite names".
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

/** From the lowest to the highest that is enabled; `ssl.protocol` is a limit from above, as Kafka documents it. */
function versions(reader: Reader): Pick<JavaTls, 'minVersion' | 'maxVersion'> {
  const version = (name: string, value: string): number => {
    const index = VERSIONS.findIndex((known) => known.toLowerCase() === value.toLowerCase())
    if (index !== -1) return index
    throw reader.invalid(name, value, `supported are ${VERSIONS.join(', ')}`)
  }
  const enabled = reader.list('ssl.enabled.protocols')
  const indexes = enabled.map((value) => version('ssl.enabled.protocols', value))
  const protocol = reader.get('ssl.protocol')
  const isVersion = protocol !== null && !/^(TLS|SSL|Default)$/i.test(protocol)
  const newest = isVersion ? version('ssl.protocol', protocol) : VERSIONS.length - 1
  if (indexes.length === 0 && newest === VERSIONS.length - 1) return {}
  // Kafka's own default for the versions that are enabled.
  const usable = (indexes.length === 0 ? [2, 3] : indexes).filter((index) => index <= newest)
  if (usable.length === 0) {
    throw reader.invalid(
      'ssl.protocol',
      protocol ?? '',
      `it is older than every version of ${reader.named('ssl.enabled.protocols')}`
    )
  }
  const [min, max] = [VERSIONS[Math.min(...usable)], VERSIONS[Math.max(...usable)]]
  return { minVersion: min ?? 'TLSv1.2', maxVersion: max ?? 'TLSv1.3' }
}
