import type { ConnectionOptions as PlatformaticOptions, SASLOptions } from '@platformatic/kafka'
import { isIP } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { Clock } from '../../clock.ts'
import { ConfigError } from '../../errors.ts'
import { tlsSettings } from '../../settings/clients/tls-keys.ts'
import type { ClientProperties } from '../contracts.ts'
import { javaClientTls } from '../../tls/java-ssl.ts'
import type { BackoffSettings } from '../../wait.ts'
import { PropertiesReader } from './properties-reader.ts'
import { type SaslSettings, saslSettings } from './sasl-properties.ts'

export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/** How much one request for records asks for. */
export interface FetchSettings {
  /** How long the broker may wait for `minBytes`. */
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxPartitionBytes: number
}

/** What both client libraries need to know, read once from Java client properties. Times are milliseconds. */
export interface ClientSettings {
  readonly bootstrapServers: readonly BrokerAddress[]
  readonly tls: TlsOptions | null
  readonly sasl: SaslSettings | null
  readonly connectTimeoutMs: number
  /** Limit of one request. */
  readonly requestTimeoutMs: number
  /** Limit of one operation, retries included. */
  readonly apiTimeoutMs: number
  /** The pauses between attempts of one request. */
  readonly backoff: BackoffSettings
  readonly metadataMaxAgeMs: number
  readonly readCommitted: boolean
  readonly fetch: FetchSettings
}

/** Internal topics are read whole: larger pieces than a consumer's 1 MiB make a start shorter. */
const PARTITION_FETCH_BYTES = 4_194_304

/** Whatever `retry.backoff.ms` says: a broker that refuses at once is not to be asked as fast as it answers. */
const LEAST_BACKOFF_MS = 20

const securityProtocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const

/** Reads and checks the properties; `clock` tells how old a token is. Throws ConfigError that names the property; secrets are never part of it. */
export function clientSettings(client: ClientProperties, clock: Clock): ClientSettings {
  const read = new PropertiesReader(client)
  const protocol = read.oneOf('security.protocol', securityProtocols, 'PLAINTEXT')
  const firstMs = Math.max(LEAST_BACKOFF_MS, read.integer('retry.backoff.ms', 100))
  const requestTimeoutMs = Math.max(1, read.integer('request.timeout.ms', 30_000))
  return {
    bootstrapServers: bootstrapServers(read.list('bootstrap.servers')),
    tls: protocol.endsWith('SSL') ? javaClientTls(tlsSettings(client)) : null,
    sasl: protocol.startsWith('SASL') ? saslSettings(read, clock) : null,
    connectTimeoutMs: Math.max(1, read.integer('socket.connection.setup.timeout.ms', 10_000)),
    requestTimeoutMs,
    apiTimeoutMs: Math.max(1, read.integer('default.api.timeout.ms', 60_000)),
    backoff: { firstMs, lastMs: Math.max(firstMs, read.integer('retry.backoff.max.ms', 1000)) },
    metadataMaxAgeMs: read.integer('metadata.max.age.ms', 300_000),
    readCommitted:
      read.oneOf(
        'isolation.level',
        ['read_committed', 'read_uncommitted'] as const,
        'read_uncommitted'
      ) === 'read_committed',
    fetch: {
      // The answer to a request that waits has to come within the request's own limit.
      maxWaitMs: Math.min(read.integer('fetch.max.wait.ms', 500), Math.ceil(requestTimeoutMs / 2)),
      minBytes: read.integer('fetch.min.bytes', 1),
      maxBytes: Math.max(1, read.integer('fetch.max.bytes', 52_428_800)),
      maxPartitionBytes: Math.max(
        1,
        read.integer('max.partition.fetch.bytes', PARTITION_FETCH_BYTES)
      )
    }
  }
}

/** `host:port,host:port`, for messages. */
export function addresses(settings: ClientSettings): string {
  return settings.bootstrapServers.map(({ host, port }) => `${host}:${port}`).join(',')
}

/** Options of a connection of @platformatic/kafka. */
export function platformaticOptions(settings: ClientSettings): PlatformaticOptions {
  const { tls, sasl } = settings
  // A host name goes along as SNI; an IP address must not.
  const named = settings.bootstrapServers.every(({ host }) => isIP(host) === 0)
  return {
    connectTimeout: settings.connectTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    maxInflights: 1_000_000,
    ...(tls === null ? {} : { tls, tlsServerName: named }),
    ...(sasl === null ? {} : { sasl: platformaticSasl(sasl) })
  }
}

function platformaticSasl(sasl: SaslSettings): SASLOptions {
  if (sasl.mechanism !== 'OAUTHBEARER') return { ...sasl }
  const { token, extensions } = sasl
  return {
    mechanism: 'OAUTHBEARER',
    token: async () => (await token()).value,
    oauthBearerExtensions: { ...extensions },
    // The broker answers a refused token with a JSON document instead of an error code.
    authBytesValidator: (answer, callback) =>
      answer.length === 0
        ? callback(null, answer)
        : callback(new Error('The broker refused the OAUTHBEARER token'))
  }
}

function bootstrapServers(entries: readonly string[]): BrokerAddress[] {
  if (entries.length === 0) {
    throw new ConfigError('No bootstrap urls given in bootstrap.servers')
  }
  return entries.map((entry) => {
    const match = /^(?:[A-Za-z_]+:\/\/)?(\[[^\]]+\]|[^:[\]/]+):(\d+)$/.exec(entry)
    const port = Number(match?.[2])
    if (match?.[1] === undefined || !(port > 0 && port < 65_536)) {
      throw new ConfigError(`Invalid url in bootstrap.servers: ${entry}`)
    }
    return { host: match[1].replace(/^\[|\]$/g, ''), port }
  })
}
