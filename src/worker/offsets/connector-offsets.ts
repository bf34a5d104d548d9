import type { ConfigMap } from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import { ownedByNobody } from '../../plugin/plugin-owner.ts'
import type { ConnectorPlugin, Plugins } from '../../plugin/plugins.ts'
import type { AlteredOffsets } from '../../plugin/source.ts'
import type {
  StartFrom,
  StartPreview,
  StartWanted,
  StoredPosition
} from '../../plugin/start-from.ts'
import { connectorClass } from '../../settings/connector/connector-settings.ts'
import type { StoredConfig } from '../../storage/cluster-config.ts'
import type { StoredOffset } from '../../storage/offset-store.ts'
import { abortingAfter } from '../../wait.ts'
import type { ConnectorOffsets, RequestedOffset } from '../contracts.ts'
import { connectorPlugin } from '../plugin-of.ts'
import type { OffsetsOfKind, Resolved } from './offsets-of-kind.ts'
import { SinkOffsets } from './sink-offsets.ts'
import { isSinkPartition } from './sink-positions.ts'
import { SourceOffsets, type SourceOffsetsOptions } from './source-offsets.ts'

/**
 * What a connector may take to find another start, and to count what that would do; below the 90 s of a REST
 * request.
 */
const PLAN_LIMIT_MS = 30_000
const PREVIEW_LIMIT_MS = 45_000

interface OffsetsOptions extends SourceOffsetsOptions {
  readonly plugins: Plugins
  /** Replaces `${provider:path:key}` references. */
  resolve(config: StoredConfig): Promise<ConfigMap>
}

/** The offsets of connectors, sources and sinks, and where these would start. */
export class OffsetsOfConnectors implements ConnectorOffsets {
  readonly #options: OffsetsOptions
  readonly #sources: SourceOffsets
  readonly #sinks: SinkOffsets

  constructor(options: OffsetsOptions) {
    this.#options = options
    this.#sources = new SourceOffsets(options)
    this.#sinks = new SinkOffsets(options)
  }

  async offsets(name: string, config: StoredConfig): Promise<StoredOffset[]> {
    return this.#with(name, config, (kind, of) => kind.all(of))
  }

  async offsetsLeft(name: string, config: StoredConfig): Promise<StoredOffset[]> {
    return this.#with(name, config, (kind, of) => kind.left(of))
  }

  async modifyOffsets(
    name: string,
    config: StoredConfig,
    changes: readonly RequestedOffset[] | null
  ): Promise<boolean> {
    return this.#with(name, config, (kind, of) => kind.modify(of, changes))
  }

  async inTheWay(name: string, config: StoredConfig): Promise<string | null> {
    return this.#with(name, config, (kind, of) => kind.inTheWay(of))
  }

  async writeOffsets(
    name: string,
    config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<void> {
    const { resolve, plugins } = this.#options
    const resolved = await resolve(config)
    // What is written of a source needs nothing of its class.
    if (!changes.every(({ partition }) => isSinkPartition(partition))) {
      return this.#sources.write({ name, config: resolved }, changes)
    }
    // Of a sink that is gone, or whose record was made by a worker that kept no configuration in it, nobody
    // knows the group.
    if (connectorClass(resolved) === null) return undefined
    const plugin = connectorPlugin(plugins, resolved)
    return plugin.type === 'sink'
      ? this.#sinks.write({ name, plugin, config: resolved }, changes)
      : this.#sources.write({ name, config: resolved }, changes)
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
    const { resolve, plugins } = this.#options
    const [then, now] = [await resolve(before), await resolve(after)]
    if (connectorClass(then) !== connectorClass(now)) return false
    const { startFrom } = connectorPlugin(plugins, now)
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
    given: readonly RequestedOffset[] | null
  ): Promise<AlteredOffsets> {
    return this.#with(name, config, async (kind, of) =>
      given === null ? { complete: true, changes: [] } : kind.checked(of, given)
    )
  }

  async #startOf(
    name: string,
    config: StoredConfig
  ): Promise<{ startFrom: StartFrom; resolved: ConfigMap; stored: StoredPosition[] }> {
    return this.#with(name, config, async (kind, of) => {
      const startFrom = kind.startFrom(of)
      if (startFrom === undefined) {
        throw new ConfigError(
          `${of.plugin.className} cannot be told where to start; its stored offsets can be changed under /connectors/${name}/offsets`
        )
      }
      const stored = (await kind.all(of)).flatMap(({ partition, offset }) =>
        offset === null ? [] : [{ partition, offset }]
      )
      return { startFrom, resolved: of.config, stored }
    })
  }

  async #with<T>(
    name: string,
    config: StoredConfig,
    use: <P extends ConnectorPlugin>(kind: OffsetsOfKind<P>, of: Resolved<P>) => Promise<T>
  ): Promise<T> {
    const { resolve, plugins } = this.#options
    const resolved = await resolve(config)
    const plugin = connectorPlugin(plugins, resolved)
    return plugin.type === 'sink'
      ? use(this.#sinks, { name, plugin, config: resolved })
      : use(this.#sources, { name, plugin, config: resolved })
  }
}
