import { redactSetting } from '../secrets/redact.ts'

/** A configuration as it may be shown (I7). Off by default: clients compare what they read with what they wrote. */
export function maskedConfig(
  config: ReadonlyMap<string, string | null>
): ReadonlyMap<string, string | null> {
  return new Map(
    [...config].map(([key, value]) => [key, value === null ? null : redactSetting(key, value)])
  )
}
