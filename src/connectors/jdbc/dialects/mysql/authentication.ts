import { createPublicKey } from 'node:crypto'
import { readSmallFile } from '../../../../small-file.ts'
import { ConfigError } from '../../../../errors.ts'
import type { DriverProperties } from '../shared/driver-properties.ts'

/** To whom the password is given, and how. */
export interface MysqlAuthentication {
  /** PEM of the key to encrypt the password with where there is no TLS; null: none is known. */
  readonly serverPublicKey: string | null
  /** Whether the key may be asked of a server that has not proved who it is. */
  readonly mayAskForKey: boolean
  /** Whether this way of asking for the password is answered. */
  allows(plugin: string): boolean
}

export function authenticationOf(
  properties: DriverProperties,
  isMariaDb: boolean
): MysqlAuthentication {
  const list = (name: string): string[] =>
    (properties.word(name) ?? '')
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '')
  const only = isMariaDb ? list('restrictedAuth') : []
  const never = isMariaDb ? [] : list('disabledAuthenticationPlugins').map(pluginName)
  return {
    serverPublicKey: publicKey(
      properties,
      isMariaDb ? 'serverRsaPublicKeyFile' : 'serverRSAPublicKeyFile'
    ),
    mayAskForKey: properties.flag('allowPublicKeyRetrieval', false),
    allows: (plugin) => (only.length === 0 || only.includes(plugin)) && !never.includes(plugin)
  }
}

/** Connector/J takes the name of the protocol or of its class. */
function pluginName(word: string): string {
  const simple = /^com\.mysql\.cj\.protocol\.a\.authentication\.(\w+)$/.exec(word)?.[1]
  return simple === undefined ? word : (PLUGIN_CLASSES[simple] ?? word)
}

const PLUGIN_CLASSES: Readonly<Record<string, string>> = {
  MysqlNativePasswordPlugin: 'mysql_native_password',
  MysqlClearPasswordPlugin: 'mysql_clear_password',
  Sha256PasswordPlugin: 'sha256_password',
  CachingSha2PasswordPlugin: 'caching_sha2_password'
}

function publicKey(properties: DriverProperties, name: string): string | null {
  const file = properties.word(name)
  if (file === null) return null
  try {
    return createPublicKey(readSmallFile(file)).export({ type: 'spki', format: 'pem' }).toString()
  } catch (cause) {
    throw new ConfigError(
      `${properties.at(name)}: the file ${file} holds no public key that can be read`,
      { cause }
    )
  }
}

/** A plugin of the driver: what the server says → what is answered. */
type Plugin = (parts: {
  readonly connection: { readonly stream: unknown }
}) => (data: Buffer) => Buffer | null

/** The driver's own plugins. */
export interface DriverPlugins {
  caching_sha2_password(options: object): Plugin
  sha256_password(options: object): Plugin
  mysql_native_password(options?: object): Plugin
  mysql_clear_password(options?: object): Plugin
}

/** Ways of proving oneself that the JDBC drivers know and that are not spoken here. */
const UNSPOKEN = [
  'auth_gssapi_client',
  'authentication_kerberos_client',
  'authentication_ldap_sasl_client',
  'authentication_oci_client',
  'authentication_openid_connect_client',
  'authentication_webauthn_client',
  'client_ed25519',
  'dialog',
  'mysql_old_password',
  'parsec'
]

/** One byte that asks the server for its key. */
const ASKS_FOR_KEY: Readonly<Record<string, number>> = {
  caching_sha2_password: 2,
  sha256_password: 1
}

/**
 * The driver's plugins, without what Connector/J would not do: ask a server that has not proved itself for
 * the key to encrypt the password with, which anybody may make up, and give the password in clear without
 * TLS.
 */
export function authPlugins(
  driver: DriverPlugins,
  { serverPublicKey, mayAskForKey, allows }: MysqlAuthentication,
  wire: { readonly isEncrypted: boolean; checkServer(stream: unknown): void }
): Record<string, Plugin> {
  const options = serverPublicKey === null ? {} : { serverPublicKey }
  const known = {
    caching_sha2_password: driver.caching_sha2_password(options),
    sha256_password: driver.sha256_password(options),
    mysql_native_password: driver.mysql_native_password({}),
    mysql_clear_password: driver.mysql_clear_password({})
  }
  const guarded: Record<string, Plugin> = {}
  for (const name of UNSPOKEN) {
    guarded[name] = () => {
      throw new ConfigError(
        `The server asks for the authentication ${name}, which is not spoken here; ${Object.keys(known).join(', ')} are`
      )
    }
  }
  for (const [name, plugin] of Object.entries(known)) {
    guarded[name] = (parts) => {
      if (!allows(name))
        throw new ConfigError(
          `The server asks for the authentication ${name}, which the driver properties do not allow`
        )
      if (name === 'mysql_clear_password' && !wire.isEncrypted) {
        throw new ConfigError(
          'The server asks for the password in clear, which is given over TLS only (sslMode=REQUIRED)'
        )
      }
      wire.checkServer(parts.connection.stream)
      const answer = plugin(parts)
      return (data) => {
        const reply = answer(data)
        const asks = reply?.length === 1 && reply[0] === ASKS_FOR_KEY[name]
        if (!asks || mayAskForKey) return reply
        throw new ConfigError(
          'Public Key Retrieval is not allowed: without TLS the password is encrypted with a key of the server. Encrypt (sslMode=REQUIRED), name the key (serverRSAPublicKeyFile), or, where nobody can stand in between, set allowPublicKeyRetrieval=true'
        )
      }
    }
  }
  return guarded
}
