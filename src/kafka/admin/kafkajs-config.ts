import type { ISocketFactory, KafkaConfig, SASLOptions as KafkaJsSaslOptions } from 'kafkajs'
import { connect, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ClientSettings } from '../client/client-settings.ts'
import type { Credentials } from '../client/credentials.ts'

/** Configuration of a kafkajs client. `retries`: how often one call is tried again. */
export function kafkaJsConfig(
  settings: ClientSettings,
  clientId: string,
  retries: number
): KafkaConfig {
  const { tls, sasl } = settings
  return {
    clientId,
    brokers: settings.bootstrapServers.map(({ host, port }) => `${withoutColons(host)}:${port}`),
    socketFactory,
    connectionTimeout: settings.connectTimeoutMs,
    authenticationTimeout: settings.requestTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    enforceRequestTimeout: true,
    ...(tls === null ? {} : { ssl: tls }),
    ...(sasl === null ? {} : { sasl: kafkaJsSasl(sasl) }),
    retry: {
      initialRetryTime: settings.backoff.firstMs,
      maxRetryTime: settings.backoff.lastMs,
      retries
    }
  }
}

function kafkaJsSasl(sasl: Credentials): KafkaJsSaslOptions {
  switch (sasl.mechanism) {
    case 'OAUTHBEARER':
      return { mechanism: 'oauthbearer', oauthBearerProvider: sasl.token }
    case 'PLAIN':
      return { mechanism: 'plain', username: sasl.username, password: sasl.password }
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', username: sasl.username, password: sasl.password }
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', username: sasl.username, password: sasl.password }
  }
}

/** The library cuts a bootstrap server at its first colon, an IPv6 address as well. */
function withoutColons(host: string): string {
  return isIP(host) === 6 ? host.replaceAll(':', '_') : host
}

/** As the library's own, with such an address as it is. */
const socketFactory: ISocketFactory = ({ host: given, port, ssl, onConnect }) => {
  const host = isIP(given.replaceAll('_', ':')) === 6 ? given.replaceAll('_', ':') : given
  const name = isIP(host) === 0 ? { servername: host } : {}
  const socket =
    typeof ssl === 'object' && ssl !== null
      ? connectTls({ host, port, ...name, ...ssl }, onConnect)
      : connect({ host, port }, onConnect)
  return socket.setKeepAlive(true, 60_000)
}
