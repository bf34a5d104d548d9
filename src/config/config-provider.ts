import type { ConfigMap } from './config-def.ts'

/** Where `${name:path:key}` gets its values. One instance per name of `config.providers`. */
export interface ConfigProvider {
  /**
   * The value of a key, null when there is none (the reference then stays as it is). `path` is empty for
   * `${name:key}`. Throws ConfigError when the place may not or cannot be read.
   */
  get(path: string, key: string): string | null
  /**
   * How long the values of a path may be used, in ms, before they are asked for again; null or absent: until
   * a restart.
   */
  ttlMs?(path: string): number | null
  close?(): void
}

/** Makes a provider from its `config.providers.<name>.param.` settings. Throws ConfigError. */
export type ConfigProviderFactory = (params: ConfigMap) => ConfigProvider
