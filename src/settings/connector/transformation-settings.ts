import { type ConfigMap, parseConfig, parseKeys, withPrefix } from '../../config/config-def.ts'
import { classKeys, conditionKeys } from './alias-config.ts'
import { commonConnectorConfig } from './connector-config.ts'

/** A transformation or predicate that a connector names. */
interface PartSettings {
  readonly alias: string
  /** The setting that names the class, in full. */
  readonly classKey: string
  readonly className: string
  /** Version, or range of versions, the class must have; null: any. */
  readonly version: string | null
  /** Settings of the class, by their names there. */
  readonly own: ConfigMap
}

interface TransformationSettings extends PartSettings {
  /** Alias of the predicate that decides which records are transformed; null: all are. */
  readonly predicate: string | null
  /** Whether the records are transformed that the predicate does not hold for. */
  readonly negate: boolean
  /** The setting that names the predicate, in full. */
  readonly predicateKey: string
}

/**
 * The predicates of a connector configuration, `${…}` replaced. Throws ConfigError that names the setting.
 */
export function predicateSettings(config: ConfigMap): readonly PartSettings[] {
  const { predicates } = parseKeys(commonConnectorConfig, ['predicates'], config)
  return predicates.map((alias) => partOf(config, `predicates.${alias}.`, alias))
}

/** The transformations, in the order records pass them. Throws ConfigError that names the setting. */
export function transformationSettings(config: ConfigMap): readonly TransformationSettings[] {
  const { transforms } = parseKeys(commonConnectorConfig, ['transforms'], config)
  return transforms.map((alias) => {
    const prefix = `transforms.${alias}.`
    const { predicate, negate } = parseConfig(conditionKeys, config, prefix)
    const predicateKey = `${prefix}predicate`
    return { ...partOf(config, prefix, alias), predicate, negate, predicateKey }
  })
}

function partOf(config: ConfigMap, prefix: string, alias: string): PartSettings {
  const { type, 'plugin.version': version } = parseConfig(classKeys, config, prefix)
  const own = withPrefix(config, prefix)
  return { alias, classKey: `${prefix}type`, className: type, version, own }
}
