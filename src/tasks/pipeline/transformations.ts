import { withPrefix, type ConfigMap } from '../../config/config-def.ts'
import { commaList } from '../../config/config-value.ts'
import type { SourceRecord } from '../../data/record.ts'
import { ConfigError } from '../../errors.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import type { Predicate, Transformation } from '../../plugin/transformation.ts'
import type { Passage, Stage } from './stages.ts'

/** The transformations of a connector configuration as stages, and what there is to close behind them. */
export interface Transformations {
  readonly stages: readonly Stage[]
  /** Each once: a predicate may stand before several transformations. */
  readonly plugins: readonly (Transformation | Predicate)[]
}

/** Builds the transformations of a connector configuration. Throws ConfigError naming the key. */
export function transformations(config: ConfigMap, plugins: Plugins): Transformations {
  const predicates = predicatesByAlias(config, plugins)
  const used = new Set<Transformation | Predicate>()
  const stages = commaList(config.get('transforms') ?? '').map((alias): Stage => {
    const prefix = `transforms.${alias}.`
    const className = required(config, `${prefix}type`)
    const plugin = plugins.find('transformation', className)
    if (plugin === null) throw unknownClass(`${prefix}type`, className)
    const transformation = plugin.create(withPrefix(config, prefix))
    used.add(transformation)
    const name = config.get(`${prefix}predicate`)
    if (name === undefined) return transformationStage(plugin.className, transformation)
    const predicate = predicates.get(name)
    if (predicate === undefined) {
      throw new ConfigError(`No predicate named ${name} for configuration ${prefix}predicate`)
    }
    used.add(predicate)
    const negate = config.get(`${prefix}negate`)?.trim().toLowerCase() === 'true'
    return whenTrue(predicate, negate, transformationStage(plugin.className, transformation))
  })
  return { stages, plugins: [...used] }
}

function predicatesByAlias(config: ConfigMap, plugins: Plugins): ReadonlyMap<string, Predicate> {
  const predicates = new Map<string, Predicate>()
  for (const alias of commaList(config.get('predicates') ?? '')) {
    const prefix = `predicates.${alias}.`
    const className = required(config, `${prefix}type`)
    const plugin = plugins.find('predicate', className)
    if (plugin === null) throw unknownClass(`${prefix}type`, className)
    predicates.set(alias, plugin.create(withPrefix(config, prefix)))
  }
  return predicates
}

function transformationStage(className: string, transformation: Transformation): Stage {
  return {
    name: 'TRANSFORMATION',
    className,
    apply(passage) {
      // A plugin in plain JavaScript may answer a promise, or nothing at all.
      const answer = transformation.apply(passage.record) as Answer | Promise<Answer>
      return answer instanceof Promise
        ? answer.then((record) => takeOver(passage, record))
        : takeOver(passage, answer)
    }
  }
}

type Answer = SourceRecord | null | undefined

function takeOver(passage: Passage, record: Answer): boolean {
  if (record === null || record === undefined) return false
  passage.record = record
  return true
}

/** Records of which the predicate says otherwise pass the stage untouched. */
function whenTrue(predicate: Predicate, negate: boolean, stage: Stage): Stage {
  return {
    ...stage,
    apply: (passage) => (predicate.test(passage.record) === negate ? true : stage.apply(passage))
  }
}

function required(config: ConfigMap, key: string): string {
  const value = config.get(key)
  if (value === undefined) {
    throw new ConfigError(`Missing required configuration "${key}" which has no default value.`)
  }
  return value.trim()
}

function unknownClass(key: string, className: string): ConfigError {
  return new ConfigError(
    `Invalid value ${className} for configuration ${key}: Class ${className} could not be found.`
  )
}
