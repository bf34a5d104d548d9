import type { Clock } from '../../clock.ts'
import { ConfigError } from '../../errors.ts'
import { parseJaasConfig } from './jaas-config.ts'
import { type AccessToken, OAuthTokenSource } from './oauth-token.ts'
import type { PropertiesReader } from './properties-reader.ts'

export type SaslSettings =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: string
      readonly password: string
    }
  | {
      readonly mechanism: 'OAUTHBEARER'
      /** The current access token; fetched when there is none or it is about to expire. */
      readonly token: () => Promise<AccessToken>
      readonly extensions: Readonly<Record<string, string>>
    }

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const

/** `sasl.*` → credentials. Throws ConfigError that names the property and never shows its value (I7). */
export function saslSettings(read: PropertiesReader, clock: Clock): SaslSettings {
  if (!read.has('sasl.mechanism')) {
    throw new ConfigError(
      `sasl.mechanism is not set, which means GSSAPI (Kerberos); supported are ${mechanisms.join(', ')}`
    )
  }
  const mechanism = read.oneOf('sasl.mechanism', mechanisms, 'PLAIN')
  const jaas = read.text('sasl.jaas.config')
  if (mechanism === 'OAUTHBEARER') return oauthSettings(read, jaas, clock)
  if (jaas === null) {
    throw new ConfigError(`sasl.jaas.config is missing; sasl.mechanism ${mechanism} needs it`)
  }
  const { options } = parseJaasConfig(jaas)
  const username = options.get('username')
  const password = options.get('password')
  if (username === undefined || password === undefined) {
    throw new ConfigError(
      `sasl.jaas.config has no ${username === undefined ? 'username' : 'password'}; sasl.mechanism ${mechanism} needs it`
    )
  }
  return { mechanism, username, password }
}

function oauthSettings(read: PropertiesReader, jaas: string | null, clock: Clock): SaslSettings {
  const options = jaas === null ? new Map<string, string>() : parseJaasConfig(jaas).options
  const endpoint = read.text('sasl.oauthbearer.token.endpoint.url')
  if (endpoint === null || !/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw new ConfigError(
      'sasl.oauthbearer.token.endpoint.url must be the http or https address of the token endpoint'
    )
  }
  const setting = (property: string, option: string): string | null =>
    read.text(`sasl.oauthbearer.${property}`) ?? options.get(option) ?? null
  const clientId = setting('client.credentials.client.id', 'clientId')
  const clientSecret = setting('client.credentials.client.secret', 'clientSecret')
  if (clientId === null || clientSecret === null) {
    throw new ConfigError(
      `sasl.jaas.config has no ${clientId === null ? 'clientId' : 'clientSecret'}; sasl.mechanism OAUTHBEARER needs it`
    )
  }
  const source = new OAuthTokenSource(clock, {
    endpoint,
    clientId,
    clientSecret,
    scope: setting('scope', 'scope'),
    connectTimeoutMs: read.integer('sasl.login.connect.timeout.ms', 10_000, 1),
    readTimeoutMs: read.integer('sasl.login.read.timeout.ms', 10_000, 1),
    retryBackoffMs: read.integer('sasl.login.retry.backoff.ms', 100)
  })
  const extensions = [...options]
    .filter(([name]) => name.startsWith('extension_'))
    .map(([name, value]) => [name.slice('extension_'.length), value])
  return {
    mechanism: 'OAUTHBEARER',
    token: () => source.token(),
    extensions: Object.fromEntries(extensions)
  }
}
