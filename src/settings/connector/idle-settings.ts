import type { ConfigMap } from '../../config/config-def.ts'
import { commaList } from '../../config/config-value.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { cited } from '../../secrets/redact.ts'
import { aliasConfig } from './alias-config.ts'

const LONGEST_KEY = 1000

const LISTS = [
  ['transforms', 'transformation'],
  ['predicates', 'predicate']
] as const

/** Names that older releases of Kafka had, and what became of them. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['blacklist', 'exclude'],
  ['whitelist', 'include']
])

/**
 * Settings of transformations and predicates that nothing reads: of a name that is not listed, or one its
 * class does not have, such as a typing error. As in the JVM worker they change nothing; but what was to be
 * left out is then sent. A sentence each.
 */
export function idleSettings(config: ConfigMap, plugins: Plugins): string[] {
  return LISTS.flatMap(([list, kind]) => {
    const known = new Map<string, ReadonlySet<string> | null>()
    for (const alias of commaList(config.get(list) ?? '')) {
      const plugin = plugins.find(kind, config.get(`${list}.${alias}.type`)?.trim() ?? '')
      const own = plugin === null ? null : aliasConfig(kind, alias, plugin.config, plugin.version)
      known.set(alias, own === null ? null : new Set(Object.keys(own)))
    }
    const keys = [...config.keys()].filter((key) => key.startsWith(`${list}.`))
    return keys.flatMap((key) => problemOf(key, list, known) ?? [])
  })
}

function problemOf(
  key: string,
  list: string,
  known: ReadonlyMap<string, ReadonlySet<string> | null>
): string | null {
  const rest = key.slice(list.length + 1)
  // I8: no setting has such a name, and looking for its dots would take the square of its length.
  if (rest.length > LONGEST_KEY) return `${cited(key)} has no effect: no such setting is known`
  // Names may hold dots: the longest that fits is meant.
  for (let dot = rest.lastIndexOf('.'); dot > 0; dot = rest.lastIndexOf('.', dot - 1)) {
    const settings = known.get(rest.slice(0, dot))
    if (settings === undefined) continue
    const name = rest.slice(dot + 1)
    if (settings === null || settings.has(name)) return null
    const instead = RENAMED.get(name)
    const hint =
      instead !== undefined && settings.has(instead)
        ? `it is called ${instead} now`
        : `there are ${[...settings].join(', ')}`
    return `${cited(key)} has no effect: no such setting is known; ${hint}`
  }
  if (!rest.includes('.')) return null
  return `${cited(key)} has no effect: ${list} lists no such name`
}
