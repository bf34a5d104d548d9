import { ConfigError } from '../errors.ts'
import type { ConfigProviderPlugin } from './config-provider.ts'
import type { ConverterPlugin, HeaderConverterPlugin } from './converter.ts'
import type { OverridePolicyPlugin } from './override-policy.ts'
import type { SinkConnectorPlugin } from './sink.ts'
import type { SourceConnectorPlugin } from './source.ts'
import type { PredicatePlugin, TransformationPlugin } from './transformation.ts'

export type ConnectorPlugin = SourceConnectorPlugin | SinkConnectorPlugin
export type Plugin =
  | ConnectorPlugin
  | ConverterPlugin
  | HeaderConverterPlugin
  | TransformationPlugin
  | PredicatePlugin
  | ConfigProviderPlugin
  | OverridePolicyPlugin
export type PluginType = Plugin['type']
type PluginOf<T extends PluginType> = Extract<Plugin, { type: T }>

const SUFFIXES: Record<PluginType, readonly string[]> = {
  source: ['Connector'],
  sink: ['Connector'],
  converter: ['Converter'],
  header_converter: ['HeaderConverter', 'Converter'],
  transformation: ['Transformation'],
  predicate: ['Predicate'],
  config_provider: ['ConfigProvider'],
  override_policy: ['ConnectorClientConfigOverridePolicy']
}

/** The part of a class name after the last dot. */
export function simpleName(className: string): string {
  return className.slice(className.lastIndexOf('.') + 1)
}

/**
 * Names a plugin answers to: full class name, simple name, and simple name without its kind
 * (`FileStreamSource`).
 */
function namesOf(plugin: Plugin): Set<string> {
  if ('withoutAlias' in plugin && plugin.withoutAlias === true) return new Set([plugin.className])
  const simple = simpleName(plugin.className)
  const names = new Set([plugin.className, simple])
  for (const suffix of SUFFIXES[plugin.type]) {
    if (simple.endsWith(suffix) && simple !== suffix) names.add(simple.slice(0, -suffix.length))
  }
  return names
}

/** Class name or alias → plugin. Knows no implementation: main hands them in. */
export class Plugins {
  readonly #all: readonly Plugin[]
  readonly #locations: ReadonlyMap<Plugin, string>

  /** `locations`: where plugins come from that are not part of the worker. */
  constructor(all: readonly Plugin[], locations: ReadonlyMap<Plugin, string> = new Map()) {
    this.#all = all
    this.#locations = locations
  }

  /** Plugins of the types asked for, sorted by class name. */
  list(...types: PluginType[]): Plugin[] {
    return this.#all
      .filter((plugin) => types.includes(plugin.type))
      .sort((a, b) => (a.className < b.className ? -1 : 1))
  }

  /**
   * The plugin of that type with that class name or alias; null when unknown. Throws ConfigError when an
   * alias is ambiguous.
   */
  find<T extends PluginType>(type: T, name: string): PluginOf<T> | null {
    const ofType = this.#all.filter((plugin): plugin is PluginOf<T> => plugin.type === type)
    const exact = ofType.find((plugin) => plugin.className === name)
    if (exact !== undefined) return exact
    const matches = ofType.filter((plugin) => namesOf(plugin).has(name))
    if (matches.length > 1) throw ambiguous(name, matches)
    return matches[0] ?? null
  }

  /**
   * A connector by class name or alias. Throws ConfigError with the text REST clients know when unknown or
   * ambiguous.
   */
  connector(name: string): ConnectorPlugin {
    const all = this.#all.filter(
      (plugin): plugin is ConnectorPlugin => plugin.type === 'source' || plugin.type === 'sink'
    )
    const exact = all.find((plugin) => plugin.className === name)
    if (exact !== undefined) return exact
    const matches = all.filter((plugin) => namesOf(plugin).has(name))
    if (matches.length > 1) throw ambiguous(name, matches)
    const found = matches[0]
    if (found === undefined) {
      const available = all
        .map((plugin) => describe(plugin, this.#locations.get(plugin)))
        .join(', ')
      throw new ConfigError(
        `Failed to find any class that implements Connector and which name matches ${name}, available connectors are: ${available}`
      )
    }
    return found
  }

  /** A plugin of any type by class name or alias, for `/connector-plugins/{name}/config`. */
  any(name: string): Plugin | null {
    return (
      this.#all.find((plugin) => plugin.className === name) ??
      this.#all.find((plugin) => namesOf(plugin).has(name)) ??
      null
    )
  }
}

function describe(plugin: ConnectorPlugin, location = 'classpath'): string {
  return `PluginDesc{klass=class ${plugin.className}, name='${plugin.className}', version='${plugin.version}', encodedVersion=${plugin.version}, type=${plugin.type}, typeName='${plugin.type}', location='${location}'}`
}

function ambiguous(name: string, matches: readonly Plugin[]): ConfigError {
  return new ConfigError(
    `More than one connector matches alias ${name}. Please use full package and class name instead. Classes found: ${matches.map((plugin) => plugin.className).join(', ')}`,
    { status: 500 }
  )
}
