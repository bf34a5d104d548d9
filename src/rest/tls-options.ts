import type { Server, TlsOptions } from 'node:tls'
import type { Clock } from '../clock.ts'
import { ConfigError } from '../errors.ts'
import type { ListenerTls } from '../settings/worker/rest-keys.ts'
import { javaTls, type TlsSettings } from '../tls/java-ssl.ts'
import { every } from '../wait.ts'

/**
 * With `ssl.client.auth=requested` a client may come without a certificate, but not with one that is not
 * trusted: Java refuses it, while Node only marks the connection.
 */
export function refuseUntrustedClients(server: Server): void {
  server.on('secureConnection', (socket) => {
    const { authorized } = socket
    const shown = Object.keys(socket.getPeerCertificate()).length > 0
    if (shown && !authorized) socket.destroy()
  })
}

/** How long a key store that was replaced waits to be seen. */
const RENEWAL_MS = 10_000

/**
 * Gives new connections of a listener the keys and certificates that are there now, until what it answers is
 * called.
 */
export function renewTls(server: Server, ssl: TlsSettings, clock: Clock): () => void {
  const identity = javaTls(ssl)
  let used = JSON.stringify(identity)
  return every(clock, RENEWAL_MS, () => {
    const now = JSON.stringify(identity)
    if (now === used) return
    used = now
    server.setSecureContext(identity)
  })
}

/** Options of an https listener. Throws ConfigError that names the setting. */
export function serverTls(ssl: ListenerTls): TlsOptions {
  const identity = javaTls(ssl)
  if (identity.cert === undefined) {
    throw new ConfigError(
      'An https listener needs a certificate: set ssl.keystore.location or ssl.keystore.certificate.chain'
    )
  }
  const clientAuth = ssl['ssl.client.auth']
  return {
    ...identity,
    requestCert: clientAuth !== 'none',
    rejectUnauthorized: clientAuth === 'required'
  }
}
