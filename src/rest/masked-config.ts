import { ConnectError } from '../errors.ts'
import { HIDDEN } from '../secrets/rewrite.ts'
import { redactSetting } from '../secrets/redact.ts'
import type { ShownConfig } from '../herder/herder.ts'
import { jsonText } from './json-answer.ts'

/**
 * A configuration as it may be shown (I7). Off by default: clients compare what they read with what they
 * wrote.
 */
export function maskedConfig(
  config: ReadonlyMap<string, string | null>
): ReadonlyMap<string, string | null> {
  return new Map(
    [...config].map(([key, value]) => [key, value === null ? null : redactSetting(key, value)])
  )
}

/** The answer of another worker, with the `config` of a connector in it as {@link maskedConfig} shows it. */
export function maskedInfo(text: string): string {
  const answer = text === '' ? null : (JSON.parse(text) as { config?: unknown } | null)
  const config = answer?.config
  if (typeof config !== 'object' || config === null) return text
  const settings = Object.entries(config as Record<string, string | null>)
  return jsonText({ ...answer, config: maskedConfig(new Map(settings)) })
}

/** As {@link maskedConfig}, for the history. */
export function shownConfig(config: ReadonlyMap<string, string>): ShownConfig {
  return Object.fromEntries(
    [...config].map(([key, value]) => [key, redactSetting(key, value)] as const)
  )
}

/**
 * A configuration of the history as it can be put again: what was hidden is taken from the one there is now.
 * BAD_REQUEST names the keys where that has nothing.
 */
export function restoredConfig(
  name: string,
  shown: ShownConfig,
  now: ReadonlyMap<string, string>
): Map<string, string> {
  const lost: string[] = []
  const config = new Map<string, string>()
  for (const [key, value] of Object.entries(shown)) {
    const current = now.get(key)
    if (!value.includes(HIDDEN)) config.set(key, value)
    else if (current !== undefined && redactSetting(key, current) === value) {
      config.set(key, current)
    } else lost.push(key)
  }
  if (lost.length === 0) return config
  throw new ConnectError(
    'BAD_REQUEST',
    `Connector ${name} cannot be restored: the history keeps no passwords, and its configuration has none like it now for ${lost.join(', ')}. Put it by PUT /connectors/${name}/config`
  )
}
