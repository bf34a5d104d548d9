import type { ConfigMap } from '../config/config-def.ts'
import { advertised } from '../settings/worker/listeners.ts'
import { ConfigProviders } from '../config/providers.ts'
import { systemClock } from '../clock.ts'
import { blockDriverProperties } from '../connectors/jdbc/dialects/shared/driver-properties.ts'
import { allowOracleClient } from '../connectors/jdbc/dialects/oracle/client.ts'
import { ConnectError } from '../errors.ts'
import type { LeaderClient } from '../herder/group/leader-requests.ts'
import type { ClientProperties, KafkaClients } from '../kafka/contracts.ts'
import { loggers } from '../log.ts'
import { logPluginPath } from '../plugin/plugin-loader.ts'
import type { Plugins } from '../plugin/plugins.ts'
import { restLeaderClient } from '../rest/leader-client.ts'
import { restServerOptions } from '../rest/rest-server-options.ts'
import { workerPlugins } from './load-plugins.ts'
import type { StartOptions } from './running-worker.ts'
import { createRestServer, type RestServer } from '../rest/server.ts'
import { providerSettings } from '../settings/worker/provider-settings.ts'
import type { WorkerConfig } from '../settings/worker/worker-config.ts'
import { abortable, within } from '../wait.ts'

/** The plugins and config providers of a worker file, and its properties with their references resolved. */
export async function pluginsAndProviders(properties: ConfigMap): Promise<{
  plugins: Plugins
  providers: ConfigProviders
  properties: Map<string, string>
}> {
  const found = await workerPlugins(properties)
  logPluginPath(found, loggers.get('org.apache.kafka.connect.runtime.isolation.PluginScanner'))
  const { plugins } = found
  const providers = new ConfigProviders(providerSettings(properties), process.env, (className) => {
    const plugin = plugins.find('config_provider', className)
    return plugin === null ? null : (params) => plugin.create(params)
  })
  return { plugins, providers, properties: new Map(providers.resolve(properties)) }
}

export interface BoundRest {
  readonly server: RestServer
  readonly urls: readonly string[]
  /** What other workers and statuses name this worker by. */
  readonly advertised: { readonly url: string; readonly workerId: string }
  /** Reaches the leader with this server's certificates. */
  readonly leaderClient: LeaderClient
}

/**
 * Binds the REST listeners; requests are answered 503 until the server is given its herder. Rejects when an
 * address is taken.
 */
export async function bindRest(config: WorkerConfig): Promise<BoundRest> {
  // From the first request on, connectors may ask for what these allow.
  allowOracleClient(config.values['jdbc.oracle.client.lib.dir'])
  blockDriverProperties(config.values['jdbc.blocked.properties'])
  const options = restServerOptions(config, process.env)
  const server = createRestServer({ options, clock: systemClock })
  const bound = await server.start()
  const { values } = config
  const address = advertised(
    {
      listeners: values.listeners,
      listener: values['rest.advertised.listener'],
      hostName: values['rest.advertised.host.name'],
      port: values['rest.advertised.port']
    },
    (listener) =>
      bound.find(
        ({ admin, protocol, host }) =>
          !admin && protocol === listener.protocol && host === listener.host
      )?.port ?? listener.port
  )
  return {
    server,
    urls: bound.map(({ url }) => url),
    advertised: address,
    leaderClient: restLeaderClient(options.ssl, systemClock)
  }
}

/**
 * The cluster's id: the first answer of a broker. When there is none, or the worker is asked to end, REST is
 * stopped and it rejects.
 */
export async function clusterIdOrStop(
  clients: KafkaClients,
  client: ClientProperties,
  clientId: string,
  { stopping }: StartOptions,
  rest: BoundRest
): Promise<string> {
  const admin = clients.admin(client, clientId)
  try {
    return await abortable(admin.clusterId(), stopping, askedToEnd)
  } catch (error) {
    await rest.server.stop()
    throw error
  } finally {
    await admin.close()
  }
}

function askedToEnd(): ConnectError {
  return new ConnectError('WORKER_STOPPING', 'The worker was asked to end before it reached Kafka')
}

/** What a step of a stop may take that has no limit of its own. */
const STEP_LIMIT_MS = 30_000

/** Ends the worker when it is asked to, also while it still starts. */
export function stopWhenAsked(stopping: AbortSignal, stop: () => Promise<void>): void {
  stopping.addEventListener('abort', () => void stop(), { once: true })
  if (stopping.aborted) void stop()
}

/**
 * Runs each step once, in order and each within its limit, and goes on when one fails; later calls wait for
 * the first.
 */
export function stopInOrder(
  steps: readonly (readonly [what: string, step: () => Promise<void> | void, limitMs?: number])[]
): () => Promise<void> {
  const log = loggers.get('org.apache.kafka.connect.runtime.Connect')
  let stopped: Promise<void> | null = null
  const run = async (): Promise<void> => {
    for (const [what, step, limitMs = STEP_LIMIT_MS] of steps) {
      const late = (): Error =>
        new ConnectError('WORKER_STOPPING', `The ${what} did not stop in ${limitMs} ms`)
      try {
        await within(systemClock, Promise.try(step), limitMs, late)
      } catch (error) {
        log.error(`The ${what} could not be stopped cleanly`, { error })
      }
    }
  }
  return () => {
    stopped ??= run()
    return stopped
  }
}

/**
 * The step that waits for connectors and tasks, twice if it has to: it has limits of its own, within this
 * one.
 */
export function workLimitMs(config: WorkerConfig): number {
  return 2 * (config.values['task.shutdown.graceful.timeout.ms'] + STEP_LIMIT_MS)
}
