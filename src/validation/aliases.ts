import { commaList } from '../config/config-value.ts'
import { hasReference } from '../config/reference-syntax.ts'
import { type Plugins, type Plugin } from '../plugin/plugins.ts'
import { aliasConfig } from '../settings/connector/alias-config.ts'
import { versionProblem } from '../plugin/version-problem.ts'
import { checkedSection, type Section, type SubmittedConfig } from './section.ts'

const KINDS = [
  { kind: 'transformation', list: 'transforms', interface: 'Transformation' },
  { kind: 'predicate', list: 'predicates', interface: 'Predicate' }
] as const

/**
 * Adds the keys of every transformation and predicate the configuration lists. I7: names behind a reference
 * are refused; which keys count would tell them to whoever guesses.
 */
export function addAliases(
  plugins: Plugins,
  base: Section,
  config: SubmittedConfig,
  submitted: SubmittedConfig
): void {
  for (const { kind, list, interface: interfaceName } of KINDS) {
    const text = submitted.get(list) ?? ''
    if (hasReference(text) && text !== config.get(list)) {
      const problem = 'Names cannot stand behind a reference'
      base
        .value(list, null)
        .errors.push(`Invalid value ${text} for configuration ${list}: ${problem}`)
      continue
    }
    const listed = commaList(config.get(list) ?? '')
    const classes = plugins.list(kind).map((plugin) => plugin.className)
    for (const alias of new Set(listed)) {
      addAlias({ plugins, base, config, classes, interfaceName }, kind, `${list}.${alias}.`, alias)
    }
  }
}

interface Surroundings {
  readonly plugins: Plugins
  readonly base: Section
  readonly config: SubmittedConfig
  readonly classes: readonly string[]
  readonly interfaceName: string
}

function addAlias(
  { plugins, base, config, classes, interfaceName }: Surroundings,
  kind: 'transformation' | 'predicate',
  prefix: string,
  alias: string
): void {
  const name = config.get(`${prefix}type`)?.trim()
  const plugin = name === undefined ? null : plugins.find(kind, name)
  const misfit =
    plugin === null
      ? null
      : versionProblem(plugin.className, [plugin], config.get(`${prefix}plugin.version`))
  const own = plugin === null || misfit !== null ? null : plugin.config
  const definition = aliasConfig(kind, alias, own, plugin?.version ?? null)
  checkedSection(base, definition, config, prefix)
  const type = base.value(`${prefix}type`, null)
  const version = base.value(`${prefix}plugin.version`, null)
  type.recommended_values = [...classes]
  if (plugin !== null) {
    type.value = plugin.className
    version.recommended_values = [plugin.version]
    if (misfit !== null) {
      type.errors.push(misfit)
      version.errors.push(misfit)
    }
  } else if (name !== undefined) {
    const other: Plugin | null = plugins.any(name)
    const variants = classes.filter((known) => known.startsWith(`${name}$`))
    type.value = other?.className ?? (variants.length > 0 ? name : null)
    type.errors.push(
      other !== null
        ? `Class class ${other.className} does not implement the ${interfaceName} interface`
        : variants.length > 0
          ? `This class is abstract and cannot be created. Did you mean ${variants.join(', ')}?`
          : `Invalid value ${name} for configuration ${prefix}type: Class ${name} could not be found.`
    )
  }
  // Whether the key was given counts, not what it says: there is nothing to negate either way.
  if (
    kind === 'transformation' &&
    config.has(`${prefix}negate`) &&
    !config.has(`${prefix}predicate`)
  ) {
    type.errors.push(
      `Config '${prefix}negate' was provided but there is no config '${prefix}predicate' defining a predicate to be negated.`
    )
  }
}
