import { type ConfigMap, parseKeys, withPrefix } from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import { commonKeys } from './common-keys.ts'

export interface ConverterSettings {
  /** The setting that names the class. */
  readonly classKey: string
  readonly className: string
  /** Version, or range of versions, the class must have; null: any. */
  readonly version: string | null
  /** Settings of the class, by their names there. */
  readonly own: ConfigMap
}

/**
 * How records of a connector become bytes: each converter is the connector's own, class and settings, else
 * the worker's, and never a mixture. Both have their `${…}` replaced. Throws ConfigError that names the
 * setting.
 */
export function converterSettings(
  connector: ConfigMap,
  worker: ConfigMap
): Readonly<Record<'key' | 'value' | 'header', ConverterSettings>> {
  const settingsOf = (part: 'key' | 'value' | 'header'): ConverterSettings => {
    const classKey = `${part}.converter` as const
    const config = connector.has(classKey) ? connector : worker
    const versionKey = `${classKey}.plugin.version` as const
    const values = parseKeys(commonKeys, [classKey, versionKey], config)
    const className = values[classKey]
    if (className === '') {
      throw new ConfigError(
        `Missing required configuration "${classKey}" which has no default value.`
      )
    }
    return {
      classKey,
      className,
      version: values[versionKey],
      own: withPrefix(config, `${classKey}.`)
    }
  }
  return { key: settingsOf('key'), value: settingsOf('value'), header: settingsOf('header') }
}
