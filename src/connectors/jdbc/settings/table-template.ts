import { ConfigError, DataError } from '../../../errors.ts'
import { suggestion } from '../database/near-names.ts'
import { partsOf } from './placeholders.ts'

/** What of a record a name may be made of; a field that is not there is `undefined`. */
export interface NameFacts {
  readonly topic: string
  key(field: string): unknown
  value(field: string): unknown
  header(name: string): unknown
  /** Of a Debezium envelope. */
  source(field: string): unknown
}

type Placeholder =
  | { readonly of: 'topic'; readonly index: number | null }
  | { readonly of: (typeof FIELDS)[number]; readonly name: string }

const FIELDS = ['key', 'value', 'header', 'source'] as const
const KNOWN = ['topic', 'topic[n]', ...FIELDS.map((of) => `${of}.name`)]

/** The name of a table as text with parts of records in it: `sales.${topic[1]}`. */
export interface TableTemplate {
  /** As configured. */
  readonly text: string
  readonly parts: readonly (string | Placeholder)[]
  /** Records of one topic have one table. */
  readonly needsTopicOnly: boolean
}

/** ConfigError for a placeholder that is none. */
export function parseTableTemplate(text: string): TableTemplate {
  const parts = partsOf(text, placeholder)
  const needsTopicOnly = parts.every((part) => typeof part === 'string' || part.of === 'topic')
  return { text, parts, needsTopicOnly }
}

function placeholder(text: string): Placeholder {
  const topic = /^topic(?:\[(\d{1,3})\])?$/.exec(text.trim())
  if (topic !== null)
    return { of: 'topic', index: topic[1] === undefined ? null : Number(topic[1]) }
  const dot = text.indexOf('.')
  const of = FIELDS.find((name) => name === text.slice(0, dot).trim())
  const name = text.slice(dot + 1).trim()
  if (of !== undefined && dot !== -1 && name !== '') return { of, name }
  throw new ConfigError(
    `\${${text}} stands for nothing here; there are ${KNOWN.join(', ')}${suggestion(text, KNOWN)}`
  )
}

/**
 * The name of the table of a record; `normalize`: what comes of the record has letters, digits and
 * underscores alone. DataError for a field that the record lacks, and for a name that would be empty.
 */
export function tableNameOf(
  { parts, text }: TableTemplate,
  facts: NameFacts,
  normalize: boolean
): string {
  const name = parts
    .map((part) => {
      if (typeof part === 'string') return part
      const value =
        part.of === 'topic' ? topicPart(facts.topic, part.index) : fieldPart(part, facts)
      return normalize ? value.replace(/[^A-Za-z0-9_]/g, '_') : value
    })
    .join('')
  if (name !== '') return name
  throw new DataError(
    `Destination table name for topic '${facts.topic}' is empty using the format string '${text}'`
  )
}

function topicPart(topic: string, index: number | null): string {
  if (index === null) return topic
  const part = topic.split('.')[index]
  if (part !== undefined) return part
  throw new DataError(`Topic ${topic} has no part ${index} between dots to name its table`)
}

function fieldPart(
  { of, name }: { readonly of: (typeof FIELDS)[number]; readonly name: string },
  facts: NameFacts
): string {
  const value = facts[of](name)
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value)
  }
  throw new DataError(`The record has no \${${of}.${name}} to name its table`)
}

/** Tables by topic, of entries `topic:table`. ConfigError for one that is none, or the second of a topic. */
export function parseTableMapping(entries: readonly string[]): ReadonlyMap<string, string> {
  const tables = new Map<string, string>()
  for (const entry of entries) {
    const at = entry.indexOf(':')
    const [topic, table] = [entry.slice(0, at).trim(), entry.slice(at + 1).trim()]
    if (at < 1 || table === '') throw new ConfigError(`'${entry}' is not topic:table`)
    if (tables.has(topic)) throw new ConfigError(`topic ${topic} is named twice`)
    tables.set(topic, table)
  }
  return tables
}
