import { systemClock } from '../clock.ts'
import { readConnectorFile } from './connector-files.ts'
import { ConnectError, messageOf } from '../errors.ts'
import { StandaloneHerder } from '../herder/standalone/standalone-herder.ts'
import { createKafkaClients } from '../kafka/kafka-clients.ts'
import { loggers } from '../log.ts'
import type { RunningWorker, StartOptions } from './running-worker.ts'
import { FileOffsetStore } from '../storage/file-offset-store.ts'
import { MemoryChangeHistory } from '../storage/memory-change-history.ts'
import { MemoryConfigStore } from '../storage/memory-config-store.ts'
import { MemoryStatusStore } from '../storage/memory-status-store.ts'
import {
  bindRest,
  clusterIdOrStop,
  stopInOrder,
  stopWhenAsked,
  pluginsAndProviders,
  workLimitMs
} from './start-parts.ts'
import {
  workerClientIdBase,
  workerClientProperties
} from '../settings/worker/layered-properties.ts'
import { checkWorkerPlugins, parseWorkerConfig } from '../settings/worker/worker-config.ts'
import { EffectWarnings } from '../settings/clients/effect-warnings.ts'
import { overridePolicy } from '../settings/worker/override-policy.ts'
import { herderOptions } from './worker-rooms.ts'

/** A connector given on the command line could not be created. */
export class ConnectorStartError extends ConnectError {
  constructor(file: string, cause: unknown) {
    super('CONFIG_INVALID', `Failed to create connector for ${file}: ${messageOf(cause)}`, {
      cause
    })
  }
}

/**
 * One worker by itself: configurations in memory, offsets in a file, connectors from the command line and
 * over REST.
 */
export async function startStandalone(
  options: StartOptions & { readonly connectorFiles: readonly string[] }
): Promise<RunningWorker> {
  const log = loggers.get('org.apache.kafka.connect.cli.ConnectStandalone')
  const { plugins, providers, properties } = await pluginsAndProviders(options.properties)
  const config = parseWorkerConfig('standalone', properties)
  for (const warning of config.warnings) log.warn(warning)
  checkWorkerPlugins(config, plugins)
  const policy = overridePolicy(config, plugins)

  const clients = createKafkaClients(systemClock)
  const rest = await bindRest(config)
  const kafkaClusterId = await clusterIdOrStop(
    clients,
    workerClientProperties(config),
    `${workerClientIdBase(config)}shared-admin`,
    options,
    rest
  )
  const offsetStore = new FileOffsetStore(
    config.values['offset.storage.file.filename'],
    systemClock
  )
  const herder = new StandaloneHerder(
    herderOptions({
      config,
      plugins,
      providers,
      clients,
      policy,
      warnings: new EffectWarnings(loggers.get('org.apache.kafka.common.config.AbstractConfig')),
      offsetStore,
      offsetTopic: null,
      configStore: new MemoryConfigStore(),
      statusStore: new MemoryStatusStore(),
      history: new MemoryChangeHistory(rest.advertised.workerId, systemClock),
      rest,
      kafkaClusterId,
      logName: 'org.apache.kafka.connect.runtime.standalone.StandaloneHerder'
    })
  )
  rest.server.serve(herder)
  const stop = stopInOrder([
    ['REST', () => rest.server.stop()],
    ['herder', () => herder.stop(), workLimitMs(config)],
    ['offset store', () => offsetStore.stop()],
    ['configuration providers', () => providers.close()]
  ])
  stopWhenAsked(options.stopping, stop)
  try {
    await offsetStore.start()
    await herder.start()
    for (const file of options.connectorFiles) await createConnector(herder, file)
  } catch (error) {
    await stop()
    throw error
  }
  herder.markReady()
  return { urls: rest.urls, stop }
}

async function createConnector(herder: StandaloneHerder, file: string): Promise<void> {
  try {
    const { name, config, initialState } = await readConnectorFile(file)
    await herder.changes.putConnectorConfig(name, config, { initialState, allowReplace: false })
  } catch (error) {
    throw new ConnectorStartError(file, error)
  }
}
