import {
  type ConfigMap,
  configDef,
  type Parsed,
  parseConfig,
  parseKeys
} from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import type { TlsSettings } from '../../tls/java-ssl.ts'
import type { BackoffSettings } from '../../wait.ts'
import { clientDefinitions, type ClientKind, everyClient } from './client-definitions.ts'
import { type LoginSettings, loginSettings } from './login-settings.ts'

export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/**
 * What every client needs to know to reach the brokers, read from Java client properties. Times are
 * milliseconds.
 */
export interface ConnectionSettings {
  readonly bootstrapServers: readonly BrokerAddress[]
  /** Null: connections are in clear. */
  readonly tls: TlsSettings | null
  /** Null: the client stays anonymous. */
  readonly login: LoginSettings | null
  readonly connectTimeoutMs: number
  /** Limit of one request. */
  readonly requestTimeoutMs: number
  /** Limit of one operation, retries included. */
  readonly apiTimeoutMs: number
  /** The pauses between attempts of one request. */
  readonly backoff: BackoffSettings
  readonly metadataMaxAgeMs: number
}

/** How much one request for records asks for. */
interface FetchSettings {
  /** How long the broker may wait for `minBytes`. */
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxPartitionBytes: number
}

export interface ReadingSettings {
  readonly readCommitted: boolean
  /** Whether batches are compared with their checksums. */
  readonly checkCrcs: boolean
  readonly fetch: FetchSettings
}

/**
 * Whatever `retry.backoff.ms` says: a broker that refuses at once is not to be asked as fast as it answers.
 */
const LEAST_BACKOFF_MS = 20

/**
 * Where no more is said: internal topics are read whole, and larger pieces than a consumer's make a start
 * shorter.
 */
const LARGE_PIECES = new Map([['max.partition.fetch.bytes', String(4 * 1024 * 1024)]])

/** Keys of every client under their common definition. */
const connectionKeys = configDef({
  ...everyClient,
  'bootstrap.servers': clientDefinitions.producer['bootstrap.servers'],
  'default.api.timeout.ms': clientDefinitions.admin['default.api.timeout.ms']
})

/** Classes that a Java worker gives its clients itself. */
const CONVERSION = /^(?:key|value)\.(?:de)?serializer$/

/**
 * Reads and checks all properties a client of this kind has, those without effect too, as the Java clients do
 * when they are made. Throws one ConfigError that names each property in the words of Kafka's complaints;
 * secrets are never part of it (I7).
 */
export function connectionSettings(kind: ClientKind, properties: ConfigMap): ConnectionSettings {
  requireValid(kind, properties)
  const values = parseConfig(connectionKeys, properties)
  const protocol = values['security.protocol']
  const firstMs = Math.max(LEAST_BACKOFF_MS, values['retry.backoff.ms'])
  return {
    bootstrapServers: brokerAddresses(values['bootstrap.servers']),
    tls: protocol.endsWith('SSL') ? values : null,
    login: protocol.startsWith('SASL') ? loginSettings(values, properties) : null,
    connectTimeoutMs: Math.max(1, values['socket.connection.setup.timeout.ms']),
    requestTimeoutMs: requestTimeoutMs(values),
    apiTimeoutMs: Math.max(1, values['default.api.timeout.ms']),
    backoff: { firstMs, lastMs: Math.max(firstMs, values['retry.backoff.max.ms']) },
    metadataMaxAgeMs: values['metadata.max.age.ms']
  }
}

/**
 * How a consumer reads; its properties were checked by {@link connectionSettings}. `otherwise`: what counts
 * where they say nothing.
 */
export function readingSettings(
  properties: ConfigMap,
  otherwise: ConfigMap = LARGE_PIECES
): ReadingSettings {
  const {
    'key.deserializer': _key,
    'value.deserializer': _value,
    ...keys
  } = clientDefinitions.consumer
  const values = parseConfig(keys, new Map([...otherwise, ...properties]))
  return {
    checkCrcs: values['check.crcs'],
    readCommitted: values['isolation.level'] === 'read_committed',
    fetch: {
      // The answer to a request that waits has to come within the request's own limit.
      maxWaitMs: Math.min(values['fetch.max.wait.ms'], Math.ceil(requestTimeoutMs(values) / 2)),
      minBytes: values['fetch.min.bytes'],
      maxBytes: Math.max(1, values['fetch.max.bytes']),
      maxPartitionBytes: Math.max(1, values['max.partition.fetch.bytes'])
    }
  }
}

/** `client.id` of worker or connector counts before the name the worker would give a client. */
export function clientIdOf(properties: ConfigMap, otherwise: string): string {
  const { 'client.id': given } = parseKeys(clientDefinitions.admin, ['client.id'], properties)
  return given === '' ? otherwise : given
}

/** Whether both name the same brokers, in whatever order. */
export function sameBrokers(one: ConfigMap, other: ConfigMap): boolean {
  const brokers = (properties: ConfigMap): string =>
    [...parseKeys(clientDefinitions.admin, ['bootstrap.servers'], properties)['bootstrap.servers']]
      .sort()
      .join()
  return brokers(one) === brokers(other)
}

function requireValid(kind: ClientKind, properties: ConfigMap): void {
  const keys = Object.entries(clientDefinitions[kind]).filter(([name]) => !CONVERSION.test(name))
  parseConfig(Object.fromEntries(keys), properties)
}

function requestTimeoutMs(values: Pick<Parsed<typeof everyClient>, 'request.timeout.ms'>): number {
  return Math.max(1, values['request.timeout.ms'])
}

function brokerAddresses(entries: readonly string[]): BrokerAddress[] {
  return entries.map((entry) => {
    const match = /^(?:[A-Za-z_]+:\/\/)?(\[[^\]]+\]|[^:[\]/]+):(\d+)$/.exec(entry)
    const port = Number(match?.[2])
    if (match?.[1] === undefined || !(port > 0 && port < 65_536)) {
      throw new ConfigError(`Invalid url in bootstrap.servers: ${entry}`)
    }
    return { host: match[1].replace(/^\[|\]$/g, ''), port }
  })
}
