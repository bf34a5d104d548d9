import { ConfigError } from '../../../errors.ts'

/** How a row is marked that is deleted. */
export interface SoftDelete {
  readonly column: string
  /** What is written there; null: what fits the column. */
  readonly value: string | null
}

/** `soft:column` or `soft:column=text`; null: rows are deleted. ConfigError for another text. */
export function parseDeleteMode(text: string): SoftDelete | null {
  if (text.trim().toLowerCase() === 'hard') return null
  const [, column = '', value = null] = /^soft:([^=]*)(?:=(.*))?$/is.exec(text.trim()) ?? []
  if (column.trim() !== '') return { column: column.trim(), value: value?.trim() ?? null }
  throw new ConfigError(`'${text}' is neither hard nor soft:column`)
}
