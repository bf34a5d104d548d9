const DELIMITERS = ':,{}[]"'

/**
 * Tokens of Kafka's literals: the delimiters `: , { } [ ] "` and the runs between them; a backslash takes the
 * next one along.
 */
export class LiteralTokens {
  readonly text: string
  #at = 0
  #ahead: string | null = null

  constructor(text: string) {
    this.text = text
  }

  get hasNext(): boolean {
    return this.#ahead !== null || this.#at < this.text.length
  }

  /** Where the next token starts. */
  mark(): number {
    return this.#at - (this.#ahead?.length ?? 0)
  }

  rewindTo(position: number): void {
    this.#at = position
    this.#ahead = null
  }

  next(): string {
    const token = this.#ahead ?? this.#consume()
    this.#ahead = null
    return token
  }

  /** The text of the next `count` tokens; null, and nothing consumed, when there are fewer. */
  take(count: number): string | null {
    const start = this.mark()
    for (let i = 0; i < count; i++) {
      if (!this.hasNext) {
        this.rewindTo(start)
        return null
      }
      this.next()
    }
    return this.text.slice(start, this.#at)
  }

  /** Consumes the next token that is not blank when it is `expected`, blanks around it aside. */
  accept(expected: string): boolean {
    if (!this.hasNext) return false
    this.#ahead ??= this.#consume()
    while (this.#ahead.trim() === '' && this.#at < this.text.length) this.#ahead = this.#consume()
    if (this.#ahead.trim() !== expected) return false
    this.#ahead = null
    return true
  }

  #consume(): string {
    const start = this.#at
    let escaped = false
    while (this.#at < this.text.length) {
      const char = this.text.charAt(this.#at)
      if (!escaped && DELIMITERS.includes(char)) {
        if (this.#at === start) this.#at++
        break
      }
      escaped = char === '\\' && !escaped
      this.#at++
    }
    return this.text.slice(start, this.#at)
  }
}
