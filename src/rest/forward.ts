import { CONFIG_REFUSED } from '../herder/work/config-validation.ts'
import { signatureAlgorithmHeader, signatureHeader } from '../herder/group/session-key.ts'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { Clock } from '../clock.ts'
import { ConnectError, messageOf } from '../errors.ts'
import { abortingAfter } from '../wait.ts'

/** A request on its way to the worker that must answer it. `target` is path and query as received. */
interface ForwardRequest {
  url: string
  method: string
  target: string
  /** Value of the `forward` query for the next hop. */
  forward: boolean
  /** Only `authorization`, the signature of internal requests and what says who asked travel on. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Uint8Array | undefined
}

interface ForwardAnswer {
  status: number
  /** JSON text, empty for 204. */
  text: string
  /** Value of OFFSETS_HEADER, when there was one. */
  offsets?: string
}

/** Sends requests to other workers. */
export type Forward = (request: ForwardRequest) => Promise<ForwardAnswer>

/** Set by a worker that passes a request on: where it came from. */
export const FORWARDED_FOR = 'x-forwarded-for'
/** The account that this worker has found to ask. */
export const FORWARDED_USER = 'x-connect-user'
/** Proof by the group's session key that a worker set it. */
export const ORIGIN_PROOF = 'x-connect-origin-signature'
/** What a client says of itself. */
export const REQUESTED_BY = 'x-requested-by'
/** Says what became of offsets that a new connector found. */
export const OFFSETS_HEADER = 'connect-offsets'
const TRAVELLING = [
  FORWARDED_FOR,
  FORWARDED_USER,
  ORIGIN_PROOF,
  REQUESTED_BY,
  'authorization',
  signatureHeader.toLowerCase(),
  signatureAlgorithmHeader.toLowerCase()
]
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/**
 * Makes the client for requests between workers: no redirects, one connection per request, at most
 * `timeoutMs` (I8). Answers ≥ 400 are thrown with the other worker's status, code and message; failures of
 * the way there are 500.
 */
export function createForward(clock: Clock, timeoutMs: number, tls: RequestOptions): Forward {
  return async (request) => {
    let answer: ForwardAnswer
    try {
      answer = await abortingAfter(clock, timeoutMs, (limit) =>
        send(request, tls, limit, timeoutMs)
      )
    } catch (cause) {
      throw new ConnectError(
        'REST_FORWARDED',
        `IO Error trying to forward REST request: ${messageOf(cause)}`,
        { cause, url: request.url }
      )
    }
    if (answer.status >= 200 && answer.status < 300) return answer
    throw refusal(answer, request.url)
  }
}

/** The address on the next worker: same path and query, `forward` replaced. */
function forwardUrl({ url, target, forward }: ForwardRequest): URL {
  const next = new URL(`${url.replace(/\/+$/, '')}${target}`)
  next.searchParams.set('forward', String(forward))
  return next
}

async function send(
  request: ForwardRequest,
  tls: RequestOptions,
  limit: AbortSignal,
  limitMs: number
): Promise<ForwardAnswer> {
  const url = forwardUrl(request)
  const headers: Record<string, string | string[] | number> = {
    accept: 'application/json',
    'user-agent': 'kafka-connect'
  }
  for (const name of TRAVELLING) {
    const value = request.headers[name]
    if (value !== undefined) headers[name] = value
  }
  if (request.body !== undefined && request.body.length > 0) {
    headers['content-type'] = 'application/json'
    headers['content-length'] = request.body.length
  }
  try {
    return await exchange(url, request.method, headers, request.body, tls, limit)
  } catch (error) {
    throw limit.aborted ? new Error(`no answer from ${url.origin} in ${limitMs} ms`) : error
  }
}

/** One request on a connection of its own; no redirects. Rejects when `signal` aborts. */
export async function exchange(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string | string[] | number>>,
  body: Uint8Array | undefined,
  tls: RequestOptions,
  signal: AbortSignal
): Promise<ForwardAnswer> {
  return await new Promise((resolve, reject) => {
    const options = { method, headers, agent: false as const, signal }
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...tls, ...options })
        : httpRequest(url, options)
    outgoing.on('response', (incoming) => {
      readAnswer(incoming).then(resolve, reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function readAnswer(incoming: IncomingMessage): Promise<ForwardAnswer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) {
      incoming.destroy()
      throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
    }
    chunks.push(chunk)
  }
  const offsets = incoming.headers[OFFSETS_HEADER]
  const text = Buffer.concat(chunks).toString('utf8')
  const answer = { status: incoming.statusCode ?? 0, text }
  return typeof offsets === 'string' ? { ...answer, offsets } : answer
}

function refusal({ status, text }: ForwardAnswer, url: string): ConnectError {
  if (status < 400) {
    return new ConnectError(
      'REST_FORWARDED',
      `Unexpected status code when handling forwarded request: ${status}`,
      { url }
    )
  }
  let fields: { error_code?: unknown; message?: unknown }
  try {
    fields = JSON.parse(text) as typeof fields
  } catch (cause) {
    return new ConnectError(
      'REST_FORWARDED',
      `IO Error trying to forward REST request: the answer with status ${status} is no JSON`,
      { cause, url }
    )
  }
  const code = typeof fields.error_code === 'number' ? fields.error_code : status
  const message = typeof fields.message === 'string' ? fields.message : ''
  // An answer has no facts but its text, and one of a JVM worker never will.
  const secretsHidden = message.startsWith(CONFIG_REFUSED)
  return new ConnectError('REST_FORWARDED', message, {
    status,
    errorCode: code,
    url,
    secretsHidden
  })
}
