import { ConfigError } from '../errors.ts'
import {
  type ConfigType,
  convert,
  doubleText,
  exactText,
  Password,
  ValueProblem
} from './config-value.ts'

export { type ConfigType, Password } from './config-value.ts'

/** A configuration as users give it. A Map, so that keys such as `__proto__` are plain keys. */
export type ConfigMap = ReadonlyMap<string, string>

export type Importance = 'high' | 'medium' | 'low'
export type Width = 'none' | 'short' | 'medium' | 'long'

/** Why a key changes nothing here. */
export interface NoEffect {
  readonly reason: string
  /** Whether a value, in lower case, asks for what is done anyway. */
  readonly asDone?: (value: string) => boolean
}

/**
 * One configuration key. A key without `default` is required; `order` in its group is its place in the
 * literal.
 */
export interface ConfigKey {
  readonly type: ConfigType
  readonly default?: string | number | boolean | null | readonly string[]
  /** The type REST names, of a key that takes more than values of that type. */
  readonly shownType?: ConfigType
  readonly importance: Importance
  /** At most three sentences. */
  readonly doc: string
  readonly group?: string
  readonly orderInGroup?: number
  readonly width?: Width
  readonly displayName?: string
  readonly dependents?: readonly string[]
  /** Allowed words of a string (exact). */
  readonly oneOf?: readonly string[]
  /** Allowed words, compared without case. */
  readonly oneOfIgnoreCase?: readonly string[]
  readonly atLeast?: number
  readonly atMost?: number
  readonly nonEmpty?: boolean
  /**
   * A list without empty entries; a repeated entry is a complaint of validation, and counts once when parsed.
   */
  readonly distinct?: boolean
  /** A list of names under which other keys stand; none may be repeated. */
  readonly aliases?: boolean
  /** Answers what is wrong with the parsed value, or null. */
  readonly check?: (value: never, all: ReadonlyMap<string, unknown>) => Complaint | null
  /**
   * What the value is worth to the component, answered by `parseConfig` in place of the value itself; null
   * stays null. Throws ValueProblem or ConfigError, which become complaints as those of `check` do: words, or
   * a whole sentence.
   */
  readonly read?: (value: never) => unknown
  /**
   * `check` and `read` also see the null of a required value that is missing or broken, as Kafka's own
   * validators do.
   */
  readonly checksNull?: boolean
  /** Values to suggest and whether the key is of interest, given the other values. */
  readonly recommend?: (all: ReadonlyMap<string, unknown>) => {
    values?: readonly string[]
    visible?: boolean
  }
  /** Accepted, but not shown by REST or documentation. */
  readonly internal?: boolean
  /** Accepted so that files written for a JVM worker load; changes nothing here. */
  readonly noEffect?: true | NoEffect
}

/**
 * What is wrong with a value: the words behind `Invalid value V for configuration K: `, or a whole sentence.
 */
export type Complaint = string | { readonly sentence: string }

export type ConfigDef = Readonly<Record<string, ConfigKey>>

type ValueOf<K extends ConfigKey> = K extends { read: (value: never) => infer T }
  ? T
  : K['type'] extends 'boolean'
    ? boolean
    : K['type'] extends 'int' | 'short' | 'long' | 'double'
      ? number
      : K['type'] extends 'list'
        ? readonly string[]
        : K['type'] extends 'password'
          ? Password
          : K extends { oneOf: readonly (infer W)[] }
            ? W
            : string
type Nullable<K extends ConfigKey> = K extends { default: null } ? null : never

/** Typed values of a definition: what travels inside, after parsing once at the edge. */
export type Parsed<D extends ConfigDef> = {
  readonly [N in keyof D]: ValueOf<D[N]> | Nullable<D[N]>
}

/** Declares a definition, keeping its literal types. */
export function configDef<const D extends ConfigDef>(definition: D): D {
  return definition
}

const quoted = (list: readonly string[]): string => list.join(', ')

/**
 * What the rules of the key itself say about a value; like Kafka's validators they see null for a value that
 * is missing or broken.
 */
function ruleProblem(name: string, key: ConfigKey, value: unknown): Complaint | null {
  if (value === null) {
    if (key.default === null) return null
    if (key.atLeast !== undefined || key.atMost !== undefined) return 'Value must be non-null'
    if (key.oneOf !== undefined) return `String must be one of: ${quoted(key.oneOf)}`
    if (key.oneOfIgnoreCase !== undefined) {
      return `String must be one of (case insensitive): ${quoted(key.oneOfIgnoreCase)}`
    }
    if (key.aliases === true) return 'entry must be non null'
    if (key.distinct === true)
      return { sentence: `Configuration '${name}' values must not be null.` }
    return null
  }
  if (Array.isArray(value)) return listProblem(name, key, value as string[])
  if (typeof value === 'number') {
    if (key.atLeast !== undefined && value < key.atLeast)
      return `Value must be at least ${shown(key, key.atLeast)}`
    if (key.atMost !== undefined && value > key.atMost)
      return `Value must be no more than ${shown(key, key.atMost)}`
  }
  if (key.oneOf !== undefined && !key.oneOf.includes(String(value))) {
    return `String must be one of: ${quoted(key.oneOf)}`
  }
  if (
    key.oneOfIgnoreCase !== undefined &&
    !key.oneOfIgnoreCase.some((word) => word.toUpperCase() === String(value).toUpperCase())
  ) {
    return `String must be one of (case insensitive): ${quoted(key.oneOfIgnoreCase.map((w) => w.toUpperCase()))}`
  }
  if (key.nonEmpty === true && value === '') return 'String must be non-empty'
  return null
}

function listProblem(name: string, key: ConfigKey, value: readonly string[]): Complaint | null {
  if (key.nonEmpty === true && value.length === 0) {
    return {
      sentence: `Configuration '${name}' must not be empty. Valid values include: any non-empty value`
    }
  }
  const repeated = new Set(value).size < value.length
  if (key.aliases === true) return repeated ? 'Duplicate alias provided.' : null
  if (key.distinct === true) {
    if (value.includes('')) {
      return { sentence: `Configuration '${name}' values must not be empty.` }
    }
    if (repeated) return { sentence: `Configuration '${name}' values must not be duplicated.` }
  }
  const words = key.oneOf
  if (words !== undefined && !value.every((word) => words.includes(word))) {
    return `String must be one of: ${quoted(words)}`
  }
  return null
}

/**
 * What became of one key: its parsed value (null when absent or broken) and every complaint, each a whole
 * sentence.
 */
export interface CheckedValue {
  readonly name: string
  readonly value: unknown
  /** The value as `read` of its key understands it; without one the value itself. */
  readonly meaning: unknown
  /** Exact digits of a whole number that `value` cannot hold. */
  readonly text?: string
  readonly errors: string[]
  recommendedValues: readonly string[]
  visible: boolean
}

function shown(key: ConfigKey, value: unknown): string {
  if (value === null) return 'null'
  if (key.type === 'password') return '[hidden]'
  if (key.type === 'double' && typeof value === 'number') return doubleText(value)
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}

function defaultValue(key: ConfigKey): unknown {
  if (key.type === 'password' && typeof key.default === 'string') return new Password(key.default)
  return key.default ?? null
}

/**
 * Value of one key, named in full; complaints about it go into `errors`. A text of null is a value given as
 * null, not the default.
 */
function valueOf(
  name: string,
  key: ConfigKey,
  config: ReadonlyMap<string, string | null>,
  errors: string[]
): unknown {
  const text = config.get(name)
  if (text === null) return null
  if (text === undefined) {
    if (key.default === undefined) {
      errors.push(`Missing required configuration "${name}" which has no default value.`)
    }
    return defaultValue(key)
  }
  try {
    return convert(key.type, text)
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error
    errors.push(`Invalid value ${shown(key, text)} for configuration ${name}: ${error.message}`)
    return null
  }
}

/** What `read` makes of a value, or what is wrong with it. */
function readValue(key: ConfigKey, value: unknown): { meaning: unknown; problem?: Complaint } {
  if (key.read === undefined || (value === null && key.checksNull !== true)) {
    return { meaning: value }
  }
  try {
    return { meaning: key.read(value as never) }
  } catch (error) {
    if (error instanceof ValueProblem) return { meaning: null, problem: error.message }
    if (!(error instanceof ConfigError)) throw error
    return { meaning: null, problem: { sentence: error.message } }
  }
}

/**
 * Checks every key of the definition; keys without a definition are not looked at. With a `prefix` the
 * definition is that of a part (`transforms.x.`): keys stand behind it in `config` and in the answer, which
 * is still keyed by the plain names. Complaints name a key in full while its text is read, and plainly once
 * its rules are checked: that is how Kafka's answers look.
 */
export function checkConfig(
  definition: ConfigDef,
  config: ReadonlyMap<string, string | null>,
  prefix = ''
): Map<string, CheckedValue> {
  const values = new Map<string, unknown>()
  const errors = new Map<string, string[]>()
  for (const [name, key] of Object.entries(definition)) {
    const mine: string[] = []
    errors.set(name, mine)
    values.set(name, valueOf(prefix + name, key, config, mine))
  }
  const checked = new Map<string, CheckedValue>()
  for (const [name, key] of Object.entries(definition)) {
    const value = values.get(name) ?? null
    const mine = errors.get(name) ?? []
    const asked =
      key.checksNull === true || (mine.length === 0 && (value !== null || key.default === null))
    const rule = ruleProblem(name, key, value)
    const read = rule === null && asked ? readValue(key, value) : { meaning: null }
    const problem = rule ?? read.problem ?? (asked ? key.check?.(value as never, values) : null)
    if (typeof problem === 'string') {
      mine.push(`Invalid value ${shown(key, value)} for configuration ${name}: ${problem}`)
    } else if (problem !== null && problem !== undefined) mine.push(problem.sentence)
    const advice = key.recommend?.(values)
    const text = exactText(key.type, value, config.get(prefix + name) ?? '')
    checked.set(name, {
      name: prefix + name,
      value,
      meaning: read.meaning,
      ...(text === undefined ? {} : { text }),
      errors: mine,
      recommendedValues: advice?.values ?? [],
      visible: advice?.visible ?? true
    })
  }
  return checked
}

/** Lists whose entries should be distinct, with repeated entries left out. */
function withoutRepeats(
  definition: ConfigDef,
  config: ReadonlyMap<string, string | null>,
  prefix: string
): ReadonlyMap<string, string | null> {
  const all = new Map(config)
  for (const [plain, key] of Object.entries(definition)) {
    const name = prefix + plain
    const text = all.get(name)
    if (key.distinct !== true || text === undefined || text === null) continue
    all.set(name, [...new Set(convert('list', text) as string[])].join(','))
  }
  return all
}

/**
 * Typed values, or one ConfigError that lists the problem of every key that has one, a line each. With a
 * `prefix`, which the keys stand behind in `config`, the values are those of a part, by its plain names.
 */
export function parseConfig<D extends ConfigDef>(
  definition: D,
  config: ReadonlyMap<string, string | null>,
  prefix = ''
): Parsed<D> {
  const checked = checkConfig(definition, withoutRepeats(definition, config, prefix), prefix)
  const problems = [...checked.values()].flatMap(({ errors }) => errors.slice(0, 1))
  if (problems.length > 0) throw new ConfigError(problems.join('\n'), { problems })
  const parsed: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, { meaning }] of checked) parsed[name] = meaning
  return parsed as Parsed<D>
}

/** The same of some keys of a definition, for those who ask for no others. */
export function parseKeys<D extends ConfigDef, const N extends keyof D & string>(
  definition: D,
  names: readonly N[],
  config: ReadonlyMap<string, string | null>
): Parsed<Pick<D, N>> {
  const keys = Object.fromEntries(names.map((name) => [name, definition[name]]))
  return parseConfig(keys as Pick<D, N>, config)
}

/** The keys that start with `prefix`, without it. */
export function withPrefix(config: ConfigMap, prefix: string): Map<string, string> {
  const picked = new Map<string, string>()
  for (const [key, value] of config) {
    if (key.startsWith(prefix) && key.length > prefix.length)
      picked.set(key.slice(prefix.length), value)
  }
  return picked
}
