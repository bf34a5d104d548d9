import type { ConfigMap } from '../config/config-def.ts'
import { isKept } from '../secrets/known-secrets.ts'

/** Of texts, and of the values of configurations, those that the operator keeps secret. */
export function secretsAmong(texts: readonly string[], configs: readonly ConfigMap[]): string[] {
  const all = new Set([...texts, ...configs.flatMap((config) => [...config.values()])])
  return [...all].filter(isKept)
}
