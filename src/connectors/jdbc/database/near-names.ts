/**
 * Names a mistyped one may have meant, nearest first: equal but for case, or few letters apart. At most
 * three.
 */
export function nearMisses(wanted: string, known: readonly string[]): string[] {
  const lower = wanted.toLowerCase()
  const limit = Math.max(1, Math.floor(wanted.length / 3))
  return known
    .map((name) => ({ name, distance: distance(lower, name.toLowerCase(), limit) }))
    .filter((candidate) => candidate.distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((candidate) => candidate.name)
}

/** Letters to change between two words; more than `limit` when surely beyond it. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change))
    }
    row = next
  }
  return row[b.length] ?? limit + 1
}

/** `. Did you mean x?`, or nothing. */
export function suggestion(wanted: string, known: readonly string[]): string {
  return suggestionOf(nearMisses(wanted, known))
}

/** The same for several names, the first of them: each is held against all that are known (I8). */
export function suggestions(wanted: readonly string[], known: readonly string[]): string {
  return wanted
    .slice(0, 10)
    .map((name) => suggestion(name, known))
    .join('')
}

export function suggestionOf(near: readonly string[]): string {
  return near.length === 0 ? '' : `. Did you mean ${near.join(' or ')}?`
}
