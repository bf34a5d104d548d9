import type { Clock } from '../clock.ts'
import type { ConfigMap } from '../config/config-def.ts'
import type { Logger } from '../log.ts'
import { reloadsValues } from '../settings/connector/connector-settings.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'

/** How values of config providers are asked for again. */
export interface ValueSource {
  /** Replaces `${provider:path:key}` references; `references` is told what each one stands for. */
  resolve(config: StoredConfig, references?: Map<string, string>): Promise<ConfigMap>
  /** How long the values of these references may be used, in ms; null: for as long as the instance runs. */
  ttlMs?(config: StoredConfig): number | null
}

/** A configuration an instance was started with, as stored and with its references replaced. */
interface UsedConfig {
  readonly raw: StoredConfig
  readonly resolved: ConfigMap
}

interface WatchOptions {
  readonly source: ValueSource
  readonly used: readonly UsedConfig[]
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Logger
  onChange(): void
}

/**
 * As `watchValues`, in the background, until the answer is aborted; not at all with
 * `config.action.reload=none`.
 */
export function startWatching(options: Omit<WatchOptions, 'signal'>): AbortController {
  const watch = new AbortController()
  const [first] = options.used
  if (first !== undefined && reloadsValues(first.resolved)) {
    void watchValues({ ...options, signal: watch.signal })
  }
  return watch
}

/**
 * Looks at the values behind an instance's references again whenever their time is over, and calls `onChange`
 * when one is another, until the signal aborts. Values never reach the log (I7). Never rejects.
 */
export async function watchValues(options: WatchOptions): Promise<void> {
  const { source, used, signal, clock, log } = options
  const ttls = used.flatMap(({ raw }) => source.ttlMs?.(raw) ?? [])
  if (ttls.length === 0) return
  const ttlMs = Math.min(...ttls)
  for (;;) {
    await clock.sleep(ttlMs, signal)
    if (signal.aborted) return
    try {
      const changed = await changedKeys(source, used)
      if (changed.length === 0 || signal.aborted) continue
      log.info(`Restarting, because config providers have other values for ${changed.join(', ')}`)
      options.onChange()
    } catch (error) {
      log.warn('Values of config providers could not be read again; the old ones stay', { error })
    }
  }
}

async function changedKeys(source: ValueSource, used: readonly UsedConfig[]): Promise<string[]> {
  const changed = new Set<string>()
  for (const { raw, resolved } of used) {
    for (const [key, value] of await source.resolve(raw)) {
      if (resolved.get(key) !== value) changed.add(key)
    }
  }
  return [...changed]
}
