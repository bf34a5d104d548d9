import type { ConfigMap } from '../../config/config-def.ts'
import type { ConnectRecord } from '../../data/record.ts'
import { ConfigError } from '../../errors.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import type { Predicate, Transformation } from '../../plugin/transformation.ts'
import {
  predicateSettings,
  transformationSettings
} from '../../settings/connector/transformation-settings.ts'
import { requiredPlugin } from './required-plugin.ts'
import type { Passage, Stage } from './stages.ts'

/** The transformations of a connector configuration as stages, and what there is to close behind them. */
interface Transformations {
  readonly stages: readonly Stage[]
  /** Each once: a predicate may stand before several transformations. */
  readonly plugins: readonly (Transformation | Predicate)[]
}

/** Builds the transformations of a connector configuration. Throws ConfigError naming the key. */
export function transformations(config: ConfigMap, plugins: Plugins): Transformations {
  const predicates = predicatesByAlias(config, plugins)
  const used = new Set<Transformation | Predicate>()
  const stages = transformationSettings(config).map((settings): Stage => {
    const plugin = requiredPlugin(plugins.find('transformation', settings.className), settings)
    const transformation = plugin.create(settings.own)
    used.add(transformation)
    const stage = transformationStage(plugin.className, transformation)
    if (settings.predicate === null) return stage
    const predicate = predicates.get(settings.predicate)
    if (predicate === undefined) {
      throw new ConfigError(
        `No predicate named ${settings.predicate} for configuration ${settings.predicateKey}`
      )
    }
    used.add(predicate)
    return whenTrue(predicate, settings.negate, stage)
  })
  return { stages, plugins: [...used] }
}

function predicatesByAlias(config: ConfigMap, plugins: Plugins): ReadonlyMap<string, Predicate> {
  const predicates = new Map<string, Predicate>()
  for (const settings of predicateSettings(config)) {
    const plugin = requiredPlugin(plugins.find('predicate', settings.className), settings)
    predicates.set(settings.alias, plugin.create(settings.own))
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

type Answer = ConnectRecord | null | undefined

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
