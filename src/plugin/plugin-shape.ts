import { configTypes } from '../config/config-value.ts'
import type { Plugin, PluginType } from './plugins.ts'

const IMPORTANCE: readonly unknown[] = ['high', 'medium', 'low']

/** What a descriptor has beside `type`, `className`, `version`, `config` and `create`. */
const MORE: Record<PluginType, Readonly<Record<string, 'string' | 'function'>>> = {
  source: { taskClassName: 'string', createTask: 'function' },
  sink: { taskClassName: 'string', createTask: 'function' },
  converter: {},
  header_converter: {},
  transformation: {},
  predicate: {},
  config_provider: {},
  override_policy: {}
}

const CLASS_NAME = /^[\w$]+(?:\.[\w$]+)*$/

/** The descriptor, checked; or, as text, what is wrong with what a plugin's module exports as one. */
export function checkedDescriptor(exported: unknown): Plugin | string {
  if (!isObject(exported)) return `it is no descriptor but ${kindOf(exported)}`
  const { type, className, version, config } = exported
  if (typeof type !== 'string' || !Object.hasOwn(MORE, type)) {
    return `its type is ${text(type)}, which is none of ${Object.keys(MORE).join(', ')}`
  }
  if (typeof className !== 'string' || !CLASS_NAME.test(className)) {
    return `its className is ${text(className)}, which is no class name such as com.example.Orders`
  }
  const at = `${className}: `
  if (typeof version !== 'string' || version.trim() === '') return `${at}it has no version`
  const members = { create: 'function', ...MORE[type as PluginType] }
  for (const [name, kind] of Object.entries(members)) {
    if (typeof exported[name] !== kind || exported[name] === '') return `${at}${name} is no ${kind}`
  }
  if (!isObject(config)) return `${at}its config is no definition but ${kindOf(config)}`
  const problem = definitionProblem(config)
  return problem === null ? (exported as unknown as Plugin) : `${at}${problem}`
}

function definitionProblem(definition: Readonly<Record<string, unknown>>): string | null {
  for (const [name, key] of Object.entries(definition)) {
    if (!isObject(key)) return `the definition of ${name} is ${kindOf(key)}`
    if (!(configTypes as readonly unknown[]).includes(key['type'])) {
      return `the type of ${name} is ${text(key['type'])}, which is none of ${configTypes.join(', ')}`
    }
    if (!IMPORTANCE.includes(key['importance'])) {
      return `the importance of ${name} is ${text(key['importance'])}, which is none of high, medium, low`
    }
    if (typeof key['doc'] !== 'string') return `${name} has no doc`
  }
  return null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : kindOf(value)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`
}
