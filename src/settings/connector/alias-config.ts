import { type ConfigDef, type ConfigKey, configDef } from '../../config/config-def.ts'

const IMPORTANCE = { high: 0, medium: 1, low: 2 }

/**
 * Kafka's order of keys without an order of their own: required ones first, then by importance, then by name.
 */
function sorted(definition: ConfigDef): [string, ConfigKey][] {
  const groups = [...new Set(Object.values(definition).map((key) => key.group ?? ''))]
  const rank = (key: ConfigKey): number => groups.indexOf(key.group ?? '')
  return Object.entries(definition).sort(
    ([a, one], [b, other]) =>
      Number((one.group ?? '') !== '') - Number((other.group ?? '') !== '') ||
      rank(one) - rank(other) ||
      (one.orderInGroup ?? -1) - (other.orderInGroup ?? -1) ||
      Number(one.default !== undefined) - Number(other.default !== undefined) ||
      IMPORTANCE[one.importance] - IMPORTANCE[other.importance] ||
      (a < b ? -1 : 1)
  )
}

/** Which class stands behind an alias. */
export const classKeys = configDef({
  type: { type: 'class', importance: 'high', doc: 'Class of the part.' },
  'plugin.version': {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'Version, or range of versions, the part must have.'
  }
})

/** Which predicate a transformation depends on: keys every transformation has beside its own. */
export const conditionKeys = configDef({
  predicate: {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: 'Name of the predicate that decides which records are transformed; not set: all.'
  },
  negate: {
    type: 'boolean',
    default: false,
    importance: 'medium',
    doc: 'Whether the records the predicate does not hold for are transformed instead.'
  }
})

/**
 * Keys behind `transforms.<alias>.` or `predicates.<alias>.`, by their names there. `own` is the definition
 * of the class given under `type`, null while that class is not known.
 */
export function aliasConfig(
  kind: 'transformation' | 'predicate',
  alias: string,
  own: ConfigDef | null,
  version: string | null
): ConfigDef {
  const word = kind === 'transformation' ? 'Transformation' : 'Predicate'
  const group = `${kind === 'transformation' ? 'Transforms' : 'Predicates'}: ${alias}`
  const definition: Record<string, ConfigKey> = {
    type: {
      ...classKeys.type,
      group,
      orderInGroup: 0,
      width: 'long',
      displayName: `${word} type for ${alias}`,
      doc: `Class for the '${alias}' ${kind}.`
    },
    'plugin.version': {
      ...classKeys['plugin.version'],
      default: version,
      group,
      orderInGroup: 1,
      width: 'long',
      displayName: `${word} version for ${alias}`,
      doc: `Version, or range of versions, the '${alias}' ${kind} must have.`
    }
  }
  if (own === null) return definition
  const all = kind === 'transformation' ? { ...own, ...conditionKeys } : own
  sorted(all).forEach(([name, key], index) => {
    definition[name] = {
      ...key,
      group,
      orderInGroup: index + 2,
      displayName: key.displayName ?? name
    }
  })
  return definition
}
