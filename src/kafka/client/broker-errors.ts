import {
  AuthenticationError,
  GenericError,
  ProtocolError,
  ResponseError,
  protocolErrors,
  protocolErrorsCodesById
} from '@platformatic/kafka'
import { ConnectError, asError } from '../../errors.ts'

/**
 * Broker answers after which the same request may succeed, here or at another broker (Kafka's
 * RetriableException).
 */
const retriableNames: ReadonlySet<string> = new Set([
  'CORRUPT_MESSAGE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'BROKER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'CONCURRENT_TRANSACTIONS',
  'KAFKA_STORAGE_ERROR',
  'LISTENER_NOT_FOUND',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'PREFERRED_LEADER_NOT_AVAILABLE',
  'UNSTABLE_OFFSET_COMMIT',
  'THROTTLING_QUOTA_EXCEEDED',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  'ELECTION_NOT_NEEDED',
  'ELIGIBLE_LEADERS_NOT_AVAILABLE'
])

/** Kafka's name of an error code (`NOT_COORDINATOR`); `NONE` for 0. */
export function errorName(code: number): string {
  return protocolErrorsCodesById[code as keyof typeof protocolErrorsCodesById] ?? `error ${code}`
}

export function isRetriableName(name: string): boolean {
  return retriableNames.has(name)
}

/** Kafka's name of the first protocol error inside, or null when the request did not get an answer. */
function protocolErrorOf(error: unknown): string | null {
  for (const each of flattened(error)) {
    // One library keeps the name in `apiId`, the other (KafkaJSProtocolError) in `type`.
    const { apiId, type } = each as { apiId?: unknown; type?: unknown }
    const name = each instanceof ProtocolError ? apiId : type
    if (typeof name === 'string' && name in protocolErrors) return name
  }
  return null
}

/**
 * The response the client library attached to its error; null when there was none. The library throws when
 * any part of a response carries an error code: callers that look at each code themselves want it.
 */
export function responseOf(error: unknown): unknown {
  return error instanceof ResponseError
    ? ((error as { response?: unknown }).response ?? null)
    : null
}

function isAuthenticationError(error: unknown): boolean {
  return flattened(error).some(
    (each) => each instanceof AuthenticationError || each.constructor.name.startsWith('KafkaJSSASL')
  )
}

/**
 * Node's codes for a certificate or handshake that was refused: the other side is there, but not who it
 * should be.
 */
const tlsCode = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/

function isTlsError(error: unknown): boolean {
  return flattened(error).some((each) => {
    const { code } = each as { code?: unknown }
    return typeof code === 'string' && tlsCode.test(code)
  })
}

/** Whether trying again may help: no answer, or an answer that Kafka calls retriable. */
export function isRetriableBrokerError(error: unknown): boolean {
  if (error instanceof ConnectError) return error.retriable
  // A token endpoint that does not answer is no verdict about the credentials.
  if (flattened(error).some((each) => each instanceof ConnectError && each.retriable)) return true
  if (isAuthenticationError(error) || isTlsError(error)) return false
  const name = protocolErrorOf(error)
  if (name !== null) return isRetriableName(name)
  return flattened(error).some(
    (each) =>
      (each instanceof GenericError && (each as { canRetry?: unknown }).canRetry === true) ||
      (each as { retriable?: unknown }).retriable === true ||
      each.name === 'KafkaJSNumberOfRetriesExceeded' ||
      each.name === 'KafkaJSConnectionError'
  )
}

/**
 * A foreign error as ConnectError: `doing` says what was tried and where; `facts.kafkaError` is the broker's
 * error name if it gave one. Errors of ours pass unchanged.
 */
export function brokerError(
  error: unknown,
  doing: string,
  facts: Record<string, unknown> = {}
): ConnectError {
  if (error instanceof ConnectError) return error
  const code = isRetriableBrokerError(error) ? 'KAFKA_UNAVAILABLE' : 'KAFKA_ERROR'
  const name = protocolErrorOf(error)
  const refused = code === 'KAFKA_ERROR' && isAuthenticationError(error)
  const reason = refused ? 'authentication failed' : (name ?? reasonOf(error))
  return new ConnectError(code, `${doing}: ${reason}`, {
    ...facts,
    ...(name === null ? {} : { kafkaError: name }),
    cause: withoutPayload(error)
  })
}

/** A broker's refusal by the name of its error: `doing` says what was tried, `facts` what it concerned. */
export function refusal(
  kafkaError: string,
  doing: string,
  facts: Record<string, unknown> = {},
  passes = isRetriableName(kafkaError)
): ConnectError {
  return new ConnectError(passes ? 'KAFKA_UNAVAILABLE' : 'KAFKA_ERROR', `${doing}: ${kafkaError}`, {
    ...facts,
    kafkaError
  })
}

function reasonOf(error: unknown): string {
  const all = flattened(error)
  return all.at(-1)?.message ?? asError(error).message
}

/** I7: the library hangs whole requests and responses on its errors; a trace must not print them. */
function withoutPayload(error: unknown): Error {
  const original = asError(error)
  const plain = new Error(original.message)
  plain.name = original.name
  if (original.stack !== undefined) plain.stack = original.stack
  const inner = innerErrors(original)[0]
  if (inner !== undefined) plain.cause = withoutPayload(inner)
  return plain
}

function innerErrors(error: Error): Error[] {
  const inner: Error[] = []
  const { errors } = error as { errors?: unknown }
  if (Array.isArray(errors)) for (const each of errors) if (each instanceof Error) inner.push(each)
  if (error.cause instanceof Error) inner.push(error.cause)
  return inner
}

/** The error and everything inside it, outermost first. */
function flattened(error: unknown): Error[] {
  const found: Error[] = []
  const waiting: Error[] = error instanceof Error ? [error] : []
  while (waiting.length > 0 && found.length < 20) {
    const next = waiting.shift()
    if (next === undefined) break
    found.push(next)
    waiting.push(...innerErrors(next))
  }
  return found
}
