import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { StoredConfig } from '../../storage/cluster-config.ts'
import type { Membership } from './membership.ts'
import type { SessionKeys } from './session-key.ts'

/** Sends a request to another worker's REST interface; rejects with a ConnectError when no answer comes. */
export type LeaderClient = (
  url: string,
  body: Uint8Array,
  headers: Record<string, string>,
  signal: AbortSignal,
  /** Default: POST. */
  method?: 'POST' | 'PUT'
) => Promise<{ status: number; body: string }>

interface LeaderRequestsOptions {
  readonly membership: Membership
  readonly keys: SessionKeys
  readonly client: LeaderClient
  readonly log: Logger
}

/**
 * What a worker asks of the leader, signed with the session key. Rejects as retriable when another attempt
 * may succeed.
 */
export class LeaderRequests {
  readonly #options: LeaderRequestsOptions

  constructor(options: LeaderRequestsOptions) {
    this.#options = options
  }

  /** Hands over the task configurations of a connector that runs here, for the leader to write. */
  putTaskConfigs(
    connector: string,
    configs: readonly StoredConfig[],
    signal: AbortSignal
  ): Promise<void> {
    const body = Buffer.from(JSON.stringify(configs.map((config) => Object.fromEntries(config))))
    return this.#send('reconfigure connector tasks', connector, 'tasks', 'POST', body, signal)
  }

  /** Asks for the fencing of older generations of an exactly-once source. */
  fence(connector: string, signal: AbortSignal): Promise<void> {
    const body = new Uint8Array()
    return this.#send('perform zombie fencing', connector, 'fence', 'PUT', body, signal)
  }

  async #send(
    what: string,
    connector: string,
    resource: 'tasks' | 'fence',
    method: 'POST' | 'PUT',
    body: Uint8Array,
    signal: AbortSignal
  ): Promise<void> {
    const { membership, keys, client, log } = this.#options
    const leader = membership.leaderUrl
    if (leader === null) {
      throw new ConnectError(
        'RETRIABLE',
        `Request to leader to ${what} failed because the URL of the leader's REST interface is empty!`
      )
    }
    const path = `connectors/${encodeURIComponent(connector)}/${resource}`
    const url = `${leader.replace(/\/$/, '')}/${path}`
    const headers = membership.signed ? keys.headers(body) : {}
    log.debug(`Asking the leader at ${url} to ${what}`)
    const { status, body: answer } = await client(url, body, headers, signal, method)
    if (status < 300) return
    // A leader answers 500 when Kafka does not answer it, which it would try again for what it does itself.
    const passing = status === 403 || status === 409 || status >= 500
    throw new ConnectError(
      passing ? 'RETRIABLE' : 'INTERNAL',
      `The leader at ${url} answered ${status}: ${answer.slice(0, 500)}`,
      { status, connector }
    )
  }
}
