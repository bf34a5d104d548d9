import { HIDDEN, Rewrite } from './rewrite.ts'

/** Texts shorter than this would hide half of every message. */
const SHORTEST_SECRET = 5
const MOST_SECRETS = 100_000
const MOST_SECRET_CHARACTERS = 16_000_000

/** What to hide, oldest first, and the same by first characters, so that a text is compared with few of them. */
const secrets = new Set<string>()
const byStart = new Map<string, Set<string>>()
let characters = 0

/** From now on this text is hidden wherever {@link redact} meets it; the oldest are forgotten beyond a large number. */
export function neverShow(secret: string): void {
  if (secret.length < SHORTEST_SECRET || secret.length > MOST_SECRET_CHARACTERS) return
  forget(secret)
  secrets.add(secret)
  characters += secret.length
  const start = secret.slice(0, SHORTEST_SECRET)
  const alike = byStart.get(start) ?? new Set()
  byStart.set(start, alike.add(secret))
  for (const oldest of secrets) {
    if (secrets.size <= MOST_SECRETS && characters <= MOST_SECRET_CHARACTERS) return
    forget(oldest)
  }
}

function forget(secret: string): void {
  if (!secrets.delete(secret)) return
  characters -= secret.length
  const start = secret.slice(0, SHORTEST_SECRET)
  const alike = byStart.get(start)
  alike?.delete(secret)
  if (alike?.size === 0) byStart.delete(start)
}

/** A text without what {@link neverShow} was told. */
export function withoutKnown(text: string): string {
  if (secrets.size === 0) return text
  const rewrite = new Rewrite(text)
  for (let at = 0; at + SHORTEST_SECRET <= text.length; at++) {
    const alike = byStart.get(text.slice(at, at + SHORTEST_SECRET))
    if (alike === undefined) continue
    let longest = 0
    for (const secret of alike) {
      if (secret.length > longest && text.startsWith(secret, at)) longest = secret.length
    }
    if (longest === 0) continue
    rewrite.replace(at, at + longest, HIDDEN)
    at += longest - 1
  }
  return rewrite.end()
}
