import { readFileSync } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import { type ConfigMap, configDef, type Parsed, type Password } from '../config/config-def.ts'
import { ConfigError } from '../errors.ts'

const PEM_STORE = {
  type: 'string',
  default: 'PEM',
  importance: 'medium',
  group: 'Registry TLS'
} as const
const PEM_TEXT = {
  type: 'password',
  default: null,
  importance: 'medium',
  group: 'Registry TLS'
} as const

const pemOnly = (value: string): string | null =>
  value === 'PEM' ? null : 'only PEM stores are read; convert the store with openssl or keytool'

export const schemaRegistryConfig = configDef({
  'schema.registry.url': {
    type: 'list',
    importance: 'high',
    nonEmpty: true,
    group: 'Registry',
    doc: 'Addresses of the schema registry, with the path of its interface if it has one; the next is asked when one does not answer.'
  },
  'basic.auth.credentials.source': {
    type: 'string',
    default: 'URL',
    importance: 'medium',
    group: 'Registry',
    check: (value: string) => {
      if (value === 'URL' || value === 'USER_INFO') return null
      return value === 'SASL_INHERIT'
        ? 'SASL_INHERIT is not supported: a converter does not see the credentials of the Kafka clients; use USER_INFO with basic.auth.user.info'
        : 'String must be one of: URL, USER_INFO'
    },
    doc: 'Where user and password come from: the address (URL) or basic.auth.user.info (USER_INFO).'
  },
  'basic.auth.user.info': {
    type: 'password',
    default: null,
    importance: 'medium',
    group: 'Registry',
    doc: 'user:password, for USER_INFO.'
  },
  'schema.registry.basic.auth.user.info': {
    type: 'password',
    default: null,
    importance: 'medium',
    group: 'Registry',
    doc: 'An older name of basic.auth.user.info.'
  },
  'bearer.auth.credentials.source': {
    type: 'string',
    default: 'STATIC_TOKEN',
    oneOf: ['STATIC_TOKEN'],
    importance: 'medium',
    group: 'Registry',
    doc: 'Where the bearer token comes from: bearer.auth.token.'
  },
  'bearer.auth.token': {
    type: 'password',
    default: null,
    importance: 'medium',
    group: 'Registry',
    doc: 'Sent as bearer token.'
  },
  'http.read.timeout.ms': {
    type: 'int',
    default: 10_000,
    atLeast: 1,
    importance: 'low',
    group: 'Registry',
    doc: 'How long one request to one address may take, connection included.'
  },
  'max.retries': {
    type: 'int',
    default: 3,
    atLeast: 0,
    importance: 'low',
    group: 'Registry',
    doc: 'How often all addresses are asked again when none of them answered, or they answered 429 or 5xx. Then the error is one the worker may retry.'
  },
  'retries.wait.ms': {
    type: 'int',
    default: 1000,
    atLeast: 0,
    importance: 'low',
    group: 'Registry',
    doc: 'The pause before they are asked again; it doubles each time and is shortened at random by up to half.'
  },
  'retries.max.wait.ms': {
    type: 'int',
    default: 20_000,
    atLeast: 0,
    importance: 'low',
    group: 'Registry',
    doc: 'The longest pause.'
  },
  'schema.registry.ssl.truststore.type': { ...PEM_STORE, check: pemOnly, doc: 'Must be PEM.' },
  'schema.registry.ssl.truststore.location': {
    type: 'string',
    default: null,
    importance: 'medium',
    group: 'Registry TLS',
    doc: 'File with the certificates to trust.'
  },
  'schema.registry.ssl.truststore.certificates': { ...PEM_TEXT, doc: 'The certificates to trust.' },
  'schema.registry.ssl.keystore.type': { ...PEM_STORE, check: pemOnly, doc: 'Must be PEM.' },
  'schema.registry.ssl.keystore.location': {
    type: 'string',
    default: null,
    importance: 'medium',
    group: 'Registry TLS',
    doc: "File with the client's key and certificates."
  },
  'schema.registry.ssl.keystore.key': { ...PEM_TEXT, doc: "The client's private key." },
  'schema.registry.ssl.keystore.certificate.chain': {
    ...PEM_TEXT,
    doc: "The client's certificates."
  },
  'schema.registry.ssl.key.password': { ...PEM_TEXT, doc: "Password of the client's private key." },
  'schema.registry.ssl.endpoint.identification.algorithm': {
    type: 'string',
    default: 'https',
    importance: 'low',
    group: 'Registry TLS',
    doc: "Empty: the name in the registry's certificate is not compared with its address."
  }
})

export interface RegistryAddress {
  /** Without user, password and a slash at the end. */
  readonly url: string
  /** host:port, for messages. */
  readonly host: string
  readonly basic: { readonly username: string; readonly password: string } | null
  /** A token. */
  readonly bearer: string | null
}

export interface RegistryOptions {
  readonly addresses: readonly RegistryAddress[]
  readonly timeoutMs: number
  readonly tls: SecureContextOptions & { rejectUnauthorized?: boolean; checkHost: boolean }
  readonly retry: { readonly max: number; readonly waitMs: number; readonly maxWaitMs: number }
  /** How many ids of a subject are remembered. */
  readonly maxSchemas: number
}

/** Throws ConfigError, never with a credential in it (I7). */
export function registryOptions(
  parsed: Parsed<typeof schemaRegistryConfig>,
  given: ConfigMap,
  maxSchemas: number
): RegistryOptions {
  return {
    addresses: parsed['schema.registry.url'].map((url) => address(url, parsed, given)),
    timeoutMs: parsed['http.read.timeout.ms'],
    tls: tlsOptions(parsed),
    retry: {
      max: parsed['max.retries'],
      waitMs: parsed['retries.wait.ms'],
      maxWaitMs: parsed['retries.max.wait.ms']
    },
    maxSchemas
  }
}

type Settings = Parsed<typeof schemaRegistryConfig>

function address(text: string, parsed: Settings, given: ConfigMap): RegistryAddress {
  let url: URL
  try {
    url = new URL(text.trim())
  } catch {
    throw new ConfigError('schema.registry.url has an entry that is no URL') // may hold a password: not shown
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigError('schema.registry.url: only http and https addresses are supported')
  }
  const token = parsed['bearer.auth.token']
  let userInfo =
    url.username === '' && url.password === ''
      ? null
      : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  if (parsed['basic.auth.credentials.source'] === 'USER_INFO') {
    const info = parsed['basic.auth.user.info'] ?? parsed['schema.registry.basic.auth.user.info']
    if (info === null || info.value === '') {
      throw new ConfigError(
        'basic.auth.user.info must be provided when basic.auth.credentials.source is USER_INFO'
      )
    }
    userInfo = info.value
  }
  if (
    token !== null &&
    (userInfo !== null || given.get('basic.auth.credentials.source') === 'USER_INFO')
  ) {
    throw new ConfigError(
      'Basic and bearer authentication for the schema registry exclude each other'
    )
  }
  const [username = '', ...rest] = userInfo?.split(':') ?? []
  return {
    url: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`,
    host: url.host,
    basic: userInfo === null ? null : { username, password: rest.join(':') },
    bearer: token?.value ?? null
  }
}

function tlsOptions(parsed: Settings): RegistryOptions['tls'] {
  const trusted = pem(
    parsed['schema.registry.ssl.truststore.certificates'],
    parsed['schema.registry.ssl.truststore.location'],
    'schema.registry.ssl.truststore.location'
  )
  const store = pem(
    null,
    parsed['schema.registry.ssl.keystore.location'],
    'schema.registry.ssl.keystore.location'
  )
  const key = pem(parsed['schema.registry.ssl.keystore.key'], null, '') ?? store
  const cert = pem(parsed['schema.registry.ssl.keystore.certificate.chain'], null, '') ?? store
  const passphrase = parsed['schema.registry.ssl.key.password']?.value
  return {
    ...(trusted === null ? {} : { ca: trusted }),
    ...(key === null ? {} : { key }),
    ...(cert === null ? {} : { cert }),
    ...(passphrase === undefined ? {} : { passphrase }),
    checkHost: parsed['schema.registry.ssl.endpoint.identification.algorithm'] !== ''
  }
}

function pem(text: Password | null, file: string | null, key: string): string | null {
  if (text !== null) return text.value.replaceAll('\\n', '\n')
  if (file === null || file === '') return null
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError(`${key} names a file that cannot be read: ${file}`, { cause })
  }
  if (content.includes('-----BEGIN ')) return content
  throw new ConfigError(`${key}: ${file} is no PEM file; convert it with openssl or keytool`)
}
