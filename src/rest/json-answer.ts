/** TypeScript's library does not know it yet; Node does since version 22. */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown }

/** The JSON text of an answer: Maps as objects (`__proto__` is a plain key), bigints as exact numbers. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof Map) return Object.fromEntries(part)
    return typeof part === 'bigint' ? rawJSON(String(part)) : part
  })
}
