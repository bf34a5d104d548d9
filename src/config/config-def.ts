import { ConfigError } from '../errors.ts'

/** A configuration as users give it. A Map, so that keys such as `__proto__` are plain keys. */
export type ConfigMap = ReadonlyMap<string, string>

export type ConfigType =
  | 'boolean'
  | 'string'
  | 'int'
  | 'short'
  | 'long'
  | 'double'
  | 'list'
  | 'class'
  | 'password'
export type Importance = 'high' | 'medium' | 'low'
export type Width = 'none' | 'short' | 'medium' | 'long'

/** A secret value; nothing that prints it shows it (I7). */
export class Password {
  readonly value: string

  constructor(value: string) {
    this.value = value
  }

  toString(): string {
    return '[hidden]'
  }

  toJSON(): string {
    return '[hidden]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[hidden]'
  }
}

/** One configuration key. A key without `default` is required; `order` in its group is its place in the literal. */
export interface ConfigKey {
  readonly type: ConfigType
  readonly default?: string | number | boolean | null | readonly string[]
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
  /** A list without empty entries, whose repeated entries count once. */
  readonly distinct?: boolean
  /** Answers what is wrong with the parsed value, or null. */
  readonly check?: (value: never, all: ReadonlyMap<string, unknown>) => Complaint | null
  /** Values to suggest and whether the key is of interest, given the other values. */
  readonly recommend?: (all: ReadonlyMap<string, unknown>) => {
    values?: readonly string[]
    visible?: boolean
  }
  /** Accepted, but not shown by REST or documentation. */
  readonly internal?: boolean
  /** Accepted so that files written for a JVM worker load; changes nothing here. */
  readonly noEffect?: boolean
}

/** What is wrong with a value: the words behind `Invalid value V for configuration K: `, or a whole sentence. */
export type Complaint = string | { readonly sentence: string }

export type ConfigDef = Readonly<Record<string, ConfigKey>>

type ValueOf<K extends ConfigKey> = K['type'] extends 'boolean'
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

const RANGES = {
  short: [-32_768n, 32_767n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n]
} as const

/** Thrown by {@link parseValue}: the part of the message behind `Invalid value V for configuration K: `. */
class ValueProblem extends Error {}

/** As Java's `String.trim`: control characters go too, other Unicode blanks stay. */
function javaTrim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text.charCodeAt(start) <= 0x20) start++
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--
  return text.slice(start, end)
}

/** Java takes the decimal digits of every script (of one UTF-16 unit); each block of ten starts where the one before is no digit. */
function decimalDigit(char: string): string {
  if (char.length > 1) return char
  const code = char.charCodeAt(0)
  let zero = code
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCharCode(zero - 1))) zero--
  return String(code - zero)
}

function wholeNumber(text: string): bigint | null {
  const digits = text.replace(/\p{Nd}/gu, decimalDigit)
  return /^[+-]?\d+$/.test(digits) ? BigInt(digits.replace(/^\+/, '')) : null
}

/** Text → typed value by Kafka's rules (trim, lists by comma, case-insensitive booleans). Throws ValueProblem. */
function convert(type: ConfigType, text: string): unknown {
  const trimmed = javaTrim(text)
  switch (type) {
    case 'boolean':
      if (/^true$/i.test(trimmed)) return true
      if (/^false$/i.test(trimmed)) return false
      throw new ValueProblem('Expected value to be either true or false')
    case 'int':
    case 'short':
    case 'long': {
      const [low, high] = RANGES[type]
      const value = wholeNumber(trimmed)
      if (value === null || value < low || value > high) {
        throw new ValueProblem(`Not a number of type ${type.toUpperCase()}`)
      }
      return Number(value)
    }
    case 'double': {
      const value = Number(trimmed)
      if (trimmed === '' || Number.isNaN(value))
        throw new ValueProblem('Not a number of type DOUBLE')
      return value
    }
    case 'list':
      return trimmed === '' ? [] : trimmed.split(/\s*,\s*/)
    case 'password':
      return new Password(text)
    case 'string':
    case 'class':
      return trimmed
  }
}

function problemWith(
  name: string,
  key: ConfigKey,
  value: unknown,
  all: ReadonlyMap<string, unknown>
): Complaint | null {
  if (value === null || value === undefined) {
    if (key.nonEmpty === true && key.default !== null) return 'Value must be non-null'
  } else {
    if (Array.isArray(value)) {
      if (key.nonEmpty === true && value.length === 0) {
        return {
          sentence: `Configuration '${name}' must not be empty. Valid values include: any non-empty value`
        }
      }
      if (key.distinct === true && value.includes('')) {
        return { sentence: `Configuration '${name}' values must not be empty.` }
      }
    }
    if (typeof value === 'number') {
      if (key.atLeast !== undefined && value < key.atLeast)
        return `Value must be at least ${key.atLeast}`
      if (key.atMost !== undefined && value > key.atMost)
        return `Value must be no more than ${key.atMost}`
    }
    if (key.oneOf !== undefined) {
      for (const word of Array.isArray(value) ? (value as string[]) : [String(value)]) {
        if (!key.oneOf.includes(word)) return `String must be one of: ${key.oneOf.join(', ')}`
      }
    }
    if (
      key.oneOfIgnoreCase !== undefined &&
      !key.oneOfIgnoreCase.some((word) => word.toUpperCase() === String(value).toUpperCase())
    ) {
      return `String must be one of (case insensitive): ${key.oneOfIgnoreCase.map((w) => w.toUpperCase()).join(', ')}`
    }
    if (key.nonEmpty === true && value === '') return 'String must be non-empty'
  }
  return key.check?.(value as never, all) ?? null
}

/** What became of one key: its parsed value (null when absent or broken) and every complaint, each a whole sentence. */
export interface CheckedValue {
  readonly name: string
  readonly value: unknown
  /** Exact digits of a whole number that `value` cannot hold. */
  readonly text?: string
  readonly errors: string[]
  recommendedValues: readonly string[]
  visible: boolean
}

function shown(key: ConfigKey, text: string): string {
  return key.type === 'password' ? '[hidden]' : text
}

/** Checks every key of the definition; keys without a definition are not looked at. Never throws. */
export function checkConfig(
  definition: ConfigDef,
  config: ReadonlyMap<string, string | null>
): Map<string, CheckedValue> {
  const values = new Map<string, unknown>()
  const errors = new Map<string, string[]>()
  for (const [name, key] of Object.entries(definition)) {
    const text = config.get(name)
    errors.set(name, [])
    if (text === undefined || text === null) {
      if (key.default === undefined) {
        values.set(name, null)
        errors
          .get(name)
          ?.push(`Missing required configuration "${name}" which has no default value.`)
      } else {
        values.set(
          name,
          key.type === 'password' && typeof key.default === 'string'
            ? new Password(key.default)
            : key.default
        )
      }
      continue
    }
    try {
      const value = convert(key.type, text)
      values.set(name, key.distinct === true ? [...new Set(value as string[])] : value)
    } catch (error) {
      values.set(name, null)
      errors
        .get(name)
        ?.push(
          `Invalid value ${shown(key, text)} for configuration ${name}: ${(error as Error).message}`
        )
    }
  }
  const checked = new Map<string, CheckedValue>()
  for (const [name, key] of Object.entries(definition)) {
    const value = values.get(name) ?? null
    const mine = errors.get(name) ?? []
    if (mine.length === 0) {
      const problem = problemWith(name, key, value, values)
      if (problem !== null && typeof problem === 'object') mine.push(problem.sentence)
      else if (problem !== null) {
        const text =
          value === null
            ? 'null'
            : shown(key, Array.isArray(value) ? `[${value.join(', ')}]` : String(value))
        mine.push(`Invalid value ${text} for configuration ${name}: ${problem}`)
      }
    }
    const advice = key.recommend?.(values)
    const text = config.get(name)
    checked.set(name, {
      name,
      value,
      ...(Number.isInteger(value) && !Number.isSafeInteger(value) && key.type !== 'double'
        ? { text: String(wholeNumber(javaTrim(text ?? ''))) }
        : {}),
      errors: mine,
      recommendedValues: advice?.values ?? [],
      visible: advice?.visible ?? true
    })
  }
  return checked
}

/** Typed values, or one ConfigError that lists every problem, a line each. */
export function parseConfig<D extends ConfigDef>(
  definition: D,
  config: ReadonlyMap<string, string | null>
): Parsed<D> {
  const checked = checkConfig(definition, config)
  const problems = [...checked.values()].flatMap((value) => value.errors)
  if (problems.length > 0) throw new ConfigError(problems.join('\n'), { problems })
  const parsed: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, { value }] of checked) parsed[name] = value
  return parsed as Parsed<D>
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
