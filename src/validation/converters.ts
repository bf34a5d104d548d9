import { checkConfig, type ConfigDef } from '../config/config-def.ts'
import { valueInfo } from '../config/config-infos.ts'
import type { ConverterPlugin, HeaderConverterPlugin } from '../plugin/converter.ts'
import type { Plugins } from '../plugin/plugins.ts'
import { commonConnectorConfig } from '../settings/connector/connector-config.ts'
import type { WorkerConfig } from '../settings/worker/worker-config.ts'
import { versionProblem } from '../plugin/version-problem.ts'
import { Section, type SubmittedConfig } from './section.ts'

const CONVERTER_TYPES = ['key', 'value', 'header'] as const
type ConverterType = (typeof CONVERTER_TYPES)[number]
const keyOf = (type: ConverterType) => `${type}.converter` as const
const pluginType = (type: ConverterType) => (type === 'header' ? 'header_converter' : 'converter')

function find(
  plugins: Plugins,
  type: ConverterType,
  name: string | null | undefined
): ConverterPlugin | HeaderConverterPlugin | null {
  return name === null || name === undefined || name.trim() === ''
    ? null
    : plugins.find(pluginType(type), name.trim())
}

/** The converter keys of a connector, with what the worker is configured with as their defaults. */
export function converterKeys(
  plugins: Plugins,
  worker: WorkerConfig,
  config: SubmittedConfig
): ConfigDef {
  const keys: Record<string, ConfigDef[string]> = {}
  for (const type of CONVERTER_TYPES) {
    const key = keyOf(type)
    const inherited = worker.values[key]
    const plugin = find(plugins, type, config.get(key) ?? inherited)
    keys[key] = {
      ...commonConnectorConfig[key],
      default: find(plugins, type, inherited)?.className ?? inherited
    }
    keys[`${key}.plugin.version`] = {
      ...commonConnectorConfig[`${key}.plugin.version`],
      default: plugin?.version ?? null
    }
  }
  return keys
}

/** Looks the converter classes up: full names, complaints, suggestions. */
export function checkConverterKeys(plugins: Plugins, base: Section, config: SubmittedConfig): void {
  for (const type of CONVERTER_TYPES) {
    const key = keyOf(type)
    const value = base.value(key, null)
    const version = base.value(`${key}.plugin.version`, null)
    value.recommended_values = plugins.list(pluginType(type)).map((plugin) => plugin.className)
    const plugin = find(plugins, type, value.value)
    if (plugin === null) {
      const other = value.value === null || value.value === '' ? null : plugins.any(value.value)
      version.visible = other !== null
      if (value.value === null || value.errors.length > 0) continue
      value.errors.push(
        other === null
          ? `Invalid value ${value.value} for configuration ${key}: Class ${value.value} could not be found.`
          : `Class class ${other.className} does not implement the ${type === 'header' ? 'HeaderConverter' : 'Converter'} interface`
      )
      value.value = other?.className ?? null
      continue
    }
    value.value = plugin.className
    version.recommended_values = [plugin.version]
    // A version beside a converter of the worker's asks for nothing.
    const misfit = config.has(key)
      ? versionProblem(plugin.className, [plugin], config.get(`${key}.plugin.version`))
      : null
    if (misfit !== null) {
      value.errors.push(misfit)
      version.errors.push(misfit)
    }
  }
}

/** Settings of a converter the connector names itself, null when it names none or one that cannot be used. */
export function converterSection(
  plugins: Plugins,
  type: ConverterType,
  base: Section,
  config: SubmittedConfig
): Section | null {
  const key = keyOf(type)
  const plugin = find(plugins, type, config.get(key))
  if (plugin === null || base.value(key, null).errors.length > 0) return null
  const prefix = `${key}.`
  const inner = new Map<string, string | null>([['converter.type', type]])
  for (const [name, text] of config) {
    if (name.startsWith(prefix)) inner.set(name.slice(prefix.length), text)
  }
  const section = new Section()
  const values = [...checkConfig(plugin.config, inner)].flatMap(([name, checked]) => {
    const definition = plugin.config[name]
    return definition === undefined ? [] : [valueInfo(definition, checked, prefix)]
  })
  section.add(plugin.config, values, prefix)
  return section
}
