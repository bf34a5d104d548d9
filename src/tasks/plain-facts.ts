import type { StreamFacts } from '../plugin/source.ts'

/** A copy, in which no later change of the plugin shows, without what is no plain value. */
export function plainFacts(
  streams: ReadonlyMap<string, StreamFacts>
): ReadonlyMap<string, StreamFacts> {
  return new Map([...streams].map(([stream, facts]) => [stream, plain(facts)]))
}

function plain(facts: StreamFacts): StreamFacts {
  const isPlain = (value: unknown): boolean =>
    value === null || ['string', 'number', 'boolean'].includes(typeof value)
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => isPlain(value)))
}
