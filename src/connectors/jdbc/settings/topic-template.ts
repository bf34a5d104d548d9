import { OF_TEMPLATE } from './setting-of.ts'
import { ILLEGAL_IN_TOPIC, LONGEST_TOPIC } from '../../../data/topic-name.ts'
import { ConfigError } from '../../../errors.ts'
import { suggestion } from '../database/near-names.ts'
import { partsOf } from './placeholders.ts'

/** What the names in a template stand for; null: this table or query has no such thing. */
export interface TopicNames {
  readonly prefix: string
  readonly connector: string | null
  readonly catalog: string | null
  readonly schema: string | null
  readonly table: string | null
  readonly query: string | null
}

interface Placeholder {
  readonly name: keyof TopicNames
  readonly form: Form
}
type Form = keyof typeof FORMS

const FORMS = {
  asIs: (text: string) => text,
  lower: (text: string) => text.toLowerCase(),
  upper: (text: string) => text.toUpperCase()
} as const
const NAMES: readonly string[] = ['prefix', 'connector', 'catalog', 'schema', 'table', 'query']

/**
 * A topic as text with names in it: `${prefix}${schema.lower}.${table}`. No name holds a colon: those are
 * references to secrets.
 */
type TopicTemplate = readonly (string | Placeholder)[]

/** How topics are named. */
export interface TopicSettings {
  readonly prefix: string
  readonly connector: string | null
  /** null: as the JVM connector, prefix and bare name. */
  readonly template: TopicTemplate | null
  readonly sanitize: boolean
}

/** ConfigError for a name that is none, and for text that no topic can have. */
export function parseTopicTemplate(text: string): TopicTemplate {
  const parts = partsOf(text, namedPart)
  for (const part of parts) {
    const wrong = typeof part === 'string' ? illegalIn(part) : ''
    if (wrong !== '') throw new ConfigError(`no topic may have ${wrong} in its name`)
  }
  return parts
}

function namedPart(text: string): Placeholder {
  const [name = '', form = 'asIs', ...more] = text.trim().split('.')
  if (!NAMES.includes(name)) {
    throw new ConfigError(
      `\${${text}} stands for nothing here; there are ${NAMES.join(', ')}${suggestion(name, NAMES)}`
    )
  }
  if (more.length > 0 || !Object.hasOwn(FORMS, form)) {
    throw new ConfigError(`\${${text}} has a form that is not known: there are .lower and .upper`)
  }
  return { name: name as keyof TopicNames, form: form as Form }
}

/**
 * The topic of a table or query, called `what` in messages. With `sanitize` characters that no topic may have
 * become underscores. ConfigError when a name stands for nothing, or the topic is none Kafka would take.
 */
export function topicFrom(
  template: TopicTemplate,
  names: TopicNames,
  what: string,
  sanitize: boolean
): string {
  const topic = template
    .map((part) => {
      if (typeof part === 'string') return part
      const value = names[part.name]
      if (value === null || value === '') {
        throw new ConfigError(unnamed(part.name, names, what), OF_TEMPLATE)
      }
      return FORMS[part.form](sanitize ? sanitized(value) : value)
    })
    .join('')
  const wrong = topicProblem(topic)
  if (wrong !== null) throw new ConfigError(`Topic ${topic} of ${what}: ${wrong}`, OF_TEMPLATE)
  return topic
}

export function sanitized(name: string): string {
  return name.replace(ILLEGAL_IN_TOPIC, '_')
}

function unnamed(name: string, names: TopicNames, what: string): string {
  const known = Object.entries(names).flatMap(([other, value]) =>
    value === null || value === '' ? [] : [`${other} (${value})`]
  )
  return `topic.template: ${what} has no ${name} to stand for \${${name}}; it has ${known.join(', ')}`
}

function topicProblem(topic: string): string | null {
  const illegal = illegalIn(topic)
  if (illegal !== '') {
    return `no topic may have ${illegal} in its name. topic.sanitize=true replaces such characters, topic.template chooses another name`
  }
  if (topic === '' || topic === '.' || topic === '..') return 'this is no name for a topic'
  return topic.length > LONGEST_TOPIC
    ? `a name of ${topic.length} characters is too long, ${LONGEST_TOPIC} are the most`
    : null
}

/** Illegal characters, each once, as people would quote them. */
function illegalIn(text: string): string {
  return [...new Set(text.match(new RegExp(ILLEGAL_IN_TOPIC, 'gu')) ?? [])]
    .map((character) => `'${character}'`)
    .join(', ')
}
