import type { ConfigDef, ConfigKey } from './config-def.ts'
import { valueText } from './config-infos.ts'

/** One part of a page: a definition under a heading. */
export interface DocumentedPart {
  readonly title: string
  /** Paragraphs before the tables. */
  readonly intro?: string
  /** Stands before each key, as `transforms.<name>.`. */
  readonly prefix?: string
  readonly definition: ConfigDef
}

const IMPORTANCE = ['high', 'medium', 'low'] as const

function code(text: string): string {
  return text === '' ? '(empty)' : `\`${text}\``
}

function validValues(key: ConfigKey): string {
  const rules: string[] = []
  if (key.oneOf !== undefined) rules.push(key.oneOf.map(code).join(', '))
  if (key.oneOfIgnoreCase !== undefined) {
    rules.push(
      `${key.oneOfIgnoreCase.map((word) => code(word.toLowerCase())).join(', ')} in any case`
    )
  }
  if (key.atLeast !== undefined) rules.push(`at least ${key.atLeast}`)
  if (key.atMost !== undefined) rules.push(`at most ${key.atMost}`)
  if (key.nonEmpty === true) rules.push('not empty')
  if (key.aliases === true) rules.push('each name once')
  return rules.join(', ')
}

function defaultText(key: ConfigKey): string {
  if (key.default === undefined) return 'required'
  const text = valueText(key, key.default)
  return text === null ? '' : code(text)
}

function row(name: string, key: ConfigKey, prefix: string): string {
  const cells = [
    code(`${prefix}${name}`),
    key.type,
    defaultText(key),
    validValues(key),
    key.importance,
    key.doc
  ]
  return `| ${cells.map((cell) => cell.replace(/\s+/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`
}

function table(entries: readonly (readonly [string, ConfigKey])[], prefix: string): string {
  return [
    '| key | type | default | valid | importance | meaning |',
    '|---|---|---|---|---|---|',
    ...entries.map(([name, key]) => row(name, key, prefix))
  ].join('\n')
}

/** Groups in the order they appear; without any, one table by importance. Keys without effect come last. */
function tables({ definition, prefix = '' }: DocumentedPart, level: string): string[] {
  const keys = Object.entries(definition).filter(([, key]) => key.internal !== true)
  const effective = keys.filter(([, key]) => key.noEffect === undefined)
  const idle = keys.filter(([, key]) => key.noEffect !== undefined)
  const groups = [...new Set(effective.map(([, key]) => key.group))]
  const parts: string[] = []
  if (groups.length <= 1) {
    const byImportance = IMPORTANCE.flatMap((importance) =>
      effective.filter(([, key]) => key.importance === importance)
    )
    if (byImportance.length > 0) parts.push(table(byImportance, prefix))
  } else {
    for (const group of groups) {
      const entries = effective.filter(([, key]) => key.group === group)
      parts.push(
        `${level} ${group === undefined || group === '' ? 'Others' : group}`,
        table(entries, prefix)
      )
    }
  }
  if (idle.length > 0) {
    parts.push(
      `${level} Accepted, without effect`,
      'A JVM worker knows these; here they only make existing files load.',
      table(idle, prefix)
    )
  }
  return parts
}

/** A page of the reference in Markdown, made from definitions and nothing else. */
export function configPage(title: string, intro: string, parts: readonly DocumentedPart[]): string {
  const blocks = [
    '<!-- Written by `npm run docs` from the definitions in the sources: change those. -->',
    `# ${title}`,
    intro
  ]
  for (const part of parts) {
    if (parts.length > 1) blocks.push(`## ${part.title}`)
    if (part.intro !== undefined) blocks.push(part.intro)
    blocks.push(...tables(part, parts.length > 1 ? '###' : '##'))
  }
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}
