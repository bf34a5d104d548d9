import type { Clock } from '../clock.ts'
import type { ConfigMap } from '../config/config-def.ts'
import { ConfigError } from '../errors.ts'
import type { AlteredOffsets, OffsetChange, SourceConnectorPlugin } from '../plugin/source.ts'
import type { StartFrom, StartPreview, StartWanted, StoredPosition } from '../plugin/start-from.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'
import type { StoredOffset } from '../storage/offset-store.ts'
import { ownedByNobody } from '../plugin/plugin-owner.ts'
import { abortingAfter } from '../wait.ts'

/** What a connector may take to find another start, and to count what that would do; below the 90 s of a REST request. */
const PLAN_LIMIT_MS = 30_000
const PREVIEW_LIMIT_MS = 45_000

export interface ConnectorStartsParts {
  /** Replaces `${provider:path:key}` references. */
  readonly clock: Clock
  resolve(config: StoredConfig): Promise<ConfigMap>
  /** The class of a source connector; ConfigError when it is none. */
  sourceOf(config: ConfigMap, name: string): SourceConnectorPlugin
  offsets(name: string, config: StoredConfig): Promise<StoredOffset[]>
}

/** Asks connectors where they would start; see the methods of Worker. Nothing is written. */
export class ConnectorStarts {
  readonly #parts: ConnectorStartsParts

  constructor(parts: ConnectorStartsParts) {
    this.#parts = parts
  }

  async plan(name: string, config: StoredConfig, wanted: StartWanted): Promise<StoredOffset[]> {
    const { startFrom, resolved, stored } = await this.#startFromOf(name, config)
    const plan = (limit: AbortSignal) =>
      ownedByNobody(() => startFrom.plan(resolved, wanted, stored, limit))
    return [...(await abortingAfter(this.#parts.clock, PLAN_LIMIT_MS, plan))]
  }

  async preview(
    name: string,
    config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<readonly StartPreview[]> {
    const { startFrom, resolved, stored } = await this.#startFromOf(name, config)
    return abortingAfter(this.#parts.clock, PREVIEW_LIMIT_MS, (limit) =>
      ownedByNobody(() => startFrom.preview(resolved, changes, stored, limit))
    )
  }

  async isFirst(before: StoredConfig, after: StoredConfig): Promise<boolean> {
    const { resolve, sourceOf } = this.#parts
    const [then, now] = [await resolve(before), await resolve(after)]
    if (then.get('connector.class') !== now.get('connector.class')) return false
    const { startFrom } = sourceOf(now, now.get('name') ?? '')
    return ownedByNobody(() => startFrom?.isFirstStart?.(then, now)) ?? false
  }

  async prepare(
    name: string,
    before: StoredConfig,
    after: StoredConfig
  ): Promise<readonly StoredOffset[]> {
    const { startFrom, resolved, stored } = await this.#startFromOf(name, before)
    const wanted = await this.#parts.resolve(after)
    return ownedByNobody(() => startFrom.prepare?.(resolved, wanted, stored)) ?? []
  }

  async initial(
    name: string,
    config: StoredConfig,
    given: readonly StoredOffset[] | null
  ): Promise<AlteredOffsets> {
    const resolved = await this.#parts.resolve(config)
    const plugin = this.#parts.sourceOf(resolved, name)
    if (given === null) return { complete: true, changes: [] }
    return alteredOffsets(plugin, resolved, given)
  }

  async #startFromOf(
    name: string,
    config: StoredConfig
  ): Promise<{ startFrom: StartFrom; resolved: ConfigMap; stored: StoredPosition[] }> {
    const resolved = await this.#parts.resolve(config)
    const { startFrom, className } = this.#parts.sourceOf(resolved, name)
    if (startFrom === undefined) {
      throw new ConfigError(
        `${className} cannot be told where to start; its stored offsets can be changed under /connectors/${name}/offsets`
      )
    }
    const stored = (await this.#parts.offsets(name, config)).flatMap(({ partition, offset }) =>
      offset === null ? [] : [{ partition, offset }]
    )
    return { startFrom, resolved, stored }
  }
}

/** What the connector makes of offsets an operator wants to store. */
export async function alteredOffsets(
  plugin: SourceConnectorPlugin,
  config: ConfigMap,
  wanted: readonly OffsetChange[]
): Promise<AlteredOffsets> {
  const answer = (await ownedByNobody(() => plugin.alterOffsets?.(config, wanted))) ?? false
  return typeof answer === 'boolean' ? { complete: answer, changes: wanted } : answer
}
