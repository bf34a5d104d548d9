import { nextTurn } from '../wait.ts'

/** TypeScript's library does not know it yet; Node does since version 22. */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown }

/** The JSON text of an answer: Maps as objects (`__proto__` is a plain key), bigints as exact numbers. */
export function jsonText(value: unknown): string {
  return JSON.stringify(plain(value))
}

/**
 * What JSON.stringify knows by itself; a function asked about every property would take several times as
 * long.
 */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return rawJSON(String(value))
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
  if (Array.isArray(value)) return value.map(plain)
  const entries =
    value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value)
  return Object.fromEntries(entries.map(([name, part]) => [name, plain(part)]))
}

const TURN_MS = 10

/**
 * The JSON object of many parts, each made when its turn comes; a part that is null is left out. Others have
 * theirs in between: heartbeats and requests wait no longer than one part takes, and ten milliseconds.
 */
export async function jsonObjectOf(
  names: readonly string[],
  part: (name: string) => Promise<unknown>
): Promise<string> {
  const parts: string[] = []
  let began = performance.now()
  for (const name of names) {
    const value = await part(name)
    if (value !== null) parts.push(`${JSON.stringify(name)}:${jsonText(value)}`)
    if (performance.now() - began < TURN_MS) continue
    await nextTurn()
    began = performance.now()
  }
  return `{${parts.join(',')}}`
}
