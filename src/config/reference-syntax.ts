import { isSecretName } from '../secrets/secret-names.ts'

/** `${provider:[path:]key}` in a setting. */
interface Reference {
  readonly start: number
  readonly end: number
  readonly provider: string
  /** Empty when there is none. */
  readonly path: string
  readonly key: string
}

/**
 * The references of a text from left to right, in one go over it (I8). Up to two colons divide, a brace ends.
 */
export function* referencesIn(text: string): Generator<Reference> {
  let start = text.indexOf('${')
  while (start >= 0) {
    const close = text.indexOf('}', start)
    if (close < 0) return
    const inner = text.slice(start + 2, close)
    const colon = inner.indexOf(':')
    if (colon >= 0) {
      const rest = inner.slice(colon + 1)
      const second = rest.indexOf(':')
      yield {
        start,
        end: close + 1,
        provider: inner.slice(0, colon),
        path: second < 0 ? '' : rest.slice(0, second),
        key: rest.slice(second + 1)
      }
    }
    start = text.indexOf('${', close)
  }
}

/** Whether anything in a text looks like a reference. */
export function hasReference(text: string): boolean {
  const start = text.indexOf('${')
  return start >= 0 && text.includes('}', start)
}

/**
 * Whether a reference stands where a secret does: behind `…password=` in an address, or behind a user's name.
 */
export function isSecretPlace(before: string): boolean {
  const near = before.slice(-100)
  const name = /([\w.-]+)\s*=\s*["']?$/.exec(near)?.[1]
  return name === undefined ? /:\/\/[^\s/@:]+:$/.test(near) : isSecretName(name)
}
