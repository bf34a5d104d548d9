import type { Clock } from '../clock.ts'
import { abortingAfter } from '../wait.ts'
import type { ConfigMap } from '../config/config-def.ts'
import { ConfigError } from '../errors.ts'
import type { KafkaClients } from '../kafka/contracts.ts'
import { ownedByNobody } from '../plugin/plugin-owner.ts'
import type { Plugins } from '../plugin/plugins.ts'
import type { AlteredOffsets, OffsetChange, SourceConnectorPlugin } from '../plugin/source.ts'
import type { StartFrom, StartPreview, StartWanted, StoredPosition } from '../plugin/start-from.ts'
import { connectorClass, connectorName } from '../settings/connector/connector-settings.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'
import type { OffsetStore, StoredOffset } from '../storage/offset-store.ts'
import type { ConnectorClientProperties } from './connector-client-properties.ts'
import type { ConnectorOffsetStores } from './connector-offset-stores.ts'
import type { ConnectorOffsets } from './contracts.ts'
import { connectorPlugin } from './plugin-of.ts'
import { taskTransactionalId } from './transactional-ids.ts'

/** How long writing offsets on behalf of an operator may take. */
const WRITE_LIMIT_MS = 30_000
/**
 * What a connector may take to find another start, and to count what that would do; below the 90 s of a REST
 * request.
 */
const PLAN_LIMIT_MS = 30_000
const PREVIEW_LIMIT_MS = 45_000

interface SourceOffsetsOptions {
  readonly plugins: Plugins
  readonly clients: KafkaClients
  readonly clientProperties: ConnectorClientProperties
  readonly offsetStores: ConnectorOffsetStores
  /** Source tasks of this group run exactly once; null: they do not. */
  readonly exactlyOnceGroup: string | null
  readonly clock: Clock
  /** Replaces `${provider:path:key}` references. */
  resolve(config: StoredConfig): Promise<ConfigMap>
}

/** A source connector with the references of its configuration replaced. */
interface Source {
  readonly plugin: SourceConnectorPlugin
  readonly config: ConfigMap
}

/**
 * The stored offsets of source connectors, and where these would start. Offsets of sinks are not known yet:
 * ConfigError.
 */
export class SourceOffsets implements ConnectorOffsets {
  readonly #options: SourceOffsetsOptions

  constructor(options: SourceOffsetsOptions) {
    this.#options = options
  }

  async offsets(name: string, config: StoredConfig): Promise<StoredOffset[]> {
    return this.#all(name, await this.#source(name, config))
  }

  async offsetsLeft(name: string, config: StoredConfig): Promise<StoredOffset[]> {
    const source = await this.#source(name, config)
    return (await this.#options.offsetStores.exists(source.config)) ? this.#all(name, source) : []
  }

  async modifyOffsets(
    name: string,
    config: StoredConfig,
    changes: readonly StoredOffset[] | null
  ): Promise<boolean> {
    const source = await this.#source(name, config)
    const stored = await this.#all(name, source)
    const wanted: OffsetChange[] =
      changes === null
        ? stored.map(({ partition }) => ({ partition, offset: null }))
        : changes.map(({ partition, offset }) => ({ partition, offset }))
    const altered = await alteredOffsets(source, wanted)
    if (altered.changes.length > 0) await this.#write(name, source.config, altered.changes)
    return altered.complete
  }

  async writeOffsets(
    name: string,
    config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<void> {
    await this.#write(name, await this.#options.resolve(config), changes)
  }

  async planStart(
    name: string,
    config: StoredConfig,
    wanted: StartWanted
  ): Promise<StoredOffset[]> {
    const { startFrom, resolved, stored } = await this.#startOf(name, config)
    const planned = await abortingAfter(this.#options.clock, PLAN_LIMIT_MS, async (limit) =>
      ownedByNobody(() => startFrom.plan(resolved, wanted, stored, limit))
    )
    return [...planned]
  }

  async previewStart(
    name: string,
    config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<readonly StartPreview[]> {
    const { startFrom, resolved, stored } = await this.#startOf(name, config)
    return abortingAfter(this.#options.clock, PREVIEW_LIMIT_MS, async (limit) =>
      ownedByNobody(() => startFrom.preview(resolved, changes, stored, limit))
    )
  }

  async givesFirstStart(before: StoredConfig, after: StoredConfig): Promise<boolean> {
    const { resolve } = this.#options
    const [then, now] = [await resolve(before), await resolve(after)]
    if (connectorClass(then) !== connectorClass(now)) return false
    const { startFrom } = this.#requireSource(connectorName(now) ?? '', now)
    return ownedByNobody(() => startFrom?.isFirstStart?.(then, now)) ?? false
  }

  async prepareStart(
    name: string,
    before: StoredConfig,
    after: StoredConfig
  ): Promise<readonly StoredOffset[]> {
    const { startFrom, resolved, stored } = await this.#startOf(name, before)
    const wanted = await this.#options.resolve(after)
    return ownedByNobody(() => startFrom.prepare?.(resolved, wanted, stored)) ?? []
  }

  async initialOffsets(
    name: string,
    config: StoredConfig,
    given: readonly StoredOffset[] | null
  ): Promise<AlteredOffsets> {
    const source = await this.#source(name, config)
    if (given === null) return { complete: true, changes: [] }
    return alteredOffsets(source, given)
  }

  async #startOf(
    name: string,
    config: StoredConfig
  ): Promise<{ startFrom: StartFrom; resolved: ConfigMap; stored: StoredPosition[] }> {
    const source = await this.#source(name, config)
    const { startFrom, className } = source.plugin
    if (startFrom === undefined) {
      throw new ConfigError(
        `${className} cannot be told where to start; its stored offsets can be changed under /connectors/${name}/offsets`
      )
    }
    const stored = (await this.#all(name, source)).flatMap(({ partition, offset }) =>
      offset === null ? [] : [{ partition, offset }]
    )
    return { startFrom, resolved: source.config, stored }
  }

  async #source(name: string, config: StoredConfig): Promise<Source> {
    const resolved = await this.#options.resolve(config)
    return { plugin: this.#requireSource(name, resolved), config: resolved }
  }

  #requireSource(name: string, config: ConfigMap): SourceConnectorPlugin {
    const plugin = connectorPlugin(this.#options.plugins, config)
    if (plugin.type === 'source') return plugin
    throw new ConfigError(`Connector ${name} is a sink; this worker does not run sinks yet`)
  }

  #all(name: string, { config }: Source): Promise<StoredOffset[]> {
    return this.#with(name, config, (store) => store.all(name))
  }

  /**
   * Exactly once, the offsets go in a transaction of the connector's first task, which fences what is left of
   * that.
   */
  async #write(
    connector: string,
    config: ConfigMap,
    changes: readonly StoredOffset[]
  ): Promise<void> {
    const { offsetStores, clients, clientProperties, exactlyOnceGroup, clock } = this.#options
    if (exactlyOnceGroup === null) {
      await this.#with(connector, config, (store) => store.set(connector, changes, WRITE_LIMIT_MS))
      return
    }
    const lease = offsetStores.transactionalLease(connector, config)
    const producer = clients.transactionalProducer(
      clientProperties.producer(config),
      `connector-offset-producer-${connector}`,
      taskTransactionalId(exactlyOnceGroup, { connector, task: 0 })
    )
    try {
      await lease.start()
      await abortingAfter(clock, WRITE_LIMIT_MS, (limit) => producer.initialize(limit))
      const { store } = lease
      await producer.send(await store.transactionRecords(connector, changes, WRITE_LIMIT_MS))
      await producer.commit()
      store.onCommitted(connector, changes)
    } finally {
      await producer.close(WRITE_LIMIT_MS)
      await lease.close()
    }
  }

  async #with<T>(
    connector: string,
    config: ConfigMap,
    use: (store: OffsetStore) => Promise<T>
  ): Promise<T> {
    const lease = this.#options.offsetStores.lease(connector, config)
    try {
      await lease.start()
      return await use(lease.store)
    } finally {
      await lease.close()
    }
  }
}

/** What the connector makes of offsets an operator wants to store. */
async function alteredOffsets(
  { plugin, config }: Source,
  wanted: readonly OffsetChange[]
): Promise<AlteredOffsets> {
  const answer = (await ownedByNobody(() => plugin.alterOffsets?.(config, wanted))) ?? false
  return typeof answer === 'boolean' ? { complete: answer, changes: wanted } : answer
}
