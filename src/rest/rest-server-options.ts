import { ConfigError } from '../errors.ts'
import type { Listener } from '../settings/worker/listeners.ts'
import type { HeaderRule } from '../settings/worker/response-headers.ts'
import {
  BASIC_AUTH_EXTENSION,
  type ListenerTls,
  listenerTls,
  REQUEST_TIMEOUT_MS,
  type RestConfig
} from '../settings/worker/rest-keys.ts'
import { type AccountSettings, addressList } from './accounts.ts'
import { usersFileOfJaas } from './basic-auth.ts'
import { type CorsOptions, corsOptions } from './cors.ts'

/** What the REST server needs to know of the worker's configuration. */
export interface RestServerOptions {
  listeners: readonly Listener[]
  /** null: admin resources on the main listeners; empty: nowhere. */
  adminListeners: readonly Listener[] | null
  ssl: ListenerTls
  adminSsl: ListenerTls
  cors: CorsOptions | null
  headers: readonly HeaderRule[]
  /** What lets requests in. */
  accounts: AccountSettings
  /** Roles of these users, null when each may do everything. */
  rolesFile: string | null
  /** Hide values of keys that look like secrets in answers (`rest.config.mask`). */
  maskConfigs: boolean
  /** Answer `GET /metrics` where the loggers are (`rest.metrics.enable`). */
  metrics: boolean
  requestTimeoutMs: number
  healthTimeoutMs: number
  bodyLimitBytes: number
  /** Longest body between workers: all task configurations of a connector at once. */
  workerBodyLimitBytes: number
  /** How long `stop` waits for running requests. */
  stopTimeoutMs: number
}

/**
 * From the worker's configuration and the environment, whose `KAFKA_OPTS` names the JAAS file of basic auth.
 * Throws ConfigError.
 */
export function restServerOptions(
  config: RestConfig,
  environment: Readonly<Record<string, string | undefined>> = {}
): RestServerOptions {
  const { values } = config
  return {
    listeners: values.listeners,
    adminListeners: values['admin.listeners'],
    ssl: listenerTls(config, 'main'),
    adminSsl: listenerTls(config, 'admin'),
    cors: corsOptions(
      values['access.control.allow.origin'],
      values['access.control.allow.methods']
    ),
    headers: values['response.http.headers.config'],
    accounts: {
      usersFile: usersFile(config, environment),
      proxies: proxies(config),
      certificates: values['rest.certificate.accounts']
    },
    rolesFile: rolesFile(config),
    maskConfigs: values['rest.config.mask'],
    metrics: values['rest.metrics.enable'],
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    healthTimeoutMs: 10_000,
    bodyLimitBytes: 32 * 1024 * 1024,
    workerBodyLimitBytes: 128 * 1024 * 1024,
    stopTimeoutMs: 10_000
  }
}

function rolesFile({ values }: RestConfig): string | null {
  const file = values['rest.roles.file']
  const hasAccounts =
    values['rest.extension.classes'].length > 0 ||
    values['rest.proxy.user.header'] !== null ||
    values['rest.certificate.accounts']
  if (file === null || hasAccounts) return file
  throw new ConfigError(
    `rest.roles.file gives roles to accounts, and there are none: set rest.extension.classes=${BASIC_AUTH_EXTENSION}, rest.proxy.user.header or rest.certificate.accounts`
  )
}

function proxies({ values }: RestConfig): AccountSettings['proxies'] {
  const header = values['rest.proxy.user.header']
  const key = 'rest.proxy.addresses'
  const addresses = addressList(key, values[key])
  if (header === null) return null
  if (values[key].length > 0) return { header, addresses }
  throw new ConfigError(
    `rest.proxy.user.header=${header} would be believed from nobody: ${key} names the proxies that may send it`
  )
}

function usersFile(
  { values }: RestConfig,
  environment: Readonly<Record<string, string | undefined>>
): string | null {
  if (values['rest.extension.classes'].length === 0) return null
  const own = values['rest.basic.auth.file']
  if (own !== null) return own
  const jaas = /-Djava\.security\.auth\.login\.config=("[^"]*"|\S+)/.exec(
    environment['KAFKA_OPTS'] ?? ''
  )?.[1]
  if (jaas === undefined) {
    throw new ConfigError(
      'Basic auth needs a credentials file: set rest.basic.auth.file, or KAFKA_OPTS=-Djava.security.auth.login.config=<JAAS file> with an entry KafkaConnect'
    )
  }
  return usersFileOfJaas(jaas.replaceAll('"', ''))
}
