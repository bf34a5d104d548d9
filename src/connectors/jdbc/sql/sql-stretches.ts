/**
 * A stretch of SQL: code; text that is taken as it stands (a string, a quoted name, a comment, a text between
 * dollars), with its delimiters; or what stands between `${` and `}` in code. What has a colon there is a
 * reference to a provider of secrets, and code.
 */
interface SqlStretch {
  readonly kind: 'code' | 'quoted' | 'placeholder'
  readonly text: string
}

/** Whatever opens a stretch that is not code, and placeholders. */
const OPENING = /['"`]|--|\/\*|\$\w*\$|\$\{/g
const PLACEHOLDER = /\$\{([^}:{]*)\}/y

/**
 * Takes a statement apart; the texts of all stretches, joined, are the statement, but for the delimiters of
 * placeholders. What is opened and never closed is code. I8: the time it takes grows with the length of the
 * text, whatever stands in it.
 */
export function sqlStretches(sql: string): SqlStretch[] {
  const stretches: SqlStretch[] = []
  const ends = new Ends(sql)
  let from = 0
  let at = 0
  for (;;) {
    OPENING.lastIndex = at
    const [opening] = OPENING.exec(sql) ?? []
    if (opening === undefined) break
    const start = OPENING.lastIndex - opening.length
    const placeholder = opening === '${' ? placeholderAt(sql, start) : null
    const end = placeholder?.end ?? (opening === '${' ? null : ends.of(opening, start))
    if (end === null) {
      // A tag that is never closed may share its second dollar with the next one.
      at = start + 1
      continue
    }
    if (start > from) stretches.push({ kind: 'code', text: sql.slice(from, start) })
    stretches.push(
      placeholder === null
        ? { kind: 'quoted', text: sql.slice(start, end) }
        : { kind: 'placeholder', text: placeholder.name }
    )
    from = end
    at = end
  }
  if (from < sql.length) stretches.push({ kind: 'code', text: sql.slice(from) })
  return stretches
}

function placeholderAt(sql: string, start: number): { name: string; end: number } | null {
  PLACEHOLDER.lastIndex = start
  const match = PLACEHOLDER.exec(sql)
  return match === null ? null : { name: match[1] ?? '', end: PLACEHOLDER.lastIndex }
}

/** Where stretches end. A closing text that was not found once is not searched for again. */
class Ends {
  readonly #sql: string
  readonly #missing = new Set<string>()
  /** The last place of each tag between dollars; made when the first is met. */
  #tags: ReadonlyMap<string, number> | null = null

  constructor(sql: string) {
    this.#sql = sql
  }

  /** Behind the stretch that is opened at `start`; null when it is never closed. */
  of(opening: string, start: number): number | null {
    const sql = this.#sql
    const inside = start + opening.length
    if (opening === '--') {
      const end = sql.indexOf('\n', inside)
      return end === -1 ? sql.length : end
    }
    if (opening === '/*') return this.#find('*/', inside)
    if (opening.startsWith('$')) {
      this.#tags ??= lastTags(sql)
      return (this.#tags.get(opening) ?? -1) < inside ? null : this.#find(opening, inside)
    }
    let end = this.#find(opening, inside)
    // A doubled quote stands for one; names of MySQL know no such thing, and two of them side by side are the
    // same to us.
    while (end !== null && sql[end] === opening) end = this.#find(opening, end + 1)
    return end
  }

  #find(closing: string, from: number): number | null {
    if (this.#missing.has(closing)) return null
    const at = this.#sql.indexOf(closing, from)
    if (at === -1) this.#missing.add(closing)
    return at === -1 ? null : at + closing.length
  }
}

function lastTags(sql: string): ReadonlyMap<string, number> {
  const tags = new Map<string, number>()
  let previous = -1
  for (let at = sql.indexOf('$'); at !== -1; at = sql.indexOf('$', at + 1)) {
    if (previous !== -1) {
      const tag = sql.slice(previous, at + 1)
      if (/^\$\w*\$$/.test(tag)) tags.set(tag, previous)
    }
    previous = at
  }
  return tags
}
