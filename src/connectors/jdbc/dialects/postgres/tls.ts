import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { ConfigError } from '../../../../errors.ts'
import {
  formOf,
  materialOf,
  materialOfText,
  type OwnIdentity,
  readCertificates,
  readPrivateKey
} from '../../../../tls/key-material.ts'
import { readKeyStore, readTrustStore } from '../../../../tls/key-store.ts'
import type { DriverProperties } from '../shared/driver-properties.ts'

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
type SslMode = (typeof MODES)[number]

/** How to encrypt a session; `false`: not at all. */
export interface Encryption {
  readonly tls: TlsOptions | false
  /** The name in the certificate is looked at though its issuer is not, which Node's TLS would not do. */
  readonly checksNameItself: boolean
}

/** Ways to encrypt, in the order in which pgjdbc tries them. */
export interface Encryptions {
  readonly first: Encryption
  /** After the server has refused the first one in so many words; null: there is no other. */
  readonly second: Encryption | null
}

const PLAIN: Encryption = { tls: false, checksNameItself: false }

/** The default is encrypted if the server can; on this machine the other way round. */
export function encryptionsOf(properties: DriverProperties, host: string): Encryptions {
  const mode = sslModeOf(properties)
  const encrypted = encryptionOf(properties, mode)
  const isHere = properties.word('sslmode') === null && /^(localhost|127\.|::1$)/i.test(host)
  if (mode === 'disable') return { first: PLAIN, second: null }
  if (mode === 'allow' || (mode === 'prefer' && isHere)) return { first: PLAIN, second: encrypted }
  return { first: encrypted, second: mode === 'prefer' ? PLAIN : null }
}

function sslModeOf(properties: DriverProperties): SslMode {
  const mode = properties.text('sslmode')
  if (mode !== null) {
    const known = MODES.find((one) => one === mode.toLowerCase())
    if (known !== undefined) return known
    throw new ConfigError(`${properties.at('sslmode')} is none of ${MODES.join(', ')}`)
  }
  const ssl = properties.text('ssl')
  return ssl !== null && /^(true|)$/i.test(ssl) ? 'verify-full' : 'prefer'
}

function encryptionOf(properties: DriverProperties, mode: SslMode): Encryption {
  const trust = trustOf(properties, mode)
  const checksName = mode === 'verify-full'
  const verifier = properties.word('sslhostnameverifier')
  if (verifier !== null && !/^org\.postgresql\.ssl\.PGjdbcHostnameVerifier$/.test(verifier)) {
    throw new ConfigError(
      `${properties.at('sslhostnameverifier')} is refused: classes of Java cannot be loaded`
    )
  }
  const identity = trust.usesFiles ? ownIdentity(properties) : null
  return {
    checksNameItself: checksName && !trust.verifies,
    tls: {
      ...identity,
      ...(trust.ca === null ? {} : { ca: [...trust.ca] }),
      rejectUnauthorized: trust.verifies,
      ...(checksName ? {} : { checkServerIdentity: () => undefined })
    }
  }
}

interface Trust {
  readonly verifies: boolean
  /** null: whom this machine trusts. */
  readonly ca: readonly string[] | null
  /** Whether key and certificate of this side are looked for in files, as libpq does. */
  readonly usesFiles: boolean
}

/** Whom to trust is a matter of the socket factory in Java; those of the driver itself are known here. */
function trustOf(properties: DriverProperties, mode: SslMode): Trust {
  const verifies = mode.startsWith('verify-')
  const named = properties.word('sslfactory')?.replace('org.postgresql.ssl.', '') ?? 'LibPQFactory'
  const argument = properties.word('sslfactoryarg')
  switch (named) {
    case 'LibPQFactory':
    case 'jdbc4.LibPQFactory': {
      const file = properties.word('sslrootcert') ?? ofHome('root.crt')
      const reads = verifies && file !== null
      const ca = reads ? readTrustStore(materialOf('sslrootcert', file), null) : null
      return { verifies, ca, usesFiles: true }
    }
    case 'NonValidatingFactory':
      return { verifies: false, ca: null, usesFiles: false }
    case 'DefaultJavaSSLFactory':
      return { verifies: true, ca: null, usesFiles: false }
    case 'SingleCertValidatingFactory':
      return { verifies: true, ca: singleCertificate(argument), usesFiles: false }
    default:
      throw new ConfigError(
        `${properties.at('sslfactory')} is refused: classes of Java cannot be loaded. Known are those of the driver: LibPQFactory, NonValidatingFactory, DefaultJavaSSLFactory, SingleCertValidatingFactory; sslmode=require takes any certificate, sslrootcert names one to trust`
      )
  }
}

/** `file:/a.pem`, or the certificate itself; `env:`, `sys:` and `classpath:` would reach into the process. */
function singleCertificate(argument: string | null): string[] {
  if (argument === null) throw new ConfigError('The driver property sslfactoryarg is missing')
  if (argument.startsWith('file:')) {
    return readCertificates(materialOf('sslfactoryarg', argument.slice('file:'.length)))
  }
  if (/^(env|sys|classpath):/.test(argument)) {
    throw new ConfigError(
      'The driver property sslfactoryarg is refused: only file:<path> and the PEM text itself are read'
    )
  }
  return readCertificates(materialOfText('sslfactoryarg', argument))
}

/** Key and certificate that prove who we are; null: none are given, and none lie in the default place. */
function ownIdentity(properties: DriverProperties): OwnIdentity | null {
  const certificateFile = properties.word('sslcert') ?? ofHome('postgresql.crt')
  const keyFile = properties.word('sslkey') ?? ofHome('postgresql.pk8') ?? ofHome('postgresql.key')
  const password = properties.text('sslpassword')
  if (keyFile === null) {
    if (properties.word('sslcert') === null) return null
    throw new ConfigError(
      'sslcert is given, but no sslkey, and there is no .postgresql/postgresql.pk8 in the home folder'
    )
  }
  const key = materialOf('sslkey', keyFile)
  const form = formOf(key)
  if (form === 'PKCS12' || form === 'JKS')
    return readKeyStore(key, { store: password, key: password })
  if (certificateFile === null) {
    if (properties.word('sslkey') === null) return null
    throw new ConfigError(
      'sslkey is given, but no sslcert, and there is no .postgresql/postgresql.crt in the home folder'
    )
  }
  const cert = readCertificates(materialOf('sslcert', certificateFile)).join('')
  return { key: readPrivateKey(key, password), cert }
}

/** A file in libpq's folder; null when it is not there. */
function ofHome(name: string): string | null {
  const file = join(homedir(), '.postgresql', name)
  return existsSync(file) ? file : null
}
