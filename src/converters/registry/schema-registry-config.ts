import { type ConfigMap, configDef, type Parsed } from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import { javaClientTls, type TlsSettings } from '../../tls/java-ssl.ts'

const STORE_TYPE = {
  type: 'string',
  default: 'JKS',
  importance: 'medium',
  group: 'Registry TLS'
} as const
const SECRET = {
  type: 'password',
  default: null,
  importance: 'medium',
  group: 'Registry TLS'
} as const

const STORE_DOC = 'PEM, PKCS12 or JKS; the content of the file decides.'

export const schemaRegistryConfig = configDef({
  'schema.registry.url': {
    type: 'list',
    importance: 'high',
    nonEmpty: true,
    group: 'Registry',
    check: (urls: readonly string[]) => {
      const problem = urls.map(urlProblem).find((found) => found !== null) ?? null
      // I7: an address may hold a password.
      return problem === null ? null : { sentence: addressComplaint(problem) }
    },
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
  'schema.registry.ssl.truststore.type': { ...STORE_TYPE, doc: STORE_DOC },
  'schema.registry.ssl.truststore.location': {
    type: 'string',
    default: null,
    importance: 'medium',
    group: 'Registry TLS',
    doc: 'File with the certificates to trust.'
  },
  'schema.registry.ssl.truststore.password': { ...SECRET, doc: 'Password of that file.' },
  'schema.registry.ssl.truststore.certificates': { ...SECRET, doc: 'The certificates to trust.' },
  'schema.registry.ssl.keystore.type': { ...STORE_TYPE, doc: STORE_DOC },
  'schema.registry.ssl.keystore.location': {
    type: 'string',
    default: null,
    importance: 'medium',
    group: 'Registry TLS',
    doc: "File with the client's key and certificates."
  },
  'schema.registry.ssl.keystore.password': { ...SECRET, doc: 'Password of that file.' },
  'schema.registry.ssl.keystore.key': { ...SECRET, doc: "The client's private key." },
  'schema.registry.ssl.keystore.certificate.chain': {
    ...SECRET,
    doc: "The client's certificates."
  },
  'schema.registry.ssl.key.password': { ...SECRET, doc: "Password of the client's private key." },
  'schema.registry.ssl.protocol': {
    type: 'string',
    default: 'TLSv1.3',
    importance: 'medium',
    group: 'Registry TLS',
    doc: 'Newest TLS version to offer.'
  },
  'schema.registry.ssl.enabled.protocols': {
    type: 'list',
    default: ['TLSv1.2', 'TLSv1.3'],
    importance: 'medium',
    group: 'Registry TLS',
    doc: 'TLS versions that may be used.'
  },
  'schema.registry.ssl.cipher.suites': {
    type: 'list',
    default: [],
    importance: 'low',
    group: 'Registry TLS',
    doc: 'Cipher suites to allow, by the names Java has for them; empty means those Node.js allows by default.'
  },
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
  readonly tls: ReturnType<typeof javaClientTls>
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

function addressComplaint(problem: string): string {
  return `Invalid value [hidden] for configuration schema.registry.url: ${problem}`
}

/** What is wrong with an address, without a word of it (I7); null when nothing is. */
function urlProblem(text: string): string | null {
  const url = URL.parse(text.trim())
  if (url === null) return 'an entry is no URL'
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return 'only http and https addresses are supported'
  }
  try {
    decodeURIComponent(`${url.username}:${url.password}`)
    return null
  } catch {
    return 'a percent sign in user or password is not followed by two digits of a character in UTF-8 (a percent sign itself is written %25)'
  }
}

function address(text: string, parsed: Settings, given: ConfigMap): RegistryAddress {
  const problem = urlProblem(text)
  if (problem !== null) throw new ConfigError(addressComplaint(problem))
  const url = new URL(text.trim())
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

/** The TLS settings of a registry by the names they have everywhere else. */
type Named = { readonly [N in keyof TlsSettings]: Settings[`schema.registry.${N}`] }

function tlsOptions(parsed: Settings): RegistryOptions['tls'] {
  const prefix = 'schema.registry.'
  const ssl = Object.entries(parsed)
    .filter(([name]) => name.startsWith(`${prefix}ssl.`))
    .map(([name, value]) => [name.slice(prefix.length), value])
  return javaClientTls(Object.fromEntries(ssl) as Named, prefix)
}
