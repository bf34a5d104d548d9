import { ConfigError } from '../../../errors.ts'

const CASES = {
  none: (name: string) => name,
  lower: (name: string) => name.toLowerCase(),
  upper: (name: string) => name.toUpperCase()
} as const

/**
 * The column of a field, by `column.names` (entries `field:column`) and else by `column.names.case`.
 * ConfigError for an entry that is none.
 */
export function columnRename(
  entries: readonly string[],
  letters: keyof typeof CASES
): (field: string) => string {
  const given = new Map<string, string>()
  for (const entry of entries) {
    // The last colon: names of fields may hold some.
    const at = entry.lastIndexOf(':')
    const [from, to] = [entry.slice(0, at).trim(), entry.slice(at + 1).trim()]
    if (at < 1 || from === '' || to === '') throw new ConfigError(`'${entry}' is not field:column`)
    if (given.has(from)) throw new ConfigError(`field ${from} is named twice`)
    given.set(from, to)
  }
  const byCase = CASES[letters]
  return (field) => given.get(field) ?? byCase(field)
}
