import { doubleText } from './config-value.ts'
import type { CheckedValue, ConfigDef, ConfigKey } from './config-def.ts'

/** One definition, in the field order of Kafka 4.3.1's JSON (`ConfigKeyInfo`). */
export interface ConfigKeyInfo {
  name: string
  type: string
  required: boolean
  default_value: string | null
  importance: string
  documentation: string
  group: string | null
  order_in_group: number
  width: string
  display_name: string
  dependents: string[]
}

export interface ConfigValueInfo {
  name: string
  value: string | null
  recommended_values: string[]
  errors: string[]
  visible: boolean
}

export interface ConfigInfo {
  definition: ConfigKeyInfo | null
  value: ConfigValueInfo | null
}

/** Answer of `PUT /connector-plugins/{class}/config/validate`. */
export interface ConfigInfos {
  name: string
  error_count: number
  groups: string[]
  configs: ConfigInfo[]
}

/** Value as text: lists joined by `,`, passwords hidden (I7). */
export function valueText(key: ConfigKey, value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (key.type === 'password') return '[hidden]'
  if (key.type === 'double' && typeof value === 'number') return doubleText(value)
  return Array.isArray(value) ? value.join(',') : String(value)
}

/**
 * Definitions in REST form; `prefix` goes before each name (converter sections, transformations). Internal
 * keys are left out.
 */
export function keyInfos(definition: ConfigDef, prefix = ''): ConfigKeyInfo[] {
  const orders = new Map<string, number>()
  return Object.entries(definition)
    .filter(([, key]) => key.internal !== true)
    .map(([name, key]) => {
      const order = (orders.get(key.group ?? '') ?? 0) + 1
      orders.set(key.group ?? '', order)
      return {
        name: `${prefix}${name}`,
        type: (key.shownType ?? key.type).toUpperCase(),
        required: key.default === undefined,
        default_value: key.default === undefined ? null : valueText(key, key.default),
        importance: key.importance.toUpperCase(),
        documentation: key.doc,
        group: key.group ?? null,
        order_in_group: key.orderInGroup ?? (key.group === undefined ? -1 : order),
        width: (key.width ?? 'none').toUpperCase(),
        display_name: key.displayName ?? name,
        dependents: [...(key.dependents ?? [])]
      }
    })
}

export function valueInfo(key: ConfigKey, checked: CheckedValue, prefix = ''): ConfigValueInfo {
  return {
    name: `${prefix}${checked.name}`,
    value: checked.text ?? valueText(key, checked.value),
    recommended_values: [...checked.recommendedValues],
    errors: [...checked.errors],
    visible: checked.visible
  }
}
