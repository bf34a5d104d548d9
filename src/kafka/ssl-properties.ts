import { readFileSync } from 'node:fs'
import type { ConnectionOptions as TlsOptions, SecureVersion } from 'node:tls'
import { ConfigError } from '../errors.ts'
import type { PropertiesReader } from './properties-reader.ts'

const storeTypes = ['JKS', 'PKCS12', 'PEM'] as const
const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g
const keyBlock = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?-----END \1PRIVATE KEY-----/

/**
 * `ssl.*` → options of node:tls. Stores are PEM, given in the property or as a file; without a truststore Node's own roots are trusted.
 * Throws ConfigError for other store types, unreadable files and files without the expected PEM blocks.
 */
export function tlsOptions(read: PropertiesReader): TlsOptions {
  const trusted = pemStore(read, 'truststore', 'ssl.truststore.certificates')
  const own = pemStore(read, 'keystore', 'ssl.keystore.key')
  const password = read.text('ssl.key.password')
  const checkHost = !read.has('ssl.endpoint.identification.algorithm')
    ? true
    : read.text('ssl.endpoint.identification.algorithm') !== null
  return {
    ...(trusted === null ? {} : { ca: certificatesOf(trusted) }),
    ...(own === null ? {} : { cert: ownCertificates(read, own), key: privateKeyOf(own) }),
    ...(own === null || password === null ? {} : { passphrase: password }),
    ...(checkHost ? {} : { checkServerIdentity: () => undefined }),
    ...protocolVersions(read)
  }
}

interface PemText {
  readonly property: string
  readonly text: string
}

function pemStore(
  read: PropertiesReader,
  store: 'truststore' | 'keystore',
  inlineProperty: string
): PemText | null {
  const inline = read.text(inlineProperty)
  const locationProperty = `ssl.${store}.location`
  const location = read.text(locationProperty)
  if (inline === null && location === null) return null
  const typeProperty = `ssl.${store}.type`
  const type = read.oneOf(typeProperty, storeTypes, 'JKS')
  if (inline !== null) {
    if (type !== 'PEM') {
      throw new ConfigError(`${inlineProperty} needs ${typeProperty}=PEM, but it is ${type}`)
    }
    return { property: inlineProperty, text: inline.replaceAll('\\n', '\n') }
  }
  if (type !== 'PEM') throw unsupportedStore(store, typeProperty, type, location ?? '')
  try {
    return { property: locationProperty, text: readFileSync(location ?? '', 'utf8') }
  } catch (cause) {
    throw new ConfigError(`${locationProperty} names a file that cannot be read: ${location}`, {
      cause
    })
  }
}

function unsupportedStore(
  store: 'truststore' | 'keystore',
  typeProperty: string,
  type: string,
  location: string
): ConfigError {
  const pkcs12 =
    type === 'PKCS12'
      ? ''
      : `keytool -importkeystore -srckeystore ${location} -destkeystore store.p12 -deststoretype PKCS12 && `
  const source = type === 'PKCS12' ? location : 'store.p12'
  const what = store === 'truststore' ? '-nokeys ' : '-nodes '
  return new ConfigError(
    `ssl.${store}.location is a ${type} store, which this worker does not read. Convert it to PEM (${pkcs12}openssl pkcs12 -in ${source} ${what}-out ${store}.pem), then set ${typeProperty}=PEM and ssl.${store}.location to the new file`
  )
}

function certificatesOf({ property, text }: PemText): string[] {
  const blocks = text.match(certificateBlock)
  if (blocks === null) throw new ConfigError(`${property} holds no PEM block CERTIFICATE`)
  return [...blocks]
}

function ownCertificates(read: PropertiesReader, own: PemText): string {
  const property = 'ssl.keystore.certificate.chain'
  const inline = read.text(property)
  const source = inline === null ? own : { property, text: inline.replaceAll('\\n', '\n') }
  return certificatesOf(source).join('\n')
}

function privateKeyOf({ property, text }: PemText): string {
  const block = keyBlock.exec(text)
  if (block === null) throw new ConfigError(`${property} holds no PEM block PRIVATE KEY`)
  return block[0]
}

const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const satisfies SecureVersion[]

function protocolVersions(read: PropertiesReader): TlsOptions {
  const property = 'ssl.enabled.protocols'
  const enabled = read.list(property)
  if (enabled.length === 0) return {}
  const indexes = enabled.map((name) => {
    const index = versions.indexOf(name as (typeof versions)[number])
    if (index < 0) {
      throw new ConfigError(
        `Invalid value ${name} for configuration ${property}: supported are ${versions.join(', ')}`
      )
    }
    return index
  })
  return {
    minVersion: versions[Math.min(...indexes)] ?? 'TLSv1.2',
    maxVersion: versions[Math.max(...indexes)] ?? 'TLSv1.3'
  }
}
