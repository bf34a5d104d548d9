import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { type TlsOptions, TLSSocket } from 'node:tls'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { HeaderRule } from '../settings/worker/response-headers.ts'
import { ConnectError } from '../errors.ts'
import { loggers } from '../log.ts'
import { logAccess } from './access-log.ts'
import { type AllowedMethods, allowedMethods } from './allowed-methods.ts'
import type { Asking, Authenticate } from './accounts.ts'
import { isInternal } from './basic-auth.ts'
import { type CorsOptions, corsHeaders } from './cors.ts'
import type { Answer, Call, Endpoint, RequestParts } from './endpoint.ts'
import { errorAnswer, errorBody, protocolError } from './error-answer.ts'
import { OFFSETS_HEADER } from './forward.ts'
import { jsonText } from './json-answer.ts'
import { acceptedType, acceptsText, checkContentType } from './media-types.ts'
import { type BodyLimits, RequestBody } from './request-bodies.ts'
import { connectorPath, routerTarget, uriProblem } from './request-uri.ts'
import { headersOf } from './response-headers.ts'
import { ALL_RIGHTS, requireRights, type Rights, type RightsOf } from './roles.ts'
import { refuseUntrustedClients } from './tls-options.ts'

const log = loggers.get('org.apache.kafka.connect.runtime.rest.RestServer')

const MOST_CONNECTIONS = 2000

/**
 * How one listener behaves. Separate admin listeners have no cors, headers or authentication, as in the JVM
 * worker.
 */
export interface AppOptions {
  tls: TlsOptions | null
  cors: CorsOptions | null
  headers: readonly HeaderRule[]
  authenticate: Authenticate | null
  /** The account that another worker has found for a request which it passes on; null: none does. */
  passedOn: (call: RequestParts) => string | null
  /** null: whoever is let in may do everything. */
  rightsOf: RightsOf | null
  bodies: BodyLimits
  /** True for names of existing connectors. */
  isConnector: (name: string) => boolean
}

/** The HTTP side of one listener: routing, checks in the JVM worker's order, answers and errors. */
export function createApp(endpoints: readonly Endpoint[], options: AppOptions): FastifyInstance {
  const { tls } = options
  const app = fastify({
    logger: false,
    // The bodies are read below; this is for what is declared.
    bodyLimit: Math.max(options.bodies.clientBytes, options.bodies.workerBytes),
    // The longest name that fits the limit for request headers.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16_384 },
    forceCloseConnections: 'idle',
    requestTimeout: 120_000,
    rewriteUrl: (request) => routerTarget(request.url ?? '/'),
    frameworkErrors: (error, _, reply) => sendError(reply, badTarget(error)),
    clientErrorHandler,
    serverFactory: (handler) => {
      if (tls === null) return createServer(handler)
      const server = createTlsServer(tls, handler)
      if (tls.requestCert === true) refuseUntrustedClients(server)
      return server
    }
  })
  // I8: more connections than clients of one worker need would leave none for Kafka and databases.
  app.server.maxConnections = MOST_CONNECTIONS
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) =>
    // What has no route is not read.
    bodies.get(request)?.read(request.headers, payload)
  )
  app.addHook('onRequest', async (request, reply) => {
    setHeaders(options, request, reply)
    const problem = uriProblem(request.originalUrl, options.isConnector)
    if (problem !== null) throw new ConnectError('BAD_REQUEST', problem)
  })
  app.addHook('onSend', async (_, reply, payload) => {
    if (untyped.has(reply)) reply.removeHeader('content-type')
    return payload
  })
  app.addHook('onResponse', async (request, reply) => {
    logAccess(log, request, reply)
  })
  app.setErrorHandler((error, request, reply) => {
    const answer = sendError(reply, error)
    if (answer.statusCode === 500) {
      log.error(`Uncaught exception in REST call to ${request.originalUrl}`, { error })
    }
  })
  for (const endpoint of endpoints) addRoute(app, endpoint, options)
  const allowed = allowedMethods(endpoints)
  app.setNotFoundHandler((request, reply) => otherwise(request, reply, allowed, options))
  return app
}

function addRoute(app: FastifyInstance, endpoint: Endpoint, options: AppOptions): void {
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    onRequest: async (request) => {
      if (endpoint.anyType !== true) {
        const reads = endpoint.reads === true
        checkContentType(request.headers['content-type'], hasBody(request), reads)
      }
      if (endpoint.isText !== true) acceptedType(request.headers.accept)
    },
    preParsing: async (request, reply, payload) => {
      authenticated(options, request, reply)
      rights.set(request, authorized(endpoint, options, request))
      if (hasBody(request)) expectBody(options.bodies, request, reply)
      return payload
    },
    handler: async (request, reply) => {
      const answer = await endpoint.answer(callOf(request))
      return sendAnswer(request, reply, answer)
    }
  })
}

/**
 * Bodies of requests that may send one; each is held until the request is answered or its connection is gone.
 */
const bodies = new WeakMap<FastifyRequest, RequestBody>()

function expectBody(limits: BodyLimits, request: FastifyRequest, reply: FastifyReply): void {
  const body = isInternalRequest(request)
    ? new RequestBody(limits.workers, limits.workerBytes)
    : new RequestBody(limits.clients, limits.clientBytes)
  bodies.set(request, body)
  reply.raw.once('close', () => body.release())
}

function isInternalRequest(request: FastifyRequest): boolean {
  return isInternal(request.method, request.url.split('?', 1)[0] ?? '')
}

/** No route fits: 404 for an unknown path, the methods for OPTIONS, else 405. */
function otherwise(
  request: FastifyRequest,
  reply: FastifyReply,
  allowed: AllowedMethods,
  options: AppOptions
): FastifyReply {
  if (request.originalUrl === '*') return reply.code(404).send()
  const methods = allowed(request.url.split('?', 1)[0] ?? '/')
  if (methods === null) return sendError(reply, protocolError(404))
  if (request.method !== 'OPTIONS') return sendError(reply, protocolError(405))
  authenticated(options, request, reply)
  reply.header('allow', methods.join(','))
  return acceptsText(request.headers.accept)
    ? reply.header('content-type', 'text/plain').send(Buffer.from(methods.join(', ')))
    : reply.header('content-type', acceptedType(request.headers.accept)).send(Buffer.alloc(0))
}

/** Thrown for a request without valid credentials; answered in plain text, without a challenge. */
class Unauthenticated extends ConnectError {
  constructor() {
    super('FORBIDDEN', 'User cannot access the resource.', { status: 401 })
  }
}

/** Accounts whose password was checked; null where nobody is asked for one. */
const accounts = new WeakMap<FastifyRequest, string | null>()

function authenticated(options: AppOptions, request: FastifyRequest, reply: FastifyReply): void {
  if (options.authenticate === null) return
  if (isInternalRequest(request)) return
  const found = options.authenticate(askingOf(request, options))
  if (found !== null) return void accounts.set(request, found.account)
  reply.header('content-type', request.method === 'OPTIONS' ? 'text/plain' : 'application/json')
  throw new Unauthenticated()
}

function askingOf(request: FastifyRequest, { passedOn }: AppOptions): Asking {
  const { headers, socket } = request
  const tls = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : null
  const name = tls?.subject?.CN
  return {
    authorization: headers.authorization,
    header(wanted) {
      const value = headers[wanted.toLowerCase()]
      return typeof value === 'string' && value !== '' ? value : null
    },
    address: socket.remoteAddress ?? null,
    // Several names are none that anybody could rely on.
    certificate: typeof name === 'string' ? name : null,
    passedOn: passedOn(partsOf(request))
  }
}

/** What these accounts may do, as it was asked before the body was read. */
const rights = new WeakMap<FastifyRequest, Rights>()

/** Requests between workers are signed: whoever caused them was asked before. */
function authorized(endpoint: Endpoint, options: AppOptions, request: FastifyRequest): Rights {
  const { rightsOf } = options
  if (rightsOf === null || isInternalRequest(request)) return ALL_RIGHTS
  const account = accounts.get(request) ?? null
  const { connector = null } = request.params as { readonly connector?: string }
  return requireRights(account, rightsOf(account), {
    what: `${endpoint.method} ${endpoint.path}`,
    needs: endpoint.needs,
    connector,
    isOfAll: endpoint.isOfAll === true
  })
}

function partsOf(request: FastifyRequest): RequestParts {
  return {
    method: request.method,
    target: routerTarget(request.originalUrl),
    query: request.query as Call['query'],
    headers: request.headers
  }
}

function callOf(request: FastifyRequest): Call {
  return {
    ...partsOf(request),
    params: request.params as Call['params'],
    body: request.body instanceof Buffer ? request.body : undefined,
    user: accounts.get(request) ?? null,
    rights: rights.get(request) ?? ALL_RIGHTS,
    address: request.socket.remoteAddress ?? null
  }
}

function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status)
  if (answer.created !== undefined) {
    const host = request.headers.host ?? request.hostname
    reply.header('location', `${request.protocol}://${host}${connectorPath(answer.created)}`)
  }
  if (answer.offsets !== undefined) reply.header(OFFSETS_HEADER, answer.offsets)
  const text = answer.text ?? (answer.body === undefined ? undefined : jsonText(answer.body))
  if (text === undefined) return reply.send()
  // Sent as bytes: fastify would add a charset to a text.
  const type = answer.type ?? acceptedType(request.headers.accept)
  return reply.header('content-type', type).send(Buffer.from(text))
}

/** Answers without a Content-Type, which fastify would otherwise fill in. */
const untyped = new WeakSet<FastifyReply>()

function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof Unauthenticated) {
    return reply.code(401).send(Buffer.from(error.message))
  }
  const answer = errorAnswer(error)
  // What is left of a body is not read: the connection ends with the answer.
  if (answer.status === 413) reply.header('connection', 'close')
  if (answer.contentType === null) untyped.add(reply)
  return reply
    .code(answer.status)
    .header('content-type', answer.contentType ?? 'application/json')
    .send(Buffer.from(answer.body))
}

function setHeaders(options: AppOptions, request: FastifyRequest, reply: FastifyReply): void {
  if (options.cors !== null) {
    const asked = request.headers['access-control-request-method'] !== undefined
    const preflight = request.method === 'OPTIONS' && asked
    reply.headers(corsHeaders(options.cors, request.headers.origin, preflight))
  }
  for (const [name, values] of headersOf(options.headers, Date.now())) {
    reply.header(name, values.length === 1 ? values[0] : values)
  }
}

function hasBody(request: FastifyRequest): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  return encoding !== undefined || (length !== undefined && length !== '0')
}

/** A path the router cannot decode. */
function badTarget(cause: unknown): ConnectError {
  return new ConnectError('BAD_REQUEST', 'Bad Request', { cause })
}

/** Bytes that are no HTTP request: a short answer, then the connection ends. */
function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, reason] =
    error.code === 'HPE_INVALID_METHOD'
      ? [405, 'Method Not Allowed']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'Request Header Fields Too Large']
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? [408, 'Request Timeout']
          : [400, 'Bad Request']
  const body = errorBody(Number(status), `HTTP ${status} ${reason}`)
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  )
}
