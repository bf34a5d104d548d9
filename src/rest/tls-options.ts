import type { Server, TlsOptions } from 'node:tls'
import { ConfigError } from '../errors.ts'
import { javaTls, type SslSettings } from '../tls/java-ssl.ts'

/**
 * With `ssl.client.auth=requested` a client may come without a certificate, but not with one that is not trusted: Java refuses it, while
 * Node only marks the connection.
 */
export function refuseUntrustedClients(server: Server): void {
  server.on('secureConnection', (socket) => {
    const { authorized } = socket
    const shown = Object.keys(socket.getPeerCertificate()).length > 0
    if (shown && !authorized) socket.destroy()
  })
}

/** Options of an https listener. Throws ConfigError that names the setting. */
export function serverTls(ssl: SslSettings): TlsOptions {
  const identity = javaTls(ssl)
  if (identity.cert === undefined) {
    throw new ConfigError(
      'An https listener needs a certificate: set ssl.keystore.location or ssl.keystore.certificate.chain'
    )
  }
  const clientAuth = (ssl.get('ssl.client.auth') ?? 'none').toLowerCase()
  if (!['none', 'requested', 'required'].includes(clientAuth)) {
    throw new ConfigError(
      `Invalid value ${clientAuth} for configuration ssl.client.auth: String must be one of: none, requested, required`
    )
  }
  return {
    ...identity,
    requestCert: clientAuth !== 'none',
    rejectUnauthorized: clientAuth === 'required'
  }
}
