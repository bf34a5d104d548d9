import type { AddressInfo } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../clock.ts'
import type { Listener } from '../settings/worker/listeners.ts'
import { ConnectError } from '../errors.ts'
import type { Herder } from '../herder/herder.ts'
import { loggers } from '../log.ts'
import { type AppOptions, createApp } from './app.ts'
import { authentication } from './accounts.ts'
import type { Endpoint, RestContext } from './endpoint.ts'
import { createForward } from './forward.ts'
import { BodyBudget, type BodyLimits } from './request-bodies.ts'
import { originPassedOn } from './request-author.ts'
import { rolesOf } from './roles.ts'
import type { RestServerOptions } from './rest-server-options.ts'
import { pluginEndpoints } from './routes/connector-plugins.ts'
import { connectorEndpoints } from './routes/connectors.ts'
import { historyEndpoints } from './routes/history.ts'
import { internalEndpoints } from './routes/internal.ts'
import { loggerEndpoints } from './routes/loggers.ts'
import { metricsEndpoints } from './routes/metrics.ts'
import { offsetEndpoints } from './routes/offsets.ts'
import { rootEndpoints, startingHealth } from './routes/root.ts'
import { startFromEndpoints } from './routes/start-from.ts'
import { taskEndpoints } from './routes/tasks.ts'
import { javaClientTls } from '../tls/java-ssl.ts'
import { renewTls, serverTls } from './tls-options.ts'
import { within } from '../wait.ts'

const log = loggers.get('org.apache.kafka.connect.runtime.rest.RestServer')

/**
 * Where a listener ended up. `host` is as configured ('' for every interface), `url` reaches it from this
 * machine.
 */
export interface BoundListener {
  protocol: 'http' | 'https'
  host: string
  port: number
  url: string
  admin: boolean
}

export interface RestServer {
  /**
   * Binds every listener; until `serve` each request is answered 503. Rejects with ConnectError when one is
   * taken.
   */
  start(): Promise<BoundListener[]>
  /** Gives the herder that answers from now on; not needed when it was there from the beginning. */
  serve(herder: Herder): void
  /** Ends: running requests get `stopTimeoutMs`, then their connections are closed. */
  stop(): Promise<void>
}

/**
 * The REST API of a worker. The herder may come later (`serve`): its own URL contains the port bound by
 * `start`.
 */
export function createRestServer(settings: {
  options: RestServerOptions
  clock: Clock
  herder?: Herder
}): RestServer {
  const { options, clock } = settings
  const stopped = new AbortController()
  let herder: Herder | null = settings.herder ?? null
  let apps: FastifyInstance[] = []
  const forward = createForward(clock, options.requestTimeoutMs, javaClientTls(options.ssl))
  const context: RestContext = {
    get herder() {
      if (herder === null) throw new ConnectError('NOT_READY', startingHealth.message)
      return herder
    },
    forward,
    clock,
    stopped: stopped.signal,
    requestTimeoutMs: options.requestTimeoutMs,
    healthTimeoutMs: options.healthTimeoutMs,
    maskConfigs: options.maskConfigs
  }
  const bodies: BodyLimits = {
    clientBytes: options.bodyLimitBytes,
    workerBytes: options.workerBodyLimitBytes,
    clients: new BodyBudget(2 * options.bodyLimitBytes),
    workers: new BodyBudget(2 * options.workerBodyLimitBytes)
  }
  const shared: SharedOptions = {
    bodies,
    isConnector: (name) => herder?.cluster.connectors().includes(name) === true,
    passedOn: (call) => originPassedOn(context, call)?.user ?? null
  }

  let renewals: (() => void)[] = []
  const stop = async () => {
    const closing = apps
    apps = []
    for (const end of renewals) end()
    renewals = []
    await Promise.all(closing.map((app) => close(app, clock, options.stopTimeoutMs)))
    stopped.abort()
  }

  return {
    serve(later) {
      herder = later
    },
    async start() {
      const bound: BoundListener[] = []
      try {
        for (const [admin, addresses] of [
          [false, options.listeners],
          [true, options.adminListeners ?? []]
        ] as const) {
          for (const address of addresses) {
            const app = createApp(
              listenerEndpoints(context, options, admin),
              appOptions(options, address, admin, shared)
            )
            apps.push(app)
            bound.push(await listen(app, address, admin))
            const ssl = admin ? options.adminSsl : options.ssl
            if (app.server instanceof TlsServer) renewals.push(renewTls(app.server, ssl, clock))
          }
        }
      } catch (error) {
        await stop()
        throw error
      }
      for (const { url, admin } of bound) {
        log.info(`REST ${admin ? 'admin endpoints' : 'resources'} are at ${url}`)
      }
      return bound
    },
    stop
  }
}

/** All endpoints of the main listeners, or those of an admin listener. */
function listenerEndpoints(
  context: RestContext,
  options: Pick<RestServerOptions, 'adminListeners' | 'metrics'>,
  admin: boolean
): Endpoint[] {
  const metrics = options.metrics ? metricsEndpoints(context) : []
  if (admin) return [...loggerEndpoints(context), ...metrics]
  return [
    ...rootEndpoints(context),
    ...connectorEndpoints(context),
    ...taskEndpoints(context),
    ...offsetEndpoints(context),
    ...startFromEndpoints(context),
    ...historyEndpoints(context),
    ...pluginEndpoints(context),
    ...internalEndpoints(context),
    ...(options.adminListeners === null ? [...loggerEndpoints(context), ...metrics] : [])
  ]
}

/** What all listeners have in common. */
type SharedOptions = Pick<AppOptions, 'bodies' | 'isConnector' | 'passedOn'>

function appOptions(
  options: RestServerOptions,
  { protocol }: Listener,
  admin: boolean,
  shared: SharedOptions
): AppOptions {
  const ssl = admin ? options.adminSsl : options.ssl
  return {
    tls: protocol === 'https' ? serverTls(ssl) : null,
    cors: admin ? null : options.cors,
    headers: admin ? [] : options.headers,
    authenticate: admin ? null : authentication(options.accounts),
    rightsOf: admin || options.rolesFile === null ? null : rolesOf(options.rolesFile),
    ...shared
  }
}

async function listen(
  app: FastifyInstance,
  { protocol, host, port }: Listener,
  admin: boolean
): Promise<BoundListener> {
  // No host means every interface: IPv6 and IPv4 where there is IPv6.
  const hosts = host === '' ? ['::', '0.0.0.0'] : [host]
  let failure: unknown
  for (const candidate of hosts) {
    try {
      await app.listen({ host: candidate, port })
      const bound = (app.server.address() as AddressInfo).port
      const reachable = ['', '::', '0.0.0.0'].includes(host) ? 'localhost' : bracketed(host)
      return { protocol, host, port: bound, url: `${protocol}://${reachable}:${bound}/`, admin }
    } catch (error) {
      failure = error
    }
  }
  throw new ConnectError(
    'INTERNAL',
    `Unable to start the REST server on ${protocol}://${host}:${port}`,
    {
      cause: failure
    }
  )
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

async function close(app: FastifyInstance, clock: Clock, timeoutMs: number): Promise<void> {
  try {
    await within(clock, app.close(), timeoutMs, () => new Error('requests are still running'))
  } catch (error) {
    log.warn('Closing the connections of requests that did not end in time', { error })
    app.server.closeAllConnections()
  }
}
