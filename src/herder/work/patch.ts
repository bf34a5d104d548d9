import { ConnectError } from '../../errors.ts'
import type { StoredConfig } from '../../storage/cluster-config.ts'
import type { RestConfig } from '../herder.ts'

/** How often a patch is made anew because the configuration changed meanwhile. */
export const MOST_PATCHES = 10

export class ChangedMeanwhile extends ConnectError {
  constructor(name: string) {
    super(
      'OPERATION_UNDER_WAY',
      `The configuration of connector ${name} changed again and again while it was patched; try again`
    )
  }
}

/** A stored configuration with some keys set and, where the patch says null, others removed. */
export function patched(config: StoredConfig, patch: RestConfig): Map<string, string> {
  const result = new Map(config)
  for (const [key, value] of patch) {
    if (value === null) result.delete(key)
    else result.set(key, value)
  }
  return result
}

/** Throws ChangedMeanwhile when a configuration that was made from `before` would replace another one. */
export function requireUnchanged(
  name: string,
  before: StoredConfig | undefined,
  now: StoredConfig | null
): void {
  if (before !== undefined && now !== before) throw new ChangedMeanwhile(name)
}
