import { ConfigError } from '../../errors.ts'
import type { Plugin } from '../../plugin/plugins.ts'
import { versionProblem } from '../../plugin/version-problem.ts'

/** How a configuration names the class of a converter, transformation or predicate. */
interface NamedClass {
  /** The setting that names it, in full. */
  readonly classKey: string
  readonly className: string
  /** Version, or range of versions, it must have; null: any. */
  readonly version: string | null
}

/** The plugin that was found for a class, in the version that is asked for. Throws ConfigError. */
export function requiredPlugin<P extends Plugin>(
  plugin: P | null,
  { classKey, className, version }: NamedClass
): P {
  if (plugin === null) {
    throw new ConfigError(
      `Invalid value ${className} for configuration ${classKey}: Class ${className} could not be found.`
    )
  }
  const problem = versionProblem(plugin.className, [plugin], version)
  if (problem !== null) throw new ConfigError(problem)
  return plugin
}
