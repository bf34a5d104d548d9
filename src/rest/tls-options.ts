import { readFileSync } from 'node:fs'
import type { SecureVersion, TlsOptions } from 'node:tls'
import { ConfigError } from '../errors.ts'

/** Java `ssl.*` settings (prefix stripped to `ssl.…`), as they win for a listener. */
export type SslSettings = ReadonlyMap<string, string>

/** What both sides of a TLS connection share. */
export type TlsIdentity = Pick<
  TlsOptions,
  'key' | 'cert' | 'pfx' | 'passphrase' | 'ca' | 'minVersion' | 'maxVersion'
>

/** Options of an https listener. Throws ConfigError that names the setting. */
export function serverTls(ssl: SslSettings): TlsOptions {
  const identity = tlsIdentity(ssl)
  if (identity.cert === undefined && identity.pfx === undefined) {
    throw new ConfigError(
      'An https listener needs a certificate: set ssl.keystore.location or ssl.keystore.certificate.chain'
    )
  }
  const clientAuth = (ssl.get('ssl.client.auth') ?? 'none').toLowerCase()
  if (!['none', 'requested', 'required'].includes(clientAuth)) {
    throw new ConfigError(
      `Invalid value ${clientAuth} for configuration ssl.client.auth: String must be one of: none, requested, required`
    )
  }
  return {
    ...identity,
    requestCert: clientAuth !== 'none',
    rejectUnauthorized: clientAuth === 'required'
  }
}

/** Options of requests to other workers; an empty `ssl.endpoint.identification.algorithm` skips the host name check. */
export function clientTls(
  ssl: SslSettings
): TlsIdentity & { checkServerIdentity?: () => undefined } {
  const identity = tlsIdentity(ssl)
  return ssl.get('ssl.endpoint.identification.algorithm')?.trim() === ''
    ? { ...identity, checkServerIdentity: () => undefined }
    : identity
}

function tlsIdentity(ssl: SslSettings): TlsIdentity {
  const password = ssl.get('ssl.key.password') ?? ssl.get('ssl.keystore.password')
  const identity: TlsIdentity = { ...keyStore(ssl), ...trustStore(ssl), ...versions(ssl) }
  return password === undefined ? identity : { ...identity, passphrase: password }
}

function keyStore(ssl: SslSettings): TlsIdentity {
  const chain = ssl.get('ssl.keystore.certificate.chain')
  const key = ssl.get('ssl.keystore.key')
  if (chain !== undefined && key !== undefined) return { cert: pem(chain), key: pem(key) }
  const location = ssl.get('ssl.keystore.location')
  if (location === undefined) return {}
  const bytes = read(location, 'ssl.keystore.location')
  if (isPem(bytes)) return { cert: bytes, key: bytes }
  refuseJks(bytes, location)
  const password = ssl.get('ssl.keystore.password')
  return password === undefined ? { pfx: bytes } : { pfx: bytes, passphrase: password }
}

function trustStore(ssl: SslSettings): TlsIdentity {
  const certificates = ssl.get('ssl.truststore.certificates')
  if (certificates !== undefined) return { ca: pem(certificates) }
  const location = ssl.get('ssl.truststore.location')
  if (location === undefined) return {}
  const bytes = read(location, 'ssl.truststore.location')
  if (isPem(bytes)) return { ca: bytes }
  refuseJks(bytes, location)
  throw new ConfigError(
    `ssl.truststore.location ${location} must be a PEM file here; convert it with: openssl pkcs12 -in … -nokeys -out trust.pem`
  )
}

function versions(ssl: SslSettings): TlsIdentity {
  const enabled = (ssl.get('ssl.enabled.protocols') ?? '')
    .split(',')
    .map((version) => version.trim())
    .filter((version): version is SecureVersion => /^TLSv1\.[23]$/.test(version))
    .sort()
  const min = enabled[0]
  const max = enabled.at(-1)
  return min === undefined || max === undefined ? {} : { minVersion: min, maxVersion: max }
}

/** In .properties files PEM often stands on one line, or with the line ends written as `\n`. */
function pem(text: string): string {
  return text
    .replaceAll(/\\n/g, '\n')
    .replaceAll(
      /(-----BEGIN [^-]+-----)\s*([\s\S]*?)\s*(-----END [^-]+-----)/g,
      (_, begin: string, body: string, end: string) =>
        `${begin}\n${body.includes(':') ? body : body.replaceAll(/\s+/g, '\n')}\n${end}\n`
    )
}

function isPem(bytes: Buffer): boolean {
  return bytes.includes('-----BEGIN ')
}

function refuseJks(bytes: Buffer, location: string): void {
  if (bytes.length > 4 && bytes.readUInt32BE(0) === 0xfeedfeed) {
    throw new ConfigError(
      `${location} is a Java key store (JKS), which only Java reads; convert it to PKCS12 or PEM with keytool`
    )
  }
}

function read(file: string, key: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new ConfigError(`The file ${file} of ${key} cannot be read`, { cause })
  }
}
