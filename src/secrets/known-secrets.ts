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

/** Secrets of fewer characters are looked up whole; of longer ones first so many of their characters. */
const HEAD = 16
/** What is alike in so many characters is hidden. */
const MOST_COMPARED = 64

/** Secrets with the same beginning, and the length of the longest of them there has been. */
interface Alike {
  readonly secrets: Set<string>
  longest: number
}

/** Beginnings by their length, so that a text is asked once for each length at each place. */
type Beginnings = Map<number, Map<string, Alike>>

const short: Beginnings = new Map()
/** Of long secrets, by their head. */
const long = new Map<string, Beginnings>()

function beginningsOf(secret: string): Beginnings {
  if (secret.length < HEAD) return short
  const head = secret.slice(0, HEAD)
  const known = long.get(head) ?? new Map<number, Map<string, Alike>>()
  long.set(head, known)
  return known
}

function remember(secret: string): void {
  const beginning = secret.slice(0, MOST_COMPARED)
  const beginnings = beginningsOf(secret)
  const ofLength = beginnings.get(beginning.length) ?? new Map<string, Alike>()
  const alike = ofLength.get(beginning) ?? { secrets: new Set(), longest: 0 }
  beginnings.set(beginning.length, ofLength.set(beginning, alike))
  alike.secrets.add(secret)
  alike.longest = Math.max(alike.longest, secret.length)
}

function forget(secret: string): void {
  if (registers.kept.has(secret) || registers.sent.has(secret)) return
  const beginning = secret.slice(0, MOST_COMPARED)
  const beginnings = beginningsOf(secret)
  const ofLength = beginnings.get(beginning.length)
  const alike = ofLength?.get(beginning)
  alike?.secrets.delete(secret)
  if (alike?.secrets.size === 0) ofLength?.delete(beginning)
  if (ofLength?.size === 0) beginnings.delete(beginning.length)
  if (beginnings.size === 0 && secret.length >= HEAD) long.delete(secret.slice(0, HEAD))
}

/** Whether the operator keeps this text secret, and it has not been forgotten. */
export function isKept(text: string): boolean {
  return registers.kept.has(text)
}

/**
 * From now on this text is hidden wherever {@link withoutKnown} meets it; the oldest of its kind are
 * forgotten beyond a large number. `kept`: a config provider has it; `sent`: it stood in a configuration
 * itself.
 */
export function neverShow(secret: string, kind: keyof typeof registers = 'kept'): void {
  if (secret.length < SHORTEST_SECRET) return
  const forgotten = registers[kind].add(secret)
  if (forgotten === null) return
  remember(secret)
  for (const oldest of forgotten) forget(oldest)
}

/**
 * A text without what {@link neverShow} was told. I8: at each place it costs the same, however many secrets
 * there are and however long, so that nobody makes messages slow by sending passwords that are nearly what
 * stands in them.
 */
export function withoutKnown(text: string): string {
  if (short.size === 0 && long.size === 0) return text
  const rewrite = new Rewrite(text)
  for (let at = 0; at + SHORTEST_SECRET <= text.length; at++) {
    const length = knownAt(text, at)
    if (length === 0) continue
    rewrite.replace(at, Math.min(text.length, at + length), HIDDEN)
    at += length - 1
  }
  return rewrite.end()
}

/** The length of the longest secret that stands there; 0: none does. */
function knownAt(text: string, at: number): number {
  const ofHead = long.size === 0 ? undefined : long.get(text.slice(at, at + HEAD))
  return Math.max(
    longestAt(short, text, at),
    ofHead === undefined ? 0 : longestAt(ofHead, text, at)
  )
}

function longestAt(beginnings: Beginnings, text: string, at: number): number {
  let longest = 0
  for (const [length, secrets] of beginnings) {
    const alike = secrets.get(text.slice(at, at + length))
    if (alike !== undefined) longest = Math.max(longest, alike.longest)
  }
  return longest
}
