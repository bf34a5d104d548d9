import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, messageOf } from '../errors.ts'
import { neverShow } from '../secrets/known-secrets.ts'
import { isSecretName } from '../secrets/secret-names.ts'
import { readSmallFile } from '../small-file.ts'
import { AllowedPaths } from './allowed-paths.ts'
import { type ConfigMap, configDef, parseConfig } from './config-def.ts'
import type { ConfigProvider, ConfigProviderFactory } from './config-provider.ts'
import { javaFullMatch } from './java-regex.ts'
import { decodeProperties, parseProperties } from './properties.ts'
import { isSecretPlace, referencesIn } from './reference-syntax.ts'

function read(file: string): Buffer {
  try {
    return readSmallFile(file)
  } catch (error) {
    throw new ConfigError(`Could not read ${file}: ${messageOf(error)}`, { cause: error })
  }
}

const fileKeys = configDef({
  'allowed.paths': {
    type: 'list',
    default: [],
    importance: 'low',
    doc: 'Absolute paths of the files and folders that may be read. Not set: all.'
  }
})

const environmentKeys = configDef({
  'allowlist.pattern': {
    type: 'string',
    default: '.*',
    importance: 'low',
    doc: 'Java regular expression of the variables that may be read.'
  }
})

function allowedPaths(params: ConfigMap): AllowedPaths {
  return new AllowedPaths(parseConfig(fileKeys, params)['allowed.paths'])
}

/** `${file:/path/to/some.properties:key}`: a key of a properties file. */
const fileProvider: ConfigProviderFactory = (params) => {
  const paths = allowedPaths(params)
  return {
    get(path, key) {
      const file = path === '' ? null : paths.allowed(path)
      if (file === null) return null
      return parseProperties(decodeProperties(read(file))).get(key) ?? null
    }
  }
}

/** `${dir:/path/to/folder:name}`: the whole content of a file, as secrets are mounted in containers. */
const directoryProvider: ConfigProviderFactory = (params) => {
  const paths = allowedPaths(params)
  return {
    get(path, key) {
      const folder = path === '' ? null : paths.allowed(path)
      if (folder === null || !names(folder).includes(key)) return null
      const file = paths.allowed(join(folder, key))
      return file === null || !statSync(file).isFile() ? null : read(file).toString('utf8')
    }
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw new ConfigError(`Could not list ${folder}: ${messageOf(error)}`, { cause: error })
  }
}

/** `${env:NAME}`: an environment variable, when its name matches `allowlist.pattern`. */
function environmentProvider(environment: NodeJS.ProcessEnv): ConfigProviderFactory {
  return (params) => {
    const matches = javaFullMatch(parseConfig(environmentKeys, params)['allowlist.pattern'])
    return {
      get(path, key) {
        if (path !== '') {
          throw new ConfigError(
            `Path is not supported for EnvVarConfigProvider, invalid value '${path}'`
          )
        }
        return Object.hasOwn(environment, key) && matches(key) ? (environment[key] ?? null) : null
      }
    }
  }
}

const PACKAGE = 'org.apache.kafka.common.config.provider'

/** Asking more often than this would only keep the worker busy. */
const SHORTEST_TTL_MS = 100

/** One of `config.providers`, as the worker is told of it. */
export interface ProviderSettings {
  readonly name: string
  /** The setting that names the class. */
  readonly classKey: string
  readonly className: string
  readonly params: ConfigMap
  /** How long its values may be used, in milliseconds; null: as the provider says itself. */
  readonly ttlMs: number | null
}

interface Named {
  readonly provider: ConfigProvider
  readonly ttlMs: number | null
}

/** The config providers of a worker, and the replacement of `${provider:[path:]key}` by their values. */
export class ConfigProviders {
  readonly #providers: ReadonlyMap<string, Named>

  /** `more` answers for classes that are not Kafka's own. Throws ConfigError. */
  constructor(
    settings: readonly ProviderSettings[],
    environment: NodeJS.ProcessEnv = process.env,
    more: (className: string) => ConfigProviderFactory | null = () => null
  ) {
    const factories: Readonly<Record<string, ConfigProviderFactory>> = {
      [`${PACKAGE}.FileConfigProvider`]: fileProvider,
      [`${PACKAGE}.DirectoryConfigProvider`]: directoryProvider,
      [`${PACKAGE}.EnvVarConfigProvider`]: environmentProvider(environment)
    }
    const providers = new Map<string, Named>()
    for (const { name, classKey, className, params, ttlMs } of settings) {
      const factory = Object.hasOwn(factories, className) ? factories[className] : more(className)
      if (factory === undefined || factory === null) {
        throw new ConfigError(
          `Invalid value ${className} for configuration ${classKey}: Could not load config provider class or one of its dependencies`
        )
      }
      providers.set(name, { provider: factory(params), ttlMs })
    }
    this.#providers = providers
  }

  /**
   * The same configuration with references replaced. Unknown providers and keys leave theirs as it is; nulls
   * stay. `references` is told what each one stands for.
   */
  resolve<V extends string | null>(
    config: ReadonlyMap<string, V>,
    references: Map<string, string> = new Map()
  ): Map<string, V> {
    const resolved = new Map<string, V>()
    for (const [key, value] of config) {
      const replaced = value === null ? value : this.#replace(key, value, references)
      if (replaced !== null && replaced !== value && isSecretName(key)) neverShow(replaced)
      resolved.set(key, replaced as V)
    }
    return resolved
  }

  /**
   * How long the values a configuration refers to may be used, in ms: the shortest time of those it refers
   * to; null: until a restart.
   */
  ttlMs(config: ReadonlyMap<string, string | null>): number | null {
    let shortest = Number.POSITIVE_INFINITY
    for (const text of config.values()) {
      for (const { provider, path } of referencesIn(text ?? '')) {
        const named = this.#providers.get(provider)
        const ttlMs = named?.ttlMs ?? named?.provider.ttlMs?.(path) ?? null
        if (ttlMs !== null) shortest = Math.min(shortest, Math.max(SHORTEST_TTL_MS, ttlMs))
      }
    }
    return Number.isFinite(shortest) ? shortest : null
  }

  close(): void {
    for (const { provider } of this.#providers.values()) provider.close?.()
  }

  #replace(setting: string, text: string, references: Map<string, string>): string {
    let replaced = ''
    let from = 0
    for (const { start, end, provider, path, key } of referencesIn(text)) {
      const value = this.#providers.get(provider)?.provider.get(path, key) ?? null
      if (value === null) continue
      references.set(text.slice(start, end), value)
      // I7: what a reference stood for may come back in the message of a driver or of a plugin.
      if (isSecretName(setting) || isSecretPlace(text.slice(from, start))) neverShow(value)
      replaced += text.slice(from, start) + value
      from = end
    }
    return replaced + text.slice(from)
  }
}
