import type { ConfigMap, Parsed } from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import { parseJaasConfig } from './jaas-config.ts'
import type { saslKeys } from './sasl-keys.ts'

/** How a token is asked for; times are milliseconds. */
export interface TokenRequest {
  readonly endpoint: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string | null
  readonly connectTimeoutMs: number
  readonly readTimeoutMs: number
  readonly retryBackoffMs: number
}

/** How a client logs in at the brokers. */
export type LoginSettings =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: string
      readonly password: string
    }
  | {
      readonly mechanism: 'OAUTHBEARER'
      readonly request: TokenRequest
      readonly extensions: Readonly<Record<string, string>>
    }

type SaslValues = Parsed<typeof saslKeys>

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const

/** Java's clients wait without a limit when none is set; here each wait has one (I8). */
const TOKEN_TIMEOUT_MS = 10_000

/**
 * What `sasl.*` asks for; `given` tells defaults from what was set. Throws ConfigError that names the
 * property and never shows its value (I7).
 */
export function loginSettings(values: SaslValues, given: ConfigMap): LoginSettings {
  if (!given.has('sasl.mechanism')) {
    throw new ConfigError(
      `sasl.mechanism is not set, which means GSSAPI (Kerberos); supported are ${MECHANISMS.join(', ')}`
    )
  }
  const named = values['sasl.mechanism']
  const mechanism = MECHANISMS.find((known) => known === named.toUpperCase())
  if (mechanism === undefined) {
    throw new ConfigError(
      `Invalid value ${named} for configuration sasl.mechanism: supported are ${MECHANISMS.join(', ')}`
    )
  }
  const jaas = values['sasl.jaas.config']?.value.trim() ?? ''
  const options = jaas === '' ? null : parseJaasConfig(jaas).options
  if (mechanism === 'OAUTHBEARER') return tokenLogin(values, options ?? new Map())
  if (options === null) {
    throw new ConfigError(`sasl.jaas.config is missing; sasl.mechanism ${mechanism} needs it`)
  }
  const username = options.get('username')
  const password = options.get('password')
  if (username === undefined || password === undefined) {
    throw new ConfigError(
      `sasl.jaas.config has no ${username === undefined ? 'username' : 'password'}; sasl.mechanism ${mechanism} needs it`
    )
  }
  return { mechanism, username, password }
}

/**
 * Client id, secret and scope may stand in settings of their own or, as with older clients, among the options
 * of the login module.
 */
function tokenLogin(values: SaslValues, options: ReadonlyMap<string, string>): LoginSettings {
  const endpoint = values['sasl.oauthbearer.token.endpoint.url'] ?? ''
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw new ConfigError(
      'sasl.oauthbearer.token.endpoint.url must be the http or https address of the token endpoint'
    )
  }
  const either = (text: string | undefined, option: string): string | null =>
    text === undefined || text === '' ? (options.get(option) ?? null) : text
  const clientId = either(
    values['sasl.oauthbearer.client.credentials.client.id'] ?? undefined,
    'clientId'
  )
  const clientSecret = either(
    values['sasl.oauthbearer.client.credentials.client.secret']?.value.trim(),
    'clientSecret'
  )
  if (clientId === null || clientSecret === null) {
    throw new ConfigError(
      `sasl.jaas.config has no ${clientId === null ? 'clientId' : 'clientSecret'}; sasl.mechanism OAUTHBEARER needs it`
    )
  }
  return {
    mechanism: 'OAUTHBEARER',
    request: {
      endpoint,
      clientId,
      clientSecret,
      scope: either(values['sasl.oauthbearer.scope'] ?? undefined, 'scope'),
      connectTimeoutMs: timeoutMs(values, 'sasl.login.connect.timeout.ms'),
      readTimeoutMs: timeoutMs(values, 'sasl.login.read.timeout.ms'),
      retryBackoffMs: Math.max(0, values['sasl.login.retry.backoff.ms'])
    },
    extensions: Object.fromEntries(
      [...options]
        .filter(([name]) => name.startsWith('extension_'))
        .map(([name, value]) => [name.slice('extension_'.length), value])
    )
  }
}

function timeoutMs(
  values: SaslValues,
  name: 'sasl.login.connect.timeout.ms' | 'sasl.login.read.timeout.ms'
): number {
  const value = values[name] ?? TOKEN_TIMEOUT_MS
  if (value > 0) return value
  throw new ConfigError(
    `Invalid value ${value} for configuration ${name}: Value must be at least 1`
  )
}
