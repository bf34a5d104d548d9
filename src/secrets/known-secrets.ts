import { HIDDEN, Rewrite } from './rewrite.ts'

/** Texts shorter than this would hide half of every message. */
const SHORTEST_SECRET = 5

/** So many texts of one kind, oldest first. */
class Register {
  readonly #texts = new Set<string>()
  readonly #most: number
  readonly #mostCharacters: number
  #characters = 0

  constructor(most: number, mostCharacters: number) {
    this.#most = most
    this.#mostCharacters = mostCharacters
  }

  /** Answers what had to be forgotten for it; null: it is too long to be remembered. */
  add(text: string): string[] | null {
    if (text.length > this.#mostCharacters) return null
    const forgotten: string[] = []
    if (this.#texts.delete(text)) this.#characters -= text.length
    this.#texts.add(text)
    this.#characters += text.length
    for (const oldest of this.#texts) {
      if (this.#texts.size <= this.#most && this.#characters <= this.#mostCharacters) break
      this.#texts.delete(oldest)
      this.#characters -= oldest.length
      forgotten.push(oldest)
    }
    return forgotten
  }

  has(text: string): boolean {
    return this.#texts.has(text)
  }
}

/** Apart, so that nobody can drive out what the operator keeps secret by sending passwords of his own. */
const registers = {
  kept: new Register(100_000, 16_000_000),
  sent: new Register(10_000, 1_000_000)
}

/** All of them by their first characters, so that a text is compared with few. */
const byStart = new Map<string, Set<string>>()

/**
 * From now on this text is hidden wherever {@link withoutKnown} meets it; the oldest of its kind are forgotten beyond a large
 * number. `kept`: a config provider has it; `sent`: it stood in a configuration itself.
 */
export function neverShow(secret: string, kind: keyof typeof registers = 'kept'): void {
  if (secret.length < SHORTEST_SECRET) return
  const forgotten = registers[kind].add(secret)
  if (forgotten === null) return
  const start = secret.slice(0, SHORTEST_SECRET)
  const alike = byStart.get(start) ?? new Set()
  byStart.set(start, alike.add(secret))
  for (const oldest of forgotten) forget(oldest)
}

function forget(secret: string): void {
  if (registers.kept.has(secret) || registers.sent.has(secret)) return
  const start = secret.slice(0, SHORTEST_SECRET)
  const alike = byStart.get(start)
  alike?.delete(secret)
  if (alike?.size === 0) byStart.delete(start)
}

/** A text without what {@link neverShow} was told. */
export function withoutKnown(text: string): string {
  if (byStart.size === 0) return text
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
