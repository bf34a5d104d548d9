import { ConfigError } from '../errors.ts'

interface Range {
  readonly low: string
  readonly high: string
  readonly lowIncluded: boolean
  readonly highIncluded: boolean
}

/**
 * Maven's words in their order; '' stands for the release itself, any other word comes after all of these.
 */
const WORDS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp']
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
  ['cr', 'rc'],
  ['ga', ''],
  ['final', ''],
  ['release', '']
])

/** As Maven orders versions: part by part, numbers as numbers, `4.3.1-SNAPSHOT` before `4.3.1`. */
function compare(a: string, b: string): number {
  const parts = (version: string): string[] =>
    (version.toLowerCase().match(/\d+|[^\d.-]+/g) ?? []).map((part) => ALIASES.get(part) ?? part)
  const [mine, theirs] = [parts(a), parts(b)]
  for (let at = 0; at < Math.max(mine.length, theirs.length); at++) {
    const order = comparePart(mine[at] ?? '', theirs[at] ?? '')
    if (order !== 0) return order
  }
  return 0
}

function comparePart(one: string, other: string): number {
  const isNumber = (part: string): boolean => /^\d/.test(part)
  if (isNumber(one) || isNumber(other)) {
    const before = (part: string): number => (isNumber(part) ? Number(part) : part === '' ? 0 : -1)
    return before(one) - before(other)
  }
  const rank = (part: string): number =>
    (WORDS.indexOf(part) + WORDS.length + 1) % (WORDS.length + 1)
  return rank(one) - rank(other) || (one < other ? -1 : one > other ? 1 : 0)
}

function parse(text: string): Range[] {
  const ranges: Range[] = []
  let rest = text.trim()
  while (/^[[(]/.test(rest)) {
    const match = /^([[(])([^\])]*)([\])])\s*,?\s*/.exec(rest)
    if (match === null) throw new ConfigError(`Unbounded range: ${text}`)
    const [all, open, inner = '', close] = match
    const [low = '', high = low] = inner.split(',').map((part) => part.trim())
    if (low !== '' && high !== '' && compare(low, high) > 0) {
      throw new ConfigError(`Range defies version ordering: ${text}`)
    }
    const before = ranges.at(-1)?.high
    if (before === '' || (before !== undefined && (low === '' || compare(low, before) < 0))) {
      throw new ConfigError(`Ranges overlap: ${text}`)
    }
    ranges.push({ low, high, lowIncluded: open === '[', highIncluded: close === ']' })
    rest = rest.slice(all.length)
  }
  if (rest !== '') ranges.push({ low: rest, high: rest, lowIncluded: true, highIncluded: true })
  return ranges
}

/**
 * A Maven version range (`[1.0,2.0)`) as Kafka prints it; a plain version means exactly that one. Throws
 * ConfigError.
 */
export function rangeText(text: string): string {
  const trimmed = text.trim()
  if (/^[[(]/.test(trimmed)) {
    parse(trimmed)
    return trimmed
  }
  return trimmed === '' ? '[,]' : `[${trimmed},${trimmed}]`
}

/**
 * Whether a version lies in a Maven version range; an empty text holds none. Throws ConfigError for a range
 * that never ends.
 */
export function inRange(version: string, text: string): boolean {
  return parse(text).some(({ low, high, lowIncluded, highIncluded }) => {
    const above = low === '' ? 1 : compare(version, low)
    const below = high === '' ? -1 : compare(version, high)
    return (
      (above > 0 || (above === 0 && lowIncluded)) && (below < 0 || (below === 0 && highIncluded))
    )
  })
}
