/** What an operator should know of a task at the moment, each thing under a key of its own. */
export class Conditions {
  readonly #report: (condition: string | null) => void
  readonly #texts = new Map<string, string>()

  constructor(report: (condition: string | null) => void) {
    this.#report = report
  }

  /** `text` null: that is over. */
  set(key: string, text: string | null): void {
    if ((this.#texts.get(key) ?? null) === text) return
    if (text === null) this.#texts.delete(key)
    else this.#texts.set(key, text)
    const all = [...this.#texts.values()].join('; ')
    this.#report(all === '' ? null : all)
  }
}
