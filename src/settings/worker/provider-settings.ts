import { type ConfigMap, parseKeys, withPrefix } from '../../config/config-def.ts'
import type { ProviderSettings } from '../../config/providers.ts'
import { ConfigError } from '../../errors.ts'
import { commonKeys } from './common-keys.ts'

/** Setting of every provider beside its own; a JVM worker passes over it. */
const TTL = 'ttl.ms'

/**
 * The config providers that a worker's properties name, whose own references are not replaced yet. Throws
 * ConfigError.
 */
export function providerSettings(properties: ConfigMap): readonly ProviderSettings[] {
  const key = 'config.providers'
  const { [key]: names } = parseKeys(commonKeys, [key], properties)
  return names.flatMap((name): ProviderSettings[] => {
    const classKey = `${key}.${name}.class`
    const className = properties.get(classKey)?.trim()
    // As in a JVM worker, a name without a class is no provider: its references stay as they are.
    if (className === undefined) return []
    const params = withPrefix(properties, `${key}.${name}.param.`)
    const ttlMs = ttlSetting(name, params)
    params.delete(TTL)
    return [{ name, classKey, className, params, ttlMs }]
  })
}

function ttlSetting(name: string, params: ConfigMap): number | null {
  const text = params.get(TTL)?.trim()
  if (text === undefined) return null
  const ttlMs = Number(text)
  if (Number.isSafeInteger(ttlMs) && ttlMs > 0) return ttlMs
  throw new ConfigError(
    `Invalid value ${text} for configuration config.providers.${name}.param.${TTL}: Value must be a number of milliseconds above 0`
  )
}
