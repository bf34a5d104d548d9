import type { ConnectionOptions as PlatformaticOptions, SASLOptions } from '@platformatic/kafka'
import { isIP } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { Clock } from '../../clock.ts'
import type { ClientKind } from '../../settings/clients/client-definitions.ts'
import {
  type ConnectionSettings,
  connectionSettings,
  type ReadingSettings,
  readingSettings
} from '../../settings/clients/client-settings.ts'
import { javaClientTls } from '../../tls/java-ssl.ts'
import type { ClientProperties } from '../contracts.ts'
import { type Credentials, credentialsOf } from './credentials.ts'

/** What both client libraries need to know, with keys and certificates read. */
export interface ClientSettings extends Omit<ConnectionSettings, 'tls' | 'login'> {
  readonly tls: TlsOptions | null
  readonly sasl: Credentials | null
}

/**
 * Reads and checks the properties; `clock` tells how old a token is. Throws ConfigError that names the
 * property; secrets are never part of it.
 */
export function clientSettings(
  client: ClientProperties,
  clock: Clock,
  kind: ClientKind = 'admin'
): ClientSettings {
  const { tls, login, ...settings } = connectionSettings(kind, client)
  return {
    ...settings,
    tls: tls === null ? null : javaClientTls(tls),
    sasl: login === null ? null : credentialsOf(login, clock)
  }
}

export interface ReaderSettings extends ClientSettings, ReadingSettings {}

/** The same of a client that reads records. */
export function readerSettings(client: ClientProperties, clock: Clock): ReaderSettings {
  return { ...clientSettings(client, clock, 'consumer'), ...readingSettings(client) }
}

/** The same of a member of a consumer group: the defaults are those of Kafka's consumer. */
export function groupReaderSettings(client: ClientProperties, clock: Clock): ReaderSettings {
  return { ...clientSettings(client, clock, 'consumer'), ...readingSettings(client, new Map()) }
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

function platformaticSasl(sasl: Credentials): SASLOptions {
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
