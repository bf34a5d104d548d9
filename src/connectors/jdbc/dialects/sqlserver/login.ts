import type { ConnectionConfiguration } from 'tedious'
import { ConfigError } from '../../../../errors.ts'
import {
  formOf,
  materialOf,
  readCertificates,
  readPrivateKey
} from '../../../../tls/key-material.ts'
import { readKeyStore } from '../../../../tls/key-store.ts'
import type { DriverProperties } from '../shared/driver-properties.ts'

/** A login with password, NTLM, or an access token; ConfigError for every other way. */
export function authenticationOf(
  properties: DriverProperties
): NonNullable<ConnectionConfiguration['authentication']> {
  const userName = properties.text('user') ?? ''
  const password = properties.text('password') ?? ''
  const token = properties.word('accessToken')
  const method = properties.word('authentication')?.toLowerCase() ?? 'notspecified'
  const scheme = properties.word('authenticationScheme')?.toLowerCase()
  if (properties.flag('integratedSecurity', false)) {
    if (scheme !== 'ntlm') {
      throw new ConfigError(
        'integratedSecurity needs authenticationScheme=NTLM with user, password and domain; Kerberos is not supported with SQL Server'
      )
    }
    const domain = properties.word('domain') ?? ''
    return { type: 'ntlm', options: { userName, password, domain } }
  }
  if (method !== 'sqlpassword' && method !== 'notspecified') {
    throw new ConfigError(
      `${properties.at('authentication')} is refused: only SqlPassword, NTLM and accessToken prove who one is`
    )
  }
  // As the JVM connector: a password without a user is an access token.
  const bearer = token ?? (userName === '' && password !== '' ? password : null)
  return bearer === null
    ? { type: 'default', options: { userName, password } }
    : { type: 'azure-active-directory-access-token', options: { token: bearer } }
}

/** A certificate that proves who we are: PEM or DER with a key beside it, or a store of both. */
export function ownCertificate(properties: DriverProperties): { key?: string; cert?: string } {
  const file = properties.word('clientCertificate')
  if (file === null) return {}
  const certificate = materialOf('clientCertificate', file)
  const password = properties.text('clientKeyPassword')
  const form = formOf(certificate)
  if (form === 'PKCS12' || form === 'JKS')
    return readKeyStore(certificate, { store: password, key: null })
  const keyFile = properties.word('clientKey')
  if (keyFile === null) throw new ConfigError('clientCertificate is given, but no clientKey')
  return {
    key: readPrivateKey(materialOf('clientKey', keyFile), password),
    cert: readCertificates(certificate).join('')
  }
}
