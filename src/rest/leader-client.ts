import type { Clock } from '../clock.ts'
import { ConnectError } from '../errors.ts'
import type { LeaderClient } from '../herder/group/leader-requests.ts'
import { exchange } from './forward.ts'
import { REQUEST_TIMEOUT_MS } from '../settings/worker/rest-keys.ts'
import { javaClientTls, type TlsSettings } from '../tls/java-ssl.ts'
import { abortingAfter } from '../wait.ts'

/** The other worker answers within its own limit for requests. */
const TIMEOUT_MS = REQUEST_TIMEOUT_MS + 10_000

/**
 * How the herder reaches the leader's REST interface: with the certificates of this worker's own listeners.
 */
export function restLeaderClient(ssl: TlsSettings, clock: Clock): LeaderClient {
  const tls = javaClientTls(ssl)
  return async (url, body, headers, signal, method = 'POST') => {
    const all = {
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': body.length,
      'user-agent': 'kafka-connect',
      ...headers
    }
    try {
      const ask = (limit: AbortSignal) => exchange(new URL(url), method, all, body, tls, limit)
      const { status, text } = await abortingAfter(clock, TIMEOUT_MS, ask, signal)
      return { status, body: text }
    } catch (error) {
      throw new ConnectError('RETRIABLE', `The leader could not be reached at ${url}`, {
        cause: error
      })
    }
  }
}
