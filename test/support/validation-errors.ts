import { type CheckedValue, checkConfig } from '../../src/config/config-def.ts'
import { jdbcSourcePlugin } from '../../src/connectors/jdbc/source/source-plugins.ts'
import type { SourceConnectorPlugin } from '../../src/plugin/source.ts'
import type { Config } from './jdbc-source.ts'

/** What the validation of a connector complains of, by key, of those that have any complaint. */
export async function errorsOf(
  config: Config,
  plugin: SourceConnectorPlugin = jdbcSourcePlugin,
  signal = new AbortController().signal
): Promise<Record<string, string>> {
  const given = new Map(Object.entries(config))
  const checked: Map<string, CheckedValue> = checkConfig(plugin.config, given)
  await plugin.validate?.(given, checked, signal)
  return Object.fromEntries(
    [...checked.values()]
      .filter(({ errors }) => errors.length > 0)
      .map(({ name, errors }) => [name, errors.join(' | ')])
  )
}
