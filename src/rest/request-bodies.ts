import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { ConnectError } from '../errors.ts'
import { protocolError } from './error-answer.ts'

/**
 * I8: how many bytes of requests are held at once. What a request has sent counts until it is answered; one
 * that would go beyond is refused, and may be sent again.
 */
export class BodyBudget {
  readonly #maxBytes: number
  #held = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  take(bytes: number): void {
    if (this.#held + bytes > this.#maxBytes) {
      throw new ConnectError(
        'NOT_READY',
        `The worker holds ${this.#held} bytes of other requests already; try again later`
      )
    }
    this.#held += bytes
  }

  give(bytes: number): void {
    this.#held -= bytes
  }
}

/**
 * Sizes of the requests of clients, and of those between workers, which nobody is known to have sent until
 * they are whole.
 */
export interface BodyLimits {
  /** Longest body of a client, and of a worker: all task configurations of a connector are one. */
  readonly clientBytes: number
  readonly workerBytes: number
  readonly clients: BodyBudget
  readonly workers: BodyBudget
}

/** One body on its way in; `release` gives back what it holds. */
export class RequestBody {
  readonly #budget: BodyBudget
  readonly #limitBytes: number
  #bytes = 0

  constructor(budget: BodyBudget, limitBytes: number) {
    this.#budget = budget
    this.#limitBytes = limitBytes
  }

  /** Throws 413 for a body that is too long, and NOT_READY while too much is held. */
  async read(headers: IncomingHttpHeaders, payload: Readable): Promise<Buffer> {
    if (Number(headers['content-length'] ?? 0) > this.#limitBytes) throw protocolError(413, false)
    const chunks: Buffer[] = []
    for await (const chunk of payload as AsyncIterable<Buffer>) {
      this.#budget.take(chunk.length)
      this.#bytes += chunk.length
      if (this.#bytes > this.#limitBytes) throw protocolError(413, false)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }

  release(): void {
    this.#budget.give(this.#bytes)
    this.#bytes = 0
  }
}
