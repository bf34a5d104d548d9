import { type Listener, parseListener } from '../settings/worker/listeners.ts'
import { type HeaderRule, parseHeaderRules } from '../settings/worker/response-headers.ts'
import { ConfigError } from '../errors.ts'
import { BASIC_AUTH_EXTENSION, usersFileOfJaas } from './basic-auth.ts'
import { type CorsOptions, corsOptions } from './cors.ts'
import { checkDateRules } from './response-headers.ts'
import type { SslSettings } from '../tls/java-ssl.ts'

/** What the REST server needs to know of the worker's configuration. */
export interface RestServerOptions {
  listeners: readonly Listener[]
  /** null: admin resources on the main listeners; empty: nowhere. */
  adminListeners: readonly Listener[] | null
  ssl: SslSettings
  adminSsl: SslSettings
  cors: CorsOptions | null
  headers: readonly HeaderRule[]
  /** Users file of basic auth, null when it is off. */
  usersFile: string | null
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

const DEFAULT_LISTENERS = 'http://:8083'

/**
 * From the worker's properties as given (no defaults filled in) and the environment (`KAFKA_OPTS` names the JAAS file
 * of basic auth; the worker property `rest.basic.auth.file` names the users file itself). Throws ConfigError.
 */
export function restServerOptions(
  properties: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>> = {}
): RestServerOptions {
  const listeners = list(properties.get('listeners') ?? DEFAULT_LISTENERS).map((text) =>
    parseListener(text)
  )
  if (listeners.length === 0) {
    throw new ConfigError('Invalid value for configuration listeners: at least one is needed')
  }
  const admin = properties.get('admin.listeners')
  return {
    listeners,
    adminListeners: admin === undefined ? null : list(admin).map((text) => parseListener(text)),
    ssl: sslSettings(properties, 'listeners.https.'),
    adminSsl: sslSettings(properties, 'admin.listeners.https.'),
    cors: corsOptions(
      properties.get('access.control.allow.origin') ?? '',
      properties.get('access.control.allow.methods') ?? ''
    ),
    headers: checkDateRules(parseHeaderRules(properties.get('response.http.headers.config') ?? '')),
    usersFile: usersFile(properties, environment),
    maskConfigs: (properties.get('rest.config.mask') ?? '').trim().toLowerCase() === 'true',
    metrics: (properties.get('rest.metrics.enable') ?? '').trim().toLowerCase() === 'true',
    requestTimeoutMs: 90_000,
    healthTimeoutMs: 10_000,
    bodyLimitBytes: 32 * 1024 * 1024,
    workerBodyLimitBytes: 128 * 1024 * 1024,
    stopTimeoutMs: 10_000
  }
}

/** All or nothing, as in the JVM worker: one key under the prefix switches the plain `ssl.*` keys off. */
function sslSettings(properties: ReadonlyMap<string, string>, prefix: string): SslSettings {
  const prefixed = [...properties].filter(([key]) => key.startsWith(prefix))
  if (prefixed.length > 0) {
    return new Map(prefixed.map(([key, value]) => [key.slice(prefix.length), value]))
  }
  return new Map([...properties].filter(([key]) => key.startsWith('ssl.')))
}

function usersFile(
  properties: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>
): string | null {
  const extensions = list(properties.get('rest.extension.classes') ?? '')
  const foreign = extensions.find((name) => name !== BASIC_AUTH_EXTENSION)
  if (foreign !== undefined) {
    throw new ConfigError(
      `Invalid value ${foreign} for configuration rest.extension.classes: only ${BASIC_AUTH_EXTENSION} exists here`
    )
  }
  if (extensions.length === 0) return null
  const own = properties.get('rest.basic.auth.file')
  if (own !== undefined) return own
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

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
