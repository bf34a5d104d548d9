import { ConfigError } from '../../errors.ts'
import type { ClientProperties } from '../contracts.ts'

/** Typed reads of Java client properties; every complaint names the property, none shows a secret (I7). */
export class PropertiesReader {
  readonly #properties: ClientProperties

  constructor(properties: ClientProperties) {
    this.#properties = properties
  }

  /** The trimmed value; null when the property is missing or empty. */
  text(name: string): string | null {
    const value = this.#properties.get(name)?.trim()
    return value === undefined || value === '' ? null : value
  }

  /** Whether the property is there at all, be it empty. */
  has(name: string): boolean {
    return this.#properties.has(name)
  }

  list(name: string): string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
  }

  integer(name: string, fallback: number, atLeast = 0): number {
    const text = this.text(name)
    if (text === null) return fallback
    const value = Number(text)
    if (!/^[+-]?\d+$/.test(text) || value < atLeast) {
      throw new ConfigError(
        `Invalid value ${text} for configuration ${name}: expected a whole number of at least ${atLeast}`
      )
    }
    return value
  }

  boolean(name: string, fallback: boolean): boolean {
    const text = this.text(name)?.toLowerCase()
    if (text === undefined) return fallback
    if (text === 'true' || text === 'false') return text === 'true'
    throw new ConfigError(`Invalid value ${text} for configuration ${name}: expected true or false`)
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const text = this.text(name)
    if (text === null) return fallback
    const found = allowed.find((entry) => entry.toLowerCase() === text.toLowerCase())
    if (found !== undefined) return found
    throw new ConfigError(
      `Invalid value ${text} for configuration ${name}: supported are ${allowed.join(', ')}`
    )
  }
}
