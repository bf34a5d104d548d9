import type { ConfigDef, ConfigMap } from '../config/config-def.ts'
import type { ConfigProvider } from '../config/config-provider.ts'

export type { ConfigProvider } from '../config/config-provider.ts'

/** A config provider as worker files select it in `config.providers.<name>.class`. */
export interface ConfigProviderPlugin {
  readonly type: 'config_provider'
  readonly className: string
  readonly version: string
  readonly config: ConfigDef
  /** `params`: the keys behind `config.providers.<name>.param.`. Throws ConfigError. */
  create(params: ConfigMap): ConfigProvider
}
