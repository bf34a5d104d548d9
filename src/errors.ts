import { inspect } from 'node:util'
import { shown } from './secrets/redact.ts'

/**
 * What a failure comes from: something that passes by itself, a record or row, a configuration, or what only
 * somebody who reads the message knows.
 */
export const failureKinds = ['passing', 'data', 'configuration', 'other'] as const
export type FailureKind = (typeof failureKinds)[number]

/**
 * The failure vocabulary of the worker: one entry per code, compared with docs/errors.md by a test. `status`
 * is the HTTP status when the error reaches a REST client; `retriable` says whether the same call may succeed
 * later; `kind` what becomes of a task that fails with it (`auto.restart.on`).
 */
export const errorCodes = {
  BAD_REQUEST: { status: 400, retriable: false, kind: 'configuration' },
  CONFIG_INVALID: { status: 400, retriable: false, kind: 'configuration' },
  FORBIDDEN: { status: 403, retriable: false, kind: 'configuration' },
  NOT_FOUND: { status: 404, retriable: false, kind: 'configuration' },
  ALREADY_EXISTS: { status: 409, retriable: false, kind: 'other' },
  REBALANCE_IN_PROGRESS: { status: 409, retriable: true, kind: 'passing' },
  OPERATION_UNDER_WAY: { status: 409, retriable: true, kind: 'passing' },
  REQUEST_TIMED_OUT: { status: 500, retriable: true, kind: 'passing' },
  NOT_READY: { status: 503, retriable: true, kind: 'passing' },
  REST_FORWARDED: { status: 500, retriable: false, kind: 'other' },
  INTERNAL: { status: 500, retriable: false, kind: 'other' },
  DATA_INVALID: { status: 500, retriable: false, kind: 'data' },
  RETRIABLE: { status: 500, retriable: true, kind: 'passing' },
  DATABASE_UNAVAILABLE: { status: 500, retriable: true, kind: 'passing' },
  DATABASE_ERROR: { status: 500, retriable: false, kind: 'other' },
  KAFKA_UNAVAILABLE: { status: 500, retriable: true, kind: 'passing' },
  KAFKA_ERROR: { status: 500, retriable: false, kind: 'other' },
  PRODUCER_FENCED: { status: 500, retriable: false, kind: 'passing' },
  TRANSACTION_UNCERTAIN: { status: 500, retriable: true, kind: 'passing' },
  TOPIC_UNSUITABLE: { status: 500, retriable: false, kind: 'configuration' },
  WORKER_STOPPING: { status: 500, retriable: false, kind: 'passing' }
} as const satisfies Record<string, { status: number; retriable: boolean; kind: FailureKind }>

export type ErrorCode = keyof typeof errorCodes

/**
 * Facts that name what failed (connector, task, table, column, key, topic …); `cause` is the underlying
 * error.
 */
export type ErrorFacts = { cause?: unknown } & Record<string, unknown>

/** The one error class of the worker. `message` is written for the operator: who, what, which value. */
export class ConnectError extends Error {
  readonly code: ErrorCode
  /**
   * HTTP status for REST clients; that of the code unless `facts.status` overrides it (forwarded answers).
   */
  readonly status: number
  readonly retriable: boolean
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    const { cause, ...rest } = facts
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.status = typeof rest['status'] === 'number' ? rest['status'] : errorCodes[code].status
    this.retriable = errorCodes[code].retriable
    this.facts = rest
  }

  override get name(): string {
    return this.constructor.name
  }
}

/**
 * Thrown by plugin code when the same call may succeed later. `outage: true` among the facts: what is needed
 * is away, for every record alike, so none may be dropped for it.
 */
export class RetriableError extends ConnectError {
  constructor(message: string, facts?: ErrorFacts) {
    super('RETRIABLE', message, facts)
  }
}

/** A value that does not fit its schema, or bytes that cannot be converted. */
export class DataError extends ConnectError {
  constructor(message: string, facts?: ErrorFacts) {
    super('DATA_INVALID', message, facts)
  }
}

/** A configuration key with a wrong or missing value; the message names the key. */
export class ConfigError extends ConnectError {
  constructor(message: string, facts?: ErrorFacts) {
    super('CONFIG_INVALID', message, facts)
  }
}

export class NotFoundError extends ConnectError {
  constructor(message: string, facts?: ErrorFacts) {
    super('NOT_FOUND', message, facts)
  }
}

/** Total: anything thrown may be asked, nothing is thrown. Only errors of ours carry the mark. */
export function isRetriable(error: unknown): boolean {
  return error instanceof ConnectError && error.retriable
}

/** Anything thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error(typeof thrown === 'string' ? thrown : inspect(thrown))
}

/** What was thrown and what caused it, as far as anybody reads; of several at once the first one. */
function* chainOf(thrown: unknown): Generator<Error, void> {
  let current: unknown = thrown
  for (let depth = 0; current !== undefined && current !== null && depth < 5; depth++) {
    const error = asError(current)
    yield error
    current =
      error instanceof AggregateError && error.cause === undefined ? error.errors[0] : error.cause
  }
}

/** The message of anything thrown, with the messages of its causes behind it. */
export function messageOf(thrown: unknown): string {
  const parts: string[] = []
  for (const error of chainOf(thrown)) {
    const text =
      error.message === '' ? ((error as { code?: string }).code ?? error.name) : error.message
    if (!parts.some((part) => part.includes(text))) parts.push(text)
  }
  return shown(parts.join(': '))
}

/** Codes of Node for peers that are away. */
export const PEER_AWAY =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/

/** Why something failed, for who decides what becomes of it. */
export interface Failure {
  readonly kind: FailureKind
  /** With the messages of its causes. */
  readonly message: string
}

/** Total. */
export function failureOf(thrown: unknown): Failure {
  return { kind: kindOf(thrown), message: messageOf(thrown) }
}

/** An error that says little, such as one of a whole task, is what caused it. */
function kindOf(thrown: unknown): FailureKind {
  for (const error of chainOf(thrown)) {
    const { code } = error as { readonly code?: unknown }
    if (error instanceof ConnectError) {
      const { kind } = errorCodes[error.code]
      if (kind !== 'other') return kind
    } else if (typeof code === 'string' && PEER_AWAY.test(code)) return 'passing'
  }
  return 'other'
}

/** Stack and every cause, without secrets: what a FAILED status carries as its `trace` (I7). */
export function traceOf(thrown: unknown): string {
  return shown(inspect(asError(thrown), { depth: 4, maxStringLength: 2000, maxArrayLength: 20 }))
}
