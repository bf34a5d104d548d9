import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import registryApi from '@kafkajs/confluent-schema-registry/dist/api/index.js'
import type { Clock } from '../../clock.ts'
import { asError } from '../../errors.ts'
import type { RegistryAddress, RegistryOptions } from './schema-registry-config.ts'
import { abortingAfter } from '../../wait.ts'

/**
 * The one place that knows `@kafkajs/confluent-schema-registry`: its API client makes the requests (paths,
 * media types, credentials, middlewares). Its class `SchemaRegistry` is not used, because `register` changes
 * the compatibility level of subjects; see docs/decisions/20261121-avro-and-registry.md.
 */

export interface RegistryAnswer {
  readonly status: number
  /** Anything that is no JSON object counts as an empty one: the status says enough. */
  readonly body: Readonly<Record<string, unknown>>
}

type Api = ReturnType<typeof registryApi.default>
type Middlewares = NonNullable<Parameters<typeof registryApi.default>[0]['middlewares']>
/** What the client answers, as far as it is used here; its methods are typed `any`. */
interface ClientResponse {
  status(): number
  success(): boolean
  rawData(): string | null
  error(): Error | null
  request(): object
  errors: unknown[]
  responseData: string | null
}

/** One kind of request; `limits` belong into its arguments. */
export type RegistryCall = (
  api: Api,
  limits: { readonly signal: AbortSignal; readonly headers: Record<string, string> }
) => unknown

/** What failed, by request: its status and body, or the error of the connection. */
const failures = new WeakMap<object, RegistryAnswer | Error>()

/**
 * The client's own error has neither the error code of the registry nor a difference between a broken
 * connection and an answer of 400, and a body of `null` makes it fail outside of the promise. Its retry
 * middleware shows every response before that: here a failed one is kept, and made harmless. It never asks
 * again by itself, since the next address has to be asked first.
 */
function keepFailure(response: ClientResponse): false {
  if (response.success()) return false
  const error = response.error()
  const answer = { status: response.status(), body: objectFrom(response.rawData()) }
  failures.set(response.request(), error ?? answer)
  response.errors = []
  response.responseData = '{}'
  return false
}

/** Gives what `keepFailure` kept to the caller. */
const keptFailures: Middlewares[number] = () => ({
  response: (next, _renew, request) =>
    next().catch((error: unknown) => {
      throw new Kept(failures.get(request) ?? asError(error))
    })
})

class Kept extends Error {
  readonly failure: RegistryAnswer | Error

  constructor(failure: RegistryAnswer | Error) {
    super('The registry was asked in vain')
    this.failure = failure
  }
}

/** Connections with the keys and certificates that are there when each is made. */
class RegistryAgent extends HttpsAgent {
  readonly #tls: RegistryOptions['tls']

  constructor(tls: RegistryOptions['tls']) {
    super({ keepAlive: false })
    this.#tls = tls
  }

  override createConnection(
    ...[options, callback]: Parameters<HttpsAgent['createConnection']>
  ): ReturnType<HttpsAgent['createConnection']> {
    return super.createConnection({ ...options, ...this.#tls }, callback)
  }
}

/** Requests to one address. */
export class RegistryApi {
  readonly host: string
  readonly #clock: Clock
  readonly #api: Api
  readonly #timeoutMs: number
  readonly #headers: Record<string, string>

  constructor(address: RegistryAddress, options: RegistryOptions, clock: Clock) {
    this.host = address.host
    this.#clock = clock
    this.#timeoutMs = options.timeoutMs
    this.#headers = {
      Accept: 'application/vnd.schemaregistry.v1+json, application/json',
      ...(address.bearer === null ? {} : { Authorization: `Bearer ${address.bearer}` })
    }
    this.#api = registryApi.default({
      host: address.url,
      // Requests are rare: no socket is kept, so that none breaks unseen.
      agent: address.url.startsWith('https:')
        ? new RegistryAgent(options.tls)
        : new HttpAgent({ keepAlive: false }),
      ...(address.basic === null ? {} : { auth: address.basic }),
      retry: { retries: 1, enableRetry: () => true, validateRetry: keepFailure as never },
      middlewares: [keptFailures]
    })
  }

  /**
   * Any answer, whatever its status; rejects with the reason when there is none within the limit (I8).
   * Redirects are not followed.
   */
  async ask(call: RegistryCall, signal: AbortSignal): Promise<RegistryAnswer> {
    const send = async (limit: AbortSignal): Promise<RegistryAnswer> => {
      try {
        const response = (await call(this.#api, {
          signal: limit,
          headers: this.#headers
        })) as ClientResponse
        return { status: response.status(), body: objectFrom(response.rawData()) }
      } catch (error) {
        const failure = error instanceof Kept ? error.failure : asError(error)
        if (!(failure instanceof Error)) return failure
        const isLate = limit.aborted && !signal.aborted
        const reason = isLate ? `no answer in ${this.#timeoutMs} ms` : failure.message
        throw new Error(`${this.host}: ${reason || failure.name}`)
      }
    }
    return await abortingAfter(this.#clock, this.#timeoutMs, send, signal)
  }
}

function objectFrom(text: string | null): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text ?? '')
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
