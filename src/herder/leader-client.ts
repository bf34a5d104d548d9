import { ConnectError } from '../errors.ts'

/** Sends a request to another worker's REST interface; rejects with a ConnectError when no answer comes. */
export type LeaderClient = (
  url: string,
  body: Uint8Array,
  headers: Record<string, string>,
  signal: AbortSignal
) => Promise<{ status: number; body: string }>

/** The other worker answers within its own limit for requests, 90 s. */
const TIMEOUT_MS = 100_000

/** Plain HTTP or HTTPS with the public certificate authorities; a worker with `listeners.https.*` settings hands in its own. */
export const fetchLeader: LeaderClient = async (url, body, headers, signal) => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json',
        'User-Agent': 'kafka-connect',
        ...headers
      },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
    })
    return { status: response.status, body: await response.text() }
  } catch (error) {
    throw new ConnectError('RETRIABLE', `The leader could not be reached at ${url}`, {
      cause: error
    })
  }
}
