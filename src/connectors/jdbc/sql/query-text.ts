import { ConfigError } from '../../../errors.ts'
import { suggestion } from '../database/near-names.ts'
import { sqlStretches } from './sql-stretches.ts'
import { modeUsesId, modeUsesTimestamp, type Mode } from '../database/mode.ts'

/** A single bound of a poll: exclusive all of them. */
export type Bound = (typeof BOUNDS)[number]

/**
 * Text of a query, or a place in it. `bounds`: the whole condition, on the columns of `of` when several
 * tables have such.
 */
type QueryPart =
  | string
  | { readonly kind: 'bounds'; readonly of: string | null }
  | { readonly kind: Bound }

const BOUNDS = ['timestamp.from', 'timestamp.to', 'incrementing.from'] as const
const PLACEHOLDERS = ['bounds', ...BOUNDS]

/**
 * The query in parts; one part when it has no placeholders. A placeholder inside of a string, a quoted name
 * or a comment is none. ConfigError for a placeholder that is not known.
 */
export function queryParts(query: string): QueryPart[] {
  const parts: QueryPart[] = []
  let text = ''
  for (const stretch of sqlStretches(query)) {
    if (stretch.kind !== 'placeholder') text += stretch.text
    else {
      parts.push(text, placeholder(stretch.text.trim()))
      text = ''
    }
  }
  parts.push(text)
  return parts
}

/** Whether the query says where its bounds belong. */
export function hasPlaceholders(query: string): boolean {
  return queryParts(query).length > 1
}

function placeholder(name: string): Exclude<QueryPart, string> {
  if (name === 'bounds') return { kind: 'bounds', of: null }
  const [, of] = /^bounds\((.+)\)$/.exec(name) ?? []
  if (of !== undefined) return { kind: 'bounds', of: of.trim() }
  const bound = BOUNDS.find((known) => known === name)
  if (bound !== undefined) return { kind: bound }
  throw new ConfigError(
    `\${${name}} stands for nothing in a query; there are \${bounds}, \${bounds(t)} for the columns of t, ${BOUNDS.map((known) => `\${${known}}`).join(', ')}${suggestion(name, PLACEHOLDERS)}`
  )
}

/** A query of the same columns that needs no bounds: for asking what they are. */
export function describableQuery(query: string): string {
  return queryParts(query)
    .map((part) => (typeof part === 'string' ? part : part.kind === 'bounds' ? '(1=1)' : 'NULL'))
    .join('')
}

/**
 * ConfigError when the placeholders of a query do not bound what its mode follows: a missing one would lose
 * or repeat rows (I6). `isLimited`: a suffix may cut the result, so that a moment torn apart has to be read
 * again, which single bounds cannot say.
 */
/** Whether bounds stand in a query one by one, where no other condition can stand. */
export function hasSingleBounds(query: string): boolean {
  return queryParts(query).some((part) => typeof part !== 'string' && part.kind !== 'bounds')
}

export function checkPlaceholders(query: string, mode: Mode, isLimited: boolean): void {
  const places = queryParts(query).filter((part) => typeof part !== 'string')
  const given = new Set(places.map(({ kind }) => kind))
  const single = BOUNDS.filter((bound) => given.has(bound))
  const needed = BOUNDS.filter((bound) =>
    bound === 'incrementing.from' ? modeUsesId(mode) : modeUsesTimestamp(mode)
  )
  const unknown = single.find((bound) => !needed.includes(bound))
  if (unknown !== undefined) {
    throw new ConfigError(`The query has \${${unknown}}, but mode ${mode} knows no such bound`)
  }
  if (single.length === 0) return
  const missing = given.has('bounds') ? [] : needed.filter((bound) => !given.has(bound))
  if (missing.length > 0) {
    const names = missing.map((bound) => `\${${bound}}`).join(' and ')
    throw new ConfigError(
      `The query has \${${single[0] ?? ''}}, but not ${names}: mode ${mode} would lose or repeat rows`
    )
  }
  if (isLimited && mode === 'timestamp') {
    throw new ConfigError(
      'A query.suffix that limits the result needs ${bounds} in the query, instead of single bounds'
    )
  }
}
