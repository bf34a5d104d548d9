import { ConnectError } from '../errors.ts'
import { type Herder, RequestTargetError } from '../herder/herder.ts'
import { type Patience, withDeadline } from './deadline.ts'
import { protocolError } from './error-answer.ts'
import { maskedInfo } from './masked-config.ts'
import { type Forward, FORWARDED_FOR, FORWARDED_USER, ORIGIN_PROOF } from './forward.ts'
import type { Rights, Role } from './roles.ts'

/** What every endpoint works with. */
export interface RestContext extends Patience {
  herder: Herder
  forward: Forward
  requestTimeoutMs: number
  healthTimeoutMs: number
  maskConfigs: boolean
}

/** What is known of a request before its body is read. */
export interface RequestParts {
  method: string
  /** Path and query as the client sent them. */
  target: string
  query: Readonly<Record<string, string | string[] | undefined>>
  headers: Readonly<Record<string, string | string[] | undefined>>
}

/** One request, taken apart. */
export interface Call extends RequestParts {
  /** Decoded path segments by name. */
  params: Readonly<Record<string, string>>
  body: Uint8Array | undefined
  /** Account that was found to ask; null where nobody is asked for one. */
  user: string | null
  /** What that account may do. */
  rights: Rights
  /** Network address of the other side. */
  address: string | null
}

/** `body` is sent as JSON, `text` is JSON already, or of the `type` beside it; neither: an empty answer. */
export interface Answer {
  status: number
  body?: unknown
  text?: string
  type?: string
  /** Name of a connector just created: becomes the Location header. */
  created?: string
  /**
   * `kept 3`: it goes on from offsets of an earlier connector of that name. Becomes a header, which clients
   * that do not know it pass over.
   */
  offsets?: string
}

export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Segments that start with `:` are parameters. */
  path: string
  /** What whoever asks has to be, where there are roles. */
  needs: Role
  /** True when it is about all connectors together. */
  isOfAll?: boolean
  /** True when the body is read: then it needs a Content-Type. */
  reads?: boolean
  /** True when any Content-Type is fine. */
  anyType?: boolean
  /** True when the answer is no JSON, whatever the client says it takes. */
  isText?: boolean
  answer: (call: Call) => Promise<Answer> | Answer
}

/** Whether secrets are hidden in the answer: only who may change a configuration needs to see them. */
export function masksSecrets(context: RestContext, call: Call): boolean {
  return context.maskConfigs || call.rights.role !== 'editor'
}

/** The parameter `name` of the path. */
export function param(call: Call, name: string): string {
  const value = call.params[name]
  if (value === undefined) throw protocolError(404)
  return value
}

/** A task number; what is no Java int is an unknown path. */
export function taskParam(call: Call): number {
  const text = param(call, 'task')
  const number = Number(text)
  if (!/^[+-]?\d+$/.test(text) || number > 2_147_483_647 || number < -2_147_483_648) {
    throw protocolError(404, false)
  }
  // Adding 0 turns -0 into 0.
  return number + 0
}

/** First value of a query parameter. */
export function queryParam(call: Pick<Call, 'query'>, name: string): string | undefined {
  const value = call.query[name]
  return Array.isArray(value) ? value[0] : value
}

/** Java's reading of a boolean: `true` in any case is true, everything else false, nothing is the default. */
export function queryFlag(call: Call, name: string, missing: boolean): boolean {
  const text = queryParam(call, name)
  return text === undefined || text === '' ? missing : text.toLowerCase() === 'true'
}

/** One of these words; null when the parameter is not there. BAD_REQUEST for any other. */
export function queryChoice<W extends string>(
  call: Call,
  name: string,
  words: readonly W[]
): W | null {
  const text = queryParam(call, name)
  if (text === undefined) return null
  const found = words.find((word) => word === text)
  if (found !== undefined) return found
  throw new ConnectError(
    'BAD_REQUEST',
    `The query parameter ${name} is '${text}': it must be ${words.join(' or ')}`
  )
}

/** A whole number from 1 to `most`. BAD_REQUEST for anything else; `missing` where there is none. */
export function queryCount(call: Call, name: string, missing: number, most: number): number {
  const text = queryParam(call, name)
  if (text === undefined) return missing
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= most) return count
  throw new ConnectError('BAD_REQUEST', `${name} must be a number from 1 to ${most}, not '${text}'`)
}

/** Runs herder work within the limit for requests (I8). */
export async function herderWork<T>(context: RestContext, work: Promise<T>): Promise<T> {
  return await withDeadline(context, work, context.requestTimeoutMs, () => context.herder.stage())
}

/**
 * Runs the work here, or on the worker the herder names: once from the client's worker (`forward` absent),
 * once more from there (`forward=true`), never again. The other worker's answer is passed on.
 */
export async function herderWorkOrForward(
  context: RestContext,
  call: Call,
  work: () => Promise<Answer>
): Promise<Answer> {
  try {
    return await herderWork(context, work())
  } catch (error) {
    if (!(error instanceof RequestTargetError)) throw error
    const forwarded = queryParam(call, 'forward')
    if (forwarded !== undefined && forwarded.toLowerCase() !== 'true') {
      throw new ConnectError(
        'REBALANCE_IN_PROGRESS',
        'Cannot complete request because of a conflicting operation (e.g. worker rebalance)',
        { cause: error }
      )
    }
    if (error.url === null) {
      throw new ConnectError(
        'REBALANCE_IN_PROGRESS',
        'Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway.',
        { cause: error }
      )
    }
    const {
      status,
      text: answered,
      offsets
    } = await context.forward({
      url: error.url,
      method: call.method,
      target: call.target,
      forward: forwarded === undefined,
      headers: forwarded === undefined ? withOrigin(context, call) : call.headers,
      body: call.body
    })
    // The other worker may hide less than this one.
    const text = masksSecrets(context, call) ? maskedInfo(answered) : answered
    const more = offsets === undefined ? {} : { offsets }
    return text === '' ? { status, ...more } : { status, text, ...more }
  }
}

function withOrigin(context: RestContext, call: Call): Call['headers'] {
  if (call.address === null) return call.headers
  const { address, user } = call
  const proof = context.herder.origins.proof(originOf(call, { address, user })) ?? undefined
  return {
    ...call.headers,
    [FORWARDED_FOR]: address,
    // A header has no letters but those of Latin-1.
    [FORWARDED_USER]: user === null ? undefined : encodeURIComponent(user),
    [ORIGIN_PROOF]: proof
  }
}

/** Where a request came from that another worker passes on. */
export interface Origin {
  readonly address: string
  readonly user: string | null
}

/** What a worker proves when it passes a request on: which request, and where it came from. */
export function originOf({ method, target }: RequestParts, { address, user }: Origin): string {
  const request = `${address} ${method} ${target.split('?', 1)[0]}`
  return user === null ? request : `${request} ${encodeURIComponent(user)}`
}
