import { ConfigError } from '../errors.ts'

interface Range {
  readonly low: string
  readonly high: string
  readonly lowIncluded: boolean
  readonly highIncluded: boolean
}

function compare(a: string, b: string): number {
  const parts = (version: string): string[] => version.split(/[.-]/)
  const [mine, theirs] = [parts(a), parts(b)]
  for (let at = 0; at < Math.max(mine.length, theirs.length); at++) {
    const [one = '0', other = '0'] = [mine[at], theirs[at]]
    const numbers = /^\d+$/.test(one) && /^\d+$/.test(other)
    const order = numbers ? Number(one) - Number(other) : one < other ? -1 : one > other ? 1 : 0
    if (order !== 0) return order
  }
  return 0
}

function parse(text: string): Range[] {
  const ranges: Range[] = []
  let rest = text.trim()
  while (/^[[(]/.test(rest)) {
    const match = /^([[(])([^\])]*)([\])])\s*,?\s*/.exec(rest)
    if (match === null) throw new ConfigError(`Unbounded range: ${text}`)
    const [all, open, inner = '', close] = match
    const [low = '', high = low] = inner.split(',').map((part) => part.trim())
    ranges.push({ low, high, lowIncluded: open === '[', highIncluded: close === ']' })
    rest = rest.slice(all.length)
  }
  if (rest !== '') ranges.push({ low: rest, high: rest, lowIncluded: true, highIncluded: true })
  return ranges
}

/** A Maven version range (`[1.0,2.0)`) as Kafka prints it; a plain version means exactly that one. Throws ConfigError. */
export function rangeText(text: string): string {
  const trimmed = text.trim()
  if (/^[[(]/.test(trimmed)) {
    parse(trimmed)
    return trimmed
  }
  return trimmed === '' ? '[,]' : `[${trimmed},${trimmed}]`
}

/** Whether a version lies in a Maven version range; an empty text holds none. Throws ConfigError for a range that never ends. */
export function inRange(version: string, text: string): boolean {
  return parse(text).some(({ low, high, lowIncluded, highIncluded }) => {
    const above = low === '' ? 1 : compare(version, low)
    const below = high === '' ? -1 : compare(version, high)
    return (
      (above > 0 || (above === 0 && lowIncluded)) && (below < 0 || (below === 0 && highIncluded))
    )
  })
}
