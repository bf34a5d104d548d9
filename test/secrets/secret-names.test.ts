import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtinPlugins } from '../../src/builtin-plugins.ts'
import { type ConfigDef, Password } from '../../src/config/config-def.ts'
import { valueText } from '../../src/config/config-infos.ts'
import { fatesOf } from '../../src/connectors/jdbc/dialects/shared/driver-properties.ts'
import { driverTables } from '../../src/connectors/jdbc/dialects/driver-tables.ts'
import { clientDefinitions } from '../../src/settings/clients/client-definitions.ts'
import { redact, redactSetting } from '../../src/secrets/redact.ts'
import { isSecretName } from '../../src/secrets/secret-names.ts'
import { connectorConfig } from '../../src/settings/connector/connector-config.ts'
import { distributedConfig, standaloneConfig } from '../../src/settings/worker/worker-config.ts'

const components: [name: string, definition: ConfigDef][] = [
  ['distributed worker', distributedConfig],
  ['standalone worker', standaloneConfig],
  ['source', connectorConfig('source')],
  ['sink', connectorConfig('sink')],
  ...Object.entries(clientDefinitions),
  ...[...builtinPlugins()].map(({ className, config }): [string, ConfigDef] => [className, config])
]

/** Properties of drivers whose names speak of passwords, keys or tokens, and whose values may be seen. */
const OPEN_PROPERTIES = new Set(
  `sslkey requireAuth pemKeyAlgorithm gssUseDefaultCreds jaasApplicationName jaasLogin authenticationPluginClassName sslpasswordcallback
  trustCertificateKeyStoreUrl clientCertificateKeyStoreUrl allowPublicKeyRetrieval serverRSAPublicKeyFile disabledAuthenticationPlugins
  compensateOnDuplicateKeyUpdateCounts dontCheckOnDuplicateKeyUpdateInSQL KeyManagerFactoryProvider keyStoreProvider
  trustCertificateKeyStoreType clientCertificateKeyStoreType defaultAuthenticationPlugin fallbackToSystemKeyStore
  authenticationOpenidConnectCallbackHandler authenticationWebAuthnCallbackHandler idTokenFile passwordCharacterEncoding
  disconnectOnExpiredPasswords authenticationPlugins keyStore serverRsaPublicKeyFile restrictedAuth metaExportedKeys keyStoreType
  credentialType javax.net.ssl.keyStore javax.net.ssl.keyStoreType ssl.keyManagerFactory.algorithm oracle.net.ssl_pem_private_key_index
  oracle.jdbc.checkAuthResponseOnError oracle.net.ldap.security.authentication oracle.net.ldap.ssl.keyManagerFactory.algorithm
  oracle.net.ldap.ssl.keyStore oracle.net.ldap.ssl.keyStoreType oracle.net.KerberosJaasLoginModule oracle.net.kerberos5_mutual_authentication
  oracle.net.authentication_services oracle.net.external_authentication oracle.jdbc.passwordAuthentication oracle.jdbc.tokenAuthentication
  oracle.jdbc.tokenLocation prelim_auth authentication authenticationScheme jaasConfigurationName useDefaultGSSCredential
  useDefaultJaasConfig keyStoreAuthentication keyStoreLocation keyStorePrincipalId keyVaultProviderClientId accessTokenCallback
  accessTokenCallbackClass defer_foreign_keys foreign_keys jdbc.get_generated_keys hexkey_mode`
    .split(/\s+/)
    .filter((name) => name !== '')
)

void describe('Names of secrets', () => {
  void it('I7: are those of all keys of type PASSWORD, of every component, and of no others', () => {
    const wrong = components.flatMap(([component, definition]) =>
      Object.entries(definition)
        .filter(([name, key]) => isSecretName(name) !== (key.type === 'password'))
        .map(([name, key]) => `${component}: ${name} (${key.type})`)
    )
    assert.deepEqual(wrong, [])
  })

  void it('I7: are those of properties of drivers that hold a secret; all others are listed', () => {
    const wrong: string[] = []
    for (const table of driverTables) {
      for (const name of fatesOf(table).keys()) {
        const sounds = /pass|secret|key|token|cred|pwd|auth|jaas/i.test(name)
        const isSecret = isSecretName(`connection.${name}`)
        if (sounds ? isSecret === OPEN_PROPERTIES.has(name) : isSecret) wrong.push(name)
      }
    }
    assert.deepEqual(wrong, [])
  })

  void it('I7: hide their values in every place where one is shown', () => {
    for (const [component, definition] of components) {
      for (const [name, key] of Object.entries(definition)) {
        if (!isSecretName(name)) continue
        assert.equal(redactSetting(name, 'hunter2'), '[hidden]', `${component} ${name}`)
        assert.equal(valueText(key, new Password('hunter2')), '[hidden]', `${component} ${name}`)
        for (const text of [
          `${name}=hunter2`,
          JSON.stringify({ [name]: 'hunter2' }),
          `{${name}=hunter2, a=b}`
        ]) {
          assert.doesNotMatch(redact(text), /hunter2/, `${component} ${text}`)
        }
      }
    }
  })
})
