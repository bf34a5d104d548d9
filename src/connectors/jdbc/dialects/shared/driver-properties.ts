import { ConfigError } from '../../../../errors.ts'
import type { Logger } from '../../../../log.ts'
import { neverShow } from '../../../../secrets/known-secrets.ts'
import { isSecretName } from '../../../../secrets/secret-names.ts'

/**
 * All properties of a JDBC driver, each in one place: it acts as there (`acts`), makes no difference to what
 * is read (`needless`), has no effect though it would there (`idle`), or is refused, unless its value asks
 * for nothing (`refused`). Reasons are read by users: what is said of a property completes the sentence "…,
 * because …".
 */
export interface DriverTable {
  /** As its documentation calls it: `pgjdbc`. */
  readonly driver: string
  /** The version whose list this is. */
  readonly version: string
  /** Names are compared without case. */
  readonly ignoresCase: boolean
  readonly acts: readonly string[]
  readonly needless: Readonly<Record<string, readonly string[]>>
  readonly idle: Readonly<Record<string, readonly string[]>>
  /** `name` alone: any value but an empty one is refused; `name=a|b`: any but these, without case. */
  readonly refused: Readonly<Record<string, readonly string[]>>
  /** Other spellings, in lower case where names have none, and the names they stand for. */
  readonly aliases?: Readonly<Record<string, string>>
}

/** Names in a text, separated by blanks and line breaks. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

/** A refused property's name and the values that ask for nothing. */
export function refusedEntry(entry: string): { name: string; harmless: readonly string[] } {
  const [name = '', values = ''] = entry.split('=')
  return { name, harmless: values === '' ? [] : values.split('|') }
}

export type Fate =
  | { readonly kind: 'acts' }
  | { readonly kind: 'needless' | 'idle'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string; readonly harmless: readonly string[] }

/** Every name of a table, as the driver spells it, with what becomes of it. */
export function fatesOf(table: DriverTable): Map<string, Fate> {
  const fates = new Map<string, Fate>(table.acts.map((name) => [name, { kind: 'acts' }]))
  for (const kind of ['needless', 'idle'] as const) {
    for (const [why, names] of Object.entries(table[kind])) {
      for (const name of names) fates.set(name, { kind, why })
    }
  }
  for (const [why, entries] of Object.entries(table.refused)) {
    for (const entry of entries) {
      const { name, harmless } = refusedEntry(entry)
      fates.set(name, { kind: 'refused', why, harmless })
    }
  }
  return fates
}

/**
 * Where a property stands: in the URL, where even a name may be a piece of a password, or in a key of the
 * connector.
 */
export interface GivenProperty {
  readonly name: string
  readonly value: string
  readonly inUrl: boolean
}

let blocked: ReadonlySet<string> = new Set()

/** What the worker file says in `jdbc.blocked.properties`: nobody may use these, under any of their names. */
export function blockDriverProperties(names: readonly string[]): void {
  blocked = new Set(names.map((name) => name.toLowerCase()))
}

/** What each log has been told: a session is opened again and again. */
const told = new WeakMap<Logger, Set<string>>()

/** Where the same property stands twice the later one counts. */
export class DriverProperties {
  readonly #table: DriverTable
  readonly #fates: ReadonlyMap<string, Fate>
  readonly #spelling = new Map<string, string>()
  readonly #values = new Map<string, string>()
  /** Names the driver does not know either. */
  readonly #unknown: string[] = []

  constructor(table: DriverTable, given: readonly GivenProperty[]) {
    this.#table = table
    this.#fates = fatesOf(table)
    for (const name of this.#fates.keys()) this.#spelling.set(this.#folded(name), name)
    let last = 'the address'
    for (const { name, value, inUrl } of given) {
      // A short word would be hidden wherever it stands for something else, as in the name of a table.
      if (isSecretName(name) && !/^\w{0,11}$/.test(value)) neverShow(value, 'sent')
      const known = this.#nameOf(name)
      this.#refuseBlocked(name, known)
      if (known === null) this.#unknown.push(this.#unknownText(name, inUrl ? last : null))
      else this.#values.set(known, value)
      // I7: a piece of a password with a raw separator in it looks like a name.
      if (inUrl) last = known ?? 'it'
    }
    this.#refuse()
  }

  /** The value of a property that acts; null when it is not given. */
  text(name: string): string | null {
    if (this.#fates.get(name)?.kind !== 'acts') {
      throw new TypeError(`${name} is not in the table of ${this.#table.driver}`)
    }
    return this.#values.get(name) ?? null
  }

  /** As {@link text}; an empty value is none. */
  word(name: string): string | null {
    const value = this.text(name)?.trim() ?? ''
    return value === '' ? null : value
  }

  /** Of a flag; `1`, `yes` and `on` are true as well. Without a value the fallback. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.word(name)
    if (value === null) return fallback
    if (/^(true|yes|on|1)$/i.test(value)) return true
    if (/^(false|no|off|0)$/i.test(value)) return false
    throw new ConfigError(`${this.at(name)} is true or false`)
  }

  /** A whole number of at least 0; ConfigError for anything else. */
  count(name: string): number | null {
    const value = this.word(name)
    if (value === null) return null
    if (!/^-?\d{1,12}$/.test(value)) throw new ConfigError(`${this.at(name)} is no whole number`)
    return Math.max(0, Number(value))
  }

  /** One of some words, compared without case, as written here. */
  oneOf<T extends string>(name: string, known: readonly T[]): T | null {
    const value = this.word(name)?.toLowerCase()
    if (value === undefined) return null
    const found = known.find((one) => one.toLowerCase() === value)
    if (found === undefined)
      throw new ConfigError(`${this.at(name)} is none of ${known.join(', ')}`)
    return found
  }

  /** How a message names the property; its value is never shown. */
  at(name: string): string {
    return `The driver property ${name}`
  }

  /** Tells which of the properties given have no effect, and why; once to each log. */
  tell(log: Logger): void {
    const { driver } = this.#table
    const before = told.get(log) ?? new Set()
    told.set(log, before)
    const say = (level: 'warn' | 'info', text: string): void => {
      if (!before.has(text)) log[level](text)
      before.add(text)
    }
    for (const kind of ['idle', 'needless'] as const) {
      const byReason = new Map<string, string[]>()
      for (const name of this.#values.keys()) {
        const fate = this.#fates.get(name)
        if (fate?.kind === kind) byReason.set(fate.why, [...(byReason.get(fate.why) ?? []), name])
      }
      for (const [why, names] of byReason) {
        const [verb, which] = names.length === 1 ? ['has', 'property'] : ['have', 'properties']
        const text = `The driver ${which} ${names.join(', ')} ${verb} no effect: ${why}`
        say(kind === 'idle' ? 'warn' : 'info', text)
      }
    }
    for (const text of this.#unknown) {
      say('warn', `${text} is no property of ${driver}: it has no effect`)
    }
  }

  #folded(name: string): string {
    return this.#table.ignoresCase ? name.toLowerCase() : name
  }

  #nameOf(name: string): string | null {
    const folded = this.#folded(name)
    const meant = this.#table.aliases?.[folded]
    return meant ?? this.#spelling.get(folded) ?? null
  }

  #unknownText(name: string, behind: string | null): string {
    const near = [...this.#spelling.values()].find(
      (one) => one.toLowerCase() === name.toLowerCase()
    )
    const hint = near === undefined ? '' : ` (${near} is, with other capitals)`
    return behind === null
      ? `connection.${name}${hint}`
      : `A parameter of the URL, behind ${behind},${hint}`
  }

  #refuseBlocked(given: string, known: string | null): void {
    const name = known ?? given
    if (!blocked.has(name.toLowerCase()) && !blocked.has(given.toLowerCase())) return
    throw new ConfigError(
      `${this.at(name)} is refused: this worker blocks it (jdbc.blocked.properties)`
    )
  }

  #refuse(): void {
    for (const [name, value] of this.#values) {
      const fate = this.#fates.get(name)
      if (fate?.kind !== 'refused') continue
      const word = value.trim().toLowerCase()
      if (word === '' || fate.harmless.some((one) => one.toLowerCase() === word)) continue
      throw new ConfigError(`${this.at(name)} is refused: ${fate.why}`)
    }
  }
}
