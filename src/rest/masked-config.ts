import { redactSetting } from '../secrets/redact.ts'
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
